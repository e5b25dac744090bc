"""Films that the page makes: a video with the followed points drawn on it, and what the live camera has sent.

Tested in tests/space_app/test_film.py.
"""

import io
from collections.abc import Callable, Iterable
from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageDraw

WIDEST = 640  # px of a film in the page
TICKS = 1000  # a second
POINT, OUTLINE = (90, 220, 255), (255, 200, 60)  # RGB
QUALITY = {"shown": "24", "kept": "14"}  # of H.264; what is kept is read afterwards, so hardly anything may be lost


def with_points(opened: Callable[[], object]) -> bytes:
    """A video with the points of its faces, and the outline of what is compared, as an MP4.

    Args:
        opened: gives a stream of the processor's `open_stream`, twice of the same video: what follows a face is known
            some seconds after its frames.
    """
    marks: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for chunk in opened():
        side = chunk.crops.shape[-1]
        corners = np.array([[0, 0, 1], [side, 0, 1], [side, side, 1], [0, side, 1]], dtype=float)
        for place in range(chunk.new_from, len(chunk)):
            outline = corners @ np.asarray(chunk.transforms[place]).T
            marks.setdefault(chunk.first + place, []).append((chunk.points[place], outline))
    stream = opened()
    drawn = ((n / stream.fps, _marked(picture, marks.get(n, ()))) for n, picture in stream.pictures())
    return encoded(drawn, QUALITY["shown"])


def _marked(picture: np.ndarray, marks: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """(H', W', 3) uint8: the picture, made smaller where it is wide, with points and outlines."""
    scale = min(1.0, WIDEST / picture.shape[1])
    size = tuple(max(2, 2 * round(scale * side / 2)) for side in picture.shape[1::-1])
    small = Image.fromarray(np.ascontiguousarray(picture)).convert("RGB")
    small = small if small.size == size else small.resize(size, Image.Resampling.BOX)
    pen = ImageDraw.Draw(small)
    for points, outline in marks:
        pen.polygon([tuple(corner) for corner in (scale * outline).tolist()], outline=OUTLINE)
        for x, y in np.rint(scale * points).astype(int).tolist():
            pen.rectangle((x - 1, y - 1, x + 1, y + 1), fill=POINT)
    return np.asarray(small)


def encoded(pictures: Iterable[tuple[float, np.ndarray]], quality: str) -> bytes:
    """An MP4 that browsers play.

    Args:
        pictures: (seconds, (H, W, 3) uint8) with even sides; of another size than the first, or no later than the one
            before, they are left out.
        quality: of H.264, smaller is better.
    """
    content, stream, first, last = io.BytesIO(), None, 0.0, -1
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    options = {"crf": quality, "preset": "veryfast"} if codec == "libx264" else {}
    with av.open(content, "w", format="mp4") as container:
        for seconds, picture in pictures:
            if stream is None:
                first, stream = seconds, container.add_stream(codec, options=options)
                (stream.height, stream.width), stream.pix_fmt = picture.shape[:2], "yuv420p"
                stream.codec_context.time_base = Fraction(1, TICKS)
            now = round(TICKS * (seconds - first))
            if now <= last or picture.shape[:2] != (stream.height, stream.width):
                continue
            frame, last = av.VideoFrame.from_ndarray(picture, format="rgb24"), now
            frame.pts, frame.time_base = now, Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return content.getvalue()
