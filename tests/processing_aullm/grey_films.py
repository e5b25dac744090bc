"""Films whose frames are each of their own grey and stand at any times, so that a test can tell which one it got."""

from fractions import Fraction

import av
import numpy as np

FPS = 25


def write(path, times, options=None, size=(64, 48), container_options=None):
    """A video whose frames, each of its own grey, stand at these times (in steps of 1 / 1000 s); size (W, H)."""
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "1", "g": "10", **(options or {})})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, at in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((*size[::-1], 3), grey(number), np.uint8), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_with_sound(path, times, sound_s):
    """A film as `write` makes, muxed with so many seconds of silence from 0 on: the picture may begin later."""
    film = write(path.with_name(f"picture_{path.stem}.mp4"), times)
    with av.open(str(film)) as picture, av.open(str(path), "w") as container:
        (given,) = picture.streams.video
        seen = container.add_stream_from_template(given)
        heard = container.add_stream("libopus", rate=48000, layout="mono")
        for place in range(round(sound_s * 50)):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
            silence.sample_rate, silence.pts, silence.time_base = 48000, 960 * place, Fraction(1, 48000)
            container.mux(heard.encode(silence))
        container.mux(heard.encode())
        for packet in picture.demux(given):
            if packet.dts is not None:
                packet.stream = seen
                container.mux(packet)
    film.unlink()
    return path


def grey(number):
    return 20 + 4 * (number % 50)


def index_of(pixels):
    """Which of the written frames this is, up to a multiple of 50."""
    return round((float(np.asarray(pixels).mean()) - 20) / 4)


def write_without_times(path, count):
    """A bare stream of pictures, without a container that says when each of them stands."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt, codec.framerate = 64, 48, "yuv420p", FPS
    codec.time_base, codec.options = Fraction(1, FPS), {"crf": "1", "g": "10"}
    frames = [av.VideoFrame.from_ndarray(np.full((48, 64, 3), grey(i), np.uint8), format="rgb24") for i in range(count)]
    for number, frame in enumerate(frames):
        frame.pts = number
    path.write_bytes(b"".join(bytes(packet) for frame in [*frames, None] for packet in codec.encode(frame)))
    return path


def write_of_sizes(path, sizes, count):
    """A WebM as browsers record it when the line is slow or a phone is turned: `count` pictures of each size (W, H)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=FPS)
        (stream.width, stream.height), stream.pix_fmt = sizes[0], "yuv420p"
        for part, (width, height) in enumerate(sizes):
            codec = av.CodecContext.create("libvpx", "w")
            codec.width, codec.height, codec.pix_fmt, codec.framerate = width, height, "yuv420p", FPS
            codec.time_base, codec.bit_rate, codec.options = Fraction(1, FPS), 4_000_000, {"qmin": "0", "qmax": "2"}
            for number in range(part * count, (part + 1) * count):
                pixels = np.full((height, width, 3), grey(number), np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, FPS)
                _mux(container, stream, codec.encode(frame))
            _mux(container, stream, codec.encode(None))
    return path


def _mux(container, stream, packets):
    for packet in packets:
        packet.stream, packet.time_base = stream, Fraction(1, FPS)
        container.mux(packet)
