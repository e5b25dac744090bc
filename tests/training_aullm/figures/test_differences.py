"""What changed from onset to apex, and what is only light."""

import numpy as np
import pytest

from tests.training_aullm.figures.drawn import noise_frames, pixels
from training_aullm.figures.differences import Difference, draw_differences, smooth_change


def test_a_change_of_light_is_no_change():
    onset = np.full((32, 32), 90, np.uint8)
    apex = onset + 10
    assert np.abs(smooth_change(onset, apex)).max() == pytest.approx(0, abs=1e-4)
    apex[12:20, 12:20] += 40
    change = smooth_change(onset, apex)
    assert change[16, 16] > 20 and abs(change[2, 2]) < 1


def test_an_apex_that_is_not_coded_is_said(tmp_path):
    onset, apex = noise_frames()[:2]
    for name, coded in (("a", True), ("b", False)):
        draw_differences(tmp_path / f"{name}.png", [Difference("c0", "AU4", onset, apex, coded)], "set")
    assert not np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))
