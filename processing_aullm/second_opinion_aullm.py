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
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .blendshape_network_aullm import BLENDSHAPES
from .blinks_aullm import EyesClosed
from .reading_types_aullm import Extent, Movement, Side
from .rises_aullm import turning_points
from .skin_traces_aullm import smoothed
from .spotting_aullm import kind_of
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
    "mouthPucker": ("AU18",),
    "mouthLeft": ("AU14",),
    "mouthRight": ("AU14",),
}
"""The action unit that a shape shows, then those that it cannot tell from it.

Source: the names and pictures of Apple's ARKit, whose shapes these are, and our choice. cheekSquint (AU6), noseSneer
(AU9) and mouthFrown (AU15) are missing: the network always answers nearly 0 there. A mouth that is pulled to one side
has no number of its own in FACS: both coders of docs/results.md wrote down what pulls its corner, AU14 among it.
"""
SIDEWAYS: dict[str, Literal["left", "right"]] = {"mouthLeft": "left", "mouthRight": "right"}
"""They go along with any one-sided movement of the mouth, and name nothing beside another shape that goes far."""
PARTED = "parted"  # how far the lips part: the jaw opens, and the lips do not stay closed over it
LEAST_RISE = 0.4  # of a shape, between 0 and 1: a movement
SOME_RISE = 0.1  # a smaller one is not told
SHUT = ("mouthPucker", *SIDEWAYS)  # speech does these, too: they are movements if lips stay shut, and by more
LEAST_SHUT_RISE = 0.6
FUNNEL_RISE, PARTED_RISE = 0.1, 0.2  # lips that do more than this are not shut
SHUT_S = 0.5  # so long before and after
OPEN_S = 0.3  # after a blink, in which shapes are read at least once: brows that are still up then have moved
LONGEST_RISE_S = 1.5
TOUCH_S = 0.1  # rises that are no farther apart are one movement; lids that move so near explain one of brows or eyes
SLACK_S = 0.2  # between a movement that skin shows and the same one that shapes show
LARGE_PX = 5.0  # px of a 224-px crop: a movement as large shows in single pictures
BEFORE_S = 0.3  # what our model spots may begin so much later
ONE_SIDE = 0.5  # of the rise on the other side: one that is less has that other side
BACK = 0.8  # of the rise: a movement ends where so much of it is gone
SMOOTH_S = 0.05  # standard deviation
UPPER = tuple(shape for shape in SHAPE_UNITS if shape.startswith(("brow", "eye")))  # what lids move along with
LOWER = tuple(shape for shape in SHAPE_UNITS if shape not in UPPER)  # what speech moves
READ = tuple(name for name in BLENDSHAPES if not name.startswith(("_", "eyeLook", "cheek", "nose")))
VISIBLE = {units[0] for units in SHAPE_UNITS.values()}  # units that have a shape of their own


@dataclass(frozen=True)
class SeenMovement:
    """Shapes that rise together.

    Attributes:
        onset, apex, offset: frame numbers.
        units: action unit -> how far its shape rises, between 0 and 1; the farthest first.
        kin: all units that these shapes may show.
        side: the person's own.
    """

    onset: int
    apex: int
    offset: int
    units: dict[str, float]
    kin: frozenset[str]
    side: Side

    def meets(self, movement: Movement, fps: float) -> bool:
        """Whether it goes from onset to apex while a movement does, give or take."""
        slack = SLACK_S * fps
        return self.onset - slack <= movement["apex"] and movement["onset"] <= self.apex + slack

    def is_among(self, movements: list[Movement], fps: float) -> bool:
        """Whether one of these is the same movement, and shares a unit with it or one that is not told from it."""
        return any(self.meets(other, fps) and self.kin & other["action_units"].keys() for other in movements)

    def goes_on_after(self, movement: Movement, fps: float) -> bool:
        """Whether it rises on while the movement is over: then it is a larger one, of which that is a part."""
        return self.apex > movement["apex"] + SLACK_S * fps

    def goes_on(self, earlier: "SeenMovement") -> bool:
        """Whether it is another one, seen when more of it was known: a shape of both rises at the same time."""
        together = self.onset <= earlier.apex and earlier.onset <= self.apex
        return together and bool(self.units.keys() & earlier.units.keys())

    def ended_by(self, later: list["SeenMovement"]) -> "SeenMovement":
        """The same; it ends where one of its units is made once more."""
        again = [each.onset for each in later if self.units.keys() & each.units.keys() and self.apex <= each.onset]
        return replace(self, offset=min([self.offset, *again]))

    def rated(self, fps: float, extent: Extent) -> Movement:
        """As a movement of a reading; the score is how far its strongest shape rises.

        Args:
            fps: frames per second. extent: of the skin meanwhile.
        """
        return {
            **extent,
            "side": self.side,
            "onset": self.onset,
            "apex": self.apex,
            "offset": self.offset,
            "score": max(self.units.values()),
            "action_units": self.units,
            "kind": kind_of(self.onset, self.offset, fps),
            "named_by": "blendshapes",
            "second_opinion": self.units,
        }


@dataclass(frozen=True)
class _Swing:
    """A shape that rises, from a tenth to nine tenths of the way; frames from the first one remembered.

    Attributes:
        until: where it is lowest before it rises again.
    """

    shape: str
    onset: int
    apex: int
    until: int
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
        self._read = np.zeros((0, len(READ)), np.float32)  # of all `READ`; NaN where a frame was not read

    def add(self, chunk: FaceChunk) -> None:
        """Append a chunk; one that shares no frame with the one before starts anew."""
        self.note(chunk.shapes, chunk.first, chunk.new_from)

    def note(self, shapes: np.ndarray, first: int = 0, new_from: int = 0) -> None:
        """Append frames.

        Args:
            shapes: (n, 52) blendshapes, NaN in frames in which they were not read.
            first: number of the first of them. new_from: place of the first new one; 0: what was there goes.
        """
        read = shapes[:, _PLACES]  # (n, P)
        if new_from == 0 or new_from > len(self._read):
            self.first, self._read = first, read
        else:
            self._read = np.concatenate([self._read, read[new_from:]])

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
        seen = [self._seen(group, curves) for group in self._groups(swings)]
        return [each.ended_by(seen[place + 1 :]) for place, each in enumerate(seen)]

    def units(self, onset: int, apex: int) -> dict[str, float] | None:
        """How far each unit's shape rises about a movement of our model; the farthest first.

        None where shapes were not read twice: one that nobody looks at is not one that stands still.

        Args:
            onset, apex: frame numbers.
        """
        first = max(0, onset - round(BEFORE_S * self.fps) - self.first)
        last = apex + round(SLACK_S * self.fps) - self.first
        if np.count_nonzero(~np.isnan(self._read[first : last + 1, 0])) < 2:
            return None
        curves = self._curves()
        parts = {shape: curves[shape][first : last + 1] for shape in SHAPE_UNITS}
        rises = {shape: float((part - np.minimum.accumulate(part)).max()) for shape, part in parts.items()}
        return _units_of({shape: rise for shape, rise in rises.items() if rise >= SOME_RISE})

    def _curves(self) -> dict[str, np.ndarray]:
        """(n,) of each shape, its stronger half where it has two, and of each half; in every frame."""
        read = dict(zip(READ, self._read.T, strict=True))
        read |= {
            shape: np.maximum(read[f"{shape}Left"], read[f"{shape}Right"]) for shape in SHAPE_UNITS.keys() - read.keys()
        }
        places, known = np.arange(len(self._read)), np.flatnonzero(~np.isnan(self._read[:, 0]))
        filled = np.zeros((len(places), len(read)))
        if len(known):
            filled = np.stack([np.interp(places, known, values[known]) for values in read.values()], axis=1)
        curves = dict(zip(read, smoothed(filled, SMOOTH_S * self.fps).T, strict=True))
        return curves | {PARTED: np.maximum(curves["jawOpen"] - curves["mouthClose"], 0)}

    def _swings(self, shape: str, curves: dict[str, np.ndarray], blinks: Sequence[EyesClosed]) -> Iterator[_Swing]:
        """The rises of a shape that neither lids nor speech explain."""
        curve, least = curves[shape], LEAST_SHUT_RISE if shape in SHUT else LEAST_RISE
        turns = turning_points(curve, least)
        for low, high, until in zip(turns[::2], turns[1::2], [*turns[2::2], len(curve) - 1], strict=False):
            if curve[high] - curve[low] < least:  # the first low is the first frame, where a curve begins high
                continue
            way = (curve[low : high + 1] - curve[low]) / (curve[high] - curve[low])
            apex = int(np.flatnonzero(way > 0.9)[0])
            onset = int(np.flatnonzero(way[: apex + 1] < 0.1)[-1])
            swing = _Swing(shape, low + onset, low + apex, until, float(curve[high] - curve[low]))
            lids = shape in UPPER and self._is_blink(swing, curve - curve[low], blinks)
            explained = lids or (shape in LOWER and self._is_speech(swing, curves))
            if apex - onset <= LONGEST_RISE_S * self.fps and not explained:
                yield swing

    def _is_blink(self, swing: _Swing, risen: np.ndarray, blinks: Sequence[EyesClosed]) -> bool:
        """Whether brows or eyes rise while lids move, and brows are not seen up when the lids are open again.

        Args:
            risen: (n,) the shape, from the low that it rises from.
        """
        reach, settled = (round(seconds * self.fps) for seconds in (TOUCH_S, OPEN_S))
        over = None
        for blink in blinks:  # those that follow at once are one
            meets = blink.onset - reach <= swing.apex and swing.onset <= blink.offset + reach
            if meets or (over is not None and blink.onset - settled <= over):
                over = blink.offset
        if over is None:
            return False
        seen = over + settled < len(risen) and swing.shape.startswith("brow")
        return not seen or bool(risen[over + settled] < LEAST_RISE)

    def _is_speech(self, swing: _Swing, curves: dict[str, np.ndarray]) -> bool:
        """Whether a rise at the mouth is a part of speaking: the lips part farther meanwhile, or funnel, or pucker.

        Speech itself puckers lips and pulls them aside. So these count only where lips stay shut for a second.
        """
        shut = swing.shape in SHUT
        reach = round(SHUT_S * self.fps) if shut else 0
        around = slice(max(0, swing.onset - reach), swing.apex + reach + 1)
        ways = {name: float(np.ptp(curves[name][around])) for name in ("mouthPucker", "mouthFunnel", PARTED)}
        if shut:
            return ways["mouthFunnel"] > FUNNEL_RISE or ways[PARTED] > PARTED_RISE
        return max(ways.values()) > swing.rise

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
        rises = {swing.shape: swing.rise for swing in sorted(group, key=lambda each: each.rise)}  # some rise twice
        named = _naming(rises)
        strongest = max((swing for swing in group if swing.shape in named), key=lambda each: each.rise)
        apex, curve = max(each.apex for each in group), curves[strongest.shape]
        gone = apex + np.flatnonzero(curve[apex : strongest.until] <= curve[strongest.apex] - BACK * strongest.rise)
        offset = int(gone[0]) if len(gone) else max(apex, strongest.until)
        units, side = _units_of(rises), _side_of(strongest, curves)
        kin = frozenset(unit for shape in named for unit in SHAPE_UNITS[shape])
        onset = min(each.onset for each in group)
        return SeenMovement(self.first + onset, self.first + apex, self.first + offset, units, kin, side)


def may_be_seen(movement: Movement) -> bool:
    """Whether something rises that the units of our model's movement could be seen by; also where nobody was asked, or
    no shape shows them.

    Args:
        movement: with `second_opinion`.
    """
    rises, visible = movement["second_opinion"], movement["action_units"].keys() & VISIBLE
    shown = {unit for units in SHAPE_UNITS.values() if units[0] in (rises or {}) for unit in units}
    return rises is None or not visible or bool(visible & shown)


def stands(movement: Movement, seen: Sequence[SeenMovement], fps: float) -> bool:
    """Whether the second opinion lets a movement of our model stand.

    It does not where nothing rises that its units could be seen by, and it is large, or pictures show another one in
    the same half of the face meanwhile.

    Args:
        movement: with `second_opinion`. seen: movements of the face by shapes. fps: frames per second.
    """
    if may_be_seen(movement):
        return True
    visible = movement["action_units"].keys() & VISIBLE
    others = {unit for each in seen if each.meets(movement, fps) for unit in each.units}
    halves = [{SHAPE_UNITS[shape][0] for shape in half} for half in (UPPER, LOWER)]
    instead = any(visible <= half and others & half for half in halves)
    return movement["size_px"] < LARGE_PX and not instead


def begun(movement: Movement, seen: Sequence[SeenMovement], fps: float) -> Movement:
    """The movement; it begins where pictures show it, if its skin set out long before: heads move skin, and light does.

    Args:
        movement, seen, fps: as for `stands`.
    """
    same = [each for each in seen if each.is_among([movement], fps) and not each.goes_on_after(movement, fps)]
    onset = min((each.onset for each in same), default=movement["onset"])
    late = movement["onset"] + SLACK_S * fps < onset < movement["apex"]
    return {**movement, "onset": onset, "kind": kind_of(onset, movement["offset"], fps)} if late else movement


def _units_of(rises: dict[str, float]) -> dict[str, float]:
    """What shapes show that rise so far: the farthest unit first."""
    units: dict[str, float] = {}
    named = _naming(rises)
    for shape in sorted(named, key=named.get, reverse=True):
        units.setdefault(SHAPE_UNITS[shape][0], round(named[shape], 3))
    return units


def _naming(rises: dict[str, float]) -> dict[str, float]:
    """The shapes that name a movement: those that go aside only where nothing else at the mouth goes far."""
    others = {shape: rise for shape, rise in rises.items() if shape not in SIDEWAYS}
    far = any(shape in LOWER and rise >= LEAST_RISE for shape, rise in others.items())
    return others if far else rises


def _side_of(swing: _Swing, curves: dict[str, np.ndarray]) -> Side:
    """The side on which a shape rises by far more than on the other."""
    if swing.shape in SIDEWAYS:
        return SIDEWAYS[swing.shape]
    if f"{swing.shape}Left" not in curves:
        return "both"
    rise = {
        side: np.ptp(curves[swing.shape + side.title()][swing.onset : swing.apex + 1]) for side in ("left", "right")
    }
    less, more = sorted(rise, key=rise.get)
    return more if rise[less] < ONE_SIDE * rise[more] else "both"


_PLACES = [BLENDSHAPES.index(name) for name in READ]
