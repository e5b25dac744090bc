"""What lids do in a long take: blinks, long closures, winks. A course is (2, T), left and right, 0 open and 1 shut.

Tested in tests/dataset_scripts/synthetic/acting/test_script.py.
"""

from dataclasses import dataclass, field

import numpy as np

from dataset_scripts.synthetic.acting.motion import ramp
from dataset_scripts.synthetic.people.sides import OTHER, Side, one_sided

_APART = 0.1  # seconds between a blink, a wink and a closure, at least; the lesser of two gives way
_BETWEEN_BLINKS = 0.6  # seconds from one to the next, at least; those drawn closer are left out
_WINK_PX = {"AU6": 2.0, "AU12": 1.5}  # what goes along on the same side, pixels of the standard crop


@dataclass(frozen=True)
class LidMovement:
    """Lids that close and open again.

    Attributes:
        start, apex, end: seconds; they are shut, or nearly so, from `apex` to `release`. side: whose lid.
        depth: of the lid, 1 shut. other: of the other lid. along: {name: pixels} of the skin that goes along.
    """

    start: float
    apex: float
    release: float
    end: float
    depth: float
    other: float
    side: Side = "both"
    along: dict[str, float] = field(default_factory=dict)

    def share(self, times: np.ndarray) -> np.ndarray:
        """How far it has gone (T,), 0 to 1."""
        closing = ramp((times - self.start) / (self.apex - self.start))
        return closing * (1 - ramp((times - self.release) / (self.end - self.release)))

    def meets(self, other: "LidMovement") -> bool:
        """Whether the two cannot be told apart in time."""
        return self.start < other.end + _APART and other.start < self.end + _APART

    def lids(self, times: np.ndarray) -> np.ndarray:
        """The course (2, T) of both lids."""
        depths = (self.depth, self.other) if self.side != "R" else (self.other, self.depth)
        return np.outer(depths, self.share(times))


def draw_blinks(times: np.ndarray, count: int, rng: np.random.Generator) -> list[LidMovement]:
    """Blinks of both eyes at any time, a fifth of them partial; fewer than `count` where two would meet."""
    drawn, free = [], -1.0
    for start in np.sort(rng.uniform(times[0], max(times[0], times[-1] - 0.4), count)).tolist():
        if start < free:
            continue
        free = start + _BETWEEN_BLINKS
        close, hold, open_again = rng.uniform(0.06, 0.10), rng.uniform(0.02, 0.08), rng.uniform(0.12, 0.22)
        depth = 1.0 if rng.random() < 0.8 else rng.uniform(0.3, 0.8)
        drawn.append(_lids(start, (close, hold, open_again), depth))
    return drawn


def draw_closures(times: np.ndarray, count: int, rng: np.random.Generator) -> list[LidMovement]:
    """Eyes that stay shut for a while, where the take has the time."""
    drawn = []
    for start in rng.uniform(times[0], max(times[0], times[-1] - 3.0), count).tolist():
        spans = (rng.uniform(0.1, 0.3), rng.uniform(0.4, 2.2), rng.uniform(0.15, 0.45))
        drawn.append(_lids(start, spans, 1.0))
    return drawn


def draw_winks(times: np.ndarray, count: int, rng: np.random.Generator) -> list[LidMovement]:
    """One eye shuts, the other lid gives way a little, and cheek and mouth of that side go along."""
    drawn = []
    for start in rng.uniform(times[0], max(times[0], times[-1] - 0.8), count).tolist():
        spans = (rng.uniform(0.08, 0.16), rng.uniform(0.05, 0.25), rng.uniform(0.12, 0.28))
        side = str(rng.choice(list(OTHER)))
        along = {one_sided(unit, side): float(size * rng.random()) for unit, size in _WINK_PX.items()}
        drawn.append(_lids(start, spans, rng.uniform(0.85, 1.0), rng.uniform(0.0, 0.25), side, along))
    return drawn


def _lids(
    start: float,
    spans: tuple[float, float, float],
    depth: float,
    other: float | None = None,
    side: Side = "both",
    along: dict[str, float] | None = None,
) -> LidMovement:
    apex = start + spans[0]
    release = apex + spans[1]
    other = depth if other is None else other
    return LidMovement(start, apex, release, release + spans[2], depth, other, side, along or {})
