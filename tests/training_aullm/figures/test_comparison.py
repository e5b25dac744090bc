"""The picture of a comparison: a point and a bar for each method, differences for all but the first."""

import numpy as np

from tests.training_aullm.figures.drawn import pixels
from training_aullm.figures.comparison import draw_comparison
from training_aullm.score.bootstrap import Interval


def test_methods_are_drawn(tmp_path):
    scores = [Interval(0.7, 0.6, 0.8), Interval(0.5, 0.4, 0.6)]
    draw_comparison(tmp_path / "c.png", ["base", "flow-lr"], scores, [None, Interval(-0.2, -0.3, -0.1)], "two methods")
    draw_comparison(tmp_path / "d.png", ["base", "flow-lr"], scores, [None, Interval(0.2, 0.1, 0.3)], "two methods")
    first, second = pixels(tmp_path / "c.png"), pixels(tmp_path / "d.png")
    assert first.shape == second.shape and not np.array_equal(first, second)


def test_a_long_title_stays_in_the_picture(tmp_path):
    score = [Interval(0.7, 0.6, 0.8)]
    draw_comparison(tmp_path / "c.png", ["base"], score, [None], "casme3-like (860 clips), " * 6 + "(synthetic)")
    picture = pixels(tmp_path / "c.png")
    assert (picture[:, -3:] == picture[0, 0]).all()


def test_the_picture_says_where_one_person_has_no_interval(tmp_path):
    some, alone = Interval(0.7, 0.6, 0.8), Interval(0.7, np.nan, np.nan)
    for name, score in (("some", some), ("alone", alone)):
        draw_comparison(tmp_path / f"{name}.png", ["base", "flow-lr"], [score] * 2, [None, score], "two methods")
    below = [pixels(tmp_path / f"{name}.png")[-20:] for name in ("some", "alone")]
    assert not np.array_equal(*below)
