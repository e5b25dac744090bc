"""Off-ApexNet: horizontal and vertical flow in two shallow streams.

Source: Gan, Liong, Yau, Huang, Tan, "OFF-ApexNet on micro-expression recognition system" (Signal Processing: Image
Communication 74, 2019): two streams of 6 and 16 filters of 5 x 5 on 28 x 28, each pooled by two, two layers of 1,024.
Ours: Farneback instead of TV-L1, action units instead of emotions, clips mirrored and their motion scaled, 200 epochs,
no dropout. Its authors' code was not found, nor the paper's number of weights. Others who built it: Off-TANet (ECNU)
has these two streams and layers, 2,664,475 weights for three emotions as ours, dropout of one half, Adam 1e-4 and 3,000
epochs; MEB (github.com/tvaranka/meb), whose row stands in the CD6ME table, one stream of 3 x 3 and one layer of 1,024
(813,034 for eight units), with the same dropout, rate and epochs and a decay of 1e-3.

Tested in tests/training_aullm/peers/test_networks.py.
"""

import torch
from torch import nn

from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.flow_maps import flow_maps
from training_aullm.peers.method import Method


class OffApexNet(nn.Module):
    """Two streams of two convolutions, then two wide layers."""

    def __init__(self, labels: int, width: int = 1024):
        """
        Args:
            labels: K action units.
            width: of the two wide layers.
        """
        super().__init__()
        self.across, self.down = self._stream(), self._stream()
        self.wide = nn.Sequential(nn.Linear(2 * 16 * 7 * 7, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, labels)

    @staticmethod
    def _stream() -> nn.Sequential:
        first = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        second = [nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*first, *second, nn.Flatten())

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, 1, 28, 28) in pixels, from onset to apex.

        Returns:
            (B, K) logits.
        """
        across, down, _ = flow_maps(motion_values).split(1, dim=1)
        return self.head(self.wide(torch.cat([self.across(across), self.down(down)], dim=1)))


METHOD = Method(
    "apex-flow-28",
    NetworkRun(OffApexNet),
    recipe_flow_cnn().but(epochs=200, batch_size=32, learning_rate=1e-4, weight_decay=0.0),
    "Off-ApexNet (Gan et al., SPIC 2019)",
)
