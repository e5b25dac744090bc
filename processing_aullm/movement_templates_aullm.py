"""Movement templates: at rest, up to the apex, held there, and back. The one that a skin trace matches best is found.

fit = MICRO.fit(trace, fps=30.0, middle=47, towards=directions)
fit.onset, fit.apex, fit.offset, fit.size, fit.explained
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

RESIDUALS = (0.0, 0.5)  # share of the movement that remains after the offset: none, or half
MIN_MARGIN = 3  # samples before the onset and after the offset that a template must explain too


@dataclass(frozen=True)
class TemplateFit:
    """The template that a trace matches best.

    Attributes:
        onset, apex, offset: samples of the trace.
        size: length of the step from rest to apex, in the trace's unit.
        explained: share of the trace's variance around it, 1 at most; below 0 where the template is worse than none.
    """

    onset: int
    apex: int
    offset: int
    size: float
    explained: float

    def later(self, places: int) -> "TemplateFit":
        """The same, counted from so many places before."""
        marks = {mark: getattr(self, mark) + places for mark in ("onset", "apex", "offset")}
        return replace(self, **marks)


@dataclass(frozen=True)
class TemplateFamily:
    """Templates of all combinations of rise, hold and fall times.

    Args:
        rises, holds, falls: seconds.
        rate: samples per second that a trace is thinned to.
        before, after: seconds of a trace around a frame of the movement that are looked at.
        lead, slack: seconds that the onset may lie before that frame, and behind it.
        shortest, longest: seconds from onset to offset.
    """

    rises: tuple[float, ...]
    holds: tuple[float, ...]
    falls: tuple[float, ...]
    rate: float
    before: float
    after: float
    lead: float
    slack: float
    shortest: float
    longest: float

    def fit(self, trace: np.ndarray, fps: float, middle: int, towards: np.ndarray) -> TemplateFit | None:
        """The template that explains most.

        Args:
            trace: (n, D).
            fps: samples per second.
            middle: a sample of the movement, best of its rise.
            towards: (U, D) directions of length 1; the step has to go along one of them.

        Returns:
            The fit, None where no template fits into the trace.
        """
        step = max(1, round(fps / self.rate))
        first = max(0, middle - round(self.before * fps / step) * step)
        part = trace[first : middle + round(self.after * fps) + 1 : step]
        marks, shapes, sizes = _templates(self, fps / step, len(part), (middle - first) // step)
        if not len(marks):
            return None
        part = part - part.mean(0)
        steps = shapes @ part  # (M, D)
        energy = (steps**2).sum(1)
        along = (steps @ towards.T).max(1) / np.sqrt(energy + 1e-12)
        best = int((energy * along.clip(0)).argmax())
        explained = _explained(part, np.outer(shapes[best], steps[best]), *marks[best, [0, 2]])
        onset, apex, offset = (first + step * int(mark) for mark in marks[best])
        return TemplateFit(onset, apex, offset, float(np.sqrt(energy[best]) / sizes[best]), explained)


def _explained(part: np.ndarray, fitted: np.ndarray, onset: int, offset: int) -> float:
    """Share of the variance from a little before the onset to a little after the offset."""
    margin = max(MIN_MARGIN, (offset - onset) // 2)
    frames = slice(max(0, onset - margin), offset + margin + 1)
    near, fit = part[frames] - part[frames].mean(0), fitted[frames] - fitted[frames].mean(0)
    return float(1 - ((near - fit) ** 2).sum() / ((near**2).sum() + 1e-12))


@lru_cache(maxsize=64)
def _templates(
    family: TemplateFamily, rate: float, samples: int, middle: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All templates of a family whose movement contains the middle sample.

    Returns:
        (M, 3) onset, apex and offset; (M, samples) their values with mean 0 and length 1; (M,) the length before that.
    """
    rises, holds, falls = (_samples(seconds, rate) for seconds in (family.rises, family.holds, family.falls))
    onsets = np.arange(max(0, middle - round(family.lead * rate)), middle + round(family.slack * rate))
    onset, rise, hold, fall = (axis.ravel() for axis in np.meshgrid(onsets, rises, holds, falls, indexing="ij"))
    length = rise + hold + fall
    fits = (onset + length >= middle) & (onset + length < samples)
    fits &= (
        (length <= round(family.longest * rate)) & (length >= round(family.shortest * rate)) & (rise > 0) & (fall > 0)
    )
    onset, rise, hold, fall = (axis[fits][:, None] for axis in (onset, rise, hold, fall))
    time = np.arange(samples)
    up, down = _ramp((time - onset) / rise), _ramp((time - onset - rise - hold) / fall)
    shapes = np.concatenate([up * (1 - (1 - left) * down) for left in RESIDUALS]).astype(np.float32)
    shapes -= shapes.mean(1, keepdims=True)
    sizes = np.linalg.norm(shapes, axis=1)
    marks = np.concatenate([onset, onset + rise + hold // 2, onset + rise + hold + fall], axis=1)
    return np.tile(marks, (len(RESIDUALS), 1)), shapes / sizes[:, None], sizes


def _samples(seconds: tuple[float, ...], rate: float) -> list[int]:
    return sorted({round(each * rate) for each in seconds})


def _ramp(time: np.ndarray) -> np.ndarray:
    """The smoothest quintic from 0 at time 0 to 1 at time 1."""
    time = np.clip(time, 0, 1)
    return time**3 * (10 - 15 * time + 6 * time**2)


MICRO = TemplateFamily(
    rises=(0.067, 0.1, 0.133, 0.167, 0.2, 0.233, 0.267, 0.333),
    holds=(0.0, 0.067),
    falls=(0.067, 0.1, 0.133, 0.167, 0.2, 0.233, 0.267, 0.333, 0.4),
    rate=30,
    before=0.5,
    after=0.867,
    lead=0.4,
    slack=0.1,
    shortest=0.133,
    longest=0.5,
)
MACRO = TemplateFamily(
    rises=(0.267, 0.4, 0.533, 0.8, 1.067),
    holds=(0.0, 0.267, 0.667, 1.2, 1.867, 2.533),
    falls=(0.267, 0.4, 0.533, 0.8, 1.067, 1.333),
    rate=7.5,
    before=2.0,
    after=4.533,
    lead=1.4,
    slack=0.133,
    shortest=0.667,
    longest=6.0,
)
