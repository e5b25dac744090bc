"""A video as the frames of its clips: looked at when a build is planned, decoded when its rows are written.

Decoding and the meaning of a frame's number are those of `processing_aullm`, so that a clip's onset is the same picture
here, in `aullm predict` and in a processor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import av
import cv2
from av.video.reformatter import VideoReformatter

from processing_aullm.clip_error_aullm import ClipError
from processing_aullm.video_file_aullm import VideoFile

VIDEO_SUFFIXES = (".mkv", ".mp4", ".avi", ".mpeg", ".mov")
"""As in `datasets.packaged_modules.videofolder`."""

JPEG_QUALITY = 95


class VideoError(ValueError):
    """A video that cannot be read; the message names the file and the frame."""


@dataclass(frozen=True)
class VideoClip:
    """The frames of one video file. Fulfils `layout.Frames`.

    Attributes:
        path: the file.
        numbers: frame numbers, as the labels count them.
        fps: frames per second of the file, None where they are not known.
    """

    path: Path
    numbers: Sequence[int]
    fps: float | None = None

    def read(self, numbers: Sequence[int]) -> list[bytes]:
        """JPEG images of these frames; b"" for those that cannot be decoded, as from a torn file."""
        if not numbers:
            return []
        first, images, shown, jpeg, converter = self.numbers[0], {}, None, None, VideoReformatter()
        try:
            file = _open(self.path)
            for number, frame in file.pick(number - first for number in numbers):
                if frame is not shown:
                    shown, jpeg = frame, _jpeg(frame, converter, file)
                images[number] = jpeg
        except ClipError:
            pass  # nothing in it can be decoded: every frame is missing
        return [images.get(number - first, b"") for number in numbers]

    def signature(self, numbers: Sequence[int]) -> str:
        """Name, size and time of the file, and how its frames are encoded."""
        state = self.path.stat()
        ends = f"{tuple(numbers[:1])}{tuple(numbers[-1:])}"
        return f"{self.path.name}:{state.st_size}:{state.st_mtime_ns}:{JPEG_QUALITY}:{ends}"


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
    try:
        file = _open(path)
        return VideoClip(path, range(first, first + file.expected_length()), file.fps)
    except ClipError as error:
        raise VideoError(str(error)) from error


def _open(path: Path) -> VideoFile:
    state = path.stat()
    return _opened(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _opened(path: Path, size: int, time: int) -> VideoFile:
    """One object for all clips of a recording: it has looked up where frames stand, and does so once."""
    return VideoFile(path, str(path))


def _jpeg(frame: av.VideoFrame, converter: VideoReformatter, file: VideoFile) -> bytes:
    """A frame as it is meant to be seen, grey where the video is."""
    pixels = file.pixels(frame, converter, "gray" if frame.format.name.startswith("gray") else "bgr24")
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
