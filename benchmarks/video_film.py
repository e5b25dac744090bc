"""Films for benchmarks/video.py: a rendered take in a 640 x 480 picture, and the same one looped to any length."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from dataset_scripts.whole_files import whole_file

WIDTH, HEIGHT = 640, 480


def widen(source: str | Path, target: Path) -> Path:
    """Put a take into the middle of a 640 x 480 picture, as a camera shows a person: H.264, 30 frames a second."""
    with whole_file(target) as unfinished, av.open(str(source)) as reader:
        rate = reader.streams.video[0].average_rate
        with av.open(str(unfinished), "w", format="mp4") as writer:
            stream = writer.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "fast"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for frame in reader.decode(video=0):
                picture = _wide(frame.to_ndarray(format="rgb24"))
                writer.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            writer.mux(stream.encode())
    return target


def _wide(picture: np.ndarray) -> np.ndarray:
    side = min(WIDTH, HEIGHT)
    picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
    return cv2.copyMakeBorder(picture, top, HEIGHT - side - top, left, WIDTH - side - left, cv2.BORDER_REPLICATE)


def loop(source: Path, target: Path, seconds: float) -> Path:
    """Repeat a film's compressed packets until it is that long; nothing is encoded anew."""
    with av.open(str(source)) as reader:
        stream = reader.streams.video[0]
        step, base = round(1 / (stream.average_rate * stream.time_base)), stream.time_base
        packets = [packet for packet in reader.demux(stream) if packet.dts is not None]
        span = len(packets) * step
        times = [(packet.pts, packet.dts) for packet in packets]
        with whole_file(target) as unfinished, av.open(str(unfinished), "w", format="mp4") as writer:
            copy = writer.add_stream_from_template(stream)
            for turn in range(max(1, round(Fraction(seconds) / (span * base)))):
                for packet, (pts, dts) in zip(packets, times, strict=True):
                    packet.pts, packet.dts, packet.stream = pts + turn * span, dts + turn * span, copy
                    packet.time_base = base
                    writer.mux(packet)
    return target
