"""Histograms of durations; marks that are not known are left out."""

import numpy as np

from tests.training_aullm.figures.drawn import pixels
from training_aullm.figures.durations import draw_durations


def test_marks_that_are_not_known_are_left_out(tmp_path):
    rise, total = np.array([80.0, 120.0, 200.0]), np.array([200.0, 300.0, 900.0])
    draw_durations(tmp_path / "a.png", rise, total - rise, total, "set")
    draw_durations(tmp_path / "b.png", np.full(3, np.nan), total - rise, total, "set")
    assert not np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))
