"""SSSNet-like: one shallow stream on u, v and strain; SSSNet leads the published CD6ME table.

Source: the single-stream relative of STSTNet that Varanka, Li, Peng, Zhao, "Data Leakage and Evaluation Issues in
Micro-Expression Analysis" (IEEE TAFFC 2023) compare. The layers (32 and 64 filters of 5 x 5, each pooled by three, 256
hidden) and all rates are ours, where it was first published and its number of weights are unchecked: hence "like".

Tested in tests/training_aullm/peers/test_networks.py.
"""

import torch
from torch import nn

from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.flow_maps import flow_maps
from training_aullm.peers.method import Method


class ShallowStream(nn.Module):
    """Two convolutions and one hidden layer, with batch statistics and dropout of one half."""

    def __init__(self, labels: int, channels: tuple[int, int] = (32, 64), hidden: int = 256):
        """
        Args:
            labels: K action units.
            channels: of the two convolutions.
            hidden: width of the hidden layer.
        """
        super().__init__()
        layers, before = [], 3
        for wider in channels:
            layers += [nn.Conv2d(before, wider, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=3, padding=1)]
            layers += [nn.BatchNorm2d(wider), nn.Dropout2d(0.5)]
            before = wider
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.hidden = nn.Sequential(nn.Linear(before * 4 * 4, hidden), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(hidden, labels)

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, 1, 28, 28) in pixels, from onset to apex.

        Returns:
            (B, K) logits.
        """
        return self.head(self.hidden(self.features(flow_maps(motion_values))))


METHOD = Method(
    "apex-flow-28",
    NetworkRun(ShallowStream),
    recipe_flow_cnn().but(epochs=100, batch_size=32, learning_rate=1e-3, weight_decay=1e-3),
    "SSSNet-like (Varanka et al., TAFFC 2023)",
)
