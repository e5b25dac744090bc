"""A video as the frames of its clips: counted when a build is planned, decoded when its rows are written.

Each thread keeps one video open, so that many clips of one long recording are cut out in one pass.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dataset_scripts.frames.video_frames import JPEG_QUALITY, VideoError, VideoFrames


@dataclass(frozen=True)
class VideoClip:
    """The frames of one video file. Fulfils `layout.Frames`.

    Attributes:
        path: the file.
        numbers: frame numbers, as the labels count them.
        fps: frames per second that the file states, None where it does not.
    """

    path: Path
    numbers: tuple[int, ...]
    fps: float | None = None

    def read(self, numbers: tuple[int, ...]) -> list[bytes]:
        """JPEG images of these frames; b"" for those that cannot be decoded, as from a torn file."""
        if not numbers:
            return []
        first = self.numbers[0]
        images = _read_some(self.path, numbers[0] - first, numbers[-1] - first)
        return [images.get(number - first, b"") for number in numbers]

    def signature(self, numbers: tuple[int, ...]) -> str:
        """Name, size and time of the file, and how its frames are encoded."""
        state = self.path.stat()
        return f"{self.path.name}:{state.st_size}:{state.st_mtime_ns}:{JPEG_QUALITY}:{numbers[:1]}{numbers[-1:]}"


def open_video(path: Path, first: int = 0) -> VideoClip:
    """Look at a video without decoding more than its first frame.

    Args:
        path: the file.
        first: number of its first frame, as the labels count.

    Returns:
        Its frames.

    Raises:
        VideoError: it cannot be read.
    """
    state = path.stat()
    count, fps = _probe(path, state.st_size, state.st_mtime_ns)
    return VideoClip(path, tuple(range(first, first + count)), fps)


@lru_cache(maxsize=4096)
def _probe(path: Path, size: int, time: int) -> tuple[int, float | None]:
    with VideoFrames(path) as video:
        return len(video), video.fps


_OPEN = threading.local()


def _read_some(path: Path, first: int, last: int) -> dict[int, bytes]:
    """Frames first to last as far as they can be decoded, from the video that this thread has open."""
    images: dict[int, bytes] = {}
    try:
        video = _opened(path)
        for number in range(first, last + 1):
            (images[number],) = video.read(number, number)
    except VideoError:
        _close()
    return images


def _opened(path: Path) -> VideoFrames:
    version = (path, path.stat().st_mtime_ns)
    if getattr(_OPEN, "version", None) != version:
        _close()
        _OPEN.video, _OPEN.version = VideoFrames(path), version
    return _OPEN.video


def _close() -> None:
    video = getattr(_OPEN, "video", None)
    _OPEN.video = _OPEN.version = None
    if video is not None:
        video.close()
