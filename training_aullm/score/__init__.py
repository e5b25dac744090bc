"""Metrics and their intervals, protocols (who is tested by whom), predictions with sample ids."""
