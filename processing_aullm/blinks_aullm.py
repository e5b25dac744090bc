"""Eye openness, frame by frame, and what lids do: blinks, closures and winks, which are dips of it.

    openness = eye_openness(landmarks.points)
    find_blinks(chunk.eye_openness, fps)  # [EyesClosed(onset, apex, offset, kind), ...]

None of them is reported as an action unit, so that it is not mistaken for AU43, AU7 or AU4.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import cv2
import numpy as np

CORNERS = ((33, 133), (362, 263))  # of the subject's right and left eye, in FaceMesh's points
LIDS = (((160, 144), (159, 145), (158, 153)), ((385, 380), (386, 374), (387, 373)))  # upper and lower lid
DEPTH = 0.17  # of the open eye: a shallower dip is no blink, but a smile or a glance
NARROWED_DEPTH = 0.15  # the same of eyes that are narrow before a dip, or stay so after it
EDGE = 0.3  # of a dip's depth, where it begins and ends
MAX_BLINK_S = 0.7  # a longer one is a closure
CLOSURE_DEPTH = 0.38  # of the open eye: eyes that are narrow for long, but less so, look down or smile
SHUT = 0.5  # of the eye before a closure: it lasts while less is open; who looks down has more
WINK_SHARE = 0.5  # of one eye's depth: in a wink the other eye closes by less
AROUND_S = 3.0  # each way, where the open eye is looked for
OPEN_QUANTILE = 0.85
LEVEL_FPS = 120  # of the values that it is looked for in, up to twice as many: each frame is compared with 6 s of them


class EyesClosed(NamedTuple):
    """Lids that fall and rise again; frames.

    Attributes:
        onset: the last one before the lids fall. apex: the most closed one. offset: the first after they have risen.
        kind: "blink", "closure" (longer than a blink), or "wink" (of one eye).
    """

    onset: int
    apex: int
    offset: int
    kind: Literal["blink", "closure", "wink"] = "blink"

    def later(self, frames: int) -> "EyesClosed":
        """The same so many frames later."""
        return self._replace(onset=self.onset + frames, apex=self.apex + frames, offset=self.offset + frames)


def eye_openness(points: np.ndarray) -> np.ndarray:
    """(2,) height of the right and the left eye's opening over its width, about 0.3 open and 0.1 shut.

    Args:
        points: (468, 2) landmarks, in any pixels.

    Source: Soukupova and Cech, "Real-time eye blink detection using facial landmarks", 2016; the three pairs of points
        are our choice.
    """
    heights = [sum(np.hypot(*(points[up] - points[down])) / 3 for up, down in eye) for eye in LIDS]
    widths = [np.hypot(*(points[outer] - points[inner])) for outer, inner in CORNERS]
    return np.array(heights) / np.maximum(widths, 1e-6)


class EyeWatch:
    """Detects from grey values whether the eyes have changed since landmarks were last read.

    Args:
        crop: (S, S) uint8 in which landmarks were read.
        points: (468, 2) of them, in its pixels.
    """

    SHAPE = (12, 6)  # cells across and down that an eye is averaged to
    CHANGED = 5.0  # grey levels, mean over the cells

    def __init__(self, crop: np.ndarray, points: np.ndarray) -> None:
        self.windows = [_eye_window(points[[*corners, *sum(lids, ())]], crop.shape[0]) for corners, lids in _EYES]
        self.reference = self._averaged(crop)

    def changed(self, crop: np.ndarray) -> bool:
        """Whether landmarks should be read again."""
        return bool(np.abs(self._averaged(crop) - self.reference).mean(-1).mean(-1).max() > self.CHANGED)

    def _averaged(self, crop: np.ndarray) -> np.ndarray:
        return np.stack([cv2.resize(crop[w], self.SHAPE, interpolation=cv2.INTER_AREA) for w in self.windows]).astype(
            np.float32
        )


_EYES = tuple(zip(CORNERS, LIDS, strict=True))


def _eye_window(points: np.ndarray, size: int) -> tuple[slice, slice]:
    low, high = points.min(0), points.max(0)
    width = high[0] - low[0]
    middle = (low + high) / 2
    half = np.array([0.5 * width, 0.25 * width])
    left, top = np.clip(np.floor(middle - half), 0, size - 8).astype(int)
    right, bottom = np.clip(np.ceil(middle + half), (left + 8, top + 8), size).astype(int)
    return slice(top, bottom), slice(left, right)


def find_blinks(openness: np.ndarray, fps: float) -> list[EyesClosed]:
    """Blinks, closures and winks in a series of eye openness.

    Args:
        openness: (n, 2) as `eye_openness` gives it, one row a frame, or (n,) of both eyes together; NaN where it is
            not known.
        fps: Frames per second.

    Returns:
        In order of time, as places in `openness`. A dip that begins or ends outside is not reported.
    """
    if len(openness) < 3:
        return []
    eyes = np.asarray(openness, dtype=np.float64).reshape(len(openness), -1)  # (n, 1 or 2)
    known = np.flatnonzero(np.isfinite(eyes).all(1))
    if len(known) < 3:
        return []
    eyes = np.stack([np.interp(np.arange(len(eyes)), known, eye[known]) for eye in eyes.T])
    apart = np.stack([1 - eye / _open_level(eye, fps) for eye in eyes])  # (eyes, n)
    mean = eyes.mean(0)
    both = 1 - mean / _open_level(mean, fps)
    deep = np.concatenate([[False], both > DEPTH, [False]])
    edges = np.flatnonzero(deep[1:] != deep[:-1])
    blinks = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        apex = int(start + both[start:stop].argmax())
        found = _extent(both, apex, round(MAX_BLINK_S * fps))
        if found is None or (blinks and found[0] < blinks[-1].offset):
            continue
        kind = _kind(apart[:, start:stop].max(1), both[apex], (found[1] - found[0]) / fps)
        if kind is None:
            continue
        shut = blinks[-1] if blinks and blinks[-1].kind == "closure" else None
        if shut is not None and mean[shut.apex : apex].max() < SHUT * mean[shut.onset]:
            # Eyes that are shut for seconds are what is compared with, and seem to open: it is one closure.
            blinks[-1] = shut._replace(offset=found[1])
        else:
            blinks.append(EyesClosed(found[0], apex, found[1], kind))
    return blinks


class FinalBlinks:
    """Tells each blink of a stretch once, when it is final, and a closure when the eyes have opened.

    So closures are joined, as in `find_blinks`, over frames that are forgotten meanwhile.
    """

    def __init__(self) -> None:
        self._to = -1  # frame up to which all are known
        self._shut: EyesClosed | None = None  # a closure that may go on
        self._least = 0.0  # how open eyes end it

    def told(
        self, blinks: Sequence[EyesClosed], openness: np.ndarray, first: int, horizon: int, ends: bool
    ) -> list[EyesClosed]:
        """Those that became final, as frames, in order of time.

        Args:
            blinks: places in `openness`, as found there.
            openness: (n, 2) from frame `first` on.
            horizon: frame up to which all is known. ends: whether nothing comes after these frames.
        """
        both, told, found = openness.mean(1), [], [blink.later(first) for blink in blinks]
        for blink in found:
            if not self._to < blink.offset <= horizon:
                continue
            if self._shut is not None and not self._opened(both, first, blink.apex):
                self._shut = self._shut._replace(offset=blink.offset)
                continue
            told += [self._shut] if self._shut is not None else []
            self._shut = blink if blink.kind == "closure" else None
            self._least = SHUT * float(both[blink.onset - first])
            told += [blink] if self._shut is None else []
        self._to = max(self._to, horizon)
        until = min([horizon + 1, *(blink.onset for blink in found if blink.offset > horizon)])
        if self._shut is not None and (ends or self._opened(both, first, until)):
            told.append(self._shut)
            self._shut = None
        return told

    def _opened(self, both: np.ndarray, first: int, before: int) -> bool:
        return bool((both[max(0, self._shut.apex - first) : before - first] >= self._least).any())


def lids_move(openness: np.ndarray, blinks: Sequence[EyesClosed], fps: float) -> np.ndarray:
    """(n,) whether the eyes are shut or lids move, in blinks and in a dip at the end that may become one.

    Args:
        openness: (n, 2) or (n,), without gaps. blinks: places in it, as found there.
    """
    both = np.asarray(openness, dtype=np.float64).reshape(len(openness), -1).mean(1)
    moves = np.zeros(len(both), bool)
    for blink in blinks:
        moves[blink.onset + 1 : blink.offset] = True
    if len(both):
        open_ones = np.flatnonzero(1 - both / _open_level(both, fps) <= DEPTH)
        begins = open_ones[-1] + 1 if len(open_ones) else 0
        moves[begins:] |= len(both) - begins <= MAX_BLINK_S * fps  # a longer one is a smile, or a closure
    return moves


def _kind(depths: np.ndarray, depth: float, seconds: float) -> str | None:
    """What a dip is, by the depth of either eye's and of both together; None where it is neither."""
    if depths.min() < WINK_SHARE * depths.max():
        return "wink"
    if seconds <= MAX_BLINK_S:
        return "blink"
    return "closure" if depth >= CLOSURE_DEPTH else None


def _open_level(values: np.ndarray, fps: float) -> np.ndarray:
    """(n,) openness of the open eye around each frame."""
    frames, step = np.arange(len(values)), max(1, int(fps // LEVEL_FPS))
    some, reach = values[::step], max(1, round(AROUND_S * fps / step))
    padded = np.pad(some, reach, mode="reflect" if len(some) > reach else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    levels = np.quantile(around, OPEN_QUANTILE, axis=1)
    return np.maximum(np.interp(frames, frames[::step], levels), 1e-6)


def _extent(closed: np.ndarray, apex: int, longest: int) -> tuple[int, int] | None:
    """Frames around a dip's apex where it has not begun and is over; None where one lies outside.

    Eyes that a smile narrows blink from there and back to there: where a dip is longer than a blink (`longest` frames),
    but rises far enough on both sides within that time, what it rises to is open.
    """
    found = _between(closed, apex, (0.0, 0.0))
    if found is None or found[1] - found[0] > longest:
        sides = closed[max(0, apex - longest) : apex], closed[apex + 1 : apex + 1 + longest]
        narrowed = [max(0.0, float(side.min())) if len(side) else closed[apex] for side in sides]
        blink = _between(closed, apex, narrowed) if max(narrowed) <= closed[apex] - NARROWED_DEPTH else None
        return blink if blink is not None and blink[1] - blink[0] <= longest else found
    return found


def _between(closed: np.ndarray, apex: int, levels: Sequence[float]) -> tuple[int, int] | None:
    """The last frame before an apex, and the first after it, that are near the levels of open eyes there."""
    edges = [level + EDGE * (closed[apex] - level) for level in levels]
    before, after = np.flatnonzero(closed[:apex] < edges[0]), np.flatnonzero(closed[apex:] < edges[1])
    return (int(before[-1]), apex + int(after[0])) if len(before) and len(after) else None
