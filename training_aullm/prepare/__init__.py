"""Data sets aligned once and kept, and a look at what they hold."""
