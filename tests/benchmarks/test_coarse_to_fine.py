"""The candidate field answers small and large motions in pixels, and distrusts what is not motion of the skin."""

import numpy as np
import pytest
import torch

from benchmarks import coarse_to_fine
from tests.modeling_aullm.moved_skin import at, bump, moved, skin_picture


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
    return skin_picture()


def measure(*frames: np.ndarray) -> np.ndarray:
    """(2, T-1, 28, 28)."""
    clip = torch.from_numpy(np.stack(frames))[None, :, None]
    return coarse_to_fine.CoarseToFine(28)(clip)[0].numpy()


@pytest.mark.parametrize("pixels", [0.3, 1.0, 2.0])
def test_a_small_movement_is_measured_in_pixels(skin, pixels):
    shape = bump(80, 150)
    field = measure(skin, moved(skin, 0 * shape, -pixels * shape))
    assert at(field, 80, 150)[1, 0] == pytest.approx(-pixels, rel=0.2)


@pytest.mark.parametrize("pixels", [5.0, 10.0, 16.0])
def test_a_movement_of_many_pixels_is_measured_too(skin, pixels):
    """As far as a grin goes; the model's present field has 5 px at most, and noise beyond."""
    shape = bump(112, 130, 30)
    field = measure(skin, moved(skin, pixels * shape, 0 * shape))
    usual = pixels * np.median(shape)  # what most of the crop does is taken off
    start = 112 - pixels  # what stands in the middle of the bump afterwards came from there
    assert at(field, start, 130)[:, 0] == pytest.approx([pixels - usual, 0], abs=0.15 * pixels)
    assert at(field, 20, 20)[:, 0] == pytest.approx([-usual, 0], abs=0.3)


def test_what_appears_in_an_opening_does_not_move_the_skin_around(skin):
    """Lids that shut: iris and white are gone, lid skin is there; the brow above them stays."""
    y, x = np.mgrid[:224, :224]
    eye = ((x - 70) / 16) ** 2 + ((y - 75) / 7) ** 2 < 1
    open_eye = np.where(eye, np.where(np.hypot(x - 70, y - 75) < 6, 0.05, 0.95), skin).astype(np.float32)
    field = measure(open_eye, skin)
    assert np.abs(at(field, 70, 45)).max() < 0.3 and np.abs(at(field, 150, 75)).max() < 0.1
    assert np.abs(field).max() < 4.0


def test_the_cheapest_shift_is_found_between_pixels():
    at_x, at_y = 1.3, -2.2
    across, down = (torch.arange(-4.0, 5.0) - place for place in (at_x, at_y))
    cost = (down[:, None] ** 2 + across[None] ** 2)[None, None, :, :, None, None].expand(1, 1, 9, 9, 2, 3)
    step, chosen = coarse_to_fine.lowest(cost)
    torch.testing.assert_close(step[0, 0, :, 0, 0], torch.tensor([at_x, at_y]), atol=1e-4, rtol=0)
    assert chosen.unique().tolist() == [2 * 9 + 5]


def test_neighbours_outvote_a_cell_that_matches_anywhere():
    cost = torch.full((1, 1, 3, 3, 5, 5), 0.5)
    cost[:, :, 1, 2] = 0.1  # all cells went one pixel to the right
    cost[:, :, :, :, 2, 2] = 0.3  # but one cannot tell
    cost[:, :, 0, 0, 2, 2] = 0.29
    before, after = (coarse_to_fine.lowest(each)[0][0, 0, :, 2, 2] for each in (cost, coarse_to_fine.supported(cost)))
    assert before.round().tolist() == [-1, -1] and after.round().tolist() == [1, 0]


def test_a_cell_that_does_not_match_takes_its_neighbours_motion():
    field, trust = torch.ones(1, 1, 2, 7, 7), torch.ones(1, 1, 7, 7)
    field[..., 3, 3], trust[..., 3, 3] = 50.0, 1e-3
    assert coarse_to_fine.lent(field, trust, 1.0)[..., 3, 3].max() < 1.2
