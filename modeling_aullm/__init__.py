"""AULLM++ as a Hugging Face model: the half that ships to the Hub."""

from .base_model_aullm import BaseMismatchError, find_base, resolve_language_model
from .configuration_aullm import AullmConfig
from .integrity_aullm import CheckpointError
from .modeling_aullm import AullmForActionUnitDetection, AullmModel, AullmOutput
from .prior_aullm import macro_prior, prior_from_labels

__all__ = [
    "AullmConfig",
    "AullmForActionUnitDetection",
    "AullmModel",
    "AullmOutput",
    "BaseMismatchError",
    "CheckpointError",
    "find_base",
    "macro_prior",
    "prior_from_labels",
    "resolve_language_model",
]
