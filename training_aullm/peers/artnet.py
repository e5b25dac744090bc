"""ARTNet: the change of a face enlarged by several factors, and a transformer across them.

Source: ARTNet (Sensors 2026, 26(1), 247): the difference between frames is amplified by several factors, flow is taken
of each amplified pair, transformer layers look across the levels. Written from that description; neither its authors'
code nor their number of weights was found, and so ours: the factors (`flow.AMPLIFICATIONS`), the network that makes a
token of a flow field, all widths and rates, clips mirrored and their motion scaled.

Tested in tests/training_aullm/peers/test_networks.py.
"""

import torch
from torch import nn

from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.flow import AMPLIFICATIONS
from training_aullm.peers.flow_maps import flow_maps
from training_aullm.peers.method import Method


class AmplificationTransformer(nn.Module):
    """One token a level of amplification, two transformer layers across them, their mean read out."""

    def __init__(self, labels: int, width: int = 128, heads: int = 4, depth: int = 2):
        """
        Args:
            labels: K action units.
            width: of a token.
            heads: of attention.
            depth: transformer layers.
        """
        super().__init__()
        layers, channels = [], 3
        for wider in (16, 32):
            layers += [nn.Conv2d(channels, wider, 3, stride=2, padding=1), nn.GroupNorm(8, wider), nn.GELU()]
            channels = wider
        self.token = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.5), nn.Linear(channels * 7 * 7, width))
        self.level = nn.Parameter(0.02 * torch.randn(len(AMPLIFICATIONS), width))
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.1, "gelu", batch_first=True, norm_first=True)
        self.across = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, labels)

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, A, 28, 28) in pixels, from onset to A amplified apexes.

        Returns:
            (B, K) logits.
        """
        fields = motion_values.transpose(1, 2)  # (B, A, 2, 28, 28)
        maps = flow_maps(fields.flatten(0, 1)[:, :, None])  # (B A, 3, 28, 28)
        tokens = self.token(maps).unflatten(0, fields.shape[:2]) + self.level  # (B, A, D)
        return self.head(self.across(tokens).mean(1))


METHOD = Method(
    "amplified-flow",
    NetworkRun(AmplificationTransformer),
    recipe_flow_cnn().but(epochs=60, batch_size=32, learning_rate=5e-4, weight_decay=0.01),
    "ARTNet (Sensors 2026)",
)
