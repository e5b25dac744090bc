"""Beards and moustaches, painted hair by hair on the canonical map, so that they move with the skin.

Tested in tests/dataset_scripts/synthetic/camera/test_look.py.
"""

from dataclasses import replace

import cv2
import numpy as np

from dataset_scripts.synthetic.people.asset import MAP_SIZE, load_head
from dataset_scripts.synthetic.people.painting import MIDDLE, anchors, noise, spot
from dataset_scripts.synthetic.people.skin import Skin

_HAIRS = 9000  # over the whole map; those outside the beard are not drawn


def grow(skin: Skin, rng: np.random.Generator) -> Skin:
    """Give a subject a beard.

    Args:
        skin: of the subject, left as it is. rng: of the beard: style, density and every hair.
    Returns:
        A skin that differs in its albedo.
    """
    area = _area(rng)
    ground = area * rng.uniform(0.35, 0.7) * np.clip(0.85 + 0.25 * noise(rng, 7), 0, 1.2)
    mask = np.clip(np.maximum(ground, _hairs(area, rng)), 0, 0.96)[..., None].astype(np.float32)
    tone = (skin.hair * rng.uniform(0.9, 1.6)).astype(np.float32)
    albedo = skin.albedo * (1 - mask) + mask * tone * np.exp(0.25 * noise(rng, 5, 0.4))[..., None]
    return replace(skin, albedo=np.clip(albedo, 0.004, 1).astype(np.float32))


def _area(rng: np.random.Generator) -> np.ndarray:
    """Where it grows (S, S) in [0, 1]: a moustache, with a chin, or with the cheeks as well."""
    mark = anchors()
    eye, y = mark.eye, mark.mouth_y
    style = rng.choice(("moustache", "goatee", "full"), p=(0.2, 0.35, 0.45))
    row = np.arange(MAP_SIZE, dtype=np.float32)[:, None]
    off_centre = np.abs(np.arange(MAP_SIZE, dtype=np.float32)[None] - MIDDLE)
    droop = 0.25 * (off_centre / eye) ** 2
    upper = np.exp(-((((row - y) / eye + 0.50 - droop) / 0.20) ** 2)) * _below(off_centre, 1.05 * eye, 0.2 * eye)
    upper *= 1 - 0.6 * spot(MIDDLE, y - 0.45 * eye, 0.08 * eye, 0.3 * eye)
    area = upper
    if style != "moustache":
        wide = rng.uniform(0.7, 1.0) * eye
        chin = _below(off_centre, wide, 0.15 * eye) * _below(-row, -(y + 0.52 * eye), 0.12 * eye)
        beside = np.exp(-(((off_centre - 1.12 * eye) / (0.18 * eye)) ** 2)) * np.exp(
            -(((row - y - 0.15 * eye) / (0.55 * eye)) ** 2)
        )
        area = np.maximum(area, np.maximum(chin, beside))
    if style == "full":
        line = y + (0.35 - 0.42 * np.clip(off_centre / eye - 1.1, 0, 9) ** 1.3 + rng.uniform(-0.1, 0.2)) * eye
        area = np.maximum(area, _below(-row, -line, 0.18 * eye))
    area = area * _below(row, y + 2.3 * eye, 0.35 * eye)
    lips = cv2.GaussianBlur(load_head().lips, (0, 0), 2)
    return np.clip(area * (1 - 1.3 * lips), 0, 1) * np.clip(1 + 0.2 * noise(rng, 20), 0, 1)


def _below(value: np.ndarray, limit, softness: float) -> np.ndarray:
    """1 where a value is below the limit, 0 above."""
    return 1 / (1 + np.exp(np.clip((value - limit) / softness * 4, -30, 30)))


def _hairs(area: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mark = anchors()
    canvas = np.zeros((MAP_SIZE, MAP_SIZE), np.float32)
    root = rng.random((_HAIRS, 2)) * (MAP_SIZE, MAP_SIZE - mark.mouth_y + mark.eye) + (0, mark.mouth_y - mark.eye)
    grows = rng.random(_HAIRS) < area[np.minimum(root[:, 1], MAP_SIZE - 1).astype(int), root[:, 0].astype(int)]
    angle = np.pi / 2 - np.clip((root[:, 0] - MIDDLE) / mark.eye, -2, 2) * 0.25 + rng.normal(size=_HAIRS) * 0.3
    reach = mark.eye * rng.uniform(0.06, 0.16, _HAIRS)
    ends = np.column_stack([root, root + np.stack([np.cos(angle), np.sin(angle)], 1) * reach[:, None]])
    density = rng.uniform(0.5, 0.95, _HAIRS)
    for (x0, y0, x1, y1), value in zip((ends[grows] * 16).astype(int).tolist(), density[grows].tolist(), strict=True):
        cv2.line(canvas, (x0, y0), (x1, y1), value, 1, cv2.LINE_AA, 4)
    return canvas
