"""Answers of any method on the scale that decisions without labels need, by training people alone.

A method is asked for its training clips, too, each varied as its own training varies them: what it says there against
what they show makes the line from its answers to log likelihood ratios.

Tested in tests/training_aullm/comparing/test_calibrated.py.
"""

import math

import numpy as np
from scipy.special import logit

from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.batches import TrainingBatches
from training_aullm.learn.calibration import calibrate
from training_aullm.learn.recipes import Recipe

VARIATIONS = 3
"""Times every training clip is varied anew. Source: our choice, that of our own recipes."""


def varied_clips(clips: ClipSet, recipe: Recipe | None, seed: int) -> ClipSet:
    """Training clips as the epochs after the last one would show them; as they are where nothing is varied.

    Args:
        clips: N training clips.
        recipe: of the method; None: it has none.
        seed: of the training.

    Returns:
        `VARIATIONS` N clips, or the clips themselves.
    """
    if recipe is None or recipe.augmentation is None:
        return clips
    batches = TrainingBatches(clips, recipe.training_arguments("unused", seed=seed))
    after = max(1, math.ceil(recipe.epochs))
    epochs = range(after, after + VARIATIONS)
    parts = [batches.__getitems__([(epoch, index) for index in range(len(clips))]) for epoch in epochs]
    rounds = [
        ClipSet(**vars(clips) | {"inputs": part[clips.input_name], "labels": part["labels"].long()}) for part in parts
    ]
    return rounds[0].joined(rounds, clips.data_set)


def calibration_of(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, list[float]] | None:
    """From answers to training clips to the line of each unit.

    Args:
        probabilities: (N, K) of training clips, varied.
        labels: (N, K).

    Returns:
        As `AullmConfig.calibration`; None where a method says the same of every clip.
    """
    if not np.ptp(probabilities, axis=0).any():
        return None
    rounding = np.finfo(np.float64).eps
    return calibrate(logit(np.clip(probabilities, rounding, 1 - rounding)), labels)
