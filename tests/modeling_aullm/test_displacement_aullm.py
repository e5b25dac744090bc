"""The displacement field answers known motions in pixels, small and large, and ignores and distrusts what is not motion
of the skin."""

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from modeling_aullm import displacement_aullm
from modeling_aullm.displacement_aullm import LEVELS, DisplacementField, from_each_onset
from modeling_aullm.resampling_aullm import warp
from tests.modeling_aullm.moved_skin import at, bump, moved, skin_picture

GRID = 28
CELL = np.arange(GRID) * 8 + 3.5  # centres of the cells in pixels of a 224-px crop


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
    return skin_picture()


def measure(*frames: np.ndarray) -> np.ndarray:
    """(2, T-1, grid, grid)."""
    return measured(*frames)[:2]


def measured(*frames: np.ndarray) -> np.ndarray:
    """(3, T-1, grid, grid): displacement, and confidence."""
    clip = torch.from_numpy(np.stack(frames))[None, :, None]
    return DisplacementField(GRID)(clip)[0].numpy()


def seen(*frames: np.ndarray) -> np.ndarray:
    """(2, T-1, grid, grid), the head's motion included."""
    clip = torch.arange(len(frames))[None]
    field, _ = DisplacementField(GRID).with_head(torch.from_numpy(np.stack(frames))[:, None], clip)
    return field[0].numpy().swapaxes(0, 1)


@pytest.mark.parametrize("pixels", [0.3, 1.0, 2.0])
def test_a_local_movement_is_measured_in_pixels(skin, pixels):
    shape = bump(80, 150)
    field = seen(skin, moved(skin, 0 * shape, -pixels * shape))
    across, down = at(field, 80, 150)[:, 0]
    assert down == pytest.approx(-pixels, rel=0.2)
    assert abs(across) < 0.1 * pixels
    assert np.abs(at(field, 180, 40)).max() < 0.05


def test_each_frame_is_measured_against_the_onset(skin):
    shape = bump(150, 60)
    field = seen(skin, moved(skin, 0.5 * shape, 0 * shape), moved(skin, 1.0 * shape, 0 * shape), skin)
    assert at(field, 150, 60)[0] == pytest.approx([0.5, 1.0, 0.0], abs=0.12)


@pytest.mark.parametrize("pixels", [5.0, 10.0, 16.0])
def test_a_movement_of_many_pixels_is_measured_too(skin, pixels):
    """As far as a grin goes."""
    shape = bump(112, 130, 30)
    field = seen(skin, moved(skin, pixels * shape, 0 * shape))
    start = 112 - pixels  # what stands in the middle of the bump afterwards came from there
    assert at(field, start, 130)[:, 0] == pytest.approx([pixels, 0], abs=0.15 * pixels)
    assert at(field, 20, 20)[:, 0] == pytest.approx([0, 0], abs=0.3)


@pytest.mark.parametrize("pixels", [1.5, 9.0])
def test_a_shift_of_the_whole_crop_is_removed(skin, pixels):
    everywhere = np.ones((224, 224))
    field = measure(skin, moved(skin, pixels * everywhere, -0.5 * pixels * everywhere))
    assert np.abs(field[..., 4:-4, 4:-4]).max() < 0.1 * pixels


def test_only_the_face_is_measured(skin):
    other = np.roll(skin, 9, axis=1)
    corners = np.ix_((*range(3), *range(GRID - 3, GRID)), (*range(3), *range(GRID - 3, GRID)))
    answer = measured(skin, other)
    assert not answer[:, 0][(slice(None), *corners)][:, :2, :2].any() and answer[2, 0, 14, 14] > 0


def test_what_appears_in_an_opening_does_not_move_the_skin_around_and_is_not_trusted(skin):
    """Lids that shut: iris and white are gone, lid skin is there; the brow above them stays."""
    y, x = np.mgrid[:224, :224]
    eye = ((x - 70) / 16) ** 2 + ((y - 75) / 7) ** 2 < 1
    open_eye = np.where(eye, np.where(np.hypot(x - 70, y - 75) < 6, 0.05, 0.95), skin).astype(np.float32)
    field = measured(open_eye, skin)
    assert np.abs(at(field, 70, 45)[:2]).max() < 0.3 and np.abs(at(field, 150, 75)[:2]).max() < 0.1
    assert np.abs(field[:2]).max() < 4.0
    assert at(field, 70, 75)[2, 0] < 0.1 and at(field, 150, 75)[2, 0] > 0.9


def test_confidence_is_high_where_skin_moves_and_gone_without_texture(skin):
    shape, flat = bump(112, 130, 30), np.full((224, 224), 0.5, np.float32)
    assert at(measured(skin, moved(skin, 6 * shape, 0 * shape)), 112, 130)[2, 0] > 0.5
    assert measured(flat, flat)[2].max() < 1e-6


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
    field, _ = DisplacementField(14).with_head(clip[0], torch.tensor([[0, 1]]))
    assert float(field[0, 0, 0, 7, 7]) == pytest.approx(2.0, rel=0.2)


def test_a_clip_does_not_depend_on_its_batch(skin):
    clips = torch.from_numpy(np.stack([skin, skin[::-1].copy(), skin.T.copy(), skin[:, ::-1].copy()])).reshape(
        2, 2, 1, 224, 224
    )
    field = DisplacementField(GRID)
    torch.testing.assert_close(field(clips)[1:], field(clips[1:]), atol=2e-3, rtol=0)


def test_clips_that_share_frames_are_measured_as_if_they_did_not(skin, monkeypatch):
    shape = bump(90, 120)
    frames = torch.from_numpy(np.stack([moved(skin, 0.4 * k * shape, -0.2 * k * shape) for k in range(5)]))[:, None]
    windows = torch.tensor([[0, 1, 2], [1, 2, 3], [2, 3, 4], [0, 2, 4]])
    field, prepared = DisplacementField(GRID), []
    alone = field(frames[windows])
    assert alone[0, 0, 1].max() > 0.5
    equalise = displacement_aullm.equalise_light
    monkeypatch.setattr(
        displacement_aullm, "equalise_light", lambda part, level: prepared.append(len(part)) or equalise(part, level)
    )
    torch.testing.assert_close(field.of_shared(frames, windows), alone, atol=1e-4, rtol=0)
    assert sum(prepared) == len(frames) * len(LEVELS)


def test_a_frame_is_measured_once_from_each_onset():
    clips = torch.tensor([[0, 3, 4, 5], [0, 4, 5, 6], [2, 5, 6, 7]])
    groups, places = from_each_onset(clips, most=3)
    assert [group.tolist() for group in groups] == [[0, 3, 4, 5], [0, 6], [2, 5, 6, 7]]
    later = torch.cat([group[1:] for group in groups])
    onsets = torch.cat([group[:1].expand(len(group) - 1) for group in groups])
    assert torch.equal(later[places], clips[:, 1:]) and torch.equal(onsets[places], clips[:, :1].expand(-1, 3))


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
    frames, stride = torch.rand(2, 1, side, side), displacement_aullm.LIGHT_STRIDE
    coarse = plain_blur(F.avg_pool2d(frames, stride), 8.0 / stride)
    expected = F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)
    torch.testing.assert_close(displacement_aullm.slow_part(frames[:, 0], 8.0), expected[:, 0], atol=1e-5, rtol=0)


def test_a_window_is_a_gaussian_around_its_cell():
    image, level = torch.rand(3, 1, 112, 112), LEVELS[-1]
    expected = F.avg_pool2d(plain_blur(F.avg_pool2d(image, 4), 2 * level.window), 2)
    torch.testing.assert_close(displacement_aullm.condensed_to(14, image, level), expected, atol=1e-5, rtol=0)


def test_the_cheapest_shift_is_found_between_pixels():
    at_x, at_y = 1.3, -2.2
    across, down = (torch.arange(-4.0, 5.0) - place for place in (at_x, at_y))
    cost = (down[:, None] ** 2 + across[None] ** 2)[None, None, :, :, None, None].expand(1, 1, 9, 9, 2, 3)
    step, chosen = displacement_aullm.lowest(cost)
    torch.testing.assert_close(step[0, 0, :, 0, 0], torch.tensor([at_x, at_y]), atol=1e-4, rtol=0)
    assert chosen.unique().tolist() == [2 * 9 + 5]


def test_neighbours_outvote_a_cell_that_matches_anywhere():
    cost = torch.full((1, 1, 3, 3, 5, 5), 0.5)
    cost[:, :, 1, 2] = 0.1  # all cells went one pixel to the right
    cost[:, :, :, :, 2, 2] = 0.3  # but one cannot tell
    cost[:, :, 0, 0, 2, 2] = 0.29
    asked = displacement_aullm.supported(cost)
    before, after = (displacement_aullm.lowest(each)[0][0, 0, :, 2, 2] for each in (cost, asked))
    assert before.round().tolist() == [-1, -1] and after.round().tolist() == [1, 0]


def test_a_cell_that_does_not_match_takes_its_neighbours_motion():
    field, trust = torch.ones(1, 1, 2, 7, 7), torch.ones(1, 1, 7, 7)
    field[..., 3, 3], trust[..., 3, 3] = 50.0, 1e-3
    assert displacement_aullm.shared(field, trust, 1.0)[..., 3, 3].max() < 1.2


def test_a_warp_reads_at_displaced_places_and_repeats_the_border(skin):
    frames = torch.from_numpy(skin)[None, None]
    still = warp(frames, torch.zeros(1, 1, 2, GRID, GRID))
    torch.testing.assert_close(still, frames, atol=1e-4, rtol=0)
    for field in (torch.zeros(1, 1, 2, 1, 1), torch.zeros(1, 1, 2, GRID, GRID)):
        field[:, :, 0] = 2.0
        right = warp(frames, field)
        torch.testing.assert_close(right[..., :-2], frames[..., 2:], atol=1e-3, rtol=0)
        torch.testing.assert_close(right[..., -1], frames[..., -1], atol=1e-3, rtol=0)


@pytest.mark.parametrize("shape", [(1, 2, 3, 224, 224), (1, 2, 1, 224, 200), (1, 2, 1, 200, 200)])
def test_frames_of_a_wrong_shape_are_named(shape):
    with pytest.raises(ValueError, match="multiple of 56"):
        DisplacementField(GRID)(torch.zeros(shape))
