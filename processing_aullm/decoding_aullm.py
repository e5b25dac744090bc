"""A video as numbered frames, decoded once: variable rate, missing rate, a start in the middle, a broken end.

    frames = NumberedFrames(open_clip("lecture.mp4"), start=600.0)
    frames.fps, frames.count, frames.size
    for number, pixels in frames: ...

A frame's number counts steps of 1 / fps seconds from the video's first frame, so that seconds are number / fps in any
video: where the frames of a file come irregularly, one is repeated or left out. In a regular file it is the frame's
place in the file.
"""

import warnings
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

import av
import numpy as np

from .video_aullm import Clip, ClipError, VideoFile, upright

SLACK = 0.75  # of a step: how far a frame may stand from its number's time before one is repeated or left out
LONGEST_REPEAT_S = 1.0  # a longer gap in the file stays a gap
LIKELY_FPS = (1.0, 1000.0)
PROBED = 60  # packets whose times say how fast a file really runs
FASTER, SLOWER = 1.05, 0.8  # the stated rate is not believed where the measured one is that many times it
BAD_PACKETS = 50  # one after the other: the rest of the file is lost
SHORT_S = 0.5  # a file that ends by more before its stated end is broken
SEEK_MARGIN_S = 0.5  # seek that much before the start: key frames do not stand where they should in every file


class NumberedFrames:
    """Frames of a clip in time order, each with its number.

    Args:
        clip: What `open_clip` gave.
        start: Seconds from the first frame where reading starts; a video file is not decoded before it.
        end: Seconds where reading ends, not included; None reads all.
        fps: Frames per second; None takes what the file says.

    Attributes:
        fps: Frames per second.
        count: Frames of the whole clip, as far as known before reading it.
        size: (width, height) of the frames.

    Raises:
        ClipError: The clip cannot be read, or start and end do not name a part of it.
        ValueError: The frame rate is not known.
    """

    def __init__(
        self, clip: Clip, start: float | None = None, end: float | None = None, fps: float | None = None
    ) -> None:
        self.clip = clip
        self.name = clip.name
        if fps is not None and not fps > 0:
            raise ValueError(f"fps is {fps}: it must be above zero")
        self._rate = _file_rate(clip) if isinstance(clip, VideoFile) else None
        self.fps = fps or self._rate
        if not self.fps:
            raise ValueError(f"{self.name} states no frame rate: pass the frames per second (fps)")
        self._rate = self._rate or self.fps
        self._at = -1  # number of the last decoded frame
        self._begin, self.size = self._look()
        self.count = self._count()
        self.first = self._number("start", start, 0)
        self.stop = self._number("end", end, None)
        if self.stop is not None and self.stop <= self.first:
            raise ClipError(f"{self.name}: end {end} s must come after start {start or 0} s")
        if self.count is not None and self.first >= self.count:
            raise ClipError(f"{self.name}: start {start} s lies behind the end at {self.count / self.fps:.2f} s")

    @property
    def last(self) -> int | None:
        """Number of the last frame that will be read, as far as known."""
        ends = [end for end in (self.stop, self.count) if end is not None]
        return min(ends) - 1 if ends else None

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (number, (H, W, 3) or (H, W) uint8); numbers rise by one, or by more where the file has a gap."""
        if not isinstance(self.clip, VideoFile):
            stop = len(self.clip) if self.stop is None else min(self.stop, len(self.clip))
            indices = range(self.first, stop)
            yield from zip(indices, self.clip.frames(indices), strict=True)
            return
        previous = None
        for number, frame in self._numbered():
            if self.stop is not None and number >= self.stop:
                return
            if previous is not None and 1 < number - previous[0] <= max(1, LONGEST_REPEAT_S * self.fps):
                yield from ((between, previous[1]) for between in range(max(previous[0] + 1, self.first), number))
            previous = (number, upright(frame))
            if number >= self.first:
                yield previous

    def _numbered(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decoded frames and their numbers, rising; a frame whose number is taken is left out."""
        self._at = None
        for frame in self._decode():
            if frame.pts is None or frame.time_base is None:
                number = 0 if self._at is None else self._at + 1
            else:
                steps = float(frame.pts * frame.time_base - self._begin) * self._rate
                number = round(steps) if self._at is None else _next_number(self._at, steps)
            if self._at is None or number > self._at:
                self._at = number
                yield number, frame
        if self._at is not None and self.count is not None and self.count - 1 - self._at > SHORT_S * self.fps:
            self._warn(f"the video breaks off after frame {self._at}, the file states {self.count} frames")

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Frames from shortly before the start to the end, or to where the file breaks."""
        with self.clip.open() as container:
            stream = container.streams.video[0]
            seconds = self.first / self._rate - SEEK_MARGIN_S
            if seconds > 0 and stream.time_base:
                container.seek(int((seconds + float(self._begin)) / stream.time_base), stream=stream, backward=True)
            yield from self._decoded(container, stream)

    def _decoded(self, container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
        """Every frame that can be decoded, with a warning that names the first one that cannot."""
        bad, packets = 0, container.demux(stream)
        while bad < BAD_PACKETS:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                self._warn(f"the video breaks off after frame {self._at} ({error})")
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                bad += 1
                if bad == 1:
                    self._warn(f"what follows frame {self._at} cannot be decoded ({error})")
                continue
            bad = 0 if frames else bad
            yield from frames

    def _warn(self, text: str) -> None:
        warnings.warn(f"{self.name}: {text}; what was read before stays usable", stacklevel=2)

    def _look(self) -> tuple[Fraction | int, tuple[int, int]]:
        """Time of the first frame, and (width, height) as it is seen."""
        if not isinstance(self.clip, VideoFile):
            return 0, next(iter(self.clip.frames([0]))).shape[1::-1]
        with self.clip.open() as container:
            frame = next(self._decoded(container, container.streams.video[0]), None)
            if frame is None:
                raise ClipError(f"{self.name}: the video holds no readable frame")
            begin = 0 if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
            return begin, upright(frame).shape[1::-1]

    def _count(self) -> int | None:
        if not isinstance(self.clip, VideoFile):
            return len(self.clip)
        with self.clip.open() as container:
            stream = container.streams.video[0]
            if stream.duration and stream.time_base:
                return max(1, round(float(stream.duration * stream.time_base) * self._rate))
            if container.duration:
                return max(1, round(container.duration / av.time_base * self._rate))
            return stream.frames or None

    def _number(self, field: str, seconds: float | None, default: int | None) -> int | None:
        if seconds is None:
            return default
        if not seconds >= 0:
            raise ClipError(f"{self.name}: {field} is {seconds} s: it must not be negative")
        return round(seconds * self.fps)


def _next_number(at: int, steps: float) -> int:
    """Number of the frame after `at` that stands at `steps`: the next one, unless it stands too far from there."""
    return at + 1 if abs(steps - (at + 1)) <= SLACK else round(steps)


def _file_rate(clip: VideoFile) -> float | None:
    """Frames per second: as stated, unless the times of the first packets tell otherwise.

    Where frames are missing the stated rate is an average below the true one; some recorders state the steps of their
    clock instead.
    """
    with clip.open() as container:
        stream = container.streams.video[0]
        stated = float(stream.average_rate) if stream.average_rate else None
        if stated and not LIKELY_FPS[0] <= stated <= LIKELY_FPS[1]:
            stated = None
        try:
            times = sorted(p.pts for p in islice(container.demux(stream), PROBED) if p.pts is not None)
        except (av.FFmpegError, OSError):
            return stated
        steps = np.diff(times)
        steps = steps[steps > 0]
        if not len(steps):
            return stated
        measured = 1 / (float(np.median(steps)) * float(stream.time_base))
    if stated and SLOWER <= measured / stated <= FASTER:
        return stated
    return measured if LIKELY_FPS[0] <= measured <= LIKELY_FPS[1] else stated
