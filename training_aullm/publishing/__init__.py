"""From a run to repositories on the Hub: put together, checked, sent."""
