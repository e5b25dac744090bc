"""A crop shows what the picture has at its places, in colour as channel by channel."""

import cv2
import numpy as np
import pytest

from processing_aullm.geometry_aullm import square_to_image, warp


@pytest.fixture(scope="module")
def picture():
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


@pytest.mark.parametrize("side", [40.0, 64.0, 110.0, 170.0], ids=["enlarged", "as it is", "halved", "a third"])
@pytest.mark.parametrize("centre", [(80.3, 58.7), (3.0, 2.0), (158.0, 118.5), (400.0, -90.0)], ids=str)
def test_colours_are_drawn_as_each_channel_alone(picture, side, centre):
    matrix = square_to_image(np.array(centre), side, 0.3, 64)
    crop = warp(picture, matrix, 64)
    alone = np.stack([warp(np.ascontiguousarray(picture[..., channel]), matrix, 64) for channel in range(3)], axis=-1)
    assert crop.shape == (64, 64, 3) and crop.flags.c_contiguous
    assert np.abs(crop.astype(int) - alone).max() <= 1  # the part that is read begins elsewhere: rounding differs


def test_a_crop_at_whole_pixels_is_the_picture_itself(picture):
    matrix = np.array([[1.0, 0.0, 30.0], [0.0, 1.0, 20.0]])
    assert np.array_equal(warp(picture, matrix, 50), picture[20:70, 30:80])
