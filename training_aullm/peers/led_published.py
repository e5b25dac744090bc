"""LED as its authors built it: the filter, two 3-D convolutions, one hidden layer.

Source: Varanka, Peng, Zhao, "Learnable Eulerian Dynamics for Micro-Expression Action Unit Detection" (SCIA 2023);
layers from its authors' code (github.com/tvaranka/meb, experiments/benchmarks/LED.ipynb). Ours has the number of
weights of theirs: 2,694,475 for eight units.

Ours: the floor of the filter (`EulerianFilter` says why; theirs is 1 on grey levels up to 255) and zeros where theirs
leaves the filter as memory was; epochs and rates (`recipe_led_network`; theirs: Adam 1e-4, for the filter 0.1 and after
50 epochs 0.01, batches of 64, 400 epochs); frames spread evenly, where theirs start later or end sooner by chance;
mirror, shift and gain; the loss (theirs: cross-entropy).

Tested in tests/training_aullm/peers/test_fitting.py.
"""

import torch
from torch import nn

from modeling_aullm.configuration_aullm import AullmConfig
from modeling_aullm.temporal_aullm import EulerianFilter
from training_aullm.learn.recipes import recipe_led_network
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.method import Method


class PublishedLed(nn.Module):
    """LED, two 3-D convolutions and one hidden layer, with batch statistics and dropout of one half."""

    def __init__(self, labels: int, channels: tuple[int, int] = (32, 64), hidden: int = 256):
        """
        Args:
            labels: K action units.
            channels: of the two convolutions.
            hidden: width of the hidden layer.
        """
        super().__init__()
        config = AullmConfig.preset("paper", language_model=None)
        first, second = channels
        self.led = EulerianFilter(config.num_frames, tuple(config.led_start), config.led_epsilon)
        self.features = nn.Sequential(
            *self._layer(1, first, (1, 5, 5), pool=(1, 3, 3)),  # (B, first, 5, 20, 20)
            *self._layer(first, second, (2, 3, 3), pool=(2, 2, 2)),  # (B, second, 2, 9, 9)
            nn.Flatten(),
        )
        self.hidden = nn.Sequential(nn.Linear(second * 2 * 9 * 9, hidden), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(hidden, labels)
        # Channels side by side in memory: a quarter of a step less on a processor.
        self.features.to(memory_format=torch.channels_last_3d)

    @staticmethod
    def _layer(channels: int, wider: int, kernel: tuple[int, ...], pool: tuple[int, ...]) -> list[nn.Module]:
        # Pooled before it is rectified: the same numbers as theirs, the other way round, from fewer cells.
        convolution = [nn.Conv3d(channels, wider, kernel), nn.MaxPool3d(pool), nn.ReLU()]
        return [*convolution, nn.BatchNorm3d(wider), nn.Dropout3d(0.5)]

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            pixel_values: (B, 6, 1, 64, 64) in [0, 1].

        Returns:
            (B, K) logits.
        """
        return self.head(self.hidden(self.features(self.led(pixel_values.transpose(1, 2)))))


METHOD = Method(
    "frames",
    NetworkRun(PublishedLed),
    recipe_led_network().but(weight_decay=1e-3),
    "LED (Varanka et al., SCIA 2023)",
)
