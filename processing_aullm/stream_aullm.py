"""The faces of a video of any length, aligned, a few seconds at a time: memory does not grow with the video.

    stream = processor.open_stream("lecture.mp4", faces=2)
    for chunk in stream:
        chunk.face, chunk.first, chunk.crops.shape  # one face, its first frame's number, (n, 224, 224)

Every frame is decoded once. Each chunk is aligned to its own first frame. Two neighbouring chunks of a face share as
many frames as a window is long, so that every window lies whole inside one chunk: the one in which its last frame is
new.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .alignment_aullm import WORK_SIZE, FaceAligner
from .blendshape_network_aullm import BLENDSHAPES, BlendshapeModel
from .clip_error_aullm import ClipError, ClipFault
from .decoding_aullm import NumberedFrames
from .geometry_aullm import apply, box_of, compose, is_near, resize_matrix
from .head_pose_aullm import mouth_openness, pose_of
from .tracking_aullm import AlignedFrame, FaceTrack

SHAPES_EVERY_S = 1 / 6  # between readings of the blendshapes
CHUNK_S = 4.0  # of frames that a chunk adds, about
STALE = 0.85  # similarity to the reference below which a chunk ends early: the head has turned
SEARCH_S = (0.4, 1.0)  # between searches for faces: while none is followed, while some are but more may come
SAME_FACE = 0.75  # minimum correlation of two aligned faces for one person who comes back
SAME_PLACE, SOON_S = 0.6, 1.0  # the same for one who stands where a face was lost up to so many seconds before
SAME_SHOT, SAME_SEAT = 0.95, 0.3  # minimum correlation of two frames of one shot; and then of a face in that place
PICTURES = 4  # of a face that are remembered: the first, which is mostly one at rest, and the last ones
THUMB = 32  # px, side of the thumbnail of a face that has left
MAX_REMEMBERED = 32  # faces
NOT_READ = np.full(len(BLENDSHAPES), np.nan, np.float32)


@dataclass
class FaceChunk:
    """A few seconds of one face.

    Args:
        face: Number of the face: 0 is the largest when the first was seen; one that comes back keeps its number. The
            first chunks of faces come in the order of their numbers.
        first: Number of the first crop's frame.
        crops: (n, S, S) uint8 grey, all aligned to the first.
        transforms: (n, 2, 3), crop pixels to pixels of the frame.
        boxes: (n, 4) left, top, right, bottom of the face in the frame.
        eye_openness: (n, 2) height over width of the right and the left eye's opening.
        pose: (n, 3) yaw, pitch and roll of the head, as landmarks were last read, see `pose_of`.
        mouth: (n,) how wide it stands open, see `mouth_openness`.
        new_from: Place of the first crop whose frame was in no chunk of this face before.
        last: Whether the face is not followed beyond this chunk: it left, was lost, or the video ended. A face that
            comes back starts with a chunk whose `new_from` is 0.
        done: Share of the wanted part of the video that has been read, 0 to 1; 0 where its length is not known.
        points: (n, 468, 2) landmarks in pixels of the frame, as last read, carried along with the face; None where
            nobody has them.
        shapes: (n, 52) blendshapes, NaN in frames in which they were not read; None where nobody has them.
    """

    face: int
    first: int
    crops: np.ndarray
    transforms: np.ndarray
    boxes: np.ndarray
    eye_openness: np.ndarray
    pose: np.ndarray
    mouth: np.ndarray
    new_from: int
    last: bool
    done: float
    points: np.ndarray | None = None
    shapes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.crops)


class FaceStream:
    """Follows the faces of a video and gives them in chunks.

    Args:
        aligner: Finds faces and landmarks.
        frames: The video.
        size: S, side of the crops.
        faces: How many faces to follow at once, the largest first.
        length: Seconds that a window of the reader covers: what chunks overlap by.
        blendshapes: Reads them in six frames a second, None: in none.
        known: Boxes (4,) of faces in the first frame that come before larger ones: those of the reading before.

    Attributes:
        fps: Frames per second.
        frames: Frames of the whole video, as far as it says so, else None.
        decoded: Number of the last frame that was decoded, plus 1.
        size: (width, height) of its frames.
        clip: The video as `open_clip` opened it.
        overlap: Frames that neighbouring chunks share. longest: Frames of a chunk at most.
        crop_size: S.

    Raises:
        ValueError: `faces` or `length` is not above zero.
    """

    def __init__(
        self,
        aligner: FaceAligner,
        frames: NumberedFrames,
        size: int,
        faces: int = 1,
        length: float = 0.5,
        blendshapes: BlendshapeModel | None = None,
        known: Sequence[Sequence[float]] = (),
    ) -> None:
        if faces < 1:
            raise ValueError(f"faces is {faces}: give how many faces to follow, at least 1")
        if not length > 0:
            raise ValueError(f"length is {length}: a window must cover more than 0 seconds")
        self.fps, self.frames, self.size, self.name = frames.fps, frames.count, frames.size, frames.name
        self.clip, self.decoded = frames.clip, 0
        self.overlap = max(1, round(length * self.fps))
        self.longest = self.overlap + max(self.overlap, round(CHUNK_S * self.fps))
        self.crop_size, self.blendshapes = size, blendshapes
        self.shapes_every = max(1, round(SHAPES_EVERY_S * self.fps))
        self._aligner, self._source, self._max_faces = aligner, frames, faces
        self._known = [np.asarray(box, float) for box in known]

    def __iter__(self) -> Iterator[FaceChunk]:
        """Decode and follow.

        Raises:
            ClipError: No face was seen in the whole of the video, or of the part asked for.
        """
        followed, memory, chunks, searched, number = [], FaceMemory(self.fps), _ChunksInOrder(), None, None
        before = None
        for number, frame in self._source:
            self.decoded = number + 1
            for one in list(followed):
                chunks.add(one.step(number, frame))
                if one.ended:
                    followed.remove(one)
                    memory.keep(one, before)
            if len(followed) < self._max_faces and self._due(number, searched, bool(followed)):
                searched = number
                followed += self._found(number, frame, followed, memory)
            before = frame
            yield from chunks.take(followed)
        if number is None:
            message = f"{self.name}: no frame could be read from {self._source.first / self.fps:.2f} s on"
            raise ClipError(message, ClipFault.BAD_SPAN)
        for one in followed:
            chunks.add(one.end())
        yield from chunks.take([])
        if not memory.numbers and not followed:
            message = (
                f"{self.name}: no face in any of the frames {self._source.first} to {number}; check that the video "
                "shows one, upright and large enough"
            )
            raise ClipError(message, ClipFault.NO_FACE)

    def pictures(self) -> Iterator[tuple[int, np.ndarray]]:
        """The frames themselves, decoded anew: (number, (H, W, 3) or (H, W) uint8)."""
        return iter(self._source)

    def _due(self, number: int, searched: int | None, some: bool) -> bool:
        return searched is None or number - searched >= SEARCH_S[some] * self.fps

    def _found(self, number: int, frame: np.ndarray, followed: list["FollowedFace"], memory: "FaceMemory") -> list:
        """Start to follow faces that are not followed yet: those that were followed before first, then the largest.

        So whoever is followed stays so behind a hand or a cut of sections, though somebody else is a little larger.
        """
        taken = {one.face for one in followed}
        several = self._max_faces > 1 or len(memory.numbers) > 0 or len(self._known) > 0
        tracks = [
            FaceTrack(self._aligner, number, frame, landmarks, self.fps)
            for landmarks in self._aligner.faces(frame, several)
            if not any(is_near(box_of(landmarks.points), one.track.aligned.box()) for one in followed)
        ]
        started = []
        for track in sorted(tracks, key=lambda track: -self._familiar(track, taken, frame, memory)):
            if len(followed) + len(started) == self._max_faces:
                break
            if not any(is_near(track.aligned.box(), one.track.aligned.box()) for one in started):
                taken = {one.face for one in (*followed, *started)}
                started.append(FollowedFace(memory.number_of(track, taken, frame), track, self))
        return started

    def _familiar(self, track: FaceTrack, taken: set[int], frame: np.ndarray, memory: "FaceMemory") -> float:
        """How sure it is that a face that was found was followed before, from 0 to about 1."""
        begins = track.aligned.number - self._source.first <= SOON_S * self.fps
        if begins and any(is_near(track.aligned.box(), box) for box in self._known):
            return 1.0
        return memory.known(track, taken, frame)[1]

    def done(self, number: int) -> float:
        """Share of the wanted part that has been read with this frame."""
        last = self._source.last
        return 0.0 if last is None else min(1.0, (number + 1 - self._source.first) / (last + 1 - self._source.first))


class FollowedFace:
    """One face that is being followed, and the chunk that collects its frames.

    Args:
        face: Its number.
        track: Follows it.
        stream: Gives sizes and shares.

    Attributes:
        ended: Whether the face is not followed any more.
        pictures: thumbnails of its references, the first and the latest ones.
    """

    def __init__(self, face: int, track: FaceTrack, stream: FaceStream) -> None:
        self.face, self.track, self.stream = face, track, stream
        self.ended = False
        self.pictures: list[np.ndarray] = []
        self._begin([track.aligned])

    def step(self, number: int, frame: np.ndarray) -> Iterator[FaceChunk]:
        """Follow the face into the next frame; gives a chunk where one is full or the face is lost."""
        if number != self.track.aligned.number + 1:
            yield from self.end()
            return
        full = None
        if self._full():
            full = self._chunk(False)
            self._begin(self.track.rebase(list(self._kept)), new_from=self.stream.overlap)
        aligned = self.track.follow(number, frame)
        if aligned is not None and self.stream.blendshapes is not None and number % self.stream.shapes_every == 0:
            aligned = self.track.read_shapes(frame, self.stream.blendshapes)
        if full is not None:
            full.last = aligned is None
            yield full
        if aligned is not None:
            self._add(aligned)
        else:
            yield from self.end()

    def end(self) -> Iterator[FaceChunk]:
        """The last chunk, where it holds anything new that moves."""
        self.ended = True
        if len(self._rows) > max(1, self._new_from):
            yield self._chunk(True)

    def _begin(self, shared: list[AlignedFrame], new_from: int = 0) -> None:
        """Start a chunk with these frames."""
        self._new_from, self._rows, self._kept = new_from, [], deque(maxlen=self.stream.overlap)
        self.pictures = [*self.pictures[:1], *self.pictures[1:][2 - PICTURES :], _thumb(self.track.reference)]
        for aligned in shared:
            self._add(aligned)

    def _full(self) -> bool:
        """Whether the next frame starts another chunk: at full length, or after a head turn once it is long enough."""
        head_turned = self.track.similarity < STALE and len(self._rows) >= self._new_from + 2 * self.stream.overlap
        return head_turned or len(self._rows) >= self.stream.longest

    def _add(self, aligned: AlignedFrame) -> None:
        size = self.stream.crop_size
        matrix = compose(aligned.matrix, resize_matrix(WORK_SIZE, WORK_SIZE, size))
        head = pose_of(aligned.points, aligned.matrix), mouth_openness(aligned.points)
        points = apply(aligned.matrix, aligned.points).astype(np.float32)
        self._rows.append(
            (
                aligned.crop(matrix, size),
                matrix,
                aligned.box(),
                aligned.openness,
                *head,
                points,
                NOT_READ if aligned.shapes is None else aligned.shapes,
                aligned.number,
            )
        )
        self._kept.append(aligned)

    def _chunk(self, last: bool) -> FaceChunk:
        *columns, points, shapes, numbers = zip(*self._rows, strict=True)
        stacked = [np.stack(column) for column in columns]
        done = self.stream.done(numbers[-1])
        shapes = None if self.stream.blendshapes is None else np.stack(shapes)
        return FaceChunk(self.face, numbers[0], *stacked, self._new_from, last, done, np.stack(points), shapes)


class _ChunksInOrder:
    """Holds the first chunk of a face back until those of the faces with lower numbers have come, a few seconds.

    So whoever numbers faces as they come numbers them by size, also where the smaller one leaves first.
    """

    def __init__(self) -> None:
        self._held: list[FaceChunk] = []
        self._begun: set[int] = set()  # faces of which there was a chunk

    def add(self, chunks: Iterable[FaceChunk]) -> None:
        """Take the chunks that are there."""
        new = list(chunks)
        self._held += new
        self._begun.update(chunk.face for chunk in new)

    def take(self, followed: Iterable[FollowedFace]) -> list[FaceChunk]:
        """Those that need not wait, while these faces are followed."""
        coming = min((one.face for one in followed if one.face not in self._begun), default=math.inf)
        ready = sorted((chunk for chunk in self._held if chunk.face < coming), key=lambda chunk: chunk.face)
        self._held = [chunk for chunk in self._held if chunk.face > coming]
        return ready


@dataclass(frozen=True)
class _Remembered:
    """A face that is not followed any more: its references, and how and where it was seen last; thumbnails."""

    references: np.ndarray  # (R, THUMB * THUMB)
    last: np.ndarray  # (THUMB * THUMB,)
    shot: np.ndarray  # (n,) the whole frame
    aligned: AlignedFrame

    def is_same(self, seen: np.ndarray, shot: np.ndarray, aligned: AlignedFrame, soon: float) -> float:
        """How much a face resembles it, 0 if too little; `soon` in frames."""
        likeness, latest = float((self.references @ seen).max()), float(self.last @ seen)
        if aligned.number - self.aligned.number <= soon and is_near(aligned.box(), self.aligned.box()):
            least = SAME_SEAT if len(shot) == len(self.shot) and self.shot @ shot >= SAME_SHOT else SAME_PLACE
            likeness = max(likeness, latest + SAME_FACE - least)
        return likeness if likeness >= SAME_FACE else 0.0


class FaceMemory:
    """Faces that have left, so that one that comes back gets its number again.

    A face is known by its picture at rest rather than by the last one, which may be a grin or a head that turned; and
    one that is found where a face was lost a moment before, by that last picture, which need not be very like where the
    film was not cut: heads turn fast, and nobody takes another's place at once.

    Args:
        fps: frames per second.
    """

    def __init__(self, fps: float) -> None:
        self.numbers: dict[int, _Remembered] = {}
        self.used, self._soon = 0, SOON_S * fps

    def keep(self, one: FollowedFace, frame: np.ndarray) -> None:
        """Remember a face that is not followed any more, and the last frame in which it was."""
        aligned = one.track.aligned
        self.numbers.pop(one.face, None)  # so that it comes last of those that are remembered
        self.numbers[one.face] = _Remembered(np.stack(one.pictures), _thumb(aligned), thumbnail(frame), aligned)
        if len(self.numbers) > MAX_REMEMBERED:
            self.numbers.pop(next(iter(self.numbers)))

    def number_of(self, track: FaceTrack, taken: set[int], frame: np.ndarray) -> int:
        """The number of the remembered face that is most similar to one that was found in a frame, or a new number."""
        known, _ = self.known(track, taken, frame)
        if known is None:
            known, self.used = self.used, self.used + 1
        return known

    def known(self, track: FaceTrack, taken: set[int], frame: np.ndarray) -> tuple[int | None, float]:
        """The number of that face, and how similar it is; None and 0 where none is."""
        seen, shot, now = _thumb(track.aligned), thumbnail(frame), track.aligned
        likely = {
            number: known.is_same(seen, shot, now, self._soon)
            for number, known in self.numbers.items()
            if number not in taken
        }
        best = max(likely, key=likely.get, default=None)
        return (None, 0.0) if best is None or not likely[best] else (best, likely[best])


def _thumb(aligned: AlignedFrame) -> np.ndarray:
    """(THUMB * THUMB,) of a crop."""
    return thumbnail(aligned.crop(aligned.matrix, WORK_SIZE))


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """(THUMB * THUMB,) values of a thumbnail, mean 0 and length 1: the product of two says how alike they are."""
    small = cv2.resize(picture, (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)
