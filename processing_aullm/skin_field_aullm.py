"""A coarse displacement field of the skin for every frame, at low cost.

    field = SkinField(reference_crop)
    traces = np.stack([field.follow(crop) for crop in crops])  # (n, CELLS, CELLS, 2) px of a 224-px crop

The difference of two frames' fields is the movement between them, so a window costs one subtraction. The model's own
field is finer and several times as expensive: it is measured only where this one shows movement.
"""

import cv2
import numpy as np

REFERENCE_SIZE = 224  # px; displacements are given in pixels of a crop of this size
WORK_SIZE = 112  # px of the crops that are compared
CELLS = 14  # a side, of the answer
FINE = 2 * CELLS  # cells a side that are measured
TEXTURE_SIGMA = 0.8  # px of the work size; finer than that is noise
ILLUMINATION = 13  # px of the work size: structures wider than that are illumination, not skin
CONTRAST_FLOOR = 5e-4  # as in the model's field
RIDGE = 0.02  # of the mean gradient energy: a cell without texture then measures no motion
STEP_LIMIT = 1.5  # px of the work size that a pass may move a cell
PASSES = 2
SPREAD = 0.75  # standard deviation, in fine cells, of the final smoothing
EYES_APART, EYE_LINE = 0.391, -0.273  # where eyes stand in a crop whose sides are -1 and 1, as Framing places them
EYE_HALF = (0.22, 0.12)  # of an opening, with the iris in it
EPSILON = 1e-9


class SkinField:
    """Displacement of every cell from a reference crop. Eye openings are excluded, because gaze moves them.

    Args:
        reference: (S, S) uint8, the face at the start of a chunk.

    Attributes:
        texture: (CELLS, CELLS) amount of texture: the smaller eigenvalue of the gradients' structure tensor.

    Source: dense inverse search (Kroeger, Timofte, Dai, Van Gool, ECCV 2016; OpenCV's fastest preset, 0.1 ms) finds
        large movements; then Lucas and Kanade (IJCAI 1981), inverse compositional, one Gaussian window a cell, as in
        displacement_aullm.py, at half its resolution. Every frame is measured from zero: where there is no texture,
        errors carried over from frame to frame would accumulate.
    """

    def __init__(self, reference: np.ndarray) -> None:
        self._small = _resized(reference)
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._image = _texture(self._small)
        right = cv2.Sobel(self._image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
        down = cv2.Sobel(self._image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
        self._slope = np.dstack([right, down])
        energy = _windowed(np.dstack([right * right, right * down, down * down]))  # (FINE, FINE, 3)
        xx, xy, yy = np.moveaxis(energy, -1, 0)
        weaker = (xx + yy) / 2 - np.sqrt((xx - yy) ** 2 / 4 + xy * xy)
        self._weight = np.maximum(weaker, 0) * ~_eye_openings() + EPSILON
        self.texture = _summed(self._weight)
        ridge = RIDGE * energy[..., ::2].mean() + 1e-6
        xx, yy = xx + ridge, yy + ridge
        self._inverse = np.stack([yy, -xy, xx]) / (xx * yy - xy * xy)
        self._grid = np.dstack(np.meshgrid(np.arange(WORK_SIZE), np.arange(WORK_SIZE))).astype(np.float32)

    def follow(self, crop: np.ndarray) -> np.ndarray:
        """Displacement (CELLS, CELLS, 2) right and down of another frame's skin, in pixels of a 224-px crop."""
        small = _resized(crop)
        image, flow = _texture(small), self._search.calc(self._small, small, None)
        field = cv2.resize(flow, (FINE, FINE), interpolation=cv2.INTER_AREA)
        for _ in range(PASSES):
            where = self._grid + cv2.resize(field, (WORK_SIZE, WORK_SIZE), interpolation=cv2.INTER_LINEAR)
            warped = cv2.remap(image, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            x, y = np.moveaxis(_windowed(self._slope * (self._image - warped)[..., None]), -1, 0)
            xx, xy, yy = self._inverse
            step = np.dstack([xx * x + xy * y, xy * x + yy * y])
            field += np.clip(step, -STEP_LIMIT, STEP_LIMIT)
        field = cv2.GaussianBlur(field, (0, 0), SPREAD)
        means = _summed(field * self._weight[..., None]) / self.texture[..., None]
        return means * (REFERENCE_SIZE / WORK_SIZE)


def cell_centres(cells: int = CELLS) -> tuple[np.ndarray, np.ndarray]:
    """(cells, cells) of x and y in a crop whose sides are -1 and 1."""
    axis = (np.arange(cells) + 0.5) / cells * 2 - 1
    return np.meshgrid(axis, axis)


def around_eyes(half_width: float, half_height: float, cells: int = CELLS, lower: float = 0.0) -> np.ndarray:
    """(cells, cells) bool: cells inside an ellipse around either eye; `lower` shifts it up where negative."""
    x, y = cell_centres(cells)
    across, down = (np.abs(x) - EYES_APART) / half_width, (y - EYE_LINE - lower) / half_height
    return across**2 + down**2 < 1


def _eye_openings() -> np.ndarray:
    return around_eyes(*EYE_HALF, cells=FINE)


def _resized(crop: np.ndarray) -> np.ndarray:
    """A crop at work size, uint8."""
    smaller = crop.shape[0] >= WORK_SIZE
    return cv2.resize(crop, (WORK_SIZE, WORK_SIZE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def _texture(small: np.ndarray) -> np.ndarray:
    """A crop of work size with illumination removed: local mean 0, local contrast 1."""
    image = cv2.GaussianBlur(small.astype(np.float32) / 255, (0, 0), TEXTURE_SIGMA)
    image -= cv2.blur(image, (ILLUMINATION, ILLUMINATION))
    return image / np.sqrt(cv2.blur(image * image, (ILLUMINATION, ILLUMINATION)) + CONTRAST_FLOOR)


def _windowed(image: np.ndarray) -> np.ndarray:
    """Gaussian mean around each fine cell: (WORK_SIZE, WORK_SIZE, C) -> (FINE, FINE, C)."""
    halves = cv2.resize(image, (2 * FINE, 2 * FINE), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(halves, (0, 0), 1.5), (FINE, FINE), interpolation=cv2.INTER_AREA)


def _summed(values: np.ndarray) -> np.ndarray:
    """(FINE, FINE, ...) -> (CELLS, CELLS, ...), the sum of each four."""
    return values.reshape(CELLS, 2, CELLS, 2, *values.shape[2:]).sum((1, 3))
