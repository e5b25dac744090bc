"""When and how far a face moves: the time course of one expression, micro or macro."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from dataset_scripts.synthetic.config import Motion
from dataset_scripts.synthetic.people.sides import OTHER, TWO_SIDED, Side, one_sided

_APEX_S = 0.06  # an apex lies in the middle of the hold, but no later than this after the rise
_MOST_PARTED_PX = 8.0  # of lips and jaw that go along with a smile
_RELAX_S = 0.6  # what stays after the fall is gone after so long


@dataclass(frozen=True)
class Movement:
    """A rise to the apex, a hold and a fall, for one or more action units.

    Attributes:
        start, rise, hold, fall: seconds. residual: share of the amplitude that stays after the fall, and fades slowly.
        amplitude_px: {unit: apex displacement in pixels of the standard crop}, on the stronger side.
        lag, power: {unit: seconds, exponent}. sides: {unit: "L" or "R"} of those that move one side; both otherwise.
        weak: share of the amplitude on the other side of those.
        company: units among amplitude_px that go along without being coded.
    """

    start: float
    rise: float
    hold: float
    fall: float
    residual: float
    amplitude_px: dict[str, float]
    lag: dict[str, float]
    power: dict[str, float]
    sides: dict[str, Side] = field(default_factory=dict)
    weak: float = 0.0
    company: tuple[str, ...] = ()

    @property
    def apex(self) -> float:
        return self.start + self.rise + min(self.hold / 2, _APEX_S)

    @property
    def release(self) -> float:
        """When the fall begins."""
        return self.start + self.rise + self.hold

    @property
    def end(self) -> float:
        return self.release + self.fall

    def later(self, seconds: float) -> "Movement":
        """The same movement, begun later."""
        return replace(self, start=self.start + seconds)

    def curve(self, unit: str, times: np.ndarray) -> np.ndarray:
        """Displacement of a unit at given times.

        Args:
            unit: one of amplitude_px. times: (T,) seconds.
        Returns:
            (T,) pixels of the standard crop.
        """
        since = times - self.start - self.lag[unit]
        up = ramp(since / self.rise) ** self.power[unit]
        down = ramp((since - self.rise - self.hold) / self.fall)
        left = self.residual * (1 - ramp((since - self.rise - self.hold - self.fall) / _RELAX_S))
        return self.amplitude_px[unit] * up * (1 - (1 - left) * down)

    def courses(self, times: np.ndarray) -> dict[str, np.ndarray]:
        """Displacements of all units: {unit, or name of one side of it: (T,) pixels of the standard crop}."""
        found = {}
        for unit in self.amplitude_px:
            course, side = self.curve(unit, times), self.sides.get(unit, "both")
            found[one_sided(unit, side)] = course
            if side != "both":
                found[one_sided(unit, OTHER[side])] = self.weak * course
        return found


def add_up(courses: Iterable[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Several {name: (T,) course} in one."""
    total: dict[str, np.ndarray] = {}
    for each in courses:
        for name, course in each.items():
            total[name] = total[name] + course if name in total else course
    return total


def ramp(time: np.ndarray) -> np.ndarray:
    """The smoothest quintic from 0 at time 0 to 1 at time 1."""
    t = np.clip(time, 0, 1)
    return t**3 * (10 - 15 * t + 6 * t**2)


def draw_movement(
    motion: Motion, units: tuple[str, ...], median_px: float, rng: np.random.Generator, start: float = 0.0
) -> Movement:
    """Draw a micro-expression.

    Args:
        motion: the distributions. units: what moves; the first one leads. median_px: of the apex amplitude.
        rng: of the clip. start: seconds.
    Returns:
        The movement.
    """
    rise, fall = _log_normal(motion.rise, rng), _log_normal(motion.fall, rng)
    hold = min(motion.hold_max, rng.exponential(motion.hold_mean))
    shrink = min(1.0, motion.total_max / (rise + hold + fall))
    residual = rng.uniform(*motion.residual) if rng.random() < motion.incomplete else 0.0
    amplitude = _draw_amplitudes(motion, units, median_px, rng)
    lag = {unit: 0.0 if unit == units[0] else float(rng.uniform(0, motion.lag_max)) for unit in units}
    power = {unit: float(rng.uniform(*motion.power)) for unit in units}
    sides, weak = _draw_side(motion, units, rng)
    rise, hold, fall = rise * shrink, hold * shrink, fall * shrink
    if rng.random() < motion.held:
        hold = float(rng.uniform(*motion.held_s))
    movement = Movement(start, rise, hold, fall, residual, amplitude, lag, power, sides, weak)
    return _part_lips(movement, rng) if rng.random() < motion.parted and "AU12" in units else movement


def _part_lips(smile: Movement, rng: np.random.Generator) -> Movement:
    """The lips part with a smile, and now and then the jaw drops; nobody codes it."""
    size = smile.amplitude_px["AU12"]
    jaw = rng.uniform(0, 0.4) if rng.random() < 0.4 else 0.0
    parting = {"AU25": rng.uniform(0.2, 0.5), "AU26": jaw}
    joined = {
        unit: float(min(share * size, _MOST_PARTED_PX))
        for unit, share in parting.items()
        if share and unit not in smile.amplitude_px
    }
    return replace(
        smile,
        amplitude_px=smile.amplitude_px | joined,
        lag=smile.lag | dict.fromkeys(joined, smile.lag["AU12"]),
        power=smile.power | dict.fromkeys(joined, smile.power["AU12"]),
        company=tuple(joined),
    )


def _draw_amplitudes(
    motion: Motion, units: tuple[str, ...], median_px: float, rng: np.random.Generator
) -> dict[str, float]:
    least, most = motion.amplitude_range
    shared = np.clip(median_px * np.exp(rng.normal() * motion.amplitude_sigma), least, most)
    own = np.exp(rng.normal(size=len(units)) * motion.unit_sigma)
    sizes, limits = dict(motion.unit_size), dict(motion.unit_max)
    return {
        unit: float(np.clip(shared * sizes.get(unit, 1.0) * factor, least, limits.get(unit, most)))
        for unit, factor in zip(units, own, strict=True)
    }


def _draw_side(motion: Motion, units: tuple[str, ...], rng: np.random.Generator) -> tuple[dict[str, Side], float]:
    """Now and then one side of the face does it nearly alone: {unit: side}, and the share of the other side."""
    chance, side, weak = rng.random(), rng.choice(list(OTHER)), rng.uniform(*motion.weak_side)
    if chance >= motion.one_sided:
        return {}, 0.0
    return {unit: str(side) for unit in units if unit in TWO_SIDED}, float(weak)


def _log_normal(shape: tuple[float, float, float, float], rng: np.random.Generator) -> float:
    median, sigma, least, most = shape
    return float(np.clip(median * np.exp(rng.normal() * sigma), least, most))
