"""The crops of a face's last seconds, across chunks: a movement is read from frames that lie in several of them.

kept = KeptCrops(fps=30.0)
kept.add(chunk)
kept.near([101, 104, 107])  # crops of these frames, all placed as those of the latest chunk
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from .geometry_aullm import IDENTITY, compose, invert, warp
from .stream_aullm import FaceChunk

MAX_FPS = 30.0  # crops of a faster camera are kept as many times a second
SAME = 0.02  # px, and its share of a turn: crops that lie apart by less are not drawn anew


@dataclass
class _Kept:
    number: int
    crop: np.ndarray
    view: np.ndarray  # (2, 3), pixels of the latest chunk's crops to pixels of this one


class KeptCrops:
    """Crops of the last seconds, until they are forgotten.

    Args:
        fps: frames per second.
    """

    def __init__(self, fps: float) -> None:
        self.step = max(1, round(fps / MAX_FPS))
        self._kept: list[_Kept] = []
        self._transforms = np.zeros((0, 2, 3))

    def add(self, chunk: FaceChunk) -> None:
        """Take the next chunk; the first one of a stretch begins anew."""
        if chunk.new_from == 0:
            self._kept = []
        else:
            change = change_of_framing(self._transforms, chunk)
            for each in self._kept:
                each.view = compose(each.view, change)
        self._transforms = chunk.transforms
        last = chunk.first + len(chunk) - 1
        for number in range(chunk.first + chunk.new_from, last + 1):
            if number % self.step == 0 or number == chunk.first:
                self._kept.append(_Kept(number, chunk.crops[number - chunk.first].copy(), IDENTITY))

    def forget(self, before: int) -> None:
        """Drop the frames before this one, but for one from which it may be the nearest."""
        self._kept = [each for each in self._kept if each.number > before - self.step]

    def near(self, numbers: list[int]) -> list[np.ndarray]:
        """Crops (S, S) of the kept frames nearest to these, one array where a frame comes twice."""
        known, drawn = [each.number for each in self._kept], {}
        for number in numbers:
            after = min(bisect_left(known, number), len(known) - 1)
            place = min((max(after - 1, 0), after), key=lambda each: abs(known[each] - number))
            if place not in drawn:
                drawn[place] = placed(self._kept[place].crop, self._kept[place].view)
            yield drawn[place]


def change_of_framing(before: np.ndarray, chunk: FaceChunk) -> np.ndarray:
    """(2, 3) from pixels of a chunk's crops to pixels of those of the chunk before, by the frames that both show.

    Args:
        before: (n, 2, 3) transforms of the chunk before.
    """
    shared = chunk.new_from
    pairs = zip(before[-shared:], chunk.transforms[:shared], strict=True)
    return np.mean([compose(invert(old), new) for old, new in pairs], axis=0)


def placed(crop: np.ndarray, view: np.ndarray) -> np.ndarray:
    """A crop (S, S) drawn through a view (2, 3); itself where that changes nothing."""
    corners = np.array([[0.0, 0.0], [len(crop), 0.0], [0.0, len(crop)]])
    moved = corners @ (view - IDENTITY)[:, :2].T + (view - IDENTITY)[:, 2]
    return crop if np.abs(moved).max() < SAME else warp(crop, view, len(crop))
