import pytest
import torch

from modeling_aullm import AullmConfig
from modeling_aullm.visual_aullm import MotionEncoder, feature_shape


@pytest.mark.parametrize(
    ("preset", "motion", "expected"),
    [("paper", (2, 1, 5, 64, 64), (64, 4, 18, 18)), ("base", (2, 4, 5, 28, 28), (48, 2, 14, 14))],
)
def test_x_att_has_the_stated_shape(preset, motion, expected):
    config = AullmConfig.preset(preset)
    x_att = MotionEncoder(config, motion[1]).eval()(torch.randn(*motion))
    assert tuple(x_att.shape[1:]) == expected == feature_shape(config)


def test_base_has_no_batch_statistics():
    encoder = MotionEncoder(AullmConfig.preset("base", encoder_dropout=0.0), 4).train()
    motion = torch.randn(4, 4, 5, 28, 28)
    torch.testing.assert_close(encoder(motion)[:2], encoder(motion[:2]))


def test_squeeze_excitation_gates_each_time_step():
    encoder = MotionEncoder(AullmConfig.preset("base"), 4).eval()
    motion = torch.randn(1, 4, 5, 28, 28)
    before = encoder.body(encoder.stem(motion))
    ratio = encoder(motion) / before
    spread = torch.nan_to_num(ratio).flatten(3).std(-1)
    assert (spread < 1e-4).all()  # one gate for all cells of a channel and time step
    assert ratio[0, :, 0, 0, 0].std() > 0 and not torch.allclose(ratio[0, :, 0, 0, 0], ratio[0, :, 1, 0, 0])


def test_frames_too_small_are_named():
    with pytest.raises(ValueError, match="image_size=8"):
        feature_shape(AullmConfig.preset("paper", image_size=8))
