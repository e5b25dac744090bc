"""Attention and motion drawn on a clip's original pixels.

    picture = draw_attention(frame, crop_transform, explanation["attentions"]["AU12"], size=224)
    picture = draw_motion(frame, crop_transform, explanation["displacement"][2], size=224, factor=10)

`crop_transforms` take crop pixels to frame pixels, so nothing is drawn on a resized copy.
"""

import cv2
import numpy as np

from .geometry_aullm import apply, compose, invert, scale_of, square_to_image, to_rgb, warp
from .magnify_aullm import face_mask, spread

HALF = 0.5  # share of a unit's attention that the outlined region holds
WARM, LIGHT, DARK = (255, 140, 0), (255, 255, 255), (20, 24, 30)
SLOW, FAST = np.array([60, 220, 255.0]), np.array([255, 60, 90.0])  # arrows of short and of long movements
ARROWS = 15  # rows and columns of arrows on the crop
MIN_MOVE = 0.25  # px at a 224-px crop; below it an arrow would show noise
FULL_MOVE = 1.5  # px at a 224-px crop; from here on an arrow has the colour of a long movement


def draw_attention(frame: np.ndarray, transform: np.ndarray, attention: np.ndarray, size: int) -> np.ndarray:
    """Where one action unit looked: the rest of the picture darkens, the region with half of its attention is outlined.

    Args:
        frame: (H, W, 3) or (H, W) uint8, an original frame.
        transform: (2, 3) of that frame, crop pixels to frame pixels.
        attention: (T', h, w) or (h, w); time is summed.
        size: side of the crop in pixels.

    Returns:
        (H, W, 3) uint8.
    """
    frame = to_rgb(frame)
    heat = _on_frame(_smooth(_over_space(attention), size), transform, frame)
    heat = np.sqrt(heat / max(float(heat.max()), 1e-9))[..., None]
    lit = frame * (0.55 + 0.45 * heat)
    lit = lit + 0.35 * heat * (np.array(WARM, np.float32) - lit)
    picture = np.clip(lit, 0, 255).astype(np.uint8)
    inside = _on_frame(_smooth(attended_region(attention).astype(np.float32), size), transform, frame) > 0.5
    outline, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    width = _line_width(transform, size)
    for colour, extra in ((DARK, 2 * width), (LIGHT, 0)):
        cv2.drawContours(picture, outline, -1, colour, width + extra, cv2.LINE_AA)
    return picture


def attended_region(attention: np.ndarray, share: float = HALF) -> np.ndarray:
    """The fewest cells that together hold a share of a unit's attention.

    Args:
        attention: (T', h, w) or (h, w); time is summed.
        share: above 0 and up to 1.

    Returns:
        (h, w) bool.

    Raises:
        ValueError: a share that is none.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share={share} must be above 0 and at most 1")
    cells = _over_space(attention)
    order = np.argsort(-cells, axis=None, kind="stable")
    held = np.cumsum(cells.ravel()[order]) / cells.sum()
    region = np.zeros(cells.size, bool)
    region[order[: int(np.searchsorted(held, share - 1e-6)) + 1]] = True
    return region.reshape(cells.shape)


def draw_motion(
    frame: np.ndarray, transform: np.ndarray, field: np.ndarray, size: int, factor: float | None = None
) -> np.ndarray:
    """What moved: an arrow from where the skin was at the onset, `factor` times as long as the way it went.

    Args:
        frame: (H, W, 3) or (H, W) uint8, the original frame that the field leads to.
        transform: (2, 3) of that frame, crop pixels to frame pixels.
        field: (2, h, w), one step of `displacement`, right and down in crop pixels.
        size: side of the crop in pixels.
        factor: how many times longer than the movement the arrows are; written on the picture. None takes 10, or less
            where arrows would become longer than a tenth of the crop.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: a factor that is not above zero.
    """
    if factor is not None and not factor > 0:
        raise ValueError(f"factor={factor} must be above zero")
    picture, unit = np.ascontiguousarray(to_rgb(frame)).copy(), size / 224
    motion = spread(field, size)
    factor = factor or float(np.clip(size / 10 // max(float(np.hypot(*motion.T).max()), 1e-6), 1, 10))
    places = ((np.arange(ARROWS) + 0.5) * size / ARROWS).astype(int)
    width = _line_width(transform, size)
    arrows = [((x, y), motion[y, x]) for y in places for x in places]
    arrows = [arrow for arrow in arrows if np.hypot(*arrow[1]) >= MIN_MOVE * unit]
    for place, move in sorted(arrows, key=lambda arrow: np.hypot(*arrow[1])):
        ends = apply(transform, np.array([place, place + factor * move]))
        _arrow(picture, *ends, _colour(np.hypot(*move) / unit), width)
    _legend(picture, f"arrows {factor:g}x longer than the movement", width)
    return picture


def _over_space(attention: np.ndarray) -> np.ndarray:
    """(T', h, w) or (h, w) -> (h, w)."""
    return attention.sum(0) if attention.ndim == 3 else attention


def _smooth(cells: np.ndarray, size: int) -> np.ndarray:
    """(h, w) cells as (size, size) crop pixels, fading out towards the crop's edge."""
    dense = cv2.resize(np.ascontiguousarray(cells, np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    return dense.clip(0) * face_mask(size)


def _on_frame(image: np.ndarray, transform: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """A crop-sized image where it lies on a frame, 0 around it: (S, S) -> (H, W)."""
    matrix = np.asarray(transform, np.float64)
    return cv2.warpAffine(image, matrix, frame.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _line_width(transform: np.ndarray, size: int) -> int:
    """Lines that fit the face as it stands in the frame: 1 px for a face of 200 px, 3 px for one of 600."""
    return max(1, round(scale_of(np.asarray(transform)) * size / 200))


def _colour(moved: float) -> tuple[int, int, int]:
    """From the colour of short to that of long movements, by px at a 224-px crop."""
    share = min(moved / FULL_MOVE, 1.0)
    return tuple(int(value) for value in (1 - share) * SLOW + share * FAST)


def _arrow(picture: np.ndarray, start: np.ndarray, end: np.ndarray, colour: tuple[int, int, int], width: int) -> None:
    """An arrow with a dark rim, so that it is seen on any skin. Ends are placed to a sixteenth of a pixel."""
    length = float(np.hypot(*(end - start)))
    along = (end - start) / max(length, 1e-9)
    head = min(0.6 * length, 5.5 * width)
    side = 0.55 * head * np.array([-along[1], along[0]])
    tip = [end, end - head * along + side, end - head * along - side]
    fixed = [tuple(round(16 * float(value)) for value in point) for point in (start, end - 0.7 * head * along)]
    corners = np.rint(16 * np.array(tip)).astype(np.int32)
    for paint, thick in ((DARK, width + 2 * max(1, width // 2)), (colour, width)):
        cv2.line(picture, *fixed, paint, thick, cv2.LINE_AA, shift=4)
        cv2.polylines(picture, [corners], True, paint, max(1, thick - width), cv2.LINE_AA, shift=4)
        cv2.fillConvexPoly(picture, corners, paint, cv2.LINE_AA, shift=4)


def _legend(picture: np.ndarray, text: str, width: int) -> None:
    """A line of text in the lower left corner, no wider than the picture."""
    scale, font = 0.45 * max(width, 1), cv2.FONT_HERSHEY_SIMPLEX
    (long, high), below = cv2.getTextSize(text, font, scale, max(1, width))
    scale *= min(1.0, 0.94 * picture.shape[1] / max(long, 1))
    (long, high), below = cv2.getTextSize(text, font, scale, max(1, width))
    left, bottom = high // 2, picture.shape[0] - high // 2 - below
    cv2.rectangle(picture, (0, bottom - high - high // 2), (long + high, picture.shape[0]), DARK, -1)
    cv2.putText(picture, text, (left, bottom), font, scale, LIGHT, max(1, width), cv2.LINE_AA)


def close_up(
    frames: np.ndarray, transforms: np.ndarray, size: int, side: int = 640, margin: float = 0.15
) -> tuple[np.ndarray, np.ndarray]:
    """The face cut out of every frame with some room around it, the same cut for all: head movements stay visible.

    Args:
        frames: (T, H, W, 3) or (T, H, W) uint8.
        transforms: (T, 2, 3), crop pixels to frame pixels.
        size: side of the crop.
        side: of the pictures that come back.
        margin: room around the crop, as a part of its side.

    Returns:
        (T, side, side, 3) uint8 and their transforms (T, 2, 3), which all functions here take as they take the
        originals.
    """
    center = apply(transforms[0], np.full(2, (size - 1) / 2))
    reach = scale_of(transforms[0]) * size * (1 + 2 * margin)
    cut = square_to_image(center, reach, 0.0, side)
    back = invert(cut)
    pictures = [warp(to_rgb(frame), cut, side) for frame in frames]
    return np.stack(pictures), np.stack([compose(back, np.asarray(matrix)) for matrix in transforms])
