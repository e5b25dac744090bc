"""People that methods and settings are chosen by: rendered from seeds that no table, test and checkpoint uses.

Tables render seed 0, the checkpoint is trained on seed 500 and tested on 900, transfers take 7100
(`training_aullm.comparing.inputs`, `training_aullm.runs.release_settings`), takes 100 and 700.

Tested in tests/benchmarks/test_language.py.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dataset_scripts.labels import AU_SETS
from dataset_scripts.synthetic import load_synthetic
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.inputs import form_clips

TRAINING_SEEDS = (310, 311, 312, 313, 314, *range(330, 340))
"""Independent draws of people to train on."""
TEST_SEED = 320
DOMAINS = ("casme2-like", "samm-like")


def development_clips(
    domain: str, seed: int, subjects: int, cache_dir: Path, action_units: Sequence[str] | None = None
) -> ClipSet:
    """Clips as measured motion.

    Args:
        domain: of the clip source.
        seed: one of the above.
        subjects: how many people; the domain's clips per person.
        cache_dir: where measured clips are kept.
        action_units: they are labelled for; None: those of the domain's protocol.

    Returns:
        The clips; people carry the domain's name.
    """
    table = load_synthetic(domain, subjects=subjects, seed=seed)
    return ClipSet.joined([form_clips("motion", table, action_units or AU_SETS[domain], cache_dir)], domain)


def first_people(clips: ClipSet, people: int) -> ClipSet:
    """The clips of the first so many people, so that fewer people are always among more."""
    names = list(dict.fromkeys(clips.subjects))[:people]
    return clips.subset(np.flatnonzero(np.isin(clips.subjects, names)))
