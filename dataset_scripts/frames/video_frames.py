"""Frames of a video file as JPEG bytes, decoded with PyAV, in one pass for clips that are asked for in order.

with VideoFrames("smile.mp4") as video:
    video.fps, len(video)
    jpegs = video.read(60, 85)
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import av
import cv2
import numpy as np

VIDEO_SUFFIXES = (".mkv", ".mp4", ".avi", ".mpeg", ".mov")
"""As in `datasets.packaged_modules.videofolder`."""

JPEG_QUALITY = 95


class VideoError(ValueError):
    """A video that cannot be read; the message names the file and the frame."""


class VideoFrames:
    """A video file, decoded forward. Asking for an earlier frame than the last one read starts again.

    Args:
        path: the file.

    Raises:
        VideoError: the file is no video, or its first frame cannot be decoded.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._container, self._frames, self._at = None, iter(()), 0
        self._rewind()
        if next(self._frames, None) is None:
            raise VideoError(f"{self.path}: the video holds no frame")
        self._at = 1

    def __enter__(self) -> "VideoFrames":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._container is not None:
            self._container.close()
            self._container = None

    @property
    def fps(self) -> float | None:
        """Frames per second as the container states them, None where it does not."""
        rate = self._container.streams.video[0].average_rate
        return float(rate) if rate else None

    @cached_property
    def count(self) -> int:
        """How many frames the file states to hold; where it does not, its packets are counted. Nothing is decoded."""
        if stated := self._container.streams.video[0].frames:
            return stated
        with self._open() as container:
            return sum(1 for packet in container.demux(video=0) if packet.size)

    def __len__(self) -> int:
        return self.count

    def read(self, first: int, last: int) -> list[bytes]:
        """Decode some frames.

        Args:
            first, last: frames from 0, inclusive.

        Returns:
            `last - first + 1` JPEG images, RGB or, where the video is grey, grey.

        Raises:
            VideoError: the video ends or breaks before `last`.
        """
        if not 0 <= first <= last:
            raise VideoError(f"{self.path}: there are no frames {first} to {last}")
        if first < self._at:
            self._rewind()
        images = []
        for frame in self._frames:
            self._at += 1
            if self._at > first:
                images.append(self._jpeg(frame))
            if self._at > last:
                return images
        raise VideoError(
            f"{self.path}: frame {last} does not exist, the video has {self._at} frames (0 to {self._at - 1})"
        )

    def _jpeg(self, frame: av.VideoFrame) -> bytes:
        grey = frame.format.name.startswith("gray")
        pixels = frame.to_ndarray(format="gray" if grey else "bgr24")
        upright = np.ascontiguousarray(
            np.rot90(pixels, round(frame.rotation / 90))
        )  # phones turn by a note in the file
        return cv2.imencode(".jpg", upright, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()

    def _rewind(self) -> None:
        self.close()
        self._container, self._at = self._open(), 0
        self._frames = self._decode()

    def _open(self) -> av.container.InputContainer:
        try:
            container = av.open(str(self.path))
        except (av.FFmpegError, OSError) as error:
            raise VideoError(f"{self.path}: not a readable video ({error})") from error
        if not container.streams.video:
            container.close()
            raise VideoError(f"{self.path}: holds no video stream")
        return container

    def _decode(self) -> Iterator[av.VideoFrame]:
        try:
            yield from self._container.decode(video=0)
        except av.FFmpegError as error:
            raise VideoError(f"{self.path}: the video breaks off after frame {self._at - 1} ({error})") from error
