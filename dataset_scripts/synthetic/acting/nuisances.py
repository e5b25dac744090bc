"""Everything in a clip that is not its action units: a swaying head, blinks, tremor, lamps and the camera's sensor.

Tested in tests/dataset_scripts/synthetic/camera/test_render.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from dataset_scripts.synthetic.acting.motion import Movement, draw_movement, ramp
from dataset_scripts.synthetic.camera.eyes import Gaze
from dataset_scripts.synthetic.config import COMPANY, COMPANY_PX, Domain, Nuisance
from dataset_scripts.synthetic.people.muscles import BLINK, RENDERED_UNITS
from dataset_scripts.synthetic.people.sides import OTHER, one_sided

_KNOT_SECONDS = 0.125  # a clip has five knots at most half a second apart in all; longer films get more
_SLOW_SECONDS = 1.0
_DRIFT_SECONDS = (0.3, 1.2)
_GRAINS = (5, 9, 16)  # cells over the picture, of the fields that skin drifts along
_FIRM = 0.25  # how loosely skin sits away from mouth and lids
_PULSE_HZ = 1.2

MOUTHS = (("AU25",), ("AU25", "AU26"), ("AU26",), ("AU23",), ("AU24",), ("AU28",))
"""What a mouth does by itself: lips part, the jaw drops, lips purse, press, are drawn in."""


def pose_path(nuisance: Nuisance, times: np.ndarray, pixel: float, rng: np.random.Generator) -> np.ndarray:
    """How the head sways, and how badly the crop was registered.

    Args:
        times: (T,) seconds, evenly spaced. pixel: output pixels per pixel of the standard crop. rng: of the clip.
    Returns:
        (T, 6) along shading.POSE_AXES.
    """
    unit = np.array([1, 1, 1, pixel, pixel, 1])
    size = np.array(nuisance.walk) * unit * np.exp(rng.normal() * nuisance.walk_sigma)
    knots = max(5, int(np.ceil((times[-1] - times[0]) / _KNOT_SECONDS)) + 1)
    walk = np.cumsum(rng.normal(size=(knots, 6)), 0) * size / 1.5
    if knots > 5:
        walk -= cv2.GaussianBlur(walk, (1, 0), sigmaX=0.1, sigmaY=5)  # a seated head comes back
    at = np.linspace(0, knots - 1, len(times))
    path = np.stack([np.interp(at, np.arange(knots), axis) for axis in walk.T], 1)
    path = cv2.GaussianBlur(path, (1, 5), 1.2)
    path += rng.normal(size=path.shape) * size * nuisance.walk_jitter
    return path + rng.normal(size=6) * np.array(nuisance.registration) * unit


def tremor(nuisance: Nuisance, times: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Slight uncoded movements of a few units, coded ones or not: {unit: (T,) pixels of the standard crop}."""
    chosen = rng.choice([unit for unit in RENDERED_UNITS if unit != BLINK], nuisance.tremor_units, replace=False)
    found = {}
    for unit in chosen.tolist():
        fast, slow = (_wander(times, seconds, rng) for seconds in (_KNOT_SECONDS, _SLOW_SECONDS))
        found[unit] = rng.normal() * (nuisance.tremor_px * fast + nuisance.slow_px * slow)
    return found


def _wander(times: np.ndarray, knot_seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A course (T,) of spread 1 that turns every so many seconds."""
    knots = max(4, int(np.ceil((times[-1] - times[0]) / knot_seconds)) + 2)
    at = times[0] + knot_seconds * (np.arange(knots) - rng.random())
    return np.interp(times, at, rng.normal(size=knots))


def blink(nuisance: Nuisance, times: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Travel of the upper lids for one blink, deep or slight, now and then of one eye: {name: (T,) pixels of the
    standard crop at the lid's widest point}."""
    start = rng.uniform(times[0] - 0.1, times[-1])
    depth = nuisance.blink_px * (1.0 if rng.random() < 0.5 else rng.uniform(0.1, 0.8))
    course = depth * ramp((times - start) / 0.07) * (1 - ramp((times - start - 0.09) / 0.14))
    wink, side = rng.random() < nuisance.wink, str(rng.choice(list(OTHER)))
    return {one_sided(BLINK, side) if wink else BLINK: course}


def company(nuisance: Nuisance, times: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Now and then the mouth does something of its own while the face is filmed: {unit: (T,) pixels}."""
    present, at = rng.random() < nuisance.mouth, rng.uniform(times[0] - 0.3, times[-1])
    movement = draw_company(rng, float(at))
    return movement.courses(times) if present else {}


def draw_company(rng: np.random.Generator, start: float = 0.0, median_px: float = COMPANY_PX) -> Movement:
    """Lips that part, with or without the jaw, purse, press or are drawn in; it means nothing and no coder names it."""
    units = MOUTHS[rng.integers(len(MOUTHS))]
    return draw_movement(COMPANY, units, median_px, rng, start)


@dataclass(frozen=True)
class Drift:
    """How skin that is at rest still moves, most at the mouth and the lids.

    Attributes:
        fields: (K, size, size, 2) output pixels, right and down. courses: (T, K).
    """

    fields: np.ndarray
    courses: np.ndarray

    def at(self, index: int) -> np.ndarray:
        """Displacement (size, size, 2) in one frame."""
        total = np.zeros_like(self.fields[0])
        for field, value in zip(self.fields, self.courses[index].tolist(), strict=True):
            cv2.scaleAdd(field, value, total, total)
        return total


def loose_skin(moved: Iterable[np.ndarray]) -> np.ndarray:
    """How loosely skin sits (size, size), 0 to 1, out of how far mouth and lids move it."""
    places = sum(np.sqrt(np.clip(each / _usual_most(each), 0, 1)) for each in moved)
    return np.float32(_FIRM + (1 - _FIRM) * np.clip(places, 0, 1))


def _usual_most(moved: np.ndarray) -> float:
    """What a hundredth of the pixels exceeds; the most of any where a head is so small that fewer move."""
    return float(np.percentile(moved, 99)) or float(moved.max()) or 1.0


def draw_drift(
    nuisance: Nuisance, times: np.ndarray, loose: np.ndarray, pixel: float, rng: np.random.Generator
) -> Drift:
    """Draw a drift.

    Args:
        nuisance: its size. times: (T,) seconds, evenly spaced. loose: (size, size), see `loose_skin`.
        pixel: output pixels per pixel of the standard crop. rng: of the clip.
    Source: Our choice: smooth random fields of several grains, since real skin at rest moves roughly and locally.
    """
    fields, courses = [], []
    for cells in _GRAINS:
        field = cv2.resize(np.float32(rng.normal(size=(cells, cells, 2))), loose.shape, interpolation=cv2.INTER_CUBIC)
        fields.append(field * loose[..., None])
        fast, slow = (_wander(times, seconds, rng) for seconds in _DRIFT_SECONDS)
        size = pixel * np.exp(rng.normal() * nuisance.drift_sigma)
        courses.append(size * (nuisance.drift_px * fast + nuisance.stray_px * slow))
    return Drift(np.stack(fields), np.stack(courses, 1))


def gaze_shift(nuisance: Nuisance, times: np.ndarray, rng: np.random.Generator) -> list[Gaze]:
    """The eyes jump elsewhere once (T,): a saccade of about 40 ms, sideways more than up or down."""
    start, jump = rng.uniform(times[0] - 0.02, times[-1]), rng.normal(size=2) * nuisance.gaze
    course = ramp((times - start) / 0.04)
    right, up = np.clip(jump, -0.35, 0.35)
    return [Gaze(float(right * share), float(up * share)) for share in course]


def brightness(domain: Domain, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gain of each frame (T,): exposure, mains flicker seen by the camera, and the pulse."""
    nuisance = domain.nuisance
    phase = rng.random() * 6
    beat = 100 % domain.camera_fps or 7
    flicker = rng.uniform(0, nuisance.flicker) * np.sin(2 * np.pi * times * beat + phase)
    pulse = rng.uniform(*nuisance.pulse) * np.sin(2 * np.pi * _PULSE_HZ * times + phase)
    return np.exp(rng.normal() * nuisance.gain_sigma) * (1 + flicker + pulse)


@dataclass(frozen=True)
class Sensor:
    """The camera's lens and chip during one clip.

    Attributes:
        gamma: display value = linear ** gamma. blur: sigma in output pixels. noise: of mid-grey, in [0, 1] values.
        pattern: (H, W) fixed offsets of the session. jpeg: quality.
    """

    gamma: float
    blur: float
    noise: float
    pattern: np.ndarray
    jpeg: int

    def read(self, image: np.ndarray, gain: float, rng: np.random.Generator) -> np.ndarray:
        """Linear light (H, W, C) -> 8-bit picture (H, W) or (H, W, 3)."""
        shown = cv2.pow(np.clip(image * np.float32(gain), 0, None), self.gamma)
        shown = cv2.GaussianBlur(shown.squeeze(-1) if shown.shape[-1] == 1 else shown, (0, 0), self.blur)
        grain = rng.standard_normal(shown.shape, dtype=np.float32)
        grain *= self.noise
        grain *= np.sqrt(0.25 + 0.75 * np.clip(shown, 0, 1))
        shown += grain
        shown += self.pattern if shown.ndim == 2 else cv2.merge([self.pattern] * shown.shape[-1])
        return np.uint8(np.clip(shown * 255 + 0.5, 0, 255))

    def encode(self, picture: np.ndarray) -> bytes:
        """Write a picture, grey or (H, W, 3) red, green, blue, as JPEG."""
        ordered = picture if picture.ndim == 2 else picture[..., ::-1]
        return cv2.imencode(".jpg", ordered, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg])[1].tobytes()


def draw_sensor(domain: Domain, pattern: np.ndarray, pixel: float, rng: np.random.Generator) -> Sensor:
    """Draw the quality of one clip; arguments as in `pose_path`."""
    blur = rng.uniform(*domain.blur) * pixel
    noise = domain.noise * np.exp(rng.normal() * domain.nuisance.shot_sigma)
    return Sensor(domain.gamma, float(blur), float(noise), pattern, int(rng.integers(*domain.jpeg)))
