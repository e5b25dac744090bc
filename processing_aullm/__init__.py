"""Clips and prompts for AULLM++: ships to the Hub beside the model, flat."""

from .processing_aullm import AlignedClip, AullmImageProcessor, AullmProcessor, ClipError, ClipFault

__all__ = ["AlignedClip", "AullmImageProcessor", "AullmProcessor", "ClipError", "ClipFault"]
