"""Data cards, licences, published counts, and sharing."""
