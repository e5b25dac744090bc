"""SSSNet: one shallow stream on u, v and strain at 64 x 64; it leads the published CD6ME table.

Source: first Varanka, Peng, Zhao, "Micro-expression recognition with noisy labels" (Electronic Imaging 2021); layers,
Adam 1e-4, decay 1e-3, batches of 32 and 200 epochs are those of its authors' code for Varanka, Li, Peng, Zhao, "Data
Leakage and Evaluation Issues in Micro-Expression Analysis" (IEEE TAFFC 2023; github.com/tvaranka/meb). Ours has the
number of weights of theirs: 1,350,536 for eight units.

Ours: Farneback in pixels instead of "classic+nl-fast" stretched to 0 to 1 clip by clip, clips mirrored and their motion
scaled, the loss, decay beside the gradient (AdamW), a rate that rises and falls.

Tested in tests/training_aullm/peers/test_networks.py.
"""

import torch
from torch import nn

from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.flow_maps import flow_maps
from training_aullm.peers.method import Method


class SSSNet(nn.Module):
    """Two convolutions and one hidden layer, with batch statistics and dropout of one half."""

    def __init__(self, labels: int, channels: tuple[int, int] = (32, 64), hidden: int = 256):
        """
        Args:
            labels: K action units.
            channels: of the two convolutions.
            hidden: width of the hidden layer.
        """
        super().__init__()
        first, second = channels
        self.features = nn.Sequential(
            *self._layer(3, first, 5, pool=3),  # (B, first, 20, 20)
            *self._layer(first, second, 3, pool=2),  # (B, second, 9, 9)
            nn.Flatten(),
        )
        self.hidden = nn.Sequential(nn.Linear(second * 9 * 9, hidden), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(hidden, labels)
        # Channels side by side in memory: a quarter of a step less on a processor.
        self.features.to(memory_format=torch.channels_last)

    @staticmethod
    def _layer(channels: int, wider: int, kernel: int, pool: int) -> list[nn.Module]:
        # Pooled before it is rectified: the same numbers as theirs, the other way round, from fewer cells.
        convolution = [nn.Conv2d(channels, wider, kernel), nn.MaxPool2d(pool), nn.ReLU()]
        return [*convolution, nn.BatchNorm2d(wider), nn.Dropout2d(0.5)]

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, 1, 64, 64) in pixels, from onset to apex.

        Returns:
            (B, K) logits.
        """
        return self.head(self.hidden(self.features(flow_maps(motion_values))))


METHOD = Method(
    "apex-flow-64",
    NetworkRun(SSSNet),
    recipe_flow_cnn().but(epochs=200, batch_size=32, learning_rate=1e-4, weight_decay=1e-3),
    "SSSNet (Varanka et al., EI 2021)",
)
