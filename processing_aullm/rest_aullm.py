"""The face at rest: the last still frame before a movement, against which windows are read.

    rest = RestReference(fps=30.0)
    rest.add(chunk, traces, motion, closed)
    rest.at(frame)  # the `RestFrame` that counts for a window which begins there

A face that stands still somewhere else is not at rest: a smile that is held stays a smile. Its level becomes the new
rest only after a long time, or when the head has turned, since a turned head cannot be compared.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .geometry_aullm import IDENTITY, compose
from .head_pose_aullm import turned
from .kept_crops_aullm import change_of_framing, placed
from .rises_aullm import SkinMotion
from .skin_traces_aullm import SkinTraces
from .stream_aullm import FaceChunk

STILL_PX_S = 2.5  # px a second, root mean square over the cells: skin that moves less stands still
STILL_COURSE_PX_S, OVER_NOISE = 4.0, 60.0  # and along units, where small movements show: or so much of a cell's noise
STILL_S = 0.2  # so long at least
NEAR_PX, NEAR_SHARE = 1.0, 0.2  # along every unit: as near is back at rest; or this share of the largest way since
FOLLOW_S = 2.0  # in which rest follows what a still face does slowly
HELD_S = 8.0  # after which a face that stands still elsewhere is at rest there
TURNED = 8.0  # degrees: when the head has turned by more, rest is wherever the face is still again
EVERY_S = 0.1  # between two frames that are kept as rest


@dataclass
class RestFrame:
    """A frame at rest.

    Attributes:
        number: of the frame. since: from this frame on it counts.
        skin: (C, 2) where the skin stands at rest, px in the traces.
        pose: (3,) of the head. mouth: how far the lips part. crop: (S, S) of the frame.
        view: (2, 3) from pixels of the current chunk's crops to pixels of its own.
    """

    number: int
    since: int
    skin: np.ndarray
    pose: np.ndarray
    mouth: float
    crop: np.ndarray | None
    view: np.ndarray


class RestReference:
    """Keeps the rest of one face.

    Args:
        fps: frames per second.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self.half, self.every = max(1, round(STILL_S * fps / 2)), max(1, round(EVERY_S * fps))
        self.frames: list[RestFrame] = []
        self._farthest, self._elsewhere = 0.0, None
        self._looked, self._shared = -1, np.zeros((0, 2, 3))

    def at(self, frame: int) -> RestFrame:
        """The rest that counts in a frame of the current chunk."""
        return next((each for each in reversed(self.frames) if each.since <= frame), self.frames[0])

    def add(self, chunk: FaceChunk, traces: SkinTraces, motion: SkinMotion, closed: np.ndarray) -> None:
        """Look for rest in the new frames of a chunk.

        Args:
            chunk: the next one. traces: up to its last frame. motion: of all of these.
            closed: (n,) whether the eyes are shut then, or lids move.
        """
        if chunk.new_from == 0 or not self.frames:
            self._begin(chunk, traces, motion)
        else:
            self._carry(chunk)
        self._shared = chunk.transforms
        along = max(STILL_COURSE_PX_S, OVER_NOISE * traces.noise)
        still = (motion.skin_speed < STILL_PX_S) & (motion.speed < along) & ~closed
        for number in range(max(self._looked + 1, chunk.first), chunk.first + len(chunk) - self.half):
            self._looked, place = number, number - traces.first
            rest = self.frames[-1]
            away = float(np.abs(motion.along[place] - motion.along_of(rest.skin)).max())
            self._farthest = max(self._farthest, away)
            if still[max(0, place - self.half) : place + self.half + 1].all():
                self._stand(number, away, chunk, traces, motion)
            else:
                self._elsewhere = None

    def courses(self, motion: SkinMotion, first: int) -> np.ndarray:
        """(n, D) where the course of the skin stands at rest, for each frame of a motion that begins at `first`."""
        frames, levels = np.arange(first, first + len(motion)), np.zeros_like(motion.course)
        for rest in self.frames:
            counts = slice(None) if rest is self.frames[0] else frames >= rest.since
            levels[counts] = motion.course_of(rest.skin)
        return levels

    def crop(self, rest: RestFrame) -> np.ndarray:
        """(S, S) the crop of a rest frame, placed as those of the current chunk."""
        return placed(rest.crop, rest.view)

    def forget(self, before: int) -> None:
        """Drop what does not count any more from a frame on."""
        while len(self.frames) > 1 and self.frames[1].since <= before:
            self.frames.pop(0)

    def _begin(self, chunk: FaceChunk, traces: SkinTraces, motion: SkinMotion) -> None:
        """Where nothing is known before, the first frame has to do."""
        self.frames = [self._frame(chunk.first, chunk, traces, motion.skin[chunk.first - traces.first])]
        self._farthest, self._elsewhere, self._looked = 0.0, None, chunk.first - 1

    def _carry(self, chunk: FaceChunk) -> None:
        """Follow the framing from the chunk before to this one; crops with which no window can begin any more go."""
        change = change_of_framing(self._shared, chunk)
        for rest, later in pairwise([*self.frames, None]):
            if later is not None and later.since <= chunk.first:
                rest.crop = None
            rest.view = compose(rest.view, change)

    def _stand(self, number: int, away: float, chunk: FaceChunk, traces: SkinTraces, motion: SkinMotion) -> None:
        """A frame in which the face stands still: at rest, or elsewhere."""
        rest, here = self.frames[-1], motion.skin[number - traces.first]
        near = away < max(NEAR_PX, NEAR_SHARE * self._farthest)
        pose = traces.pose[number - traces.first]
        long = self._elsewhere is not None and number - self._elsewhere >= HELD_S * self.fps
        if not near and self._elsewhere is None:
            self._elsewhere = number
        if long or turned(np.stack([rest.pose, pose])) > TURNED:
            level = here
        elif near:
            level = rest.skin + min(1.0, (number - rest.number) / (FOLLOW_S * self.fps)) * (here - rest.skin)
        else:
            return
        if near and number - rest.number < self.every:
            return
        self._farthest, self._elsewhere = 0.0, None
        self.frames.append(self._frame(number, chunk, traces, level))

    def _frame(self, number: int, chunk: FaceChunk, traces: SkinTraces, level: np.ndarray) -> RestFrame:
        crop = chunk.crops[number - chunk.first].copy()
        pose, mouth = (values[number - traces.first] for values in (traces.pose, traces.mouth))
        return RestFrame(number, number, level.copy(), pose, float(mouth), crop, IDENTITY)
