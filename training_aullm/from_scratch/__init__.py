"""The two journeys from nothing: the demo and the release checkpoint."""
