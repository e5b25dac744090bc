"""The timeline shows what was spotted and what is known."""

from itertools import pairwise

import numpy as np

from tests.training_aullm.figures.drawn import UNITS, WORDS, noise_frames, pixels
from training_aullm.figures.timeline import MarkedMovement, draw_timeline, placed_names


def test_what_is_known_and_what_was_spotted_are_drawn(tmp_path):
    shown = (np.arange(5) / 10, np.random.default_rng(0).random((5, 3)), UNITS, WORDS, noise_frames(), (0.0, 0.5))
    known = {"truth": [(0.1, 0.2, "AU4")]}
    ours, second = (
        {"movements": [MarkedMovement(0.1, 0.15, 0.2, "micro", "AU4", second)], "blinks": [0.3]}
        for second in (False, True)
    )
    pictures = []
    for name, more in (("a", {}), ("b", known), ("c", known | ours), ("d", known | second)):
        draw_timeline(tmp_path / f"{name}.png", "face", *shown, **more)
        pictures.append(pixels(tmp_path / f"{name}.png"))
    assert not any(np.array_equal(one, next_one) for one, next_one in pairwise(pictures))


def test_names_of_movements_stand_beside_each_other_or_are_left_out():
    movements = [MarkedMovement(at, at + 0.2, at + 0.4, "micro", "AU1+2+4") for at in (5.0, 1.0, 1.1, 1.2, 9.9)]
    placed = placed_names(movements, (0.0, 10.0))
    assert [(round(at, 1), line) for at, line, _ in placed] == [(1.2, 0), (1.3, 1), (5.2, 0), (9.7, 0)], "no third line"
    assert placed_names([MarkedMovement(0.0, 0.0, 0.1, "micro", "L AU12")], (0.0, 10.0))[0][0] > 0.2, (
        "inside of the picture"
    )
