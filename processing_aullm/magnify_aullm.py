"""Movements too small to see, made larger: a clip's own pixels, pushed further along the way they went.

    larger = magnify_motion(frames, crop_transforms, displacement, size=224, factor=8)

Every frame is warped once by the displacement that was measured for it, so light, colour and texture stay the frame's
own, and factor 1 gives the very same pixels.
"""

import math

import cv2
import numpy as np

NOISE = 0.12  # px at a 224-px crop: what alignment and measurement leave on a still face (docs/faces.md)
FACE_CENTER = (0.5, 0.53)  # of the crop's side
FACE_RADII = (0.44, 0.56)  # half axes of the ellipse outside of which hair and background are left as they are
FADE = 0.22  # of the ellipse's radius: how softly it ends
MAX_STRETCH = 1.8  # (factor - 1) times the steepest change between pixels; skin is stretched by e to this power at most
FIRST_STEP = 0.25  # px; a flow is put together from steps no longer than this


def magnify_motion(
    frames: np.ndarray, transforms: np.ndarray, displacement: np.ndarray, size: int, factor: float
) -> np.ndarray:
    """Frames of a clip in which the face moves `factor` times as far from its onset.

    Args:
        frames: (T, H, W, 3) or (T, H, W) uint8, the original frames that were sampled; frame 0 is the onset.
        transforms: (T, 2, 3), crop pixels to frame pixels.
        displacement: (T - 1, 2, h, w), how far each cell has gone since frame 0, right and down, in crop pixels.
        size: side of the crop in pixels.
        factor: 1 shows the frames as they are, 0 holds the face still, 8 moves it eight times as far, or less far
            where it would push skin over other skin. Taken down to `largest_factor` where that is less.

    Returns:
        Frames of the same shape and type; frame 0 and all that lies outside of the face are unchanged.

    Raises:
        ValueError: counts do not fit one another, or a negative factor.

    Source: our choice. Like Lagrangian motion magnification (Liu et al., SIGGRAPH 2005), but with the field that the
        model reads, and as a flow.
    """
    if not len(frames) == len(transforms) == len(displacement) + 1:
        counts = f"{len(frames)} frames, {len(transforms)} transforms, {len(displacement)} fields"
        raise ValueError(f"{counts}: give as many transforms as frames, and a field for each frame but the onset")
    if not factor >= 0:
        raise ValueError(f"factor={factor} must be 0 or more")
    factor = min(factor, largest_factor(displacement, size))
    larger = [frames[0].copy()]
    for frame, matrix, field in zip(frames[1:], transforms[1:], displacement, strict=True):
        way = flow(spread(field, size), factor - 1)
        larger.append(_fetched(frame, np.asarray(matrix, np.float64), way))
    return np.stack(larger)


def largest_factor(displacement: np.ndarray, size: int) -> float:
    """The largest factor at which a clip still looks like a face: 15 or more for micro-movements, 2 or 3 for a smile.

    Args:
        displacement: (T - 1, 2, h, w) in crop pixels.
        size: side of the crop.

    Returns:
        At least 1.
    """
    motion = np.stack([spread(field, size) for field in displacement])
    steepest = max(float(np.abs(np.diff(motion, axis=axis)).max()) for axis in (1, 2))
    return 1 + MAX_STRETCH / max(steepest, 1e-3)


def spread(field: np.ndarray, size: int) -> np.ndarray:
    """A field of cells as one vector a crop pixel, calm where only noise was measured and outside of the face.

    Args:
        field: (2, h, w) in crop pixels.
        size: side of the crop.

    Returns:
        (size, size, 2) float32.
    """
    noise = NOISE * size / 224
    length = np.hypot(*field)
    calm = field * (length**2 / (length**2 + noise**2))
    cells = np.ascontiguousarray(calm.transpose(1, 2, 0), np.float32)
    dense = cv2.resize(cv2.medianBlur(cells, 3), (size, size), interpolation=cv2.INTER_CUBIC)
    return dense * face_mask(size)[..., None]


def face_mask(size: int) -> np.ndarray:
    """(size, size) float32: 1 on the face of a registered crop, fading to 0 around it."""
    place = (np.arange(size, dtype=np.float32) + 0.5) / size
    across, down = (place - FACE_CENTER[0]) / FACE_RADII[0], (place - FACE_CENTER[1]) / FACE_RADII[1]
    inside = np.clip((1 - np.hypot(across[None], down[:, None])) / FADE, 0, 1)
    edge = np.clip(np.minimum(place, 1 - place) / 0.06, 0, 1)
    return inside * inside * (3 - 2 * inside) * np.minimum(edge[None], edge[:, None])


def flow(motion: np.ndarray, times: float) -> np.ndarray:
    """Where each pixel comes from when everything flows along a motion for a while.

    A flow never folds skin over itself, however long it lasts.

    Args:
        motion: (S, S, 2) pixels in one unit of time.
        times: units of time; negative ones flow backwards.

    Returns:
        (S, S, 2), the way from each pixel back to where it was.

    Source: the exponential of a velocity field by scaling and squaring (Arsigny et al., MICCAI 2006).
    """
    size = len(motion)
    x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    longest = abs(times) * float(np.abs(motion).max())
    halvings = max(0, math.ceil(math.log2(max(longest / FIRST_STEP, 1))))
    way = (-times / 2**halvings * motion).astype(np.float32)
    for _ in range(halvings):
        way = way + cv2.remap(way, x + way[..., 0], y + way[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return way


def _fetched(frame: np.ndarray, matrix: np.ndarray, way: np.ndarray) -> np.ndarray:
    """One original frame, each pixel of its face fetched from where a way (S, S, 2) in crop pixels leads."""
    height, width = frame.shape[:2]
    way = (way @ matrix[:, :2].T).astype(np.float32)  # in frame pixels
    way = cv2.warpAffine(way, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(frame, x + way[..., 0], y + way[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
