"""Micro-Attention: a small residual network that looks where its own blocks tell it to, transferred from macro clips.

Source: Wang, Peng, Bi, Chen, "Micro-attention for micro-expression recognition" (arXiv 1811.02360, Neurocomputing 410):
residual blocks with an attention unit, trained on macro-expressions first and on micro-expressions then. Blocks and
unit are those of its authors' Caffe files (github.com/CodeShareBot/Micro-Attention-for-Micro-Expression): 5,944,839
trained weights for five emotions, 1,044,480 of them in the units, which the paper calls no noticeable number.

Ours: half of that width (theirs: 64 to 512 maps); a first convolution of 3 x 3 on flow and strain of 28 x 28, where
theirs has 7 x 7, a stride and a pooling of two each, and a norm, on a grey picture of 224 x 224; batches of 32 instead
of 10, rendered macro clips of other people instead of CK+ and its like, clips mirrored and their motion scaled, and
epochs and rates (theirs are not in the files).

Tested in tests/training_aullm/peers/test_networks.py.
"""

from itertools import pairwise

import torch
from torch import nn

from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.fitting import NetworkRun, TransferredRun
from training_aullm.peers.flow_maps import flow_maps
from training_aullm.peers.method import Method


class MicroAttention(nn.Module):
    """One map of where to look, from what a block reads and what its convolutions find."""

    def __init__(self, channels: int):
        super().__init__()
        self.mix = nn.Conv2d(3 * channels, channels, 1, bias=False)

    def forward(self, read: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Three maps (B, C, h, w) -> the sum of `read` and `second`, raised where the block looks."""
        look = self.mix(torch.cat([read, first, second], dim=1)).mean(1, keepdim=True)  # (B, 1, h, w)
        return (read + second) * (1 + torch.sigmoid(look))


class AttendingBlock(nn.Module):
    """Two convolutions beside a skip, and the attention unit on what they find. One that widens starts with a norm."""

    def __init__(self, channels: int, wider: int):
        super().__init__()
        self.enter, self.skip = nn.Identity(), nn.Identity()
        stride = 1 if wider == channels else 2
        if stride == 2:
            self.enter = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
            self.skip = nn.Conv2d(channels, wider, 1, stride, bias=False)
        self.first = nn.Sequential(
            nn.Conv2d(channels, wider, 3, stride, padding=1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()
        )
        self.second = nn.Conv2d(wider, wider, 3, padding=1, bias=False)
        self.attend = MicroAttention(wider)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) -> (B, wider, h / stride, w / stride)."""
        entered = self.enter(maps)
        first = self.first(entered)
        return self.attend(self.skip(entered), first, self.second(first))


class AttendingNetwork(nn.Module):
    """Ten layers: a first convolution, four attending blocks, one linear layer."""

    def __init__(self, labels: int, width: int = 32):
        """
        Args:
            labels: K action units.
            width: channels of the first block; doubles from block to block.
        """
        super().__init__()
        self.start = nn.Sequential(nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        widths = [width, *(width * 2**block for block in range(4))]
        self.blocks = nn.Sequential(*(AttendingBlock(*pair) for pair in pairwise(widths)))
        self.end = nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU())
        self.head = nn.Linear(widths[-1], labels)
        # Channels side by side in memory: a tenth of a step less on a processor.
        self.to(memory_format=torch.channels_last)

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, 1, 28, 28) in pixels, from onset to apex.

        Returns:
            (B, K) logits.
        """
        return self.head(self.end(self.blocks(self.start(flow_maps(motion_values)))).mean((2, 3)))


METHOD = Method(
    "apex-flow-28",
    TransferredRun(NetworkRun(AttendingNetwork)),
    recipe_flow_cnn().but(epochs=30, batch_size=32, learning_rate=1e-3, weight_decay=1e-3),
    "Micro-Attention (Wang et al., Neurocomputing 2020)",
    transfers="macro",
)
