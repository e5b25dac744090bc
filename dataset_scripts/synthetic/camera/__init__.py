"""How it is seen: lamps, lenses, glasses, compression."""
