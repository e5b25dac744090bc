"""The graph shows the strengths that were learned."""

import numpy as np

from tests.training_aullm.figures.drawn import UNITS, WORDS, pixels
from training_aullm.figures.graph import draw_graph


def test_graph_shows_the_strengths(tmp_path):
    prior = np.array([[0, 0.5, 0], [0.5, 0, -0.3], [0, -0.3, 0]])
    draw_graph(tmp_path / "a.png", UNITS, WORDS, prior, prior)
    draw_graph(tmp_path / "b.png", UNITS, WORDS, prior, np.zeros((3, 3)))
    assert not np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))


def test_where_all_were_tied_before_the_graph_shows_what_changed(tmp_path):
    tied = 1 - np.eye(3)
    draw_graph(tmp_path / "a.png", UNITS, WORDS, tied, tied)
    draw_graph(tmp_path / "b.png", UNITS, WORDS, tied, tied * [[1, 1.5, 1], [1, 1, 0.6], [1, 1, 1]])
    before, after = (pixels(tmp_path / name) for name in ("a.png", "b.png"))
    more, less = (after[..., 2] - after[..., 0] > 0.25), (after[..., 0] - after[..., 2] > 0.25)  # blue, red
    assert more.any() and less.any() and not (np.ptp(before, axis=2) > 0.25).any()
