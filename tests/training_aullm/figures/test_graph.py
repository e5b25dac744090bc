"""The graph shows the strengths that were learned."""

import numpy as np

from tests.training_aullm.figures.drawn import UNITS, WORDS, pixels
from training_aullm.figures.graph import draw_graph


def test_graph_shows_the_strengths(tmp_path):
    prior = np.array([[0, 0.5, 0], [0.5, 0, -0.3], [0, -0.3, 0]])
    draw_graph(tmp_path / "a.png", UNITS, WORDS, prior, prior)
    draw_graph(tmp_path / "b.png", UNITS, WORDS, prior, np.zeros((3, 3)))
    assert not np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))
