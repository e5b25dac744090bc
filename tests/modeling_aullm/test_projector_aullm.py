import pytest
import torch

from modeling_aullm import AullmConfig
from modeling_aullm.projector_aullm import EvidenceProjector, LaplacianExpert, PointwiseConv
from modeling_aullm.visual_aullm import feature_shape


@pytest.fixture
def projector():
    config = AullmConfig.preset("whole")
    projector = EvidenceProjector(config, 576).eval()
    return projector, torch.randn(2, *feature_shape(config))


@pytest.mark.parametrize(("preset", "experts"), [("base", 3), ("whole", 4), ("paper", 4)])
def test_projector_is_under_three_million_weights(preset, experts):
    config = AullmConfig.preset(preset)
    projector = EvidenceProjector(config, 576)
    assert sum(p.numel() for p in projector.parameters()) < 3e6
    token, weights = projector(torch.randn(2, *feature_shape(config)))
    assert token.shape == (2, 576) and weights.shape == (2, experts)


def test_gate_weights_sum_to_one_and_depend_on_the_clip(projector):
    projector, x_att = projector
    _, weights = projector(x_att * torch.tensor([1.0, 5.0]).reshape(2, 1, 1, 1, 1) + x_att.roll(1, 2))
    torch.testing.assert_close(weights.sum(1), torch.ones(2))
    assert not torch.allclose(weights[0], weights[1])


@pytest.mark.parametrize("expert", range(4))
def test_every_expert_reaches_the_token(projector, expert):
    projector, x_att = projector
    before, _ = projector(x_att)
    projector.experts[expert].forward = torch.zeros_like
    after, _ = projector(x_att)
    assert (before - after).abs().max() > 1e-4


def test_skip_carries_x_att_when_experts_are_silent(projector):
    projector, x_att = projector
    projector.harmonise.forward = torch.zeros_like
    fused, _ = projector.fuse(x_att)
    torch.testing.assert_close(fused, x_att)


@pytest.mark.parametrize("level", ["mid", "high"])
def test_both_levels_reach_the_token(projector, level):
    projector, x_att = projector
    mid_width = projector.high[0].in_features
    columns = slice(0, mid_width) if level == "mid" else slice(mid_width, None)
    before, _ = projector(x_att)
    with torch.no_grad():
        projector.project.weight[:, columns] = 0
    assert (before - projector(x_att)[0]).abs().max() > 1e-4


def test_laplacian_is_blind_to_flat_and_sees_an_edge():
    expert = LaplacianExpert()
    flat = torch.full((1, 1, 6, 6), 3.0)
    assert expert(flat).abs().max() == 0
    flat[..., 3:] = 4
    assert expert(flat).abs().max() > 0


def test_switches_take_parts_away():
    config = AullmConfig.preset("whole", use_moe=False, use_laplacian=False)
    projector = EvidenceProjector(config, 32)
    _, weights = projector(torch.randn(2, *feature_shape(config)))
    torch.testing.assert_close(weights, torch.full((2, 3), 1 / 3))


@pytest.mark.parametrize("clips", [3, 16])
def test_channels_side_by_side_stay_so_and_give_the_same_numbers(clips):
    convolution, features = PointwiseConv(8), torch.randn(clips, 8, 2, 6, 6)
    beside = features.to(memory_format=torch.channels_last_3d).requires_grad_()
    mixed = convolution(beside)
    assert mixed.is_contiguous(memory_format=torch.channels_last_3d)
    torch.testing.assert_close(mixed, convolution(features), atol=1e-6, rtol=1e-5)
    mixed.sum().backward()
    assert beside.grad.is_contiguous(memory_format=torch.channels_last_3d)
    expected = convolution.weight.sum(0)[:, 0, 0, 0]  # (C,): what a channel adds to the sum, at every cell
    torch.testing.assert_close(beside.grad[0, :, 0, 0, 0], expected, atol=1e-6, rtol=1e-5)
