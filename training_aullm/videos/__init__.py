"""Videos read to tables, subtitles and films; one movement explained."""
