"""Spectacles: drawn once per session in the head's own space, so that they turn and sway with it.

Tested in tests/dataset_scripts/synthetic/camera/test_look.py.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from dataset_scripts.synthetic.camera.overlay import Overlay
from dataset_scripts.synthetic.camera.shading import Studio

_PLASTIC, _STEEL, _GOLD = np.array([0.02, 0.018, 0.016]), np.array([0.16, 0.16, 0.17]), np.array([0.32, 0.22, 0.10])
_POINTS = 96  # of a rim
_BITS = 4  # of a pixel's fraction, for OpenCV


@dataclass(frozen=True)
class Glasses:
    """A model; lengths in distances between the eyes.

    Attributes:
        width, height: half axes of a rim. squareness: exponent of its superellipse, 2 for an oval. drop: of its centre
            below the eye. thickness: of the frame. colour: (3,) linear light. glare: strength of the reflection.
    """

    width: float
    height: float
    squareness: float
    drop: float
    thickness: float
    colour: np.ndarray
    glare: float


def choose(rng: np.random.Generator) -> Glasses:
    """Draw a model."""
    metal = rng.random() < 0.5
    colour = (_STEEL if rng.random() < 0.6 else _GOLD) if metal else _PLASTIC * rng.uniform(0.6, 4)
    return Glasses(
        width=rng.uniform(0.37, 0.42),
        height=rng.uniform(0.27, 0.35),
        squareness=rng.uniform(2.2, 4.5),
        drop=rng.uniform(0.03, 0.09),
        thickness=rng.uniform(0.016, 0.026) if metal else rng.uniform(0.03, 0.06),
        colour=colour,
        glare=rng.uniform(0.0, 0.12),
    )


def put_on(studio: Studio, glasses: Glasses) -> Overlay:
    """Draw glasses on a studio's subject, in its pose and light.

    Args:
        studio: subject, camera, light and pose. glasses: the model.
    Returns:
        The layers of frame, lenses and shadow.
    """
    rims, lines = _outlines(studio, glasses)
    eye = studio.scale * studio.head.eye_distance
    thickness = max(1, round(glasses.thickness * eye))
    frame = _draw(studio.side, [*rims, *lines], thickness)
    inside = np.zeros((studio.side, studio.side), np.float32)
    cv2.fillPoly(inside, [_fixed(rim) for rim in rims], 1.0, cv2.LINE_AA, _BITS)
    slide = np.float32(
        [[1, 0, -studio.light.key[0] * 0.07 * eye], [0, 1, studio.light.key[1] * 0.10 * eye + 0.01 * eye]]
    )
    shadow = cv2.GaussianBlur(cv2.warpAffine(frame, slide, frame.shape[::-1]), (0, 0), 0.025 * eye)
    shade = (1 - 0.4 * shadow) * (1 - 0.04 * inside)
    shine = _draw(studio.side, [line - (0, 0.2 * thickness) for line in rims], max(1, thickness // 4))
    light = studio.light.key_power * (0.4 + 2.5 * cv2.GaussianBlur(shine, (0, 0), max(0.5, 0.1 * thickness)))
    glare = glasses.glare * inside * (1 - frame) * _glare(rims, studio.side)
    metal = studio.colours(glasses.colour[None])[0]
    added = frame[..., None] * light[..., None] * metal + glare[..., None] * 0.8
    return Overlay(shade.astype(np.float32), np.dstack([added, np.maximum(frame, glare)]).astype(np.float32))


def _outlines(studio: Studio, glasses: Glasses) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Closed rims, and the bridge and temples, as (n, 2) supersampled pixels."""
    head = studio.head
    unit, depth = head.eye_distance, head.eye_radii.mean() + 0.16 * head.eye_distance
    angle = np.linspace(0, 2 * np.pi, _POINTS)
    round_off = np.stack([np.cos(angle), np.sin(angle)], 1)
    round_off = np.sign(round_off) * np.abs(round_off) ** (2 / glasses.squareness)
    rims, lines, inner = [], [], []
    for centre in head.eye_centres:
        side = np.sign(centre[0] - head.middle[0])
        lens = centre + np.array([side * 0.01 * unit, -glasses.drop * unit, depth])
        x, y = lens[0] + round_off[:, 0] * glasses.width * unit, lens[1] + round_off[:, 1] * glasses.height * unit
        bow = -0.12 * (np.abs(x - head.middle[0]) - 0.5 * unit)  # rims bend back towards the temples
        rims.append(_on_screen(studio, np.stack([x, y, lens[2] + bow], 1)))
        hinge = lens + np.array([side * glasses.width * unit, 0.45 * glasses.height * unit, -0.05 * unit])
        backwards = np.array([[0, 0, 0], [side * 0.16, 0, -0.12], [side * 0.26, 0, -1.5]])
        lines.append(_on_screen(studio, hinge + backwards * unit))
        inner.append(lens + np.array([-side * glasses.width * unit * 0.97, 0.3 * glasses.height * unit, 0.0]))
    middle = (inner[0] + inner[1]) / 2 + np.array([0, 0.05 * unit, 0.02 * unit])
    bend = np.linspace(0, 1, 9)[:, None]
    lines.append(_on_screen(studio, (1 - bend) ** 2 * inner[0] + 2 * bend * (1 - bend) * middle + bend**2 * inner[1]))
    return rims, lines


def _on_screen(studio: Studio, points: np.ndarray) -> np.ndarray:
    return studio.project(studio.place(points, studio.pose), studio.pose)[:, :2]


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round((points - 0.5) * 2**_BITS).astype(np.int32)


def _draw(side: int, lines: list[np.ndarray], thickness: int) -> np.ndarray:
    canvas = np.zeros((side, side), np.float32)
    cv2.polylines(canvas, [_fixed(line) for line in lines], False, 1.0, thickness, cv2.LINE_AA, _BITS)
    return canvas


def _glare(rims: list[np.ndarray], side: int) -> np.ndarray:
    """Slanting bands on both lenses (side, side) in [0, 1]."""
    row, column = np.mgrid[:side, :side].astype(np.float32)
    bands = np.zeros((side, side), np.float32)
    for rim in rims:
        (left, top), (right, bottom) = rim.min(0), rim.max(0)
        across = (column - left) / (right - left) + 0.6 * (row - top) / (bottom - top)
        bands = np.maximum(
            bands, np.exp(-(((across - 0.45) / 0.16) ** 2)) + 0.6 * np.exp(-(((across - 0.8) / 0.05) ** 2))
        )
    return np.minimum(bands, 1)
