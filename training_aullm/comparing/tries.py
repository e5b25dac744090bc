"""The same number of tries for every method: settings chosen on training people, by the same variations for all.

Try 1 is the method as it stands in `training_aullm.peers`: its authors' settings, or for ours the recipe.
"""

from dataclasses import replace

import numpy as np

from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.sides import without_labels
from training_aullm.peers.method import Method, Setup
from training_aullm.score.metrics import score
from training_aullm.score.protocols import subject_folds

VARIATIONS = ((1.0, 1.0), (3.0, 1.0), (1 / 3, 1.0), (1.0, 2.0), (1.0, 0.5))
"""Factors of learning rates and epochs. Source: our choice; a method without a recipe brings variations of its own."""
INNER_FOLDS = 3


def variations(method: Method, tries: int) -> list[Method]:
    """The settings that are tried.

    Args:
        method: as it stands.
        tries: how many, itself included.

    Returns:
        As many methods; fewer where a method has nothing to choose.
    """
    if method.recipe is None:
        return [method, *(replace(method, run=run) for run in method.others)][:tries]
    return [_varied(method, *factors) for factors in VARIATIONS[:tries]]


def _varied(method: Method, rate: float, epochs: float) -> Method:
    recipe = method.recipe
    return method.but(
        learning_rate=recipe.learning_rate * rate,
        lora_learning_rate=recipe.lora_learning_rate * rate,
        led_learning_rate=recipe.led_learning_rate * rate,
        epochs=recipe.epochs * epochs,
    )


def choose(candidates: list[Method], train: ClipSet, setup: Setup) -> tuple[int, list[float]]:
    """Which of some settings does best on training people that it was not fitted on.

    Args:
        candidates: from `variations`.
        train: the training side of a split; a third of its people is held out, the same for every method.
        setup: of the fits.

    Returns:
        The place of the best, the first among equals, and mean F1 of each; no scores where there is nothing to choose.
    """
    people = len(set(train.subjects))
    if len(candidates) < 2 or people < 2:
        return 0, []
    inner = subject_folds(train.subjects, min(INNER_FOLDS, people))[0]
    fitted, held_out = train.subset(inner.train), train.subset(inner.test)
    scores = []
    for each in candidates:
        (probabilities,) = each.run(each.recipe, fitted, [without_labels(held_out)], setup)
        scores.append(score(probabilities, held_out.labels.numpy(), held_out.action_units).mean_f1)
    return int(np.argmax(np.nan_to_num(scores, nan=-1.0))), scores
