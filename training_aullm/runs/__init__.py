"""A run's folder: its settings, its training, its scores."""
