"""Eye openness, frame by frame, and blinks: short dips of it.

    openness = eye_openness(landmarks.points)
    find_blinks(chunk.eye_openness, fps)  # [(onset, apex, offset), ...]

A blink is not reported as an action unit, so that it is not mistaken for AU43 or AU7.
"""

import cv2
import numpy as np

CORNERS = ((33, 133), (362, 263))  # of the subject's right and left eye, in FaceMesh's points
LIDS = (((160, 144), (159, 145), (158, 153)), ((385, 380), (386, 374), (387, 373)))  # upper and lower lid
DEPTH = 0.15  # of the open eye: a shallower dip is no blink
EDGE = 0.3  # of a dip's depth, where it begins and ends
MAX_BLINK_S = 0.6  # a longer closing is no blink: eyes that look down, or sleep
AROUND_S = 1.5  # each way, where the open eye is looked for
OPEN_QUANTILE = 0.75


def eye_openness(points: np.ndarray) -> float:
    """Height of the eyes' openings over their width, about 0.3 open and 0.1 shut; both eyes by width.

    Args:
        points: (468, 2) landmarks, in any pixels.

    Source: Soukupova and Cech, "Real-time eye blink detection using facial landmarks", 2016; the three pairs of points
        and the weighting are our choice.
    """
    heights = sum(np.hypot(*(points[up] - points[down])) / 3 for eye in LIDS for up, down in eye)
    widths = sum(np.hypot(*(points[outer] - points[inner])) for outer, inner in CORNERS)
    return float(heights / max(widths, 1e-6))


class EyeWatch:
    """Detects from grey values whether the eyes have changed since landmarks were last read.

    Args:
        crop: (S, S) uint8 in which landmarks were read.
        points: (468, 2) of them, in its pixels.
    """

    SHAPE = (12, 6)  # cells across and down that an eye is averaged to
    CHANGED = 5.0  # grey levels, mean over the cells

    def __init__(self, crop: np.ndarray, points: np.ndarray) -> None:
        self.windows = [_eye_window(points[[*corners, *sum(lids, ())]], crop.shape[0]) for corners, lids in _EYES]
        self.reference = self._averaged(crop)

    def changed(self, crop: np.ndarray) -> bool:
        """Whether landmarks should be read again."""
        return bool(np.abs(self._averaged(crop) - self.reference).mean(-1).mean(-1).max() > self.CHANGED)

    def _averaged(self, crop: np.ndarray) -> np.ndarray:
        return np.stack([cv2.resize(crop[w], self.SHAPE, interpolation=cv2.INTER_AREA) for w in self.windows]).astype(
            np.float32
        )


_EYES = tuple(zip(CORNERS, LIDS, strict=True))


def _eye_window(points: np.ndarray, size: int) -> tuple[slice, slice]:
    low, high = points.min(0), points.max(0)
    width = high[0] - low[0]
    middle = (low + high) / 2
    half = np.array([0.5 * width, 0.25 * width])
    left, top = np.clip(np.floor(middle - half), 0, size - 8).astype(int)
    right, bottom = np.clip(np.ceil(middle + half), (left + 8, top + 8), size).astype(int)
    return slice(top, bottom), slice(left, right)


def find_blinks(openness: np.ndarray, fps: float) -> list[tuple[int, int, int]]:
    """Blinks in a series of eye openness.

    Args:
        openness: (n,) as `eye_openness` gives it, one a frame; NaN where it is not known.
        fps: Frames per second.

    Returns:
        (onset, apex, offset) of each blink as indices into `openness`: the last frame before the lids fall, the most
        closed one, and the first frame after they have risen. A dip that begins or ends outside is not reported.
    """
    values = np.asarray(openness, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 3:
        return []
    values = np.interp(np.arange(len(values)), known, values[known])
    closed = 1 - values / _open_level(values, fps)
    deep = np.concatenate([[False], closed > DEPTH, [False]])
    edges = np.flatnonzero(deep[1:] != deep[:-1])
    blinks = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        apex = int(start + closed[start:stop].argmax())
        found = _extent(closed, apex)
        if found is None or found[1] - found[0] > MAX_BLINK_S * fps or (blinks and found[0] < blinks[-1][1]):
            continue
        blinks.append((found[0], apex, found[1]))
    return blinks


def _open_level(values: np.ndarray, fps: float) -> np.ndarray:
    """(n,) openness of the open eye around each frame."""
    reach = max(1, round(AROUND_S * fps))
    padded = np.pad(values, reach, mode="reflect" if len(values) > reach else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.maximum(np.quantile(around, OPEN_QUANTILE, axis=1), 1e-6)


def _extent(closed: np.ndarray, apex: int) -> tuple[int, int] | None:
    """Frames around a dip's apex where it has not begun and is over; None where one lies outside."""
    shallow = np.flatnonzero(closed < EDGE * closed[apex])
    before, after = shallow[shallow < apex], shallow[shallow > apex]
    return (int(before[-1]), int(after[0])) if len(before) and len(after) else None
