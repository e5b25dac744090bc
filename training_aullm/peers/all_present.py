"""The answer "present" to every question: what any score has to beat. Source: the CD6ME comparison quotes it, too.

Tested in tests/training_aullm/peers/test_methods.py.
"""

import numpy as np

from training_aullm.clips.clip_set import ClipSet
from training_aullm.peers.method import Method, Setup


def say_present(recipe: None, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
    """(N, K) ones for each set."""
    return [np.ones((len(clips), len(clips.action_units))) for clips in tests]


METHOD = Method("labels", say_present, source="no method: what a score has to beat")
