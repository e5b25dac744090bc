"""The head's own motion is taken off a displacement field; an expression stays."""

import pytest
import torch

from modeling_aullm.head_motion_aullm import own_motion

GRID = 28
AXIS = (torch.arange(GRID) + 0.5) / GRID * 2 - 1
Y, X = torch.meshgrid(AXIS, AXIS, indexing="ij")
CHEEK = (20, 7)  # row, column
SURE = torch.ones(1, 1, GRID, GRID)


def smile(pixels: float) -> torch.Tensor:
    """(1, 1, 2, g, g): one corner of the mouth goes up."""
    bump = torch.exp(-(((X - AXIS[CHEEK[1]]) / 0.2) ** 2) - ((Y - AXIS[CHEEK[0]]) / 0.2) ** 2)
    return torch.stack([0 * bump, -pixels * bump])[None, None]


def turn(pixels: float) -> torch.Tensor:
    """(1, 1, 2, g, g): a head that turns to the right: what is near moves farther, and one side grows wider."""
    depth = (1 - 0.5 * X**2 - 0.3 * Y**2).clamp_min(0).sqrt()
    return pixels * torch.stack([depth + 0.3 * X * X, 0.3 * X * Y])[None, None]


@pytest.mark.parametrize("pixels", [0.0, 3.0, 15.0])
def test_an_expression_stays_when_the_head_turns(pixels):
    left, _ = own_motion(smile(2.0) + turn(pixels), SURE)
    assert left[0, 0, 1][CHEEK] == pytest.approx(-2.0, abs=0.4)
    calm = left.clone()
    calm[..., 14:26, 1:14] = 0
    assert calm.abs().max() < 0.4 + 0.08 * pixels  # no real head is shaped like the modes


def test_hair_and_background_are_nothing():
    field = torch.zeros(1, 1, 2, GRID, GRID)
    field[..., :2, :2] = 30.0
    left, confidence = own_motion(field, SURE)
    assert left.abs().max() < 0.05 and not confidence[..., :2, :2].any() and confidence[..., 14, 14] == 1


def test_cells_that_are_not_trusted_have_no_say_in_how_the_head_moves():
    field = smile(20.0) + smile(20.0).flip(-1)
    doubtful = 1 - 0.99 * (field.norm(dim=2) > 0.2).float()
    left, _ = own_motion(field, doubtful)
    torch.testing.assert_close(left[..., 3:14, 8:20], field[..., 3:14, 8:20], atol=0.1, rtol=0)


def test_each_frame_of_each_clip_is_seen_by_itself():
    clips, confidence = torch.randn(3, 4, 2, 14, 14), torch.rand(3, 4, 14, 14)
    alone, _ = own_motion(clips[1:2, 2:3], confidence[1:2, 2:3])
    torch.testing.assert_close(own_motion(clips, confidence)[0][1:2, 2:3], alone, atol=1e-4, rtol=1e-4)
