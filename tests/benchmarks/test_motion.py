"""The benchmark of motion: its truth is where the pixels went, and its scores say what a measure got right."""

import cv2
import numpy as np
import pytest

from benchmarks import motion
from tests.contract.tree import ROOT

EXAMPLES = ROOT / "space_app/examples"


@pytest.fixture(scope="module")
def smile() -> motion.Moved:
    return next(clip for clip in motion.clips(1, (6.0,), seed=5) if clip.act == "smile")


def pooled_truth(clip: motion.Moved):
    share = cv2.resize(np.float32(clip.skin), (28, 28), interpolation=cv2.INTER_AREA)[..., None]
    motion_of_skin = cv2.resize(clip.motion * clip.skin[..., None], (28, 28), interpolation=cv2.INTER_AREA)
    return lambda frames: (motion_of_skin / np.maximum(share, 0.1), None)


def test_the_truth_brings_the_pictures_together(smile):
    first, last = smile.frames[[0, -1]].astype(np.float32)
    rows, columns = np.mgrid[: len(first), : len(first)].astype(np.float32)
    back = cv2.remap(last, columns + smile.motion[..., 0], rows + smile.motion[..., 1], cv2.INTER_LINEAR)
    moving = smile.skin & (np.hypot(*np.moveaxis(smile.motion, -1, 0)) > 3)
    assert moving.sum() > 200
    assert np.abs(back - first)[moving].mean() < 0.7 * np.abs(last - first)[moving].mean()
    assert np.hypot(*np.moveaxis(smile.motion, -1, 0))[smile.skin].max() == pytest.approx(6.0, rel=0.2)


def test_a_perfect_measure_has_no_error_and_a_blind_one_finds_nothing(smile):
    perfect = motion.errors(smile, pooled_truth(smile))
    blind = motion.errors(smile, lambda frames: (np.zeros((28, 28, 2)), None))
    assert perfect["all"] == pytest.approx(0, abs=1e-4) and perfect["pull"] == pytest.approx(1)
    assert blind["pull"] == 0 and blind["moving"] > 1.5 > blind["brow"]


def test_cells_that_are_surely_measured_are_counted_apart(smile):
    truth, _ = pooled_truth(smile)(smile.frames)
    left = np.arange(28) < 14
    half = motion.errors(smile, lambda frames: (truth * left[:, None], np.tile(np.float32(left), (28, 1))))
    assert half["sure"] < 0.5 * half["moving"] and 0.3 < half["sure share"] < 0.7


def test_the_summary_keeps_sizes_and_lips_apart(smile):
    row = motion.errors(smile, motion.by_skin)
    lines = motion.summary([row, row | {"size": 1.0}, row | {"act": "grin"}])
    assert [(line["lips"], line["size"], line["clips"]) for line in lines] == [
        ("closed", 1.0, 1),
        ("closed", 6.0, 1),
        ("parted", 6.0, 1),
    ]
    assert len(motion.table("skin", lines).splitlines()) == 4


def test_agreement_compares_the_field_at_the_landmarks():
    points = np.random.default_rng(0).uniform(20, 200, (468, 2))
    moved = np.stack([np.zeros(468), 4 * np.exp(-(((points - 150) / 30) ** 2).sum(1))], 1)
    window = (np.zeros((2, 224, 224), np.uint8), points, moved)

    def right(frames: np.ndarray) -> tuple[np.ndarray, None]:
        y, x = np.mgrid[:28, :28] * 8 + 3.5
        return np.dstack([0 * x, 2 * np.exp(-(((x - 150) / 30) ** 2) - ((y - 150) / 30) ** 2)]), None

    answer = motion.agreement([window], right)
    assert answer["windows"] == 1 and answer["correlation"] > 0.98
    assert answer["pull"] == pytest.approx(0.5, abs=0.03)
    assert motion.agreement([(window[0], points, 0.1 * moved)], right)["windows"] == 0


def test_the_program_compares_both_fields_with_renders_and_with_landmarks(run_program, monkeypatch):
    monkeypatch.setattr(motion, "SIZES", (2.0,))
    monkeypatch.setattr(motion, "CLOSED", {"smile": motion.CLOSED["smile"]})
    monkeypatch.setattr(motion, "PARTED", {})
    told = run_program(motion, "--people", 1, "--video", EXAMPLES / "short-smile.mp4")
    assert set(told["fields"]) == {"model", "skin"}
    for field in told["fields"].values():
        assert [line["lips"] for line in field["rendered"]] == ["closed", "blink"]
        assert field["videos"]["short-smile.mp4"]["windows"] > 0
