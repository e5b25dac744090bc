"""The heat map grows with the units."""

import numpy as np

from tests.training_aullm.figures.drawn import UNITS, pixels
from training_aullm.figures.cooccurrence import draw_cooccurrence


def test_pairs_that_are_shown_are_darker(tmp_path):
    alone = np.diag([4, 4, 4])
    draw_cooccurrence(tmp_path / "a.png", UNITS, alone, "set")
    draw_cooccurrence(tmp_path / "b.png", UNITS, alone + 3 * (1 - np.eye(3, dtype=int)), "set")
    assert pixels(tmp_path / "b.png").mean() < pixels(tmp_path / "a.png").mean()
