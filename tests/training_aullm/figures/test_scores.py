"""Bars of F1; a unit that is not defined gets none."""

import numpy as np
from matplotlib.axes import Axes

from tests.training_aullm.figures.drawn import UNITS, pixels
from training_aullm.figures.scores import draw_f1_bars
from training_aullm.score.bootstrap import Interval


def test_a_unit_that_is_not_defined_has_no_bar(tmp_path):
    known, undefined = Interval(0.6, 0.4, 0.8), Interval(*[float("nan")] * 3)
    draw_f1_bars(tmp_path / "a.png", UNITS, {"base": [known, known, known]})
    draw_f1_bars(tmp_path / "b.png", UNITS, {"base": [known, known, undefined]})
    first, second = pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png")
    assert first.shape == second.shape and (first != 1).sum() > (second != 1).sum()
    draw_f1_bars(tmp_path / "c.png", UNITS, {"base": [known] * 3, "paper": [known] * 3})
    assert pixels(tmp_path / "c.png").shape[1] >= first.shape[1]
    assert not np.array_equal(pixels(tmp_path / "c.png"), first)


def test_one_person_has_a_bar_without_an_interval_and_the_picture_says_so(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(Axes, "set_xlabel", lambda axis, text, **_: said.append(text))
    draw_f1_bars(tmp_path / "a.png", UNITS, {"base": [Interval(0.6, 0.4, 0.8)] * 3})
    assert said == []
    draw_f1_bars(tmp_path / "b.png", UNITS, {"base": [Interval(0.6, np.nan, np.nan)] * 3})
    assert said == ["no line – one person: no interval"]
    assert not np.array_equal(pixels(tmp_path / "b.png"), pixels(tmp_path / "a.png"))
