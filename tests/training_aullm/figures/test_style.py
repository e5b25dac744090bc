"""The common look changes nothing outside, and a picture is there whole or not at all."""

import matplotlib
import pytest

from tests.training_aullm.figures.drawn import pixels
from training_aullm.figures.style import new_figure


def test_drawing_leaves_the_settings_of_matplotlib_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    with new_figure(tmp_path / "deep" / "a.png", 2, 1) as figure:
        figure.subplots().plot([0, 1], lw=9)
    assert dict(matplotlib.rcParams) == before and pixels(tmp_path / "deep" / "a.png").shape == (130, 260, 3)


def test_a_picture_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="no ink"), new_figure(tmp_path / "a.png", 2, 1):
        raise RuntimeError("no ink")
    assert not list(tmp_path.iterdir())
