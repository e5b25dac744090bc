"""Sheets of clips grow with the clips."""

import numpy as np

from tests.training_aullm.figures.drawn import UNITS, noise_frames, pixels
from training_aullm.figures.contact_sheet import Card, draw_contact_sheet, draw_preview


def test_a_row_for_each_clip(tmp_path):
    noise, frames = np.random.default_rng(0), noise_frames()
    motion, attention = noise.normal(size=(2, 8, 8)), noise.random((3, 4, 4))
    card = Card("s0/c0", frames[0], frames[1], motion, attention, np.array([0.9, 0.2, 0.6]), np.array([1, 0, -1]))
    for count in (1, 2):
        draw_contact_sheet(tmp_path / f"sheet{count}.png", [card] * count, UNITS, "clips")
        draw_preview(tmp_path / f"preview{count}.png", [frames] * count, ["name"] * count)
    for name in ("sheet", "preview"):
        assert pixels(tmp_path / f"{name}2.png").shape[0] > pixels(tmp_path / f"{name}1.png").shape[0]
