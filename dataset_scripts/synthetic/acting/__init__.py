"""What happens: which units, when, how far, and everything that is not a unit."""
