"""The plain motion network of action units: LED, AU-LLM's encoder and one linear layer, no language model, no graph.

Source: the filter is LED (Varanka, Peng, Zhao, SCIA 2023), the encoder with squeeze-excitation that of the AU-LLM
script, which builds on it. LED's authors have no squeeze-excitation and a hidden layer of 256, so 22 times the weights:
`led_published` is that network. Ours: the linear layer, which leaves all learning to the encoder that `paper` has too;
epochs and rates (`recipe_led_network` says why), the asymmetric loss as its authors defined it.

Tested in tests/training_aullm/peers/test_fitting.py.
"""

import torch
from torch import nn

from modeling_aullm.configuration_aullm import AullmConfig
from modeling_aullm.temporal_aullm import EulerianFilter
from modeling_aullm.visual_aullm import MotionEncoder
from training_aullm.learn.recipes import recipe_led_network
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.method import Method


class LedNetwork(nn.Module):
    """LED, the published 3-D encoder with squeeze-excitation, one linear layer."""

    def __init__(self, labels: int):
        """
        Args:
            labels: K action units.
        """
        super().__init__()
        config = AullmConfig.preset("paper", language_model=None)
        self.led = EulerianFilter(config.num_frames, tuple(config.led_start), config.led_epsilon)
        self.encoder = MotionEncoder(config, in_channels=1)
        self.pool = nn.Sequential(nn.MaxPool3d(2), nn.Dropout3d(config.encoder_dropout), nn.Flatten())
        self.head = nn.Linear(config.encoder_channels[1] * 2 * 9 * 9, labels)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            pixel_values: (B, 6, 1, 64, 64) in [0, 1].

        Returns:
            (B, K) logits.
        """
        return self.head(self.pool(self.encoder(self.led(pixel_values.transpose(1, 2)))))


METHOD = Method(
    "frames",
    NetworkRun(LedNetwork, gamma_negative=4.0, clip=0.05),
    recipe_led_network(),
    "ours: LED (SCIA 2023) and the encoder of AU-LLM",
)
