"""A decoded frame as pixels: square ones, turned as it was filmed, and as large as the first one of its video.

    converter = VideoReformatter()
    pixels = upright(frame, converter, pixel_ratio(stream), file.size)  # (H, W, 3) uint8

Tested in tests/processing_aullm/test_video_file_aullm.py.
"""

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

SQUARE = 0.01  # so near to 1 the ratio of a pixel's sides is an encoder's rounding
LIKELY_RATIO = (0.25, 4.0)  # another one is damage


def pixel_ratio(stream: av.VideoStream) -> float:
    """A pixel's width over its height: camcorders and recorders of television store what is squeezed."""
    ratio = float(stream.sample_aspect_ratio or 1)
    return ratio if abs(ratio - 1) > SQUARE and LIKELY_RATIO[0] <= ratio <= LIKELY_RATIO[1] else 1.0


def upright(
    frame: av.VideoFrame,
    converter: VideoReformatter,
    ratio: float = 1.0,
    size: tuple[int, int] | None = None,
    colours: str = "rgb24",
) -> np.ndarray:
    """Pixels of a decoded frame as they are meant to be seen: phones turn a video by a note in the file.

    Args:
        frame: (H, W) as decoded.
        converter: one for all frames of a video: making it takes longer than using it.
        ratio: of `pixel_ratio`: the shorter side of a pixel is stretched to the longer one, so that nothing is lost.
        size: (width, height) of the video's first frame, which all are given, since a face is followed in pixels;
            browsers change the size within a file, by the line or when a phone is turned. None: the frame's own.
        colours: FFmpeg's name of a pixel format.
    """
    quarters = round(frame.rotation / 90)
    width = _even(frame.width * ratio) if ratio > 1 else frame.width
    height = _even(frame.height / ratio) if ratio < 1 else frame.height
    pixels = converter.reformat(frame, width, height, colours).to_ndarray()
    pixels = np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels
    return pixels if size in (None, pixels.shape[1::-1]) else _fitted(pixels, size)


def _even(side: float) -> int:
    return 2 * round(side / 2)  # films are written with even sides only


def _fitted(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture as a player shows it in a window of (width, height): as large as fits, in the middle of black."""
    height, width = pixels.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner = max(1, round(scale * width)), max(1, round(scale * height))
    left, top = ((outer - side) // 2 for outer, side in zip(size, inner, strict=True))
    shown = np.zeros((*size[::-1], *pixels.shape[2:]), np.uint8)
    smaller = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown[top : top + inner[1], left : left + inner[0]] = cv2.resize(pixels, inner, interpolation=smaller)
    return shown
