"""A second opinion on movements that can be seen in single pictures: by MediaPipe's blendshapes, not by our model.

    second = SecondOpinion(fps=30.0)
    second.add(chunk)
    second.movements(blinks)  # [SeenMovement(onset, apex, offset, {"AU12": 0.8}), ...]

That network was trained on real people, and names a grin more surely than a model that was trained on rendered ones;
of micro-expressions it sees nothing (docs/video.md has the numbers). So the two are weighed against each other
only where skin moves far, and whatever stands in a reading says by which of the two it was named.

Tested in tests/processing_aullm/test_second_opinion_aullm.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .blendshape_network_aullm import BLENDSHAPES
from .blinks_aullm import EyesClosed
from .reading_types_aullm import Movement, Opinions, RatedMovement
from .rises_aullm import turning_points
from .skin_traces_aullm import smoothed
from .spotting_aullm import MICRO_S
from .stream_aullm import FaceChunk

SHAPE_UNITS: dict[str, tuple[str, ...]] = {
    "browInnerUp": ("AU1", "AU2"),
    "browOuterUp": ("AU2", "AU1"),
    "browDown": ("AU4", "AU9"),
    "eyeWide": ("AU5",),
    "eyeSquint": ("AU7", "AU6"),
    "mouthUpperUp": ("AU10", "AU9"),
    "mouthSmile": ("AU12", "AU6"),
    "mouthDimple": ("AU14",),
    "mouthPress": ("AU24", "AU23", "AU14"),
    "mouthShrugLower": ("AU17", "AU15"),
    "mouthStretch": ("AU20", "AU15"),
}
"""The action unit that a shape shows, then those that it cannot tell from it.

Source: the names and pictures of Apple's ARKit, whose shapes these are, and our choice. cheekSquint (AU6), noseSneer
(AU9) and mouthFrown (AU15) are missing: the network always answers nearly 0 there.
"""
SPEECH = ("jawOpen", "mouthPucker", "mouthFunnel")  # what speaking moves: a smaller rise at the mouth is a part of it
LEAST_RISE = 0.4  # of a shape, between 0 and 1: a movement
SOME_RISE = 0.1  # a smaller one is not told
LONGEST_RISE_S = 1.5
TOUCH_S = 0.1  # rises that are no farther apart are one movement; lids that move so near explain one of brows or eyes
SLACK_S = 0.2  # between a movement that skin shows and the same one that shapes show
LARGE_PX = 5.0  # px of a 224-px crop: a movement as large shows in single pictures
BEFORE_S = 0.3  # what our model spots may begin so much later
BACK = 0.8  # of the rise: a movement ends where so much of it is gone
SMOOTH_S = 0.05  # standard deviation
UPPER = tuple(shape for shape in SHAPE_UNITS if shape.startswith(("brow", "eye")))  # what lids move along with
READ = (*SHAPE_UNITS, *SPEECH)
VISIBLE = {units[0] for units in SHAPE_UNITS.values()}  # units that have a shape of their own


@dataclass(frozen=True)
class SeenMovement:
    """Shapes that rise together.

    Attributes:
        onset, apex, offset: frame numbers.
        units: action unit -> how far its shape rises, between 0 and 1; the farthest first.
        kin: all units that these shapes may show.
    """

    onset: int
    apex: int
    offset: int
    units: dict[str, float]
    kin: frozenset[str]

    def is_among(self, movements: list[Movement], fps: float) -> bool:
        """Whether one of these is the same movement, and shares a unit with it or one that is not told from it."""
        slack = SLACK_S * fps
        return any(
            self.onset - slack <= other["apex"]
            and other["onset"] <= self.apex + slack
            and self.kin & other["action_units"].keys()
            for other in movements
        )

    def goes_on(self, earlier: "SeenMovement") -> bool:
        """Whether it is another one, seen when more of it was known: a shape of both rises at the same time."""
        together = self.onset <= earlier.apex and earlier.onset <= self.apex
        return together and bool(self.units.keys() & earlier.units.keys())

    def rated(self, fps: float) -> RatedMovement | Opinions:
        """As a movement of a reading; the score is how far its strongest shape rises."""
        lasts = (self.offset - self.onset) / fps
        return {
            "onset": self.onset,
            "apex": self.apex,
            "offset": self.offset,
            "score": max(self.units.values()),
            "action_units": self.units,
            "kind": "micro" if lasts <= MICRO_S else "macro",
            "named_by": "blendshapes",
            "second_opinion": self.units,
        }


@dataclass(frozen=True)
class _Swing:
    """A shape that rises, from a tenth to nine tenths of the way; frames from the first one remembered."""

    shape: str
    onset: int
    apex: int
    rise: float


class SecondOpinion:
    """The last few seconds of one face's blendshapes.

    Args:
        fps: frames per second.

    Attributes:
        first: number of the first frame that is remembered.
    """

    def __init__(self, fps: float) -> None:
        self.fps, self.first = fps, 0
        self._read = np.zeros((0, len(READ)), np.float32)  # NaN where a frame was not read

    def add(self, chunk: FaceChunk) -> None:
        """Append a chunk; one that shares no frame with the one before starts anew."""
        read = np.stack([chunk.shapes[:, places].max(1) for places in _PLACES], axis=1)  # (n, P)
        if chunk.new_from == 0 or chunk.new_from > len(self._read):
            self.first, self._read = chunk.first, read
        else:
            self._read = np.concatenate([self._read, read[chunk.new_from :]])

    def forget(self, before: int) -> None:
        """Drop the frames before this one."""
        drop = max(0, before - self.first)
        self.first, self._read = self.first + drop, self._read[drop:]

    def movements(self, blinks: Sequence[EyesClosed]) -> list[SeenMovement]:
        """Movements of the face, in order of time.

        Args:
            blinks: places from the first frame that is remembered; what brows and eyes do meanwhile is no movement.
        """
        curves = self._curves()
        swings = [swing for shape in SHAPE_UNITS for swing in self._swings(shape, curves, blinks)]
        return [self._seen(group, curves) for group in self._groups(swings)]

    def units(self, onset: int, apex: int) -> dict[str, float] | None:
        """How far each unit's shape rises about a movement of our model; the farthest first.

        None where shapes were not read twice: one that nobody looks at is not one that stands still.

        Args:
            onset, apex: frame numbers.
        """
        first = max(0, onset - round(BEFORE_S * self.fps) - self.first)
        offset = apex + round(SLACK_S * self.fps)
        if np.count_nonzero(~np.isnan(self._read[first : offset + 1 - self.first, 0])) < 2:
            return None
        rises: dict[str, float] = {}
        curves = self._curves()
        for shape, units in SHAPE_UNITS.items():
            part = curves[shape][first : offset + 1 - self.first]
            rises[units[0]] = round(float((part - np.minimum.accumulate(part)).max()), 3)
        return {unit: rises[unit] for unit in sorted(rises, key=rises.get, reverse=True) if rises[unit] >= SOME_RISE}

    def _curves(self) -> dict[str, np.ndarray]:
        """(n,) of each shape, in every frame."""
        places = np.arange(len(self._read))
        known = np.flatnonzero(~np.isnan(self._read[:, 0]))
        if not len(known):
            return {shape: np.zeros(len(places)) for shape in READ}
        filled = np.stack([np.interp(places, known, column[known]) for column in self._read.T], axis=1)
        return dict(zip(READ, smoothed(filled, SMOOTH_S * self.fps).T, strict=True))

    def _swings(self, shape: str, curves: dict[str, np.ndarray], blinks: Sequence[EyesClosed]) -> Iterator[_Swing]:
        """The rises of a shape that neither lids nor speech explain."""
        curve, reach = curves[shape], round(TOUCH_S * self.fps)
        turns = turning_points(curve, LEAST_RISE)
        for low, high in zip(turns[::2], turns[1::2], strict=False):
            if curve[high] - curve[low] < LEAST_RISE:  # the first low is the first frame, where a curve begins high
                continue
            way = (curve[low : high + 1] - curve[low]) / (curve[high] - curve[low])
            apex = int(np.flatnonzero(way > 0.9)[0])
            onset = int(np.flatnonzero(way[: apex + 1] < 0.1)[-1])
            swing = _Swing(shape, low + onset, low + apex, float(curve[high] - curve[low]))
            if shape in UPPER:
                explained = any(b.onset - reach <= swing.apex and swing.onset <= b.offset + reach for b in blinks)
            else:
                meanwhile = slice(swing.onset, swing.apex + 1)
                explained = max(np.ptp(curves[name][meanwhile]) for name in SPEECH) > swing.rise
            if apex - onset <= LONGEST_RISE_S * self.fps and not explained:
                yield swing

    def _groups(self, swings: list[_Swing]) -> list[list[_Swing]]:
        """Rises that touch."""
        groups: list[list[_Swing]] = []
        reach, longest = round(TOUCH_S * self.fps), round(LONGEST_RISE_S * self.fps)
        for swing in sorted(swings, key=lambda each: each.onset):
            group = groups[-1] if groups else []
            begins = group[0].onset if group else 0
            if group and swing.onset - reach <= max(each.apex for each in group) and swing.apex - begins <= longest:
                group.append(swing)
            else:
                groups.append([swing])
        return groups

    def _seen(self, group: list[_Swing], curves: dict[str, np.ndarray]) -> SeenMovement:
        strongest = max(group, key=lambda each: each.rise)
        apex, curve = max(each.apex for each in group), curves[strongest.shape]
        gone = apex + np.flatnonzero(curve[apex:] <= curve[strongest.apex] - BACK * strongest.rise)
        offset = int(gone[0]) if len(gone) else len(curve) - 1
        units: dict[str, float] = {}
        for swing in sorted(group, key=lambda each: -each.rise):
            units.setdefault(SHAPE_UNITS[swing.shape][0], round(swing.rise, 3))
        kin = frozenset(unit for swing in group for unit in SHAPE_UNITS[swing.shape])
        onset = min(each.onset for each in group)
        return SeenMovement(self.first + onset, self.first + apex, self.first + offset, units, kin)


def stands(movement: Movement) -> bool:
    """Whether the second opinion lets a movement of our model stand.

    A large one does not where nothing rises that its units could be seen by.
    """
    if movement["second_opinion"] is None:
        return True
    seen = {unit for units in SHAPE_UNITS.values() if units[0] in movement["second_opinion"] for unit in units}
    visible = movement["action_units"].keys() & VISIBLE
    return movement["size_px"] < LARGE_PX or not visible or bool(visible & seen)


def _places() -> list[list[int]]:
    """Of each shape, or of its left and right half, among the blendshapes."""
    names = ([shape, f"{shape}Left", f"{shape}Right"] for shape in READ)
    return [[BLENDSHAPES.index(name) for name in some if name in BLENDSHAPES] for some in names]


_PLACES = _places()
