"""A video file: the one place that decodes, and that says which frame a number means.

A frame's number counts steps of 1 / fps seconds from the file's first frame, so that seconds are number / fps in any
file. In a regular file it is the frame's place in the file. Where frames come irregularly, a number stands for what a
player shows at its time: the frame before it is repeated, or one that comes too early is left out.

    file = VideoFile(Path("lecture.mp4"), "lecture.mp4")
    file.fps, file.size, file.stated_count
    for number, frame in file.numbered(first=900): ...
    onset, offset = file.frames([33, 39])
"""

import io
import os
import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from itertools import count, islice, pairwise
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from .clip_error_aullm import ClipError, ClipFault
from .frame_rate_aullm import rate_of
from .upright_aullm import pixel_ratio, upright

SLACK = 0.75  # of a step: how far a frame may stand from its number's time before one is repeated or left out
PROBED_FRAMES = 16  # of an AVI file, whose times must rise to be believed
BAD_PACKETS = 50  # one after the other: the rest of the file is lost
SHORT_S = 0.5  # a file that ends by more before its stated end is broken
LONG_MIN = 24 * 60.0  # of a file above which its times are looked at before it is read
FORMATS = "mov,matroska,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,mxf,dv,nut,ivf,h264,hevc,m4v,mjpeg,yuv4mpegpipe,gif,apng"
"""FFmpeg's names of the formats that hold their pictures themselves. Playlists and their like (hls, concat, dash, sdp,
image2) name other files of this machine or of its network, and FFmpeg would read those: they are known by their
contents, whatever the file is called, and never opened."""
ITSELF_ONLY = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
SEEK_MARGIN_S = 0.5  # seek that much before the start: key frames do not stand where they should in every file


class VideoFile:
    """A video file or its bytes, decoded anew at each pass, so that a long video never stands in memory.

    Args:
        source: Path of a file, or its contents.
        name: What errors call it.
    """

    def __init__(self, source: Path | bytes, name: str) -> None:
        self.source = source
        self.name = name

    @cached_property
    def fps(self) -> float | None:
        """Frames per second as the file states them, unless its times tell otherwise; None where neither says."""
        with self.open() as container:
            return rate_of(container)

    @cached_property
    def stated_count(self) -> int | None:
        """Frames of the whole file as it states them, None where it does not; a broken file has fewer."""
        with self.open() as container:
            stream = container.streams.video[0]
            if stream.duration and stream.time_base and self.fps:
                return max(1, round(float(stream.duration * stream.time_base) * self.fps))
            if container.duration and self.fps:
                return self._count_to_last(container) or max(1, round(container.duration / av.time_base * self.fps))
            return stream.frames or None

    def _count_to_last(self, container: av.container.InputContainer) -> int | None:
        """Frames up to the picture's end, which may come before the end that the file states for picture and sound.

        None where that is not known, or where neither reaches the stated end: the file breaks off.
        """
        if self.begin is None:
            return None
        stream, stated, last, reached = container.streams.video[0], container.duration / av.time_base, None, 0.0
        try:
            container.seek(int(stated / stream.time_base), stream=stream, backward=True)
            for packet in container.demux():
                if packet.pts is not None:
                    time = packet.pts * packet.time_base
                    reached = max(reached, time + (packet.duration or 0) * packet.time_base)
                    last = max(last or time, time) if packet.stream_index == stream.index else last
        except (av.FFmpegError, OSError):
            return None
        return round(self.steps(last)) + 1 if last is not None and reached >= stated - SHORT_S else None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of all frames as they are seen, in square pixels: of the first one."""
        return self._opening[1]

    @cached_property
    def _length(self) -> int:
        return 1 + max(number for number, _ in self.numbered())

    def __len__(self) -> int:
        """How many frames there are; each is decoded for that, once."""
        return self._length

    def expected_length(self) -> int:
        """How many frames there are if all can be decoded: quickly, from the times of the packets."""
        if self.begin is not None and len(self._packet_numbers[1]):
            return int(self._packet_numbers[1][-1]) + 1
        with self.open() as container:
            return sum(1 for packet in container.demux(video=0) if packet.size)

    def frames(self, indices: Iterable[int] | None = None) -> Iterator[np.ndarray]:
        """Yield frames (H, W, 3) uint8 RGB in time order.

        Args:
            indices: Numbers of frames, sorted, repeats allowed; all of them when None.

        Raises:
            ClipError: A frame does not exist, or nothing can be decoded.
        """
        wanted = None if indices is None else list(indices)
        if wanted is None:
            self.refuse_wild_times()
        if wanted and wanted[0] < 0:
            raise self._no_frame(wanted[0])
        given, shown, pixels, converter = 0, None, None, VideoReformatter()
        for _, frame in self.pick(count() if wanted is None else wanted):
            if frame is not shown:
                shown, pixels = frame, self.pixels(frame, converter)
            yield pixels
            given += 1
        if wanted is not None and given < len(wanted):
            raise self._no_frame(wanted[given])

    def pixels(self, frame: av.VideoFrame, converter: VideoReformatter, colours: str = "rgb24") -> np.ndarray:
        """(H, W, 3) uint8 of a decoded frame as it is seen; `colours` is FFmpeg's name of a pixel format."""
        return upright(frame, converter, self._ratio, self.size, colours)

    def pick(self, numbers: Iterable[int]) -> Iterator[tuple[int, av.VideoFrame]]:
        """The frames of some numbers, before they become pixels; ends where the file ends.

        Args:
            numbers: Sorted, from 0 on, repeats allowed.

        Yields:
            (number, frame); the same frame again where the file has none of its own for a number.
        """
        wanted = iter(numbers)
        number = next(wanted, None)
        if number is None:
            return
        shown = None
        for at, frame in self.numbered(number):
            while number is not None and number < at:
                yield number, shown
                number = next(wanted, None)
            shown = frame
            while number == at:
                yield number, shown
                number = next(wanted, None)
            if number is None:
                return

    def numbered(self, first: int = 0) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode from shortly before frame `first` to the end, or with a warning to where the file breaks.

        Yields:
            (number, frame); numbers rise, by more than one where the file has a gap.

        Raises:
            ClipError: Nothing can be decoded.
        """
        if first > 0 and self.begin is not None:
            late = iter(_Pass(self, first))
            opening = next(late, None)
            if opening is not None and opening[0] <= first:  # else the file cannot be sought in
                yield opening
                yield from late
                return
        yield from _Pass(self)

    def open(self) -> av.container.InputContainer:
        """Open the container anew.

        Raises:
            ClipError: It is no video, or a file that only names others.
        """
        try:
            held = isinstance(self.source, bytes)
            # An absolute path: "12:30.mp4" alone would name a protocol "12".
            source = io.BytesIO(self.source) if held else os.path.abspath(self.source)
            container = av.open(source, container_options=ITSELF_ONLY)
        except av.ArgumentError as error:  # FFmpeg's answer to a format that is not in the list
            message = f"{self.name}: not a video file that is read here"
            advice = "playlists and other files that name further files are never followed: give the video itself"
            raise ClipError(message, ClipFault.UNREADABLE, advice) from error
        except (av.FFmpegError, OSError) as error:
            raise ClipError(f"{self.name}: not a readable video ({error})", ClipFault.UNREADABLE) from error
        if not container.streams.video:
            container.close()
            raise ClipError(f"{self.name}: holds no video stream", ClipFault.UNREADABLE)
        return container

    def _no_frame(self, number: int) -> ClipError:
        message = f"{self.name}: frame {number} does not exist, the video has {len(self)} frames"
        return ClipError(message, ClipFault.NO_SUCH_FRAME)

    @cached_property
    def _opening(self) -> tuple[Fraction | None, tuple[int, int]]:
        """`begin` and `size`."""
        with self.open() as container:
            frames = _Pass(self).decode(container)
            frame = next(frames, None)
            if frame is None:
                raise ClipError(f"{self.name}: the video holds no readable frame", ClipFault.EMPTY)
            timed = self.fps is not None and frame.pts is not None and frame.time_base is not None
            if timed and container.format.name == "avi":
                # AVI keeps when a packet is decoded, not when its frame is shown: with B-frames of H.264 they differ.
                times = [frame.pts, *(each.pts for each in islice(frames, PROBED_FRAMES))]
                timed = all(a is not None and b is not None and a < b for a, b in pairwise(times))
            size = upright(frame, VideoReformatter(), self._ratio).shape[1::-1]
            return frame.pts * frame.time_base if timed else None, size

    @cached_property
    def _ratio(self) -> float:
        with self.open() as container:
            return pixel_ratio(container.streams.video[0])

    @property
    def begin(self) -> Fraction | None:
        """Time of the first frame in seconds; None where rate or usable times are missing, and frames are counted."""
        return self._opening[0]

    @cached_property
    def late(self) -> float:
        """Seconds after which a player shows the first frame, where something else in the file begins before it."""
        with self.open() as container:
            if self.begin is None or container.start_time is None:
                return 0.0
            return max(0.0, float(self.begin) - container.start_time / av.time_base)

    def holds(self, first: int, stop: int) -> bool:
        """Whether there are frames from number `first` to before `stop`; nothing is decoded."""
        if self.begin is None:
            return True
        numbers = self._packet_numbers[1]
        return int(np.searchsorted(numbers, first)) < int(np.searchsorted(numbers, stop))

    @property
    def longest_gap(self) -> tuple[int, int]:
        """Numbers of the two neighbouring frames with the longest gap between them; nothing is decoded."""
        numbers = np.zeros(1, np.int64) if self.begin is None else self._packet_numbers[1]
        place = int(np.argmax(np.diff(numbers, append=numbers[-1:] + 1)))
        return int(numbers[place]), int(numbers[min(place + 1, len(numbers) - 1)])

    def refuse_wild_times(self) -> None:
        """Refuse a file whose time stamps span far more than its frames fill: they are damaged.

        Raises:
            ClipError: There are fewer frames than minutes.
        """
        minutes = (self.stated_count or 0) / (self.fps or 1) / 60
        if minutes > LONG_MIN and self.begin is not None and (frames := len(self._packet_numbers[0])) < minutes:
            message = (
                f"{self.name}: its {frames} frames have time stamps over {minutes / 60:.0f} hours: they are damaged"
            )
            advice = "write the file anew with constant times, such as `ffmpeg -i IN -vf setpts=N/30/TB -r 30 OUT`"
            raise ClipError(message, ClipFault.UNREADABLE, advice)

    def steps(self, time: Fraction) -> float:
        """Steps of 1 / fps from the first frame to a time in seconds."""
        return float(time - self.begin) * self.fps

    def number_before(self, time: int) -> int | None:
        """Number of the last frame before a time in the file's own unit, None for the first frame."""
        times, numbers = self._packet_numbers
        place = int(np.searchsorted(times, time))
        return int(numbers[place - 1]) if place else None

    @cached_property
    def _packet_numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Times of all frames in the file's own unit, rising, and their numbers; read from packets, nothing is decoded.

        A number depends on all frames before it, so a pass that starts in the middle looks up where it stands.
        """
        with self.open() as container:
            unit = container.streams.video[0].time_base
            first, times = self.begin / unit, []
            try:
                for packet in container.demux(video=0):
                    if packet.pts is not None and packet.pts >= first and not packet.is_discard:
                        times.append(packet.pts)
            except (av.FFmpegError, OSError):
                pass  # the rest is lost; decoding says so
        times.sort()
        numbers, at = np.zeros(len(times), np.int64), None
        for place, time in enumerate(times):
            at = numbers[place] = _next_number(at, self.steps(time * unit))
        return np.array(times), numbers


class _Pass:
    """One pass through a file, which decodes all that can be decoded.

    Args:
        file: The file.
        first: Number of the first frame wanted; decoding starts some time before it.
    """

    def __init__(self, file: VideoFile, first: int = 0) -> None:
        self.file, self.first = file, first
        self.at: int | None = None  # number of the last decoded frame

    def __iter__(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames and their numbers; a frame whose number is taken is left out."""
        with self._open() as container:
            if self.first and not self._seek(container):
                return
            for frame in self.decode(container):
                number = self._number(frame)
                if self.at is None or number > self.at:
                    self.at = number
                    yield number, frame
        if self.at is None:
            if self.first:  # nothing can be decoded from there on
                return
            raise ClipError(f"{self.file.name}: the video holds no readable frame", ClipFault.EMPTY)
        stated, fps = self.file.stated_count, self.file.fps
        if stated and fps and stated - 1 - self.at > SHORT_S * fps:
            self._warn(f"the video breaks off after frame {self.at}, the file states {stated} frames")

    def decode(self, container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
        """Every frame that can be decoded, with a warning that names the first one that cannot."""
        bad, packets = 0, container.demux(video=0)
        while bad < BAD_PACKETS:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                self._open().close()
                self._warn(f"the video breaks off after {self._place} ({error})")
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                bad += 1
                if bad == 1:
                    self._warn(f"what follows {self._place} cannot be decoded ({error})")
                continue
            bad = 0 if frames else bad
            yield from frames

    def _open(self) -> av.container.InputContainer:
        """Open the file.

        Raises:
            ClipError: It is no video; or it was one, and its drive has gone since: a broken file has an end, this not.
        """
        try:
            return self.file.open()
        except ClipError as error:
            if self.at is None and not self.first:
                raise
            message = f"{self.file.name}: the file cannot be read any more, from frame {self.at or self.first} on"
            raise ClipError(message, error.code, "read it again when it is back") from error

    def _seek(self, container: av.container.InputContainer) -> bool:
        """Go to a key frame before the first frame wanted; False where the file does not allow it."""
        stream = container.streams.video[0]
        seconds = max(0.0, self.first / self.file.fps - SEEK_MARGIN_S) + float(self.file.begin)
        try:
            container.seek(int(seconds / stream.time_base), stream=stream, backward=True)
        except (av.FFmpegError, OSError):
            return False
        return True

    def _number(self, frame: av.VideoFrame) -> int:
        if self.file.begin is None or frame.pts is None:
            return 0 if self.at is None else self.at + 1
        if self.at is None and self.first:
            self.at = self.file.number_before(frame.pts)
        return _next_number(self.at, self.file.steps(frame.pts * frame.time_base))

    @property
    def _place(self) -> str:
        return "its beginning" if self.at is None else f"frame {self.at}"

    def _warn(self, text: str) -> None:
        warnings.warn(f"{self.file.name}: {text}; what was read before stays usable", stacklevel=2)


def _next_number(at: int | None, steps: float) -> int:
    """Number of the frame after `at` that stands at `steps`: the next one, unless it stands too far from there.

    `at` itself where that number is taken.
    """
    if at is None:
        return round(steps)
    return at + 1 if abs(steps - (at + 1)) <= SLACK else max(at, round(steps))
