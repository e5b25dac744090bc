"""Data sets of micro-expressions in one schema."""
