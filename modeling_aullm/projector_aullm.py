"""MGE-EFP: four experts on `x_att`, harmonised and gated, fused at two levels into the content token."""

import torch
from torch import nn
from torch.nn import functional as F

from .visual_aullm import feature_shape, make_norm


class MesoExpert(nn.Module):
    """A depthwise 3 x 3 neighbourhood, each time step by itself; dilation 2 sees 5 x 5.

    Source: Paper, overview figure (Meso Conv). Depthwise kernels are our choice: harmonisation mixes the channels.
    """

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.spatial = nn.Conv2d(
            channels, channels, 3, padding=dilation, dilation=dilation, groups=channels, bias=False
        )

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(B T', C, H', W') -> the same shape."""
        return self.spatial(frames)


class GlobalExpert(nn.Module):
    """A depthwise 7 x 7 kernel at half resolution: every cell sees about the whole face.

    Source: Paper, overview figure (Global Conv). Half resolution is our choice, for speed.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 7, padding=3, groups=channels, bias=False)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(B T', C, H', W') -> the same shape."""
        coarse = self.spatial(F.avg_pool2d(frames, 2, ceil_mode=True))
        return F.interpolate(coarse, size=frames.shape[-2:], mode="nearest")


class LaplacianExpert(nn.Module):
    """What differs from the neighbourhood: the fixed 3 x 3 Laplacian, each time step by itself.

    Source: Paper, overview figure (Laplacian branch). No weights of its own: the norm after it scales every channel.
    """

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(B T', C, H', W') -> the same shape."""
        padded = F.pad(frames, (1, 1, 1, 1), mode="replicate")
        neighbours = padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
        return 4 * frames - neighbours


class PointwiseConv(nn.Conv3d):
    """Every cell's channels mixed, whatever the layout in memory.

    Source: Our choice: torch's own 1 x 1 x 1 convolution, for less than 16 clips on one thread, leaves channels that
        lie side by side one after the other, and all that follows goes from one layout to the other and back.
    """

    def __init__(self, channels: int):
        super().__init__(channels, channels, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, C, T', H', W') -> the same shape and layout."""
        if features.is_contiguous():
            return super().forward(features)
        return F.linear(features.movedim(1, -1), self.weight.flatten(1), self.bias).movedim(-1, 1)


class EvidenceProjector(nn.Module):
    """Multi-granularity evidence to one content token.

    ```
    x_att -+- meso 3x3 ---+
           +- meso 5x5 ---+-> harmonise -> MoE gate -> weighted sum + x_att = x_fused
           +- global -----+                              |
           +- laplacian --+            F_mid = mid(x_fused), F_high = high(F_mid)
                                       content token = project([F_mid, F_high])
    ```

    Args:
        config: encoder, mid_*, high_width, use_moe and use_laplacian fields are read.
        width: D of the language model.

    Source: Paper, overview figure. Sizes are our choice: the published predecessor spends about 60 M weights on this
        projection at D = 576, here it is under 3 M.
    """

    def __init__(self, config, width: int):
        super().__init__()
        channels = feature_shape(config)[0]
        experts = [MesoExpert(channels, 1), MesoExpert(channels, 2), GlobalExpert(channels)]
        self.experts = nn.ModuleList([*experts, LaplacianExpert()] if config.use_laplacian else experts)
        self.norms = nn.ModuleList([make_norm(config.norm, channels) for _ in self.experts])
        self.harmonise = PointwiseConv(channels)
        self.gate = nn.Linear(channels * len(self.experts), len(self.experts)) if config.use_moe else None
        self.mid = nn.Sequential(
            nn.Conv3d(channels, config.mid_channels, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), bias=False),
            make_norm(config.norm, config.mid_channels),
            nn.GELU(),
            nn.Dropout3d(config.projector_dropout),
            nn.AdaptiveAvgPool3d(tuple(config.mid_shape)),
            nn.Flatten(),
        )
        mid_width = config.mid_channels * config.mid_shape[0] * config.mid_shape[1] * config.mid_shape[2]
        self.high = nn.Sequential(nn.Linear(mid_width, config.high_width), nn.GELU())
        self.drop = nn.Dropout(config.projector_dropout)
        self.project = nn.Linear(mid_width + config.high_width, width)

    def fuse(self, x_att: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`x_att` (B, C, T', H', W') -> `x_fused` of the same shape and the experts' weights (B, E)."""
        batch, channels, steps, height, breadth = x_att.shape
        frames = x_att.transpose(1, 2).reshape(-1, channels, height, breadth)  # (B T', C, H', W')

        def run(expert: nn.Module, norm: nn.Module) -> torch.Tensor:
            seen = expert(frames).reshape(batch, steps, channels, height, breadth).transpose(1, 2)
            return F.gelu(self.harmonise(norm(seen)))

        seen = [run(expert, norm) for expert, norm in zip(self.experts, self.norms, strict=True)]
        if self.gate is None:
            weights = x_att.new_full((batch, len(seen)), 1 / len(seen))
        else:
            summary = torch.cat([branch.mean((2, 3, 4)) for branch in seen], 1)  # (B, E C)
            weights = self.gate(summary).softmax(-1)
        mixed = sum(branch * weights[:, i, None, None, None, None] for i, branch in enumerate(seen))
        return x_att + mixed, weights

    def forward(self, x_att: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Content token (B, D) and expert weights (B, E) from `x_att` (B, C, T', H', W')."""
        x_fused, weights = self.fuse(x_att)
        mid = self.drop(self.mid(x_fused))
        return self.project(torch.cat([mid, self.high(mid)], 1)), weights
