"""One picture a file: plain arrays in, a PNG out."""
