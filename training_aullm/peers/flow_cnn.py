"""A small 2-D network on the flow from onset to five later frames. Source: our choice; the first probes used it.

Tested in tests/training_aullm/peers/test_fitting.py.
"""

import torch
from torch import nn

from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.method import Method


class FlowConvNet(nn.Module):
    """A small 2-D network on the flow from onset to each of five frames, stacked as channels."""

    def __init__(self, labels: int, steps: int = 5, width: int = 32):
        """
        Args:
            labels: K action units.
            steps: flow fields per clip.
            width: channels of the first layer.
        """
        super().__init__()
        layers, channels = [], 2 * steps
        for wider in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.GroupNorm(8, wider), nn.GELU(), nn.MaxPool2d(2)]
            channels = wider
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.5))
        self.head = nn.Linear(channels * 3 * 3, labels)

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, steps, 28, 28) in pixels.

        Returns:
            (B, K) logits.
        """
        return self.head(self.features(motion_values.flatten(1, 2)))


METHOD = Method("clip-flow", NetworkRun(FlowConvNet), recipe_flow_cnn(), "ours: flow and a small network")
