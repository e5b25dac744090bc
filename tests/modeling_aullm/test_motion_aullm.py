"""The displacement field answers known motions in pixels, and ignores what is not motion of the skin."""

import cv2
import numpy as np
import pytest
import torch

from modeling_aullm.motion_aullm import DisplacementField

GRID = 28
CELL = np.arange(GRID) * 8 + 3.5  # centres of the cells in pixels of a 224-px crop


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
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


def measure(*frames: np.ndarray) -> np.ndarray:
    """(2, T-1, grid, grid)."""
    clip = torch.from_numpy(np.stack(frames))[None, :, None]
    return DisplacementField(GRID)(clip)[0].numpy()


def at(field: np.ndarray, column: float, row: float) -> np.ndarray:
    return field[..., int(row // 8), int(column // 8)]


@pytest.mark.parametrize("pixels", [0.3, 1.0, 2.0])
def test_a_local_movement_is_measured_in_pixels(skin, pixels):
    shape = bump(80, 150)
    field = measure(skin, moved(skin, 0 * shape, -pixels * shape))
    across, down = at(field, 80, 150)[:, 0]
    assert down == pytest.approx(-pixels, rel=0.2)
    assert abs(across) < 0.1 * pixels
    assert np.abs(at(field, 180, 40)).max() < 0.05


def test_each_frame_is_measured_against_the_onset(skin):
    shape = bump(150, 60)
    field = measure(skin, moved(skin, 0.5 * shape, 0 * shape), moved(skin, 1.0 * shape, 0 * shape), skin)
    assert at(field, 150, 60)[0] == pytest.approx([0.5, 1.0, 0.0], abs=0.12)


def test_a_shift_of_the_whole_crop_is_removed(skin):
    everywhere = np.ones((224, 224))
    field = measure(skin, moved(skin, 1.5 * everywhere, -0.8 * everywhere))
    assert np.abs(field[..., 2:-2, 2:-2]).max() < 0.1


def test_light_is_not_motion(skin):
    ramp = np.linspace(0.8, 1.2, 224, dtype=np.float32)[None]
    field = measure(skin, (skin * ramp * 0.9 + 0.03).astype(np.float32))
    assert np.sqrt((field**2).mean()) < 0.04


def test_bare_skin_answers_no_motion():
    flat = np.full((224, 224), 0.5, np.float32)
    noisy = flat + np.random.default_rng(1).standard_normal(flat.shape).astype(np.float32) * 1e-3
    assert np.abs(measure(flat, noisy)).max() < 0.2


def test_a_smaller_crop_gives_the_same_pixels(skin):
    shape = bump(112, 112, 40)
    frames = [skin, moved(skin, 2.0 * shape, 0 * shape)]
    half = [cv2.resize(f, (112, 112), interpolation=cv2.INTER_AREA) for f in frames]
    clip = torch.from_numpy(np.stack(half))[None, :, None]
    field = DisplacementField(14)(clip)[0, 0, 0].numpy()
    assert field[7, 7] == pytest.approx(2.0, rel=0.2)


def test_a_clip_does_not_depend_on_its_batch(skin):
    clips = torch.from_numpy(np.stack([skin, skin[::-1].copy(), skin.T.copy(), skin[:, ::-1].copy()])).reshape(
        2, 2, 1, 224, 224
    )
    field = DisplacementField(GRID)
    torch.testing.assert_close(field(clips)[1:], field(clips[1:]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("shape", [(1, 2, 3, 224, 224), (1, 2, 1, 224, 200), (1, 2, 1, 200, 200)])
def test_frames_of_a_wrong_shape_are_named(shape):
    with pytest.raises(ValueError, match="multiple of 56"):
        DisplacementField(GRID)(torch.zeros(shape))
