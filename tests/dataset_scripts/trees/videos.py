"""Small videos and folders of frames whose pictures tell their number: grey level 20 + 4 a frame, up to frame 55."""

from pathlib import Path

import av
import cv2
import numpy as np

STEP, BASE = 4, 20


def picture(number: int, size: int = 32) -> np.ndarray:
    """(size, size) uint8 with a level that names the frame, brighter on the left."""
    return np.full((size, size), BASE + STEP * number, np.uint8)


def number_of(image) -> int:
    """Which frame a decoded picture is."""
    return round((float(np.asarray(image.convert("L")).mean()) - BASE) / STEP)


def write_video(path: Path, frames: int = 12, fps: int = 25, codec: str = "mpeg4", size: int = 32) -> Path:
    """Encode numbered frames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width = stream.height = size
        stream.pix_fmt, stream.gop_size, stream.bit_rate = "yuv420p", 1, 4_000_000  # every frame stands for itself
        for number in range(frames):
            rgb = np.repeat(picture(number, size)[..., None], 3, axis=-1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_frames(folder: Path, numbers, name: str = "{:03d}.jpg", size: int = 32) -> Path:
    """Write numbered frames as images; the level tells the number in the name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        cv2.imwrite(str(folder / name.format(number)), picture(number % 50, size))
    return folder
