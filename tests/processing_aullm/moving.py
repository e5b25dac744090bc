"""A face that moves by a known amount."""

import cv2
import numpy as np


def moved(image: np.ndarray, x: float, y: float, degrees: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """The image under a similarity about its centre."""
    matrix = motion(image, x, y, degrees, scale)
    size = image.shape[1::-1]
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def motion(image: np.ndarray, x: float, y: float, degrees: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """(2, 3) matrix of that similarity, from pixels of the image to pixels of the moved one."""
    center = (np.array(image.shape[1::-1]) - 1) / 2
    angle = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.hstack([linear, (center + np.array([x, y]) - linear @ center)[:, None]])
