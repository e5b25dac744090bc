"""Brushes for the canonical map: where the features lie on it, soft spots, smooth noise and strokes.

Tested in tests/dataset_scripts/synthetic/people/test_head.py.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from dataset_scripts.synthetic.people.asset import MAP_SIZE, load_head

MIDDLE = MAP_SIZE / 2
SIDES = (-1, 1)


class Anchors(NamedTuple):
    """Landmarks of the canonical map in its pixels; lengths on a face are given in eye widths.

    eye_x, eye_y: centre of the right-hand eye. eye: width of its opening. mouth_y: row of the mouth. mouth: its width.
    """

    eye_x: float
    eye_y: float
    eye: float
    mouth_y: float
    mouth: float


@lru_cache(maxsize=1)
def anchors() -> Anchors:
    """Measure the landmarks on the mean head."""
    head = load_head()
    rows, columns = np.nonzero(head.eye_hole > 0)
    right = columns > MIDDLE
    lip_rows, lip_columns = np.nonzero(head.lips > 0.5)
    return Anchors(
        float(columns[right].mean()),
        float(rows[right].mean()),
        float(np.ptp(columns[right])),
        float(lip_rows.mean()),
        float(np.ptp(lip_columns)),
    )


def spot(x: float, y: float, width: float, height: float) -> np.ndarray:
    """A Gaussian of peak 1 on the map (S, S), by its standard deviations in pixels."""
    line = np.arange(MAP_SIZE, dtype=np.float32)
    return np.outer(np.exp(-0.5 * ((line - y) / height) ** 2), np.exp(-0.5 * ((line - x) / width) ** 2))


def noise(rng: np.random.Generator, cell: float, stretch: float = 1.0) -> np.ndarray:
    """Smooth noise (S, S), features of about `cell` pixels, `stretch` times as wide."""
    rows, columns = max(2, int(MAP_SIZE / cell)), max(2, int(MAP_SIZE / (cell * stretch)))
    coarse = rng.standard_normal((rows + 2, columns + 2), dtype=np.float32)
    return cv2.resize(coarse, (MAP_SIZE, MAP_SIZE), interpolation=cv2.INTER_CUBIC)


def strokes(rng: np.random.Generator, paths: list, width: int, wobble: float = 2.0, blur: float = 1.2) -> np.ndarray:
    """Soft lines that fade at their ends.

    Args:
        rng: moves every point a little. paths: each a list of two or three (x, y). width, wobble, blur: pixels.
    Returns:
        (S, S) in about [0, 1].
    """
    canvas = np.zeros((MAP_SIZE, MAP_SIZE), np.float32)
    time = np.linspace(0, 1, 24)
    weight = np.sin(np.pi * np.clip(time, 0.03, 0.97))
    for path in paths:
        points = np.array(path) + rng.normal(size=(len(path), 2)) * wobble
        curve = np.polynomial.polynomial.polyfit(np.linspace(0, 1, len(points)), points, min(2, len(points) - 1))
        along = np.polynomial.polynomial.polyval(time, curve).T
        fixed = np.round(along * 16).astype(int).tolist()
        for start, end, value in zip(fixed[:-1], fixed[1:], weight, strict=False):
            cv2.line(canvas, start, end, float(value), width, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(canvas, (0, 0), blur)
