"""A decoded frame as pixels: turned as it was filmed, and as large as the first one of its video.

    converter = VideoReformatter()
    pixels = upright(frame, converter, file.size)  # (H, W, 3) uint8

Tested in tests/processing_aullm/test_video_file_aullm.py.
"""

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter


def upright(
    frame: av.VideoFrame, converter: VideoReformatter, size: tuple[int, int] | None = None, colours: str = "rgb24"
) -> np.ndarray:
    """Pixels of a decoded frame as they are meant to be seen: phones turn a video by a note in the file.

    Args:
        frame: (H, W) as decoded.
        converter: one for all frames of a video: making it takes longer than using it.
        size: (width, height) of the video's first frame, which all are given, since a face is followed in pixels;
            browsers change the size within a file, by the line or when a phone is turned. None: the frame's own.
        colours: FFmpeg's name of a pixel format.
    """
    quarters = round(frame.rotation / 90)
    pixels = converter.reformat(frame, format=colours).to_ndarray()
    pixels = np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels
    return pixels if size in (None, pixels.shape[1::-1]) else _fitted(pixels, size)


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
