"""Frames on disk: found, ordered, held against the sheet, decoded from videos."""
