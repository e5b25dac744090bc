"""A face read while it is filmed: what the last half second shows is known a moment later.

    live = LiveReading(processor, answer, fps=20.0)
    live.add(0.05, frame)  # seconds, (H, W, 3) uint8; as they come
    part = live.read()  # what became final since the last call

It follows and reads as a video is read (`stream_aullm`, `face_reader_aullm`), in chunks of a quarter of a second
instead of four. So windows are answered at once; a movement is told when it is over, since that is when it is known.

Tested in tests/processing_aullm/test_live_aullm.py.
"""

from typing import TypedDict

import numpy as np

from .asked_clips_aullm import note
from .face_reader_aullm import FaceReader
from .geometry_aullm import apply
from .reading_types_aullm import FacePart, joined
from .sections_aullm import Section
from .stream_aullm import SEARCH_S, FaceChunk, FaceMemory, FollowedFace
from .tracking_aullm import FaceTrack
from .video_reader_aullm import Answer, answers_to
from .windows_aullm import WindowGrid

CHUNK_S = 0.25  # of frames that a chunk adds
MAX_REPEAT_S = 1.0  # a frame that comes late is repeated for so long; behind a longer gap the face is looked for again
ALL = Section(index=0, first=0, stop=None, read_from=None, read_to=None, whole=True, begin=0, total=None)


class LivePart(TypedDict):
    """What `LiveReading.read` returns."""

    frame: int  # number of the last frame: its seconds times the rate
    points: np.ndarray | None  # (468, 2) landmarks of the face in it, pixels; None while none is followed
    part: FacePart | None  # what became final, None where nothing did


class LiveReading:
    """Reads one face while frames come in: the largest, and after a loss whoever was read before.

    Args:
        processor: an `AullmProcessor`.
        answer: as for `read_video`.
        fps: frames per second that are read; of frames that come faster some are left out.
        length, hop: seconds of a window, and from one to the next.
        threshold: from here on an action unit counts as present.
        batch_size: windows per forward pass.
        chunk: seconds of frames that are answered at once: half as often costs a third less.

    Attributes:
        overlap, longest, crop_size: of the chunks, in frames and pixels.
        blendshapes: None: a picture has to be read before the next one comes.
    """

    blendshapes = None

    def __init__(
        self,
        processor,
        answer: Answer,
        fps: float = 20.0,
        length: float = 0.5,
        hop: float = 0.1,
        threshold: float = 0.5,
        batch_size: int = 16,
        chunk: float = CHUNK_S,
    ) -> None:
        self.fps, self._answer, self._batch_size = fps, answer, batch_size
        images, names = processor.image_processor, list(processor.action_units)
        self._aligner, self.crop_size = images.aligner, images.size
        self.overlap = max(1, round(length * fps))
        self.longest = self.overlap + max(1, round(chunk * fps))
        grid = WindowGrid.of(fps, length, hop)
        self._reader = FaceReader(
            grid, ALL, num_frames=images.num_frames, action_units=names, threshold=threshold, fps=fps
        )
        self._followed: FollowedFace | None = None
        self._memory = FaceMemory(fps)
        self._parts: list[FacePart] = []  # that nobody has read yet
        self._last, self._frame, self._searched = None, None, None

    def done(self, number: int) -> float:
        """Nobody knows how long it will go on: 0."""
        return 0.0

    def add(self, seconds: float, frame: np.ndarray) -> None:
        """Follow the face into the next frame.

        Args:
            seconds: when it was filmed, from any start; they rise.
            frame: (H, W, 3) uint8.
        """
        number = round(seconds * self.fps)
        if self._last is not None and number <= self._last:
            return
        if self._last is not None and number - self._last <= MAX_REPEAT_S * self.fps:
            for between in range(self._last + 1, number):
                self._step(between, self._frame)
        self._step(number, frame)
        self._last, self._frame = number, frame

    def read(self) -> LivePart:
        """Ask the model for what waits, and give what became final: the same, however often it is called."""
        part = self._told(ends=False)
        aligned = None if self._followed is None else self._followed.track.aligned
        points = None if aligned is None else apply(aligned.matrix, aligned.points)
        return {"frame": -1 if self._last is None else self._last, "points": points, "part": part}

    def end(self) -> FacePart | None:
        """The rest: nothing will be known better later."""
        if self._followed is not None:
            for chunk in self._followed.end():
                self._add(chunk)
        self._followed = None
        return self._told(ends=True)

    def _step(self, number: int, frame: np.ndarray) -> None:
        if self._followed is not None:
            for chunk in self._followed.step(number, frame):
                self._add(chunk)
            if not self._followed.ended:
                return
            self._memory.keep(self._followed, self._frame)
            self._followed = None
        if self._searched is None or number - self._searched >= SEARCH_S[0] * self.fps:
            self._searched = number
            self._followed = self._found(number, frame)

    def _found(self, number: int, frame: np.ndarray) -> FollowedFace | None:
        tracks = [
            FaceTrack(self._aligner, number, frame, landmarks, self.fps)
            for landmarks in self._aligner.faces(frame, bool(self._memory.numbers))
        ]
        known = max(tracks, key=lambda track: self._memory.known(track, set(), frame)[1], default=None)
        return None if known is None else FollowedFace(0, known, self)

    def _add(self, chunk: FaceChunk) -> None:
        """Settle each chunk before the next: what it found rests on frames that may go then, read or not.

        Windows may wait for their answers meanwhile, as long as they are no batch.
        """
        if self._reader.unsettled or len(self._reader.waiting) >= self._batch_size:
            self._ask(ends=False)
        self._settle(ends=False)
        self._reader.add(chunk)

    def _told(self, ends: bool) -> FacePart | None:
        self._ask(ends)
        self._settle(ends)
        parts, self._parts = self._parts, []
        return joined(parts) if parts else None

    def _ask(self, ends: bool) -> None:
        while waiting := self._reader.take_waiting(ends):
            answers = answers_to([crops for _, crops in waiting], self._answer, self._batch_size)
            for (target, _), answer in zip(waiting, answers, strict=True):
                note(target, answer)

    def _settle(self, ends: bool) -> None:
        if (part := self._reader.settled(ends)) is not None:
            self._parts.append(part)
