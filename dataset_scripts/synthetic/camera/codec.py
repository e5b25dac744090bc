"""Inter-frame compression: writing films, and what a film's compression does to pictures."""

import io
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dataset_scripts.whole_files import whole_file

_H264 = ("libx264", "libopenh264", "h264_videotoolbox")


def video_encoder() -> str:
    """The best encoder that this build of PyAV has: an H.264 one, else MPEG-4 part 2."""
    return next((name for name in _H264 if name in av.codecs_available), "mpeg4")


def compress(pictures: list[np.ndarray], h264: int) -> list[np.ndarray]:
    """Send pictures through a film and back.

    Args:
        pictures: (H, W) or (H, W, 3) uint8, in order of time; even sides. h264: constant rate factor.
    Returns:
        The pictures as a viewer of the film sees them. Each depends on itself and on those before it only.
    """
    grey = pictures[0].ndim == 2
    file = io.BytesIO()
    options = {"preset": "veryfast", "tune": "zerolatency", "bf": "0", "threads": "1"}
    _encode(file, pictures, 30, h264, options)
    file.seek(0)
    with av.open(file) as container:
        return list(_decoded(container, colour=not grey))


def write_mp4(
    path: Path, pictures: Iterable[np.ndarray], fps: int | Fraction, crf: int, options: dict[str, str] | None = None
) -> int:
    """Encode pictures one by one; the file appears when it is complete.

    Args:
        path: of the file. pictures: (H, W) or (H, W, 3) uint8. fps: frames a second. crf: quality, smaller is better.
        options: more of x264's; other encoders go without.
    Returns:
        how many pictures there were.
    """
    with whole_file(path) as unfinished:
        return _encode(str(unfinished), pictures, fps, crf, {"preset": "fast"} | (options or {}))


def _encode(target, pictures: Iterable[np.ndarray], fps: int | Fraction, crf: int, options: dict[str, str]) -> int:
    encoder, stream, count = video_encoder(), None, 0
    with av.open(target, "w", format="mp4") as container:
        for picture in pictures:
            if stream is None:
                stream = container.add_stream(encoder, rate=fps, options=_options(encoder, crf, options))
                stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="gray" if picture.ndim == 2 else "rgb24")
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode())
    return count


def _options(encoder: str, crf: int, options: dict[str, str]) -> dict[str, str]:
    if encoder == "libx264":
        return {"crf": str(crf)} | options
    return {"qmin": str(max(1, crf // 2)), "qmax": str(max(1, crf // 2))}


def frames_of(path: str | os.PathLike, colour: bool = True) -> Iterator[np.ndarray]:
    """Decode a film picture by picture: (H, W, 3) or (H, W) uint8."""
    with av.open(str(path)) as container:
        yield from _decoded(container, colour)


def _decoded(container: av.container.InputContainer, colour: bool) -> Iterator[np.ndarray]:
    converter = VideoReformatter()  # one for all frames: making it takes longer than using it
    for frame in container.decode(video=0):
        yield converter.reformat(frame, format="rgb24" if colour else "gray").to_ndarray()
