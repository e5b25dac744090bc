"""Clips as tensors: decoded and measured once, kept on disk."""
