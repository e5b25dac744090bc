"""Long recordings coded frame by frame, cut into clips."""
