"""A person's skin and hair, painted on the canonical map in linear light (red, green, blue).

The layers go on in the order of `paint`: pigment, blood, pores, marks, lids, lips, lines, stubble, brows, lashes, hair.

Tested in tests/dataset_scripts/synthetic/people/test_head.py.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from dataset_scripts.synthetic.people.asset import MAP_SIZE, load_head
from dataset_scripts.synthetic.people.head import Traits
from dataset_scripts.synthetic.people.painting import MIDDLE, SIDES, anchors, noise, spot
from dataset_scripts.synthetic.people.wrinkles import furrow_maps

_SKINS = np.log([[0.62, 0.47, 0.38], [0.30, 0.185, 0.12], [0.070, 0.038, 0.025]])  # by melanin 0, 1/2 and 1
_MELANIN = {"african": 0.78, "asian": 0.27, "caucasian": 0.13}
_SPREAD = (0.05, 0.10)  # of melanin among people: of all, and more with African ancestry
_LIPS = np.array([[0.86, 0.52, 0.62], [0.92, 0.74, 0.78]])  # relative to light skin and to dark skin
_IRISES = np.array([[0.09, 0.04, 0.02], [0.05, 0.10, 0.10], [0.10, 0.20, 0.25], [0.12, 0.12, 0.05]])
_STATIC_LINES = {"AU1": 0.5, "AU2": 0.2, "AU4": 0.5, "AU6": 0.5, "AU12": 1.0, "AU7": 0.5}


@dataclass
class Skin:
    """What covers a head.

    Attributes:
        albedo: (S, S, 3) float32 map in linear light. base, hair, iris: (3,) colours. shine: strength of highlights.
        furrows: {unit: (S, S)} maps that deepen with the unit.
    """

    albedo: np.ndarray
    base: np.ndarray
    hair: np.ndarray
    iris: np.ndarray
    shine: float
    furrows: dict[str, np.ndarray]


def paint(traits: Traits, seed: tuple[int, ...]) -> Skin:
    """Draw a subject's skin.

    Args:
        traits: ancestry, sex and age, which set pigment, stubble, brows and lines.
        seed: integers that name the subject.
    Returns:
        The skin.
    """
    rng = np.random.default_rng([*seed, 3])
    pale = traits.ancestry["caucasian"]
    melanin = sum(share * _MELANIN[name] for name, share in traits.ancestry.items())
    melanin += rng.normal() * (_SPREAD[0] + _SPREAD[1] * traits.ancestry["african"])
    melanin = float(np.clip(melanin, 0.04, 1.0))
    tint = np.array([1 + rng.normal() * 0.03, 1, 1 + rng.normal() * 0.03])
    base = skin_colour(melanin) * tint
    lightness = rng.random() * 4 if pale > 0.6 else rng.random() * 0.6
    hair = np.array([0.045, 0.035, 0.03]) * (1 + lightness) * (1 - 0.6 * melanin)
    furrows = furrow_maps(rng)
    albedo = np.broadcast_to(base.astype(np.float32), (MAP_SIZE, MAP_SIZE, 3)).copy()
    _blood_and_pores(albedo, 1 - 0.6 * melanin, rng)
    _marks(albedo, base, pale, rng)
    _lids_and_lips(albedo, base, melanin, rng)
    lines = sum(furrows[unit] * weight * np.exp(rng.normal() * 0.5) for unit, weight in _STATIC_LINES.items())
    _scale(albedo, np.exp(-lines * (0.04 + 0.22 * traits.age)))
    if traits.maleness > 0.5 and rng.random() < 0.75:
        _stubble(albedo, rng)
    for mask in (_brow_mask(traits, rng), _lash_mask(rng)):
        _blend(albedo, mask, hair)
    _blend(albedo, _hair_mask(rng), hair * np.exp(0.45 * noise(rng, 16, 0.12))[..., None])
    iris = _IRISES[0 if pale < 0.55 else rng.integers(len(_IRISES))] * (1 + 0.4 * rng.random())
    albedo = np.clip(albedo, 0.004, 1).astype(np.float32)
    shine = (0.05 + 0.10 * rng.random()) * (1 - 0.45 * melanin)
    return Skin(albedo, base, hair, iris, shine, furrows)


def skin_colour(melanin: float) -> np.ndarray:
    """Albedo (3,) in linear light: individual typology angle 64 degrees at melanin 0, 12 at 1/2 and -64 at 1.

    Source: Our choice, within what is measured on people (light skin above 41 degrees, dark skin below -30).
    """
    return np.exp([np.interp(melanin, (0.0, 0.5, 1.0), channel) for channel in _SKINS.T])


def _blend(albedo: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> None:
    mask, colour = mask.astype(np.float32), colour.astype(np.float32)
    _scale(albedo, 1 - mask)
    albedo += _in_colour(mask) * colour if colour.ndim > 1 else cv2.merge([mask * value for value in colour])


def _scale(albedo: np.ndarray, factor: np.ndarray) -> None:
    albedo *= _in_colour(factor)


def _in_colour(values: np.ndarray) -> np.ndarray:
    """(S, S) -> (S, S, 3): numpy is slow at spreading along a short last axis."""
    return cv2.merge([values, values, values])


def _blood_and_pores(albedo: np.ndarray, shown: float, rng: np.random.Generator) -> None:
    """Blood shows less under more melanin."""
    mark = anchors()
    eye, y = mark.eye, mark.eye_y
    red = 0.05 * (0.5 * noise(rng, 120) + 0.35 * noise(rng, 45) + 0.2 * noise(rng, 16))
    for side in SIDES:
        red += 0.10 * spot(MIDDLE + side * 1.55 * eye, y + 1.25 * eye, 0.7 * eye, 0.55 * eye)
    red += 0.10 * spot(MIDDLE, y + 1.35 * eye, 0.35 * eye, 0.4 * eye)
    pores = 0.025 * noise(rng, 6) + 0.03 * noise(rng, 3) + 0.035 * noise(rng, 1.7)
    pores *= float(np.exp(rng.normal() * 0.4))
    for channel, absorption in enumerate((0.25, -1.4, -1.2)):
        albedo[..., channel] *= np.exp(absorption * shown * red + pores)


def _marks(albedo: np.ndarray, base: np.ndarray, pale: float, rng: np.random.Generator) -> None:
    """Freckles and moles."""
    mark = anchors()
    for _ in range(rng.poisson(60 * max(0, pale - 0.3) + 6)):
        x, y = rng.normal(MIDDLE, 1.4 * mark.eye), rng.normal(mark.eye_y + 0.8 * mark.eye, 1.3 * mark.eye)
        radius, depth = abs(rng.normal()) * 1.2 + 0.8, rng.random() * 0.25
        left, top = max(0, int(x) - 8), max(0, int(y) - 8)
        patch = albedo[top : max(0, int(y) + 9), left : max(0, int(x) + 9)]
        row, column = np.mgrid[: patch.shape[0], : patch.shape[1]]
        patch *= (1 - depth * np.exp(-0.5 * ((column + left - x) ** 2 + (row + top - y) ** 2) / radius**2))[..., None]
    for _ in range(rng.poisson(2)):
        x, y = rng.normal(MIDDLE, 1.3 * mark.eye), rng.normal(mark.eye_y + mark.eye, 1.5 * mark.eye)
        dark = tuple((base * 0.35).tolist())
        cv2.circle(albedo, (int(x), int(y)), int(rng.integers(1, 4)), dark, -1, cv2.LINE_AA)


def _lids_and_lips(albedo: np.ndarray, base: np.ndarray, melanin: float, rng: np.random.Generator) -> None:
    mark, head = anchors(), load_head()
    circles = sum(
        spot(MIDDLE + side * (mark.eye_x - MIDDLE), mark.eye_y + 0.45 * mark.eye, 0.55 * mark.eye, 0.22 * mark.eye)
        for side in SIDES
    )
    shade = (1 - circles * (0.05 + 0.2 * rng.random())) * (1 - head.eyelids * (0.10 + 0.15 * rng.random()))
    _scale(albedo, shade.astype(np.float32))
    colour = base * (_LIPS[0] * (1 - melanin) + _LIPS[1] * melanin) * (1 + rng.normal() * 0.05)
    mask = cv2.GaussianBlur(head.lips, (0, 0), 1.5) * (0.6 + 0.35 * rng.random())
    _blend(albedo, mask, colour * np.exp(0.08 * noise(rng, 4, 0.35))[..., None])


def _stubble(albedo: np.ndarray, rng: np.random.Generator) -> None:
    mark = anchors()
    eye, y = mark.eye, mark.mouth_y
    area = spot(MIDDLE, y + 0.75 * eye, 1.7 * eye, eye) + spot(MIDDLE, y - 0.5 * eye, 0.8 * eye, 0.25 * eye)
    area = np.clip(area - 0.15, 0, 1) * (1 - load_head().lips)
    area[: int(y - 0.9 * eye) + 1] = 0
    grain = 0.6 + 0.8 * np.clip(noise(rng, 2.2), 0, 2)
    _scale(albedo, np.exp(-area * rng.random() * 0.45 * grain))


def _brow_mask(traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """Several hundred single hairs a side."""
    mark = anchors()
    eye = mark.eye
    canvas = np.zeros((MAP_SIZE, MAP_SIZE), np.float32)
    thickness = eye * (0.15 + 0.10 * rng.random()) * (1.25 if traits.maleness > 0.5 else 0.85)
    arch, length, height = rng.normal(size=3) * (0.06, 0.06, 0.07)
    hairs = int(rng.integers(420, 900))
    for side in SIDES:
        along = rng.random(hairs)
        x = MIDDLE + side * eye * (0.28 + (1.62 + length) * along)
        curve = -(0.27 + arch) * np.sin(np.pi * np.clip(along * 0.85, 0, 1)) + 0.33 * np.clip(along - 0.62, 0, 1)
        spread = thickness * (1 - 0.65 * along) * np.clip(along * 6 + 0.45, 0, 1)
        y = mark.eye_y + (height - 0.60 + curve) * eye + rng.normal(size=hairs) * spread * 0.5
        angle = -1.25 + 1.05 * along**0.7 + rng.normal(size=hairs) * 0.2
        reach = eye * (0.13 + 0.08 * rng.random(hairs))
        ends = np.stack([x, y, x + side * np.cos(angle) * reach, y + np.sin(angle) * reach], 1)
        density = 0.35 + 0.4 * rng.random(hairs)
        for (x0, y0, x1, y1), value in zip((ends * 16).astype(int).tolist(), density.tolist(), strict=True):
            cv2.line(canvas, (x0, y0), (x1, y1), value, 1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(canvas, (0, 0), 3)
    return np.clip(np.maximum(canvas, 0.9 * soft) * (0.8 + 0.5 * rng.random()), 0, 0.95)


def _lash_mask(rng: np.random.Generator) -> np.ndarray:
    """A dark rim of the eye openings, stronger above."""
    mark = anchors()
    distance = cv2.distanceTransform(np.uint8(load_head().eye_hole == 0), cv2.DIST_L2, 5)
    row = np.arange(MAP_SIZE, dtype=np.float32)[:, None]
    upper = np.clip((mark.eye_y + 0.02 * mark.eye - row) / (0.2 * mark.eye) + 0.45, 0.2, 1)
    rim = np.exp(-((distance / (1.6 + 0.04 * mark.eye)) ** 2)) * (distance < 30)
    return rim * (0.55 + 0.35 * rng.random()) * upper


def _hair_mask(rng: np.random.Generator) -> np.ndarray:
    """Hairline above and hair beside the face."""
    mark = anchors()
    eye = mark.eye
    row = np.arange(MAP_SIZE, dtype=np.float32)[:, None]
    off_centre = np.abs(np.arange(MAP_SIZE, dtype=np.float32)[None] - MIDDLE)
    line = mark.eye_y - (2.9 + 0.35 * rng.normal()) * eye + 0.00055 * off_centre**2 * (1.1 + 0.4 * rng.normal())
    line = line + 0.07 * eye * noise(rng, 40)
    top = np.clip((line - row) / (0.22 * eye) + 0.3 * noise(rng, 14, 0.2), 0, 1)
    side = np.clip((off_centre - (3.2 + 0.2 * rng.normal()) * eye) / (0.5 * eye) + 0.35 * noise(rng, 12, 0.3), 0, 1)
    low = mark.mouth_y - (0.9 + 0.5 * rng.random()) * eye
    side = side * np.clip((low - row) / (0.6 * eye) + 0.3 * noise(rng, 10, 0.3), 0, 1)
    return cv2.GaussianBlur(np.maximum(top, side), (0, 0), 1.5)
