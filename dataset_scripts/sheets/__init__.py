"""Coding sheets: read as text, checked row by row, known mistakes mended."""
