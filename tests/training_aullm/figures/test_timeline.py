"""Every picture is written, and shows something."""

import matplotlib
import numpy as np
from matplotlib.image import imread

from training_aullm.figures.contact_sheet import Card, draw_contact_sheet, draw_preview
from training_aullm.figures.curves import draw_curves
from training_aullm.figures.graph import draw_graph
from training_aullm.figures.timeline import draw_timeline

UNITS = ("AU1", "AU4", "AU12")
WORDS = {"AU1": "inner brow raiser"}
NOISE = np.random.default_rng(0)
FRAMES = NOISE.integers(0, 255, (6, 32, 32)).astype(np.uint8)


def is_drawn(path) -> bool:
    return imread(path)[..., :3].std() > 0.02


def test_curves_with_and_without_scores(tmp_path):
    history = [{"epoch": n, "loss": 1 / n, "loss_main": 0.5 / n} for n in (1, 2, 3)]
    draw_curves(tmp_path / "a.png", history)
    draw_curves(tmp_path / "b.png", [*history, {"epoch": 3, "eval_loss": 0.4, "eval_f1": 0.6, "eval_auc": 0.9}])
    assert is_drawn(tmp_path / "a.png") and is_drawn(tmp_path / "b.png")
    assert imread(tmp_path / "b.png").shape[1] > imread(tmp_path / "a.png").shape[1]


def test_graph_shows_the_strengths(tmp_path):
    prior = np.array([[0, 0.5, 0], [0.5, 0, -0.3], [0, -0.3, 0]])
    draw_graph(tmp_path / "a.png", UNITS, WORDS, prior, prior)
    draw_graph(tmp_path / "b.png", UNITS, WORDS, prior, np.zeros((3, 3)))
    assert is_drawn(tmp_path / "a.png")
    assert not np.array_equal(imread(tmp_path / "a.png"), imread(tmp_path / "b.png"))


def test_timeline_with_truth(tmp_path):
    times, probabilities = np.arange(5) / 10, NOISE.random((5, 3))
    known = {"truth": [(0.1, 0.2, "AU4")]}
    spotted = {"movements": [(0.1, 0.15, 0.2, "micro")], "blinks": [0.3]}
    for name, more in (("a", known), ("b", known | spotted)):
        path, shown = tmp_path / f"{name}.png", (times, probabilities, UNITS, WORDS, FRAMES, np.arange(6) / 10)
        draw_timeline(path, "face", *shown, **more)
        assert is_drawn(path)
    assert not np.array_equal(imread(tmp_path / "a.png"), imread(tmp_path / "b.png"))


def test_contact_sheet_and_preview(tmp_path):
    motion, attention = NOISE.normal(size=(2, 8, 8)), NOISE.random((3, 4, 4))
    card = Card("s0/c0", FRAMES[0], FRAMES[1], motion, attention, np.array([0.9, 0.2, 0.6]), np.array([1, 0, -1]))
    draw_contact_sheet(tmp_path / "a.png", [card, card], UNITS, "clips")
    draw_preview(tmp_path / "b.png", [FRAMES, FRAMES], ["one", "two"])
    assert is_drawn(tmp_path / "a.png") and is_drawn(tmp_path / "b.png")


def test_drawing_leaves_the_settings_of_matplotlib_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    draw_curves(tmp_path / "a.png", [{"epoch": 1, "loss": 1.0}])
    assert dict(matplotlib.rcParams) == before
