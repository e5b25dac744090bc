"""What is let in: the limits of a file, its picture, and what is asked of it. Every door goes through here.

with unnamed("face.mp4", max_megabytes=50) as path:
    clip = Admitted.opened(pipe.processor.open_stream(path), path, settings)
    start, end = clip.part(0.0, None)

Tested in tests/space_app/test_inference.py.
"""

import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import problems
from logs import note
from problems import Problem
from settings import Settings

SLACK_S = 0.5  # beyond the limit; else "1 min" would be refused because "1 min is the most", as both are told


@dataclass(frozen=True)
class Admitted:
    """A video whose bytes and picture keep the limits.

    Args:
        path: of the file, under a name that tells nothing.
        fps: frames per second.
        length: seconds it lasts, None where the file does not say.
        limits: for what may be asked of it.
    """

    path: str
    fps: float
    length: float | None
    limits: Settings

    @classmethod
    def opened(cls, stream, path: str, limits: Settings) -> "Admitted":
        """Admit what the processor has opened.

        Args:
            stream: of the processor's `open_stream`.
            path, limits: as above.

        Raises:
            Problem: the picture is too large or too small.
        """
        width, height = stream.size
        if max(width, height) > limits.longest_side:
            raise problems.too_wide(width, height, limits.longest_side)
        if min(width, height) < limits.shortest_side:
            raise problems.too_narrow(width, height, limits.shortest_side)
        return cls(path, stream.fps, stream.frames / stream.fps if stream.frames else None, limits)

    def part(self, start: float, end: float | None) -> tuple[float, float]:
        """The seconds to read; an end that is None is the video's own.

        Raises:
            Problem: they lie outside of the video, or are too many.
        """
        length, most = self.length, self.limits.max_seconds
        numbers = math.isfinite(start) and (end is None or math.isfinite(end))
        if not numbers or start < 0 or (end is not None and end <= start) or (length is not None and start >= length):
            raise problems.bad_part(length)
        stops = [each for each in (end, length) if each is not None]
        if stops:
            self._refuse_longer(min(stops) - start)
        return start, min(stops) if stops else start + most

    def refuse_span(self, onset: int, offset: int, face: int | Sequence[float]) -> None:
        """Whether one movement may be explained.

        Args:
            onset, offset: frames, both included.
            face: by size in the onset's frame, or its box there.

        Raises:
            Problem: the frames are none or too many, or no more faces are read. That frames lie behind the end is
                found when they are decoded: a file may hold more of them than it states.
        """
        if onset < 0 or offset <= onset:
            raise problems.bad_part(self.length)
        self._refuse_longer((offset + 1 - onset) / self.fps)
        if isinstance(face, int) and not 0 <= face < self.limits.max_faces:
            raise problems.no_such_face()

    def _refuse_longer(self, seconds: float) -> None:
        if seconds > self.limits.max_seconds + SLACK_S:
            raise problems.too_long(seconds, self.limits.max_seconds)


@contextmanager
def unnamed(video: str | None, max_megabytes: float) -> Iterator[str]:
    """The same file under a name that tells nothing, for as long as the block lasts.

    It is a link by name, not a second owner of the contents: once the upload is deleted, nothing is left of it.

    Raises:
        Problem: there is no file, it is too heavy, or it was deleted meanwhile.
    """
    if not video:
        raise problems.nothing_chosen()
    if not Path(video).is_file():
        raise problems.gone()
    megabytes = os.path.getsize(video) / 1e6
    if megabytes > max_megabytes:
        raise problems.too_heavy(megabytes, max_megabytes)
    with tempfile.TemporaryDirectory(prefix="aullm-") as folder:
        clip = Path(folder) / f"video{Path(video).suffix.lower()}"
        try:
            os.symlink(os.path.abspath(video), clip)
        except OSError:  # a file system without links
            shutil.copyfile(video, clip)
        try:
            yield str(clip)
        except Problem:
            if not Path(video).is_file():
                raise problems.gone() from None
            raise


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the pipeline become problems; what is printed names a kind of error and a line, never a file."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        problem = problems.problem_for(error)
        if problem is None:
            note(error)
            problem = problems.unexpected()
        raise problem from None
