"""What the tests of pictures share."""

import numpy as np
from matplotlib.image import imread

UNITS = ("AU1", "AU4", "AU12")
WORDS = {"AU1": "inner brow raiser"}


def pixels(path) -> np.ndarray:
    """(H, W, 3) of a picture that shows something."""
    picture = imread(path)[..., :3]
    assert picture.std() > 0.02
    return picture


def noise_frames() -> np.ndarray:
    """(6, 32, 32) uint8."""
    return np.random.default_rng(0).integers(0, 255, (6, 32, 32)).astype(np.uint8)
