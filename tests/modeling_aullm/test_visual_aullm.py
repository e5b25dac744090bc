import pytest
import torch

from modeling_aullm import AullmConfig
from modeling_aullm.temporal_aullm import MotionFrontEnd
from modeling_aullm.visual_aullm import MotionEncoder, feature_shape


@pytest.mark.parametrize(
    ("preset", "motion", "expected"),
    [("paper", (2, 1, 5, 64, 64), (64, 4, 18, 18)), ("base", (2, 5, 5, 28, 28), (48, 2, 14, 14))],
)
def test_x_att_has_the_stated_shape(preset, motion, expected):
    config = AullmConfig.preset(preset)
    x_att = MotionEncoder(config, motion[1]).eval()(torch.randn(*motion))
    assert tuple(x_att.shape[1:]) == expected == feature_shape(config)


def test_base_has_no_batch_statistics():
    encoder = MotionEncoder(AullmConfig.preset("base", encoder_dropout=0.0), 5).train()
    motion = torch.randn(4, 5, 5, 28, 28)
    torch.testing.assert_close(encoder(motion)[:2], encoder(motion[:2]))


def test_squeeze_excitation_gates_each_time_step():
    encoder = MotionEncoder(AullmConfig.preset("whole"), 5).eval()
    motion = torch.randn(1, 5, 5, 28, 28)
    before = encoder.body(encoder.stem(motion))
    ratio = encoder(motion) / before
    spread = torch.nan_to_num(ratio).flatten(3).std(-1)
    assert (spread < 1e-4).all()  # one gate for all cells of a channel and time step
    assert ratio[0, :, 0, 0, 0].std() > 0 and not torch.allclose(ratio[0, :, 0, 0, 0], ratio[0, :, 1, 0, 0])


def test_size_counts():
    """A movement made fifty times smaller is nearly none: normalisation must not divide its size out."""
    torch.manual_seed(0)
    config = AullmConfig.preset("base", encoder_dropout=0.0)
    front, encoder = MotionFrontEnd(config), MotionEncoder(config, 5).eval()
    moved = torch.randn(1, 2, 1, 28, 28).expand(-1, -1, 5, -1, -1)

    def seen(size: float, confidence: float) -> torch.Tensor:
        sure = torch.full((1, 1, 5, 28, 28), confidence)
        with torch.no_grad():
            return encoder(front(None, torch.cat([size * moved, sure], 1)))

    left = (seen(0.02, 1.0) - seen(0.0, 1.0)).norm() / (seen(1.0, 1.0) - seen(0.0, 1.0)).norm()
    without = (seen(0.02, 0.0) - seen(0.0, 0.0)).norm() / (seen(1.0, 0.0) - seen(0.0, 0.0)).norm()
    assert left < 0.5 < 0.7 < without, "a plane that says how long a pixel is tells sizes apart"


def test_frames_too_small_are_named():
    with pytest.raises(ValueError, match="image_size=8"):
        feature_shape(AullmConfig.preset("paper", image_size=8))
