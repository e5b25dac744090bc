"""How well a face is seen: what a reader of the results should be told before any of them.

    view_faults(chunk)  # ["small", "dark"]

The codes are stable; a page says them in its own words.
"""

from typing import Literal, get_args

import cv2
import numpy as np

from .stream_aullm import FaceChunk

ViewFault = Literal["small", "tilted", "turned", "dark", "blurred"]
VIEW_FAULTS: tuple[ViewFault, ...] = get_args(ViewFault)

SMALL_PX = 80  # width of the face in the frame: half a pixel of the crop is then a fifth of one of the frame
TILTED_DEGREES = 45  # from upright; landmarks were made for upright faces
TURNED_DEGREES = 25  # of yaw, by landmarks: half of the face is then seen too slantwise
DARK_LEVEL = 40  # grey level of the skin: below it sensor noise is larger than what moves
BLURRED_LEVEL = 1.2  # grey levels of the finest texture that motion is measured on
TEXTURE_SIGMA = 1.2  # px, as in the model's displacement field: finer than that is noise
LOOKS = 8  # crops that are looked at
SKIN = (0.25, 0.9), (0.18, 0.82)  # edges of rows and of columns of the crop that show the face


def view_faults(chunk: FaceChunk) -> list[ViewFault]:
    """What speaks against reading this face, in the order of `VIEW_FAULTS`; empty where nothing does.

    Source: our choice. The limits were looked at on rendered faces made smaller, darker and more blurred
        (docs/video.md, "How well the face is seen").
    """
    some = chunk.crops[:: max(1, len(chunk) // LOOKS)]
    yaw, _, roll = np.median(np.abs(chunk.pose), axis=0)
    seen = {
        "small": np.median(chunk.boxes[:, 2] - chunk.boxes[:, 0]) < SMALL_PX,
        "tilted": roll > TILTED_DEGREES,
        "turned": yaw > TURNED_DEGREES,
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
