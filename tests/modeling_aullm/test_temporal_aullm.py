import pytest
import torch

from modeling_aullm import AullmConfig
from modeling_aullm.temporal_aullm import EulerianFilter, MotionFrontEnd, compressed


def test_filter_weights_are_the_published_ones():
    weights = EulerianFilter(6).weights()
    expected = torch.tensor([3.5, -3.5, -5.425, -6.414, -6.849, -6.960])
    torch.testing.assert_close(weights[0], expected, atol=1e-3, rtol=0)
    expected = torch.tensor([0, 3.5, 1.925, 0.989, 0.435, 0.111])
    torch.testing.assert_close(weights[1], expected, atol=1e-3, rtol=0)
    assert (weights.tril(-1) == 0).all()


def test_response_is_the_normalised_sum_over_earlier_frames():
    led = EulerianFilter(6, epsilon=0.5)
    frames = torch.randn(2, 3, 6, 4, 5)
    weights, response = led.weights(), led(frames)
    assert response.shape == (2, 3, 5, 4, 5)
    for frame in (1, 5):
        column = weights[:, frame]
        above = torch.einsum("bcthw,t->bchw", frames, column)
        below = 0.5 + torch.einsum("bcthw,t->bchw", frames.abs(), column.abs())
        torch.testing.assert_close(response[:, :, frame - 1], above / below)


def test_no_output_frame_sees_a_later_frame():
    led, frames = EulerianFilter(6), torch.randn(1, 1, 6, 2, 2)
    changed = frames.clone()
    changed[:, :, 4] += 1
    difference = (led(frames) - led(changed)).abs().amax((0, 1, 3, 4))
    assert (difference[:3] == 0).all() and (difference[3:] > 0).all()


def test_all_three_scalars_learn():
    led = EulerianFilter(6)
    led(torch.randn(1, 1, 6, 4, 4)).square().sum().backward()
    assert all(p.grad.abs() > 0 for p in led.parameters())


def test_displacement_becomes_five_channels():
    front = MotionFrontEnd(AullmConfig.preset("base", motion_grid=8, image_size=64))
    motion = front.measure(torch.rand(2, 6, 1, 64, 64))
    assert motion.shape == (2, 3, 5, 8, 8)
    channels = front(None, motion)
    assert channels.shape == (2, 5, 5, 8, 8)
    assert torch.equal(channels[:, 4], motion[:, 2])


def test_large_displacements_are_compressed_and_keep_their_direction():
    moved = torch.tensor([[0.3, -0.4], [0.03, -0.04], [12.0, -16.0]]).view(3, 2, 1, 1, 1)  # 0.5, 0.05 and 20 px
    seen = compressed(moved)
    assert seen.norm(dim=1).flatten().tolist() == pytest.approx([0.4812, 0.05, 3.6895], abs=1e-3)
    torch.testing.assert_close(seen[:, 0] / seen[:, 1], torch.full((3, 1, 1, 1), -0.75))


def test_motion_without_its_confidence_is_refused():
    with pytest.raises(ValueError, match="measure_motion"):
        MotionFrontEnd(AullmConfig.preset("base"))(None, torch.zeros(1, 2, 5, 28, 28))


def test_led_front_end_reads_frames_only():
    front = MotionFrontEnd(AullmConfig.preset("paper"))
    assert front(torch.rand(1, 6, 1, 64, 64), None).shape == (1, 1, 5, 64, 64)
    with pytest.raises(ValueError, match="motion_values"):
        front.measure(torch.rand(1, 6, 1, 64, 64))


@pytest.mark.parametrize("shape", [(1, 5, 1, 32, 32), (6, 1, 32, 32)])
def test_another_number_of_frames_is_refused(shape):
    front = MotionFrontEnd(AullmConfig.preset("base"))
    with pytest.raises(ValueError, match="6 frames"):
        front(torch.rand(*shape), None)


def test_skin_that_stands_still_stays_where_it_is_and_has_a_gradient():
    moved = torch.zeros(1, 2, 1, 4, 4, requires_grad=True)
    told = compressed(moved)
    told.sum().backward()
    assert not told.any() and torch.allclose(moved.grad, torch.ones_like(moved), atol=1e-3)
