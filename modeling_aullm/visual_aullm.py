"""The 3-D encoder with squeeze-excitation: motion channels to `x_att`, the map both branches read."""

import torch
from torch import nn


def make_norm(kind: str, channels: int) -> nn.Module:
    """BatchNorm over (B, C, T, H, W) as published, or GroupNorm, which looks at one sample only."""
    return nn.BatchNorm3d(channels) if kind == "batch" else nn.GroupNorm(min(8, channels // 2), channels)


class SqueezeExcitation(nn.Module):
    """Channel gates from the spatial mean, one set a time step.

    Source: AU-LLM training script (reduction 16, per time step), the encoder AULLM++ builds on. GELU between the two
        layers is our choice: of four ReLU units all may die.
    """

    def __init__(self, channels: int, reduction: int = 16):
        super().__init__()
        hidden = max(channels // reduction, 4)
        self.gate = nn.Sequential(nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, C, T, H, W) -> the same shape, every channel scaled per time step."""
        gates = self.gate(features.mean((3, 4)).transpose(1, 2))  # (B, T, C)
        return features * gates.transpose(1, 2)[..., None, None]


class MotionEncoder(nn.Module):
    """Two 3-D convolutions, then squeeze-excitation.

    `published`: Conv (1,5,5), ReLU, MaxPool (1,3,3), norm, dropout; Conv (2,3,3), ReLU, norm: 5 x 64 x 64 becomes
    4 x 18 x 18. `grid`: Conv (1,5,5) with stride 2 in space, norm, GELU, dropout; Conv (3,3,3) with stride 2 in time,
    norm, GELU, all padded in space: 5 x 28 x 28 becomes 2 x 14 x 14, the way to the apex and the way back.

    Source: `published` is the AU-LLM training script. `grid` is our choice: max-pooling signed motion throws away one
        of its two directions, and the early strides make a step three times cheaper.
    """

    def __init__(self, config, in_channels: int):
        super().__init__()
        first, second = config.encoder_channels
        drop = nn.Dropout3d(config.encoder_dropout)
        if config.encoder_layout == "published":
            # ReLU after pooling gives the same numbers as before it, on a ninth of the cells
            stem = [nn.Conv3d(in_channels, first, (1, 5, 5)), nn.MaxPool3d((1, 3, 3)), nn.ReLU()]
            stem += [make_norm(config.norm, first), drop]
            body = [nn.Conv3d(first, second, (2, 3, 3)), nn.ReLU(), make_norm(config.norm, second)]
        else:
            stem = [nn.Conv3d(in_channels, first, (1, 5, 5), stride=(1, 2, 2), padding=(0, 2, 2))]
            stem += [make_norm(config.norm, first), nn.GELU(), drop]
            body = [nn.Conv3d(first, second, 3, stride=(2, 1, 1), padding=(0, 1, 1))]
            body += [make_norm(config.norm, second), nn.GELU()]
        self.channels_last = config.encoder_layout == "published"  # side by side: a step takes a third less
        self.stem, self.body = nn.Sequential(*stem), nn.Sequential(*body)
        self.attend = SqueezeExcitation(second) if config.use_squeeze_excitation else nn.Identity()

    def forward(self, motion: torch.Tensor) -> torch.Tensor:
        """(B, C_in, T - 1, H, W) -> `x_att` (B, C, T', H', W')."""
        if self.channels_last:
            motion = motion.to(memory_format=torch.channels_last_3d)
        return self.attend(self.body(self.stem(motion)))


def feature_shape(config) -> tuple[int, int, int, int]:
    """The shape (C, T', H', W') of `x_att` under a config, without building the encoder.

    Raises:
        ValueError: when the frames are too small for the published layout.
    """
    side = config.image_size if config.front_end == "led" else config.motion_grid
    published = config.encoder_layout == "published"
    side = (side - 4) // 3 - 2 if published else (side - 1) // 2 + 1
    steps = config.num_frames - 2 if published else (config.num_frames - 4) // 2 + 1
    if side < 2:
        size = "image_size" if config.front_end == "led" else "motion_grid"
        raise ValueError(f"{size}={getattr(config, size)} is too small for encoder_layout={config.encoder_layout!r}")
    return config.encoder_channels[1], steps, side, side
