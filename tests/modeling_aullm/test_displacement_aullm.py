"""The displacement field answers known motions in pixels, and ignores what is not motion of the skin."""

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from modeling_aullm import displacement_aullm
from modeling_aullm.displacement_aullm import DisplacementField
from tests.modeling_aullm.moved_skin import at, bump, moved, skin_picture

GRID = 28
CELL = np.arange(GRID) * 8 + 3.5  # centres of the cells in pixels of a 224-px crop


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
    return skin_picture()


def measure(*frames: np.ndarray) -> np.ndarray:
    """(2, T-1, grid, grid)."""
    clip = torch.from_numpy(np.stack(frames))[None, :, None]
    return DisplacementField(GRID)(clip)[0].numpy()


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


def test_clips_that_share_frames_are_measured_as_if_they_did_not(skin, monkeypatch):
    shape = bump(90, 120)
    frames = torch.from_numpy(np.stack([moved(skin, 0.4 * k * shape, -0.2 * k * shape) for k in range(5)]))[:, None]
    windows = torch.tensor([[0, 1, 2], [1, 2, 3], [2, 3, 4], [0, 2, 4]])
    field, seen = DisplacementField(GRID), []
    alone = field(frames[windows])
    assert alone[0, 0, 1].max() > 0.5
    equalise = displacement_aullm.equalise_light
    monkeypatch.setattr(displacement_aullm, "equalise_light", lambda part: seen.append(len(part)) or equalise(part))
    torch.testing.assert_close(field.of_shared(frames, windows), alone, atol=1e-4, rtol=0)
    assert sum(seen) == len(frames)


def test_autocast_changes_nothing(skin):
    clip = torch.from_numpy(np.stack([skin, moved(skin, bump(90, 120), bump(60, 60))]))[None, :, None]
    with torch.autocast("cpu", torch.bfloat16):
        under = DisplacementField(GRID)(clip)
    assert torch.equal(under, DisplacementField(GRID)(clip))


def plain_blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """(N, 1, H, W), borders replicated, out to three standard deviations."""
    radius = int(3 * sigma + 0.5)
    kernel = torch.softmax(-(torch.arange(-radius, radius + 1) ** 2) / (2 * sigma**2), 0)
    padded = F.pad(image, (radius, radius, radius, radius), mode="replicate")
    return F.conv2d(padded, (kernel[:, None] * kernel)[None, None])


@pytest.mark.parametrize("side", [112, 98])
def test_slow_light_is_pooled_blurred_and_enlarged(side):
    frames = torch.rand(2, 1, side, side)
    coarse = plain_blur(F.avg_pool2d(frames, displacement_aullm.LIGHT_STRIDE), 8.0 / displacement_aullm.LIGHT_STRIDE)
    expected = F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)
    torch.testing.assert_close(displacement_aullm.slow_part(frames[:, 0]), expected[:, 0], atol=1e-5, rtol=0)


def test_a_window_is_a_gaussian_around_its_cell():
    image = torch.rand(3, 1, 112, 112)
    expected = F.avg_pool2d(plain_blur(F.avg_pool2d(image, 4), 2 * displacement_aullm.WINDOW_IN_CELLS), 2)
    torch.testing.assert_close(DisplacementField(14)._window(image), expected, atol=1e-5, rtol=0)


def test_a_warp_reads_at_displaced_places_and_repeats_the_border(skin):
    frames = torch.from_numpy(skin)[None, None]
    still = displacement_aullm.warp(frames, torch.zeros(1, 1, 2, GRID, GRID))
    torch.testing.assert_close(still, frames, atol=1e-4, rtol=0)
    for field in (torch.zeros(1, 1, 2, 1, 1), torch.zeros(1, 1, 2, GRID, GRID)):
        field[:, :, 0] = 2.0
        right = displacement_aullm.warp(frames, field)
        torch.testing.assert_close(right[..., :-2], frames[..., 2:], atol=1e-3, rtol=0)
        torch.testing.assert_close(right[..., -1], frames[..., -1], atol=1e-3, rtol=0)


@pytest.mark.parametrize("shape", [(1, 2, 3, 224, 224), (1, 2, 1, 224, 200), (1, 2, 1, 200, 200)])
def test_frames_of_a_wrong_shape_are_named(shape):
    with pytest.raises(ValueError, match="multiple of 56"):
        DisplacementField(GRID)(torch.zeros(shape))
