"""How many frames a second a video file has: as it says, unless its times tell otherwise.

    with av.open("lecture.mp4") as container:
        rate_of(container)  # 29.97

Tested in tests/processing_aullm/test_video_file_aullm.py.
"""

from itertools import islice

import av
import numpy as np

LIKELY_FPS = (1.0, 1000.0)
PROBED = 60  # packets whose times say how fast a file really runs
FASTER, SLOWER = 1.05, 0.8  # the stated rate is not believed where the measured one is that many times it


def rate_of(container: av.container.InputContainer) -> float | None:
    """Frames per second: as stated, unless the times of the first packets tell otherwise.

    Where frames are missing the stated rate is an average below the true one; some recorders state the steps of their
    clock instead.
    """
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
    usual = steps[np.abs(steps - np.median(steps)) <= 1].mean()  # 300 frames a second are steps of 3, 3 and 4 ms
    measured = 1 / (float(usual) * float(stream.time_base))
    if stated and SLOWER <= measured / stated <= FASTER:
        return stated
    return measured if LIKELY_FPS[0] <= measured <= LIKELY_FPS[1] else stated
