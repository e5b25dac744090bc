"""From hidden states and tokens to AU logits.

Tested in tests/modeling_aullm/test_modeling_aullm.py.
"""

import torch
from torch import nn
from transformers import initialization as init


class ReadoutHead(nn.Module):
    """The classification head on the reader's hidden states.

    `last`: one linear layer from the last position to K logits, as published. `au`: one row shared by all units, each
    applied at its own name, so that one checkpoint answers any AU set.

    Source: `last` is the paper's. `au` and the normalisation before the layer are our choice.
    """

    def __init__(self, config, width: int):
        super().__init__()
        self.by_name = config.readout == "au"
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(config.head_dropout)
        self.score = nn.Linear(width, 1 if self.by_name else len(config.action_units))
        self.initialise()

    def initialise(self) -> None:
        init.normal_(self.score.weight, std=0.02)
        init.zeros_(self.score.bias)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """(B, Q, D) -> (B, Q) by name, or (B, K) from Q = 1."""
        scores = self.score(self.drop(self.norm(hidden)))
        return scores.squeeze(-1) if self.by_name else scores.squeeze(1)


class EvidenceHead(nn.Module):
    """A small head on the two tokens: what the evidence says before the language model corrects it.

    Source: Our choice. With it the language model only has to learn the correction.
    """

    def __init__(self, config, width: int, hidden: int = 128):
        super().__init__()
        self.norm = nn.LayerNorm(2 * width)
        self.layers = nn.Sequential(
            nn.Linear(2 * width, hidden),
            nn.GELU(),
            nn.Dropout(config.head_dropout),
            nn.Linear(hidden, len(config.action_units)),
        )

    def forward(self, content: torch.Tensor, instruction: torch.Tensor) -> torch.Tensor:
        """(B, D), (B, D) -> (B, K)."""
        return self.layers(self.norm(torch.cat([content, instruction], -1)))
