"""One subject in one recording session, and the clips filmed in it.

Tested in tests/dataset_scripts/synthetic/tables/test_clip_table.py and test_variety.py.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dataset_scripts.synthetic.acting.motion import Movement, add_up, draw_movement
from dataset_scripts.synthetic.acting.nuisances import (
    Drift,
    Sensor,
    blink,
    brightness,
    company,
    draw_drift,
    draw_sensor,
    gaze_shift,
    loose_skin,
    pose_path,
    tremor,
)
from dataset_scripts.synthetic.camera.codec import compress
from dataset_scripts.synthetic.camera.eyes import STRAIGHT, Gaze
from dataset_scripts.synthetic.camera.look import draw_look
from dataset_scripts.synthetic.camera.render import LinearHead
from dataset_scripts.synthetic.camera.shading import GREY, Camera, Studio
from dataset_scripts.synthetic.config import MACRO_PX, Domain, Light
from dataset_scripts.synthetic.people.head import Head
from dataset_scripts.synthetic.people.muscles import BLINK, RENDERED_UNITS
from dataset_scripts.synthetic.people.sides import Side
from dataset_scripts.synthetic.people.skin import paint
from dataset_scripts.synthetic.tables.columns import subject_name

_FULLY_LIT, _EXPOSURE, _MOST_GAIN = 0.25, 0.35, 1.8  # albedo that needs no longer exposure; how far it makes up for it
_STREAM = {"micro": 5, "neutral": 8, "macro": 14}  # of random numbers

STANDARD = Camera()
"""The crop in which amplitudes are stated: 224 pixels over 2.5 distances between the eyes."""


@dataclass(frozen=True)
class Clip:
    """A filmed micro-expression, macro-expression or neutral face.

    Attributes:
        frames: JPEG bytes, in order of time. fps: their rate. onset, offset: indices of the first and last frame of
            the expression. apex: index of the frame nearest to the apex, None where there is no expression.
        units: the coded action units. amplitude_px: {unit: apex displacement in the standard crop}.
        sides: {unit: "L" or "R"} of those that move on the person's left or right alone.
    """

    frames: list[bytes]
    fps: float
    onset: int
    apex: int | None
    offset: int
    units: tuple[str, ...]
    amplitude_px: dict[str, float]
    sides: dict[str, Side]


class Session:
    """Set-up of half a second, after which clips are cheap.

    Args:
        domain: the laboratory. seed: of the data set. subject: number of the subject. camera: the framing; the domain
            says whether it sees colour.
    Attributes:
        name: of the subject, in tables. size: pixels a side. pixel: output pixels per pixel of the standard crop.
        look: what the subject wears.
    """

    def __init__(self, domain: Domain, seed: int, subject: int, camera: Camera = STANDARD):
        self.domain = domain
        self.name = subject_name(seed, subject)
        self._seed = (seed, zlib.crc32(domain.name.encode()), subject)
        rng = np.random.default_rng([*self._seed, 4])
        head = Head(domain, self._seed)
        pose = np.concatenate([rng.normal(size=3) * (0.05, 0.06, 0.03), np.zeros(3)])
        camera = replace(camera, span=camera.span * (1 + 0.02 * float(rng.normal())))
        self.look = draw_look(domain.variety, head.traits, self._seed)
        skin = self.look.on_skin(paint(head.traits, self._seed))
        light = _expose(_vary(domain.light, rng), skin.base)
        studio = Studio(head, skin, camera, light, domain.background, pose)
        self.size = camera.size
        self.pixel = camera.size / STANDARD.size * STANDARD.span / camera.span
        self._face = self._set_up(studio)
        grain = rng.standard_normal((camera.size, camera.size), dtype=np.float32)
        self._pattern = grain * domain.nuisance.fixed_pattern

    @cached_property
    def _loose(self) -> np.ndarray:
        return loose_skin(self._face.moved(unit) for unit in ("AU25", BLINK))

    def field(self, unit: str) -> np.ndarray:
        """Where each pixel goes when a unit moves the skin by a pixel at most: (size, size, 2), right and down."""
        return self._face.field(unit) / self._face.reach[unit]

    def _set_up(self, studio: Studio) -> LinearHead:
        return LinearHead(studio, self.look.worn(studio))

    def clip(self, units: tuple[str, ...], number: int, frames: int) -> Clip:
        """Film one coded expression, or none.

        Args:
            units: the action units that the coder sees; none for a neutral clip. number: of the clip, which seeds all
                of its chance; neutral clips count by themselves. frames: how many from onset to offset.
        Returns:
            The clip, with the domain's lead-in and lead-out besides.
        Source: Our choice: movement and nuisances draw from streams of their own, so that the onset frame is the same
            to the byte whatever the units are: nothing can be predicted from it.
        """
        variety = self.domain.variety
        kind = _STREAM[variety.expression] if units else _STREAM["neutral"]
        rng, acting, gazing, clock = (np.random.default_rng([*self._seed, kind, number, k]) for k in range(4))
        movement = self._act(units, acting)
        times, repeat = self._moments(movement, frames, clock)
        sensor = draw_sensor(self.domain, self._pattern, self.pixel, rng)
        blinks = int(rng.random() < self.domain.nuisance.blink)
        gaze = gaze_shift(self.domain.nuisance, times, gazing) if gazing.random() < variety.gaze else None
        pictures = list(self.film([movement], times, sensor, rng, blinks, gaze))
        pictures = pictures if variety.h264 is None else compress(pictures, variety.h264)
        encoded = [sensor.encode(picture) for picture in pictures]
        shown = times[repeat]
        nearest = int(np.argmin(np.abs(shown - movement.apex)))  # the onset, where few frames show a long movement
        return Clip(
            frames=[encoded[index] for index in repeat],
            fps=(len(shown) - 1) / (shown[-1] - shown[0]),
            onset=variety.lead_in,
            apex=max(nearest, variety.lead_in + 1) if units else None,
            offset=variety.lead_in + frames - 1,
            units=units,
            amplitude_px={unit: movement.amplitude_px[unit] for unit in units},
            sides={unit: side for unit, side in movement.sides.items() if unit in units},
        )

    def _act(self, units: tuple[str, ...], acting: np.random.Generator) -> Movement:
        """Draw the movement of a clip; without units it only sets how long the clip lasts."""
        macro = self.domain.variety.expression == "macro"
        motion = self.domain.macro if macro else self.domain.motion
        moving = units
        if acting.random() < motion.uncoded and units:
            moving += (str(acting.choice([unit for unit in RENDERED_UNITS if unit not in units and unit != BLINK])),)
        return draw_movement(motion, moving, MACRO_PX if macro else self.domain.amplitude_px, acting)

    def _moments(self, movement: Movement, frames: int, clock: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """When the camera looks (N,), in seconds, and which of these looks each frame of the clip shows (frames,)."""
        variety = self.domain.variety
        steps = np.arange(-variety.lead_in, frames + variety.lead_out)
        if self.domain.on_grid:
            tick = 1 / self.domain.camera_fps
            first = movement.start - clock.random() * tick
            last = np.ceil((movement.end - first) / tick)
            ticks, repeat = np.unique(np.round(steps * last / (frames - 1)).astype(int), return_inverse=True)
            return first + ticks * tick, repeat
        times = np.linspace(movement.start, movement.end, frames)
        if len(steps) > frames:
            times = movement.start + steps * ((movement.end - movement.start) / (frames - 1))
        return times, np.arange(len(times))

    def film(
        self,
        movements: list[Movement],
        times: np.ndarray,
        sensor: Sensor,
        rng: np.random.Generator,
        blinks: int = 0,
        gaze: list[Gaze] | None = None,
    ) -> Iterator[np.ndarray]:
        """Film any movements.

        Args:
            movements: what the face does. times: (T,) seconds, evenly spaced. sensor: from `sensor`.
            rng: of everything else. blinks: how many, anywhere. gaze: (T,) where the eyes look; straight by default.
        Yields:
            T pictures, (size, size) uint8 or (size, size, 3) with a colour camera.
        """
        nuisance = self.domain.nuisance
        scale = {unit: self.pixel / reach for unit, reach in self._face.reach.items()}
        acted = add_up(movement.courses(times) for movement in movements)
        acted = add_up([acted, *(blink(nuisance, times, rng) for _ in range(blinks)), company(nuisance, times, rng)])
        weights = add_up([acted, tremor(nuisance, times, rng)])
        weights, acted = ({unit: course * scale[unit] for unit, course in each.items()} for each in (weights, acted))
        loose = self.drift(times, rng)
        path = pose_path(nuisance, times, self.pixel, rng)
        gain = brightness(self.domain, times, rng)
        for index, (pose, level) in enumerate(zip(path, gain, strict=True)):
            bent, shaded = (_at(courses, index) for courses in (weights, acted))
            looks = STRAIGHT if gaze is None else gaze[index]
            picture = self._face.frame(bent, pose, shaded, looks, loose.at(index))
            yield sensor.read(picture, level, rng)

    def drift(self, times: np.ndarray, rng: np.random.Generator) -> Drift:
        """Draw how the skin of this face is never quite still; arguments as for `film`."""
        return draw_drift(self.domain.nuisance, times, self._loose, self.pixel, rng)

    def sensor(self, rng: np.random.Generator) -> Sensor:
        """Draw the picture quality of a film in this session."""
        return draw_sensor(self.domain, self._pattern, self.pixel, rng)


def _at(courses: dict[str, np.ndarray], index: int) -> dict[str, float]:
    """Weights at one frame, in a fixed order, so that sums do not depend on who moved first."""
    return {unit: float(courses[unit][index]) for unit in sorted(courses)}


def _vary(light: Light, rng: np.random.Generator) -> Light:
    """Lamps are never put in the same place twice."""
    key, fill = (tuple((np.array(lamp) + rng.normal(size=3) * 0.12).tolist()) for lamp in (light.key, light.fill))
    power = np.array([light.key_power, light.fill_power, light.ambient]) * np.exp(rng.normal(size=3) * 0.12)
    return Light(key, float(power[0]), fill, float(power[1]), float(power[2]))


def _expose(light: Light, skin: np.ndarray) -> Light:
    """Lamps as a camera that exposes for the face shows them: darker skin is lit longer, and stays darker."""
    gain = float(np.clip((_FULLY_LIT / (GREY @ skin)) ** _EXPOSURE, 1.0, _MOST_GAIN))
    powers = {name: getattr(light, name) * gain for name in ("key_power", "fill_power", "ambient")}
    return replace(light, **powers)
