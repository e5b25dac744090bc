"""How well a face is seen: what a reader of the results should be told before any of them.

    view_faults(chunk.boxes, chunk.transforms, chunk.crops)  # ["small", "dark"]

The codes are stable; a page says them in its own words.
"""

from typing import Literal, get_args

import cv2
import numpy as np

ViewFault = Literal["small", "tilted", "dark", "blurred"]
VIEW_FAULTS: tuple[ViewFault, ...] = get_args(ViewFault)

SMALL_PX = 80  # width of the face in the frame: half a pixel of the crop is then a fifth of one of the frame
TILTED_DEGREES = 45  # from upright; landmarks were made for upright faces
DARK_LEVEL = 40  # grey level of the skin: below it sensor noise is larger than what moves
BLURRED_LEVEL = 1.2  # grey levels of the finest texture that motion is measured on
TEXTURE_SIGMA = 1.2  # px, as in the model's displacement field: finer than that is noise
LOOKS = 8  # crops that are looked at
SKIN = (0.25, 0.9), (0.18, 0.82)  # edges of rows and of columns of the crop that show the face


def view_faults(boxes: np.ndarray, transforms: np.ndarray, crops: np.ndarray) -> list[ViewFault]:
    """What speaks against reading this face, in the order of `VIEW_FAULTS`; empty where nothing does.

    Args:
        boxes: (n, 4) left, top, right, bottom of the face in pixels of the frame.
        transforms: (n, 2, 3) crop pixels to pixels of the frame.
        crops: (n, S, S) uint8 grey.

    Source: our choice. The limits were looked at on rendered faces made smaller, darker and more blurred
        (docs/video.md, "How well the face is seen").
    """
    some = crops[:: max(1, len(crops) // LOOKS)]
    angle = np.degrees(np.arctan2(transforms[:, 1, 0], transforms[:, 0, 0]))
    seen = {
        "small": np.median(boxes[:, 2] - boxes[:, 0]) < SMALL_PX,
        "tilted": np.median(np.abs(angle)) > TILTED_DEGREES,
        "dark": np.median([_face(crop).mean() for crop in some]) < DARK_LEVEL,
        "blurred": np.median([_texture(crop) for crop in some]) < BLURRED_LEVEL,
    }
    return [fault for fault in VIEW_FAULTS if seen[fault]]


def _face(crop: np.ndarray) -> np.ndarray:
    rows, columns = (slice(*(round(edge * crop.shape[0]) for edge in edges)) for edges in SKIN)
    return crop[rows, columns]


def _texture(crop: np.ndarray) -> float:
    """Standard deviation of what a blur of twice the width takes away, in grey levels."""
    fine = cv2.GaussianBlur(_face(crop).astype(np.float32), (0, 0), TEXTURE_SIGMA)
    return float((fine - cv2.GaussianBlur(fine, (0, 0), 2 * TEXTURE_SIGMA)).std())
