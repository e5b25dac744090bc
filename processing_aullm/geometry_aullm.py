"""Plane similarities as 2x3 matrices, and warps that read the source pixels once.

A matrix maps (x, y) of one image to (x, y) of another; pixel centres stand at whole numbers. A crop's matrix maps crop
pixels to source pixels, so a crop is drawn by reading the source at the mapped places.

Tested in tests/processing_aullm/test_geometry_aullm.py and test_alignment_aullm.py.
"""

import math

import cv2
import numpy as np

IDENTITY = np.eye(2, 3)
NEAR = 0.4  # of a box's size: a face whose centre stands nearer to it is the one that it is of


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (..., 2) through a (2, 3) matrix."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The (2, 3) matrix of `outer(inner(x))`."""
    return np.hstack([outer[:, :2] @ inner[:, :2], (outer[:, :2] @ inner[:, 2] + outer[:, 2])[:, None]])


def invert(matrix: np.ndarray) -> np.ndarray:
    """The (2, 3) matrix of the inverse map."""
    inverse = np.linalg.inv(matrix[:, :2])
    return np.hstack([inverse, (-inverse @ matrix[:, 2])[:, None]])


def box_of(points: np.ndarray) -> np.ndarray:
    """(4,) left, top, right, bottom of points (N, 2)."""
    return np.concatenate([points.min(0), points.max(0)])


def is_near(one: np.ndarray, box: np.ndarray) -> bool:
    """Whether the centre of a box (4,) stands near that of another one, for its size."""
    distance = np.hypot(*((box[:2] + box[2:]) / 2 - (one[:2] + one[2:]) / 2))
    return bool(distance < NEAR * max(box[2] - box[0], box[3] - box[1]))


def scale_of(matrix: np.ndarray) -> float:
    """Length of the image of a unit step: source pixels per crop pixel for a crop's matrix."""
    return math.sqrt(abs(np.linalg.det(matrix[:, :2])))


def fit_similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least-squares similarity (2, 3) that takes `source` (N, 2) to `target` (N, 2).

    Source: S. Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991, in two dimensions.
    """
    source_mean, target_mean = source.mean(0), target.mean(0)
    p, q = source - source_mean, target - target_mean
    norm = (p * p).sum()
    a = (p * q).sum() / norm
    b = (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / norm
    linear = np.array([[a, -b], [b, a]])
    return np.hstack([linear, (target_mean - linear @ source_mean)[:, None]])


def square_to_image(center: np.ndarray, side: float, angle: float, size: int) -> np.ndarray:
    """Matrix of a rotated square region drawn as `size` x `size` pixels.

    Args:
        center: (x, y) of the region's centre in the image.
        side: Length of the region's side in image pixels.
        angle: Rotation of the region in radians.
        size: Pixels along the side of the drawn region.

    Returns:
        (2, 3) matrix from drawn pixels to image pixels.
    """
    step = side / size
    linear = step * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.hstack([linear, (center - linear @ np.full(2, (size - 1) / 2))[:, None]])


def resize_matrix(width: int, height: int, size: int) -> np.ndarray:
    """Matrix from the pixels of a `size` x `size` resized image to the pixels of the `width` x `height` original."""
    x, y = width / size, height / size
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2]])


def warp(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Draw a `size` x `size` crop of an image, read once from its own pixels.

    Where the crop is coarser than the image it is drawn finer first and averaged over blocks, so that nothing aliases.
    Linear interpolation is our choice: OpenCV 5 places it exactly, its cubic one is off by up to 0.05 px.

    Args:
        image: (H, W) or (H, W, 3) uint8.
        matrix: (2, 3), crop pixels to image pixels.
        size: Side of the crop in pixels.
    """
    finer = max(1, math.ceil(scale_of(matrix) - 0.25))
    if image.ndim == 3:  # OpenCV draws four channels in half of the time of three
        image, matrix = part_for(image, matrix, size)
        image = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    if finer > 1:
        matrix = compose(matrix, resize_matrix(size, size, size * finer))
    crop = cv2.warpAffine(
        image,
        matrix,
        (size * finer, size * finer),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if finer > 1:
        crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
    return crop if crop.ndim == 2 else cv2.cvtColor(crop, cv2.COLOR_RGBA2RGB)


def part_for(image: np.ndarray, matrix: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of an image that a `size` x `size` crop reads, and the crop's matrix (2, 3) in it."""
    last = size - 1
    corners = apply(matrix, np.array([[0, 0], [last, 0], [0, last], [last, last]]))
    margin = math.ceil(scale_of(matrix)) + 1  # a pixel is averaged over what it covers, and read between neighbours
    limit = np.array(image.shape[1::-1])
    low = np.clip(np.floor(corners.min(0)).astype(int) - margin, 0, limit - 1)
    high = np.clip(np.ceil(corners.max(0)).astype(int) + margin + 1, low + 1, limit)
    part = image[low[1] : high[1], low[0] : high[0]]
    return part, np.hstack([matrix[:, :2], matrix[:, 2:] - low[:, None]])


def to_gray(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) RGB or (H, W) to (H, W), luma weights of ITU-R BT.601."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3) to (H, W, 3)."""
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
