"""The part of a clip between two times, as numbered frames that are decoded once.

    frames = NumberedFrames(open_clip("lecture.mp4"), start=600.0)
    frames.fps, frames.count, frames.size
    for number, pixels in frames: ...

What a number means is the clip's affair: see `video_file_aullm`.
"""

import warnings
from collections.abc import Iterator

import numpy as np
from av.video.reformatter import VideoReformatter

from .clip_error_aullm import ClipError, ClipFault
from .video_aullm import Clip, refuse_other_size
from .video_file_aullm import VideoFile

MAX_FPS = 10_000
SAME_RATE = 0.01  # 29.97 may be called 30
MAX_REPEAT_S = 1.0  # across a longer gap in the file nothing can be followed, so none of its frames are made up


class NumberedFrames:
    """Frames of a clip in time order, each with its number.

    Args:
        clip: What `open_clip` gave.
        start: Seconds from the first frame where reading starts; a video file is not decoded before it.
        end: Seconds where reading ends, not included; None reads all.
        fps: Frames per second; None takes what the file says. It says how many seconds a number is, and does not change
            which frame has which number. Another rate than the file's is for films that play slower than the camera
            filmed; a warning names both.

    Attributes:
        fps: Frames per second.
        count: Frames of the whole clip, as far as known before reading it.
        size: (width, height) of the frames.
        first: Number of the first frame wanted.
        stop: Number behind the last frame wanted, None for the end.

    Raises:
        ClipError: The clip cannot be read, its frame rate is not known, or start and end do not name a part of it.
        ValueError: `fps` is not above zero, or more than any camera takes.
    """

    def __init__(
        self, clip: Clip, start: float | None = None, end: float | None = None, fps: float | None = None
    ) -> None:
        self.clip, self.name = clip, clip.name
        if fps is not None and not 0 < fps <= MAX_FPS:
            raise ValueError(f"fps is {fps}: give the frames per second, above 0 and at most {MAX_FPS}")
        self.fps = fps or clip.fps
        if not self.fps:
            message = f"{self.name} states no frame rate: pass the frames per second: fps, on the command line --fps"
            raise ClipError(message, ClipFault.NO_RATE)
        if clip.fps and abs(self.fps / clip.fps - 1) > SAME_RATE:
            told = f"{self.name}: fps is {self.fps:g}, and the file states {clip.fps:g} frames per second"
            warnings.warn(f"{told}: times are those of {self.fps:g}, but for subtitles, films and ELAN", stacklevel=2)
        if isinstance(clip, VideoFile):
            clip.refuse_wild_times()
        self.size, self.count = clip.size, clip.stated_count
        self.first = self._number("start", start, 0)
        self.stop = self._number("end", end, None)
        if self.stop is not None and self.stop <= self.first:
            raise ClipError(f"{self.name}: end {end} s must come after start {start or 0} s", ClipFault.BAD_SPAN)
        if self.count is not None and self.first >= self.count:
            behind = f"start {start} s lies behind the end at {self.count / self.fps:.2f} s"
            raise ClipError(f"{self.name}: {behind}", ClipFault.BAD_SPAN)

    @property
    def last(self) -> int | None:
        """Number of the last frame that will be read, as far as known."""
        ends = [end for end in (self.stop, self.count) if end is not None]
        return min(ends) - 1 if ends else None

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (number, (H, W, 3) or (H, W) uint8); numbers rise by one, or by more where the file has a long gap."""
        longest, before, pixels = max(1, MAX_REPEAT_S * self.fps), None, None
        is_video, converter = isinstance(self.clip, VideoFile), VideoReformatter()
        for number, frame in self.clip.numbered(self.first):
            if before is not None and 1 < number - before <= longest:
                stop = number if self.stop is None else min(number, self.stop)
                yield from ((between, pixels) for between in range(max(before + 1, self.first), stop))
            if self.stop is not None and number >= self.stop:
                return
            before = number
            pixels = self.clip.pixels(frame, converter) if is_video else frame
            refuse_other_size(self.name, number, pixels, self.size)
            if number >= self.first:
                yield number, pixels

    def _number(self, field: str, seconds: float | None, default: int | None) -> int | None:
        if seconds is None:
            return default
        if not seconds >= 0:
            raise ClipError(f"{self.name}: {field} is {seconds} s: it must not be negative", ClipFault.BAD_SPAN)
        return round(seconds * self.fps)
