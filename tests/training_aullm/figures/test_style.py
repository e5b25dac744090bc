"""The common look changes nothing outside, and a picture is there whole or not at all."""

import matplotlib
import numpy as np
import pytest

from tests.training_aullm.figures.drawn import pixels
from training_aullm.figures.style import new_figure


def test_drawing_leaves_the_settings_of_matplotlib_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    with new_figure(tmp_path / "deep" / "a.png", 2, 1) as figure:
        figure.subplots().plot([0, 1], lw=9)
    assert dict(matplotlib.rcParams) == before and pixels(tmp_path / "deep" / "a.png").shape == (130, 260, 3)


@pytest.mark.parametrize("name", ["cost_$5_$9.mp4", r"$\alpha$.mp4"])
def test_dollars_in_a_name_are_no_mathematics(tmp_path, name):
    """The first is none that matplotlib can read; the second would be a Greek letter."""
    with new_figure(tmp_path / "a.png", 4, 1) as figure:
        figure.suptitle(name)
        figure.subplots().set_xlabel(name)
    with new_figure(tmp_path / "b.png", 4, 1) as figure:
        figure.suptitle(name, parse_math=False)
        figure.subplots().set_xlabel(name, parse_math=False)
    assert np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))


def test_a_picture_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="no ink"), new_figure(tmp_path / "a.png", 2, 1):
        raise RuntimeError("no ink")
    assert not list(tmp_path.iterdir())
