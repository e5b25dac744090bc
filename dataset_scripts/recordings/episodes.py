"""Cut a long recording that is coded frame by frame into clips that begin at rest.

DISFA and BP4D code minutes of video, one state or intensity a unit and frame. The other sets are clips of one movement:
first frame at rest, apex, return. An *episode* is such a clip:

- It is opened by units that come on (from below `present` to it), all within `together` seconds of the first.
- onset: the last frame before it at which those units are lowest, at most `lead` seconds earlier, and no further back
  than half way to the episode before.
- apex: the middle of the first stretch at which the sum of those units' intensities is greatest.
- offset: the first frame at which one of them is off again; never after the frame before the next onset, nor more than
  `longest` seconds after its own onset (a smile that is held is cut there).
- Its labels: the units that came on are present. A unit that was on already at the onset is unknown, because it is
  there but the clip does not show it move. A unit with an uncoded frame inside is unknown. All others are absent.
- Flicker: a unit that is off for less than `flicker` seconds counts as on, and one that is on for less is ignored.

Rest clips, with no unit on, are cut from the middle of long stretches in which nothing is on: one a stretch.

Source: our choice. Published results on DISFA and BP4D score single frames; scores on episodes are another thing.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Cutting:
    """How to cut.

    Attributes:
        present: least intensity that counts as the unit being on (DISFA 2, occurrence codes 1).
        together: seconds within which units that come on belong to one episode.
        lead: most seconds between the onset and the first unit coming on.
        longest: most seconds from onset to offset.
        flicker: seconds; shorter gaps are closed and shorter runs ignored.
        rest_from: seconds a stretch without any unit on must last to give a rest clip.
        rest_length: seconds of a rest clip.
    """

    present: int
    together: float = 0.5
    lead: float = 1.0
    longest: float = 3.0
    flicker: float = 0.15
    rest_from: float = 2.0
    rest_length: float = 1.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name} must be greater than 0, not {value!r}")
        if self.rest_length > self.rest_from:
            raise ValueError(f"a rest clip of {self.rest_length} s does not fit into a stretch of {self.rest_from} s")


@dataclass(frozen=True)
class Episode:
    """One clip of a long recording.

    Attributes:
        onset, apex, offset: frames, inclusive; apex is None in a rest clip.
        states: (K,) 1 present, 0 absent, -1 unknown.
        peaks: (K,) greatest intensity from onset to offset, 0 where never coded.
    """

    onset: int
    apex: int | None
    offset: int
    states: tuple[int, ...]
    peaks: tuple[int, ...]


def cut_episodes(intensity: np.ndarray, fps: float, cutting: Cutting) -> list[Episode]:
    """Find the episodes and rest clips of one recording.

    Args:
        intensity: (T, K) integers, one column a unit; -1 where a frame is not coded.
        fps: frames per second.
        cutting: how to cut.

    Returns:
        Episodes in order of time. They do not overlap.

    Raises:
        ValueError: an array of another shape, or a value below -1.
    """
    intensity = np.asarray(intensity, dtype=np.int16)
    if intensity.ndim != 2 or not intensity.size or intensity.min() < -1:
        raise ValueError(
            f"intensity must be (T, K) with values from -1, not {intensity.shape}, least {intensity.min()}"
        )
    shortest = max(1, round(cutting.flicker * fps))
    on = np.stack([_steady(column >= cutting.present, shortest) for column in intensity.T], axis=1)
    groups = _groups(on, intensity >= 0, max(2, round(cutting.together * fps)))
    onsets = _onsets(intensity, groups, round(cutting.lead * fps))
    ends = [onset - 1 for onset in [*onsets, len(on)]][1:]
    longest = round(cutting.longest * fps)
    episodes = [
        _episode(intensity, on, group, onset, min(end, onset + longest))
        for group, onset, end in zip(groups, onsets, ends, strict=True)
    ]
    return sorted([*episodes, *_rests(intensity, on, episodes, fps, cutting)], key=lambda each: each.onset)


def _steady(on: np.ndarray, shortest: int) -> np.ndarray:
    """Close gaps and drop runs shorter than `shortest` frames; what touches an end of the recording is no gap."""
    on = on.copy()
    for value in (False, True):
        edges = np.flatnonzero(np.diff(on)) + 1
        bounds = np.concatenate([[0], edges, [len(on)]])
        for first, last in pairwise(bounds):
            inside = first > 0 and last < len(on)
            if on[first] == value and last - first < shortest and (inside or value):
                on[first:last] = not value
    return on


def _groups(on: np.ndarray, coded: np.ndarray, together: int) -> list[tuple[int, np.ndarray]]:
    """First frame and units of every group that comes on together.

    What is on in frame 0, or right after a frame that is not coded, has no onset in sight and opens nothing.
    """
    rises = np.argwhere(on[1:] & ~on[:-1] & coded[:-1])
    groups: list[tuple[int, list[int]]] = []
    for frame, unit in rises:
        if groups and frame + 1 - groups[-1][0] < together:
            groups[-1][1].append(int(unit))
        else:
            groups.append((int(frame) + 1, [int(unit)]))
    return [(start, np.unique(units)) for start, units in groups]


def _onsets(intensity: np.ndarray, groups: list[tuple[int, np.ndarray]], lead: int) -> list[int]:
    """The frame each group starts to move from: the last one at which it is lowest."""
    onsets, before = [], -1
    for start, units in groups:
        earliest = max(0, start - max(1, lead), (before + start + 1) // 2 if before >= 0 else 0)
        level = np.maximum(intensity[earliest:start, units], 0).sum(axis=1)
        onsets.append(earliest + int(np.flatnonzero(level == level.min())[-1]))
        before = start
    return onsets


def _episode(intensity: np.ndarray, on: np.ndarray, group: tuple[int, np.ndarray], onset: int, last: int) -> Episode:
    """The clip of one group of units, from its onset to `last` at the latest."""
    start, units = group
    units = units[on[start : last + 1, units].any(axis=0)]  # the next onset may lie before the last of them comes on
    came_on = max(start + int(np.argmax(on[start : last + 1, unit])) for unit in units)
    off = np.flatnonzero(~on[came_on : last + 1, units].all(axis=1))
    offset = came_on + int(off[0]) if len(off) else last
    level = np.maximum(intensity[start : offset + 1, units], 0).sum(axis=1)
    return Episode(onset, start + _plateau(level), offset, *_labels(intensity, onset, offset, units, on[onset]))


def _plateau(level: np.ndarray) -> int:
    """Middle of the first stretch at the maximum."""
    first = int(level.argmax())
    lower = np.flatnonzero(level[first:] < level[first])
    return first + (int(lower[0]) - 1 if len(lower) else len(level) - first - 1) // 2


def _labels(
    intensity: np.ndarray, onset: int, offset: int, units: np.ndarray, held: np.ndarray
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """States and peaks of every unit from onset to offset."""
    inside = intensity[onset : offset + 1]
    states = np.where((inside < 0).any(axis=0) | held, -1, 0)
    states[units] = np.where(held[units], -1, 1)
    return tuple(int(state) for state in states), tuple(int(peak) for peak in np.maximum(inside, 0).max(axis=0))


def _rests(
    intensity: np.ndarray, on: np.ndarray, episodes: list[Episode], fps: float, cutting: Cutting
) -> list[Episode]:
    """One clip from the middle of every long stretch in which no unit is on and no episode lies."""
    free = ~(on | (intensity >= cutting.present)).any(axis=1)
    for episode in episodes:
        free[episode.onset : episode.offset + 1] = False
    edges = np.flatnonzero(np.diff(free)) + 1
    bounds = np.concatenate([[0], edges, [len(free)]])
    length, rests = max(2, round(cutting.rest_length * fps)), []
    for first, last in pairwise(bounds):
        if free[first] and last - first >= max(length, round(cutting.rest_from * fps)):
            onset = int(first + last - length) // 2
            labels = _labels(intensity, onset, onset + length - 1, np.array([], dtype=int), np.zeros(on.shape[1], bool))
            rests.append(Episode(onset, None, onset + length - 1, *labels))
    return rests
