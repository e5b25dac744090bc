"""A picture with the texture of skin, and the same picture with its content displaced by known pixels."""

import cv2
import numpy as np


def skin_picture() -> np.ndarray:
    """A 224-px picture with texture at every scale a face has, values 0 to 1."""
    draw = np.random.default_rng(0)
    layers = [cv2.GaussianBlur(draw.standard_normal((224, 224)), (0, 0), s) * s for s in (1.5, 3.0, 8.0)]
    picture = sum(layers)
    return (0.5 + 0.12 * picture / picture.std()).clip(0, 1).astype(np.float32)


def moved(picture: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The picture with its content displaced by the given pixels (smooth fields: inverse = minus)."""
    y, x = np.mgrid[:224, :224].astype(np.float32)
    return cv2.remap(
        picture,
        x - across.astype(np.float32),
        y - down.astype(np.float32),
        cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REFLECT,
    )


def bump(column: float, row: float, spread: float = 24.0) -> np.ndarray:
    y, x = np.mgrid[:224, :224]
    return np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * spread**2))


def at(field: np.ndarray, column: float, row: float) -> np.ndarray:
    return field[..., int(row // 8), int(column // 8)]
