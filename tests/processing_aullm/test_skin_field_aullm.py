"""How far each cell of skin went from a reference crop, measured on movements that are known."""

import cv2
import numpy as np
import pytest

from processing_aullm.skin_field_aullm import CELLS, SkinField, around_eyes, cell_centres
from tests.processing_aullm.moving import moved

INSIDE = slice(3, -3)  # cells away from the crop's edge, where nothing new comes in


@pytest.fixture
def crop() -> np.ndarray:
    """(224, 224) uint8 of smooth noise."""
    noise = np.random.default_rng(0).normal(size=(56, 56))
    dense = np.kron(noise, np.ones((4, 4)))
    return np.clip(128 + 40 * (dense + np.roll(dense, 2, 0) + np.roll(dense, 2, 1)) / 2, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("right", "down"), [(0.0, 0.0), (2.0, 0.0), (-1.0, 1.5)])
def test_a_shift_is_measured_in_every_cell(crop, right, down):
    field = SkinField(crop).follow(moved(crop, right, down))
    assert field.shape == (CELLS, CELLS, 2)
    assert np.abs(field[INSIDE, INSIDE] - (right, down)).max() < 0.35


def bulged(image: np.ndarray, pixels: float, column: float, row: float, spread: float = 30.0) -> np.ndarray:
    """Skin around a place moved to the right, less and less with distance from it."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    bump = np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * spread**2))
    return cv2.remap(image, x - np.float32(pixels) * bump, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("pixels", [1.0, 4.0, 10.0])
def test_a_movement_of_any_size_is_measured_in_pixels_of_the_crop(pixels):
    draw = np.random.default_rng(0)  # texture at every scale, as a face has
    layers = [(cv2.GaussianBlur(draw.normal(size=(224, 224)), (0, 0), sigma) * sigma) for sigma in (1.5, 3.0, 8.0)]
    skin = np.clip(128 + 30 * sum(layers) / np.std(sum(layers)), 0, 255).astype(np.uint8)
    field = SkinField(skin).follow(bulged(skin, pixels, 112, 150))
    right, down = field[150 // 16, int(112 - pixels) // 16]
    assert right == pytest.approx(pixels, rel=0.3) and abs(down) < 0.15 * pixels
    assert np.abs(field[1, 1]).max() < 0.3


def test_illumination_is_removed(crop):
    darker = np.clip(20 + 0.6 * crop.astype(float), 0, 255).astype(np.uint8)
    assert np.abs(SkinField(crop).follow(darker)[INSIDE, INSIDE]).max() < 0.1


def test_skin_without_texture_is_still():
    even = np.full((224, 224), 120, np.uint8)
    field = SkinField(even)
    assert np.abs(field.follow(moved(even, 3, 0))).max() < 0.01 and field.texture.max() < 1e-3


def test_the_eyes_are_mirror_images():
    x, y = cell_centres()
    eyes = around_eyes(0.34, 0.26)
    assert np.array_equal(eyes, eyes[:, ::-1]) and 0 < eyes.sum() < eyes.size / 4
    assert y[eyes].max() < 0.1 and np.abs(x[eyes]).min() > 0.05
