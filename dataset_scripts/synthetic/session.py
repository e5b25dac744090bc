"""One subject in one recording session, and the clips filmed in it."""

import zlib
from dataclasses import dataclass, replace

import numpy as np

from dataset_scripts.synthetic.config import Domain, Light
from dataset_scripts.synthetic.head import Head
from dataset_scripts.synthetic.motion import Movement, draw_movement
from dataset_scripts.synthetic.muscles import BLINK, RENDERED_UNITS
from dataset_scripts.synthetic.nuisances import Sensor, blink, brightness, draw_sensor, pose_path, tremor
from dataset_scripts.synthetic.render import LinearHead
from dataset_scripts.synthetic.shading import Camera, Studio
from dataset_scripts.synthetic.skin import paint

STANDARD = Camera()
"""The crop in which amplitudes are stated: 224 pixels over 2.5 distances between the eyes."""


@dataclass(frozen=True)
class Clip:
    """A filmed micro-expression.

    Attributes:
        frames: JPEG bytes, first at the onset and last at the offset. fps: their rate. apex: index of the frame nearest
            to the apex. units: the coded action units. amplitude_px: {unit: apex displacement in the standard crop}.
    """

    frames: list[bytes]
    fps: float
    apex: int
    units: tuple[str, ...]
    amplitude_px: dict[str, float]


class Session:
    """Set-up of about a second, after which clips are cheap.

    Args:
        domain: the laboratory. seed: of the data set. subject: number of the subject. camera: the framing.
    """

    def __init__(self, domain: Domain, seed: int, subject: int, camera: Camera = STANDARD):
        self.domain = domain
        self._seed = (seed, zlib.crc32(domain.name.encode()), subject)
        rng = np.random.default_rng([*self._seed, 4])
        head = Head(domain, self._seed)
        pose = np.concatenate([rng.normal(size=3) * (0.05, 0.06, 0.03), np.zeros(3)])
        camera = replace(camera, span=camera.span * (1 + 0.02 * float(rng.normal())))
        light = _vary(domain.light, rng)
        studio = Studio(head, paint(head.traits, self._seed), camera, light, domain.background, pose)
        self.pixel = camera.size / STANDARD.size * STANDARD.span / camera.span
        self._face = LinearHead(studio)
        grain = rng.standard_normal((camera.size, camera.size), dtype=np.float32)
        self._pattern = grain * domain.nuisance.fixed_pattern

    def clip(self, units: tuple[str, ...], number: int, frames: int) -> Clip:
        """Film one coded micro-expression.

        Args:
            units: the action units that the coder sees. number: of the clip, which seeds all of its chance.
            frames: how many, evenly from onset to offset.
        Returns:
            The clip.
        Source: Our choice: movement and nuisances draw from streams of their own, so that the onset frame is the same
            to the byte whatever the units are: nothing can be predicted from it.
        """
        rng, acting = (np.random.default_rng([*self._seed, 5, number, stream]) for stream in (0, 1))
        motion, moving = self.domain.motion, units
        if acting.random() < motion.uncoded:
            moving += (str(acting.choice([unit for unit in RENDERED_UNITS if unit not in units and unit != BLINK])),)
        movement = draw_movement(motion, moving, self.domain.amplitude_px, acting)
        times = np.linspace(movement.start, movement.end, frames)
        sensor = draw_sensor(self.domain, self._pattern, self.pixel, rng)
        pictures = self.film([movement], times, sensor, rng, blinks=int(rng.random() < self.domain.nuisance.blink))
        return Clip(
            frames=[sensor.encode(picture) for picture in pictures],
            fps=(frames - 1) / (times[-1] - times[0]),
            apex=int(np.argmin(np.abs(times - movement.apex))),
            units=units,
            amplitude_px={unit: movement.amplitude_px[unit] for unit in units},
        )

    def film(
        self, movements: list[Movement], times: np.ndarray, sensor: Sensor, rng: np.random.Generator, blinks: int = 0
    ) -> list[np.ndarray]:
        """Film any movements.

        Args:
            movements: what the face does. times: (T,) seconds, evenly spaced. sensor: from `sensor`.
            rng: of everything else. blinks: how many, anywhere.
        Returns:
            T pictures, (size, size) uint8 or (size, size, 3) with a colour camera.
        """
        nuisance = self.domain.nuisance
        scale = {unit: self.pixel / reach for unit, reach in self._face.reach.items()}
        acted: dict[str, np.ndarray] = {}
        for movement in movements:
            for unit in movement.amplitude_px:
                acted[unit] = acted.get(unit, 0) + movement.curve(unit, times) * scale[unit]
        for _ in range(blinks):
            acted[BLINK] = acted.get(BLINK, 0) + blink(nuisance, times, rng) * scale[BLINK]
        weights = dict(acted)
        for unit, pixels in tremor(nuisance, times, rng).items():
            weights[unit] = weights.get(unit, 0) + pixels * scale[unit]
        path = pose_path(nuisance, times, self.pixel, rng)
        gain = brightness(self.domain, times, rng)
        pictures = []
        for index, (pose, level) in enumerate(zip(path, gain, strict=True)):
            bent, shaded = (_at(courses, index) for courses in (weights, acted))
            pictures.append(sensor.read(self._face.frame(bent, pose, shaded), level, rng))
        return pictures

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
