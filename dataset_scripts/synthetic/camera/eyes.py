"""Eyeballs that turn: where a pixel of a turned eye was before.

Tested in tests/dataset_scripts/synthetic/camera/test_look.py.
"""

from typing import NamedTuple

import numpy as np

from dataset_scripts.synthetic.camera.shading import Studio, rotation

_EDGE = 0.98  # of the radius, beyond which the ball is seen too obliquely to be turned


class Gaze(NamedTuple):
    """Radians from where the head points: right in the picture, and up."""

    right: float = 0.0
    up: float = 0.0


STRAIGHT = Gaze()


class Eyeballs:
    """Both eyes of a studio, at its pose.

    Args:
        studio: subject, camera and pose.
    """

    def __init__(self, studio: Studio):
        self._size = studio.camera.size
        centres = studio.project(studio.place(studio.head.eye_centres, studio.pose), studio.pose)
        radii = studio.head.eye_radii * studio.scale
        self._balls = [self._ball(x / 2, y / 2, radius / 2) for (x, y, _), radius in zip(centres, radii, strict=True)]

    def _ball(self, x: float, y: float, radius: float) -> tuple[tuple[slice, slice], np.ndarray, float]:
        """The window of an eye, its points on the unit ball (h, w, 3) with y up, NaN beside it, and its radius."""
        left, top = (int(np.clip(np.floor(at - radius), 0, self._size - 1)) for at in (x, y))
        right, bottom = (int(np.clip(np.ceil(at + radius), 1, self._size)) for at in (x, y))
        rows, columns = np.mgrid[top:bottom, left:right]
        across, up = (columns + 0.5 - x) / radius, -(rows + 0.5 - y) / radius
        height = 1 - across**2 - up**2
        height = np.where(height > 1 - _EDGE**2, height, np.nan)
        return (slice(top, bottom), slice(left, right)), np.stack([across, up, np.sqrt(height)], -1), radius

    def turn(self, gaze: Gaze) -> np.ndarray:
        """How far a pixel of the turned eyes has come (size, size, 2); zero beside them."""
        moved = np.zeros((self._size, self._size, 2), np.float32)
        back = rotation(-gaze.up, gaze.right, 0).T
        for window, ball, radius in self._balls:
            before = ball @ back.T
            step = np.where(before[..., 2:] > 0.1, (ball - before)[..., :2], 0) * (radius, -radius)
            moved[window] = np.where(np.isnan(step), 0, step)
        return moved
