"""When and how far a face moves: the time course of one micro-expression."""

from dataclasses import dataclass, replace

import numpy as np

from dataset_scripts.synthetic.config import Motion


@dataclass(frozen=True)
class Movement:
    """A rise to the apex, a short hold and a fall, for one or more action units.

    Attributes:
        start, rise, hold, fall: seconds. residual: share of the amplitude that stays after the fall.
        amplitude_px: {unit: apex displacement in pixels of the standard crop}. lag, power: {unit: seconds, exponent}.
    """

    start: float
    rise: float
    hold: float
    fall: float
    residual: float
    amplitude_px: dict[str, float]
    lag: dict[str, float]
    power: dict[str, float]

    @property
    def apex(self) -> float:
        return self.start + self.rise + self.hold / 2

    @property
    def end(self) -> float:
        return self.start + self.rise + self.hold + self.fall

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
        return self.amplitude_px[unit] * up * (1 - (1 - self.residual) * down)


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
    least, most = motion.amplitude_range
    shared = np.clip(median_px * np.exp(rng.normal() * motion.amplitude_sigma), least, most)
    own = np.exp(rng.normal(size=len(units)) * motion.unit_sigma)
    limits = dict(motion.unit_max)
    amplitude = {
        unit: float(np.clip(shared * factor, least, limits.get(unit, most)))
        for unit, factor in zip(units, own, strict=True)
    }
    lag = {unit: 0.0 if unit == units[0] else float(rng.uniform(0, motion.lag_max)) for unit in units}
    power = {unit: float(rng.uniform(*motion.power)) for unit in units}
    return Movement(start, rise * shrink, hold * shrink, fall * shrink, residual, amplitude, lag, power)


def _log_normal(shape: tuple[float, float, float, float], rng: np.random.Generator) -> float:
    median, sigma, least, most = shape
    return float(np.clip(median * np.exp(rng.normal() * sigma), least, most))
