"""How many frames a second a video file has: as it says, unless its times tell otherwise.

with av.open("lecture.mp4") as container:
    rate_of(container)  # 29.97
"""

from collections.abc import Iterator
from itertools import islice

import av
import numpy as np
from av.container import InputContainer

LIKELY_FPS = (1.0, 1000.0)
PLACES = (0.25, 0.5, 0.75, 0.95)  # of the length, from where on times are looked at, too: many films begin slowly
PROBED = 60  # packets from each place whose times say how fast a file really runs
MOST = 0.75  # of the steps of a stretch: by these it is known as slow or fast, a burst of some frames does not count
TICK_S = 0.001  # times are whole milliseconds in many files, whatever unit they are kept in
FASTER, SLOWER = 1.05, 0.8  # the stated rate is not believed where the measured one is that many times it
FASTER_THAN_MEAN = 1.01  # the same where the file runs now slower, now faster: what it states is no more than a mean
COUNTED = "mov"  # FFmpeg's name of the format that lists every frame: what it states is the mean over all of them


def rate_of(container: InputContainer) -> float | None:
    """Frames per second: as stated, unless the times of packets tell otherwise.

    Where frames are missing the stated rate is an average below the true one; some recorders state the steps of their
    clock instead. Phones and cameras film more slowly in the dark: the fastest of some stretches counts, since a rate
    that is too low leaves frames out, and one that is too high repeats some.

    Args:
        container: newly opened; it stands somewhere in the file afterwards.
    """
    stream = container.streams.video[0]
    stated = float(stream.average_rate) if stream.average_rate else None
    if stated and not LIKELY_FPS[0] <= stated <= LIKELY_FPS[1]:
        stated = None
    stretches = [np.diff(np.sort(times)) for times in _stretches(container)]
    stretches = [steps[steps > 0] for steps in stretches if (steps > 0).any()]
    if not stretches:
        return stated
    longer = np.array([np.quantile(steps, MOST) for steps in stretches])
    fastest = zip(stretches, longer <= FASTER * longer.min(), strict=True)
    steps = np.concatenate([each for each, counts in fastest if counts])  # more of them, where times tremble
    tick = max(1, TICK_S / float(stream.time_base))
    usual = steps[np.abs(steps - np.median(steps)) <= tick].mean()  # 300 frames a second are steps of 3, 3 and 4 ms
    measured = 1 / (float(usual) * float(stream.time_base))
    if not LIKELY_FPS[0] <= measured <= LIKELY_FPS[1]:
        return stated
    varies = longer.max() * SLOWER > longer.min()
    slowest = 0.0 if stream.frames and container.format.name.startswith(COUNTED) else SLOWER
    if stated and slowest <= measured / stated <= (FASTER_THAN_MEAN if varies else FASTER):
        return stated
    return measured


def _stretches(container: InputContainer) -> Iterator[list[int]]:
    """Times of `PROBED` packets in the file's own unit, of the first ones and of those behind some places."""
    first = _times(container, PROBED)
    yield first
    if len(first) < PROBED:
        return
    yield from (times for times in _later(container, first[0]) if len(times) > PROBED // 2)


def _later(container: InputContainer, begin: int) -> Iterator[list[int]]:
    """The same behind `PLACES`, where a file's first frame stands at `begin`."""
    stream = container.streams.video[0]
    length = stream.duration or (container.duration and container.duration / av.time_base / stream.time_base)
    try:
        for place in PLACES if length else ():
            container.seek(int(begin + place * length), stream=stream, any_frame=True)
            yield _times(container, PROBED)
    except (av.FFmpegError, OSError):
        length = None
    if not length:  # of a browser's recording, for instance, or one that cannot be sought in: all of it is read
        rest = _times(container)
        starts = [int(place * len(rest)) for place in PLACES]
        yield from (rest[start : start + PROBED] for start in starts)


def _times(container: InputContainer, count: int | None = None) -> list[int]:
    """Times of the next packets with pictures, up to where the file breaks."""
    times = []
    try:
        for packet in islice(container.demux(video=0), count):
            if packet.pts is not None:
                times.append(packet.pts)
    except (av.FFmpegError, OSError):
        pass  # reading itself says where
    return times
