"""Magnified movements: exact at 1, right in length and direction, whole at any factor."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing_aullm.geometry_aullm import apply, invert, square_to_image
from processing_aullm.magnify_aullm import face_mask, flow, largest_factor, magnify_motion, spread

SIZE = 112
CROP = square_to_image(np.array([160.0, 120.0]), 140.0, 0.3, SIZE)  # turned, 1.25 px of the frame a crop pixel
NOISE = np.random.default_rng(0)


def dotted(place: tuple[float, float], transform: np.ndarray = CROP) -> np.ndarray:
    """(240, 320, 3) uint8, one soft dot at a place of the crop."""
    x, y = apply(transform, np.array(place))
    rows, columns = np.mgrid[0:240, 0:320]
    dot = 200 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 3.0**2))
    return np.repeat((20 + dot).astype(np.uint8)[..., None], 3, 2)


def dot_of(frame: np.ndarray, transform: np.ndarray = CROP) -> np.ndarray:
    """Where the dot stands, in the crop."""
    weight = frame[..., 0].astype(float) - 20
    weight[weight < 60] = 0
    rows, columns = np.mgrid[0:240, 0:320]
    center = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    return apply(invert(transform), center)


def even_field(move: tuple[float, float]) -> np.ndarray:
    return np.full((1, 2, 14, 14), 1.0) * np.array(move)[None, :, None, None]


def moved_dot(move: tuple[float, float], factor: float) -> np.ndarray:
    start = np.array([56.0, 58.0])
    frames = np.stack([dotted(start), dotted(start + move)])
    shown = magnify_motion(frames, np.stack([CROP] * 2), even_field(move), SIZE, factor)
    return dot_of(shown[1]) - dot_of(frames[0])


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_factor_one_gives_the_very_same_pixels(seed):
    generator = np.random.default_rng(seed)
    frames = generator.integers(0, 256, (3, 60, 80, 3)).astype(np.uint8)
    transforms = np.stack([square_to_image(generator.uniform(10, 60, 2), 50, generator.normal(), 56) for _ in range(3)])
    field = generator.normal(0, 3, (2, 2, 14, 14))
    assert np.array_equal(magnify_motion(frames, transforms, field, 56, 1), frames)


@pytest.mark.parametrize("factor", [0, 2, 5, 15])
def test_a_movement_becomes_so_many_times_longer_in_its_own_direction(factor):
    move = np.array([0.6, -0.5])
    np.testing.assert_allclose(moved_dot(move, factor), factor * move, atol=0.06 * max(factor, 2))


def test_what_lies_outside_of_the_face_stays(seed=1):
    frames = NOISE.integers(0, 256, (2, 240, 320)).astype(np.uint8)
    shown = magnify_motion(frames, np.stack([CROP] * 2), even_field((1.0, 1.0)), SIZE, 8)
    inside = cv2.warpAffine(face_mask(SIZE), CROP, (320, 240)) > 0
    assert np.array_equal(shown[1][~inside], frames[1][~inside])
    assert not np.array_equal(shown[1][inside], frames[1][inside])
    assert np.array_equal(shown[0], frames[0])


def test_noise_is_not_magnified():
    calm = spread(NOISE.normal(0, 0.03, (2, 14, 14)), 224)
    assert np.abs(calm).max() < 0.02
    kept = spread(even_field((1.5, 0))[0], 224)
    assert kept[112, 112, 0] == pytest.approx(1.5, rel=0.02)


@given(seed=st.integers(0, 1000), factor=st.floats(1, 30))
@settings(max_examples=15, deadline=None)
def test_skin_never_folds_over_itself(seed, factor):
    field = np.random.default_rng(seed).normal(0, 2, (1, 2, 14, 14))
    way = flow(spread(field[0], SIZE), min(factor, largest_factor(field, SIZE)) - 1)
    across, down = np.gradient(way, axis=1), np.gradient(way, axis=0)
    area = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
    assert area.min() > 0


def test_a_flow_there_and_back_leads_home():
    motion = spread(even_field((1.0, 0.5))[0], SIZE)
    there, back = flow(motion, 4), flow(motion, -4)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    home = there + cv2.remap(back, x + there[..., 0], y + there[..., 1], cv2.INTER_LINEAR)
    assert np.abs(home).max() < 0.2 < 2 < np.abs(there).max()


def test_larger_movements_bear_less_magnification():
    bump = np.zeros((1, 2, 14, 14))
    bump[:, 1, 3:6, 4:10] = 1.0
    assert largest_factor(0.3 * bump, 224) > 15 > largest_factor(4 * bump, 224) > 1
    frames, transforms = NOISE.integers(0, 256, (2, 60, 60)).astype(np.uint8), np.stack([np.eye(2, 3)] * 2)
    most = largest_factor(4 * bump, 56)
    over = magnify_motion(frames, transforms, 4 * bump, 56, 10 * most)
    assert np.array_equal(over, magnify_motion(frames, transforms, 4 * bump, 56, most))


def test_counts_and_factors_that_do_not_fit_are_refused():
    frames, transforms = np.zeros((3, 20, 20), np.uint8), np.stack([np.eye(2, 3)] * 3)
    with pytest.raises(ValueError, match="3 frames, 3 transforms, 1 fields"):
        magnify_motion(frames, transforms, even_field((1, 0)), 20, 2)
    with pytest.raises(ValueError, match="factor=-1"):
        magnify_motion(frames[:2], transforms[:2], even_field((1, 0)), 20, -1)
