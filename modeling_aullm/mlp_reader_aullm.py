"""The MLP that stands in for the language model in the ablation, at an equal number of trained weights.

Tested in tests/modeling_aullm/test_modeling_aullm.py.
"""

import torch
from torch import nn
from transformers import AutoModel
from transformers import initialization as init

from .prompt_layout_aullm import PromptLayout


class MlpReader(nn.Module):
    """Content and instruction token to hidden states, without a language model.

    `last`: one hidden state. `au`: one for each unit, from both tokens and a learned vector that stands for its name.

    Source: Our choice: the ablation that asks what the language model is worth.
    """

    def __init__(self, config):
        super().__init__()
        width, self.start = config.text_config.hidden_size, config.embedding_rms or 0.02
        by_unit = config.readout == "au"
        self.units = nn.Parameter(torch.empty(len(config.action_units), width)) if by_unit else None
        size = (3 if by_unit else 2) * width
        hidden = config.mlp_width or equal_width(config, size)
        self.layers = nn.Sequential(
            nn.Linear(size, hidden),
            nn.GELU(),
            nn.Dropout(config.head_dropout),
            nn.Linear(hidden, width),
        )

    def initialise(self) -> None:
        if self.units is not None:
            init.normal_(self.units, std=self.start)  # as large as the tokens beside them

    def forward(self, content: torch.Tensor, instruction: torch.Tensor, prompt: PromptLayout) -> torch.Tensor:
        """(B, D), (B, D) -> (B, 1, D), or (B, K, D) by unit."""
        tokens = torch.cat([content, instruction], -1)[:, None]  # (B, 1, 2D)
        if self.units is None:
            return self.layers(tokens)
        batch, units = content.shape[0], self.units.shape[0]
        return self.layers(torch.cat([tokens.expand(-1, units, -1), self.units.expand(batch, -1, -1)], -1))


def equal_width(config, size: int) -> int:
    """The hidden width that gives an MLP with `size` inputs as many weights as LoRA adds to this language model."""
    with torch.device("meta"):
        body = AutoModel.from_config(config.text_config)
    targets = [m for name, m in body.named_modules() if name.rsplit(".", 1)[-1] in config.lora_targets]
    trained = sum(config.lora_rank * (m.in_features + m.out_features) for m in targets)
    return max(trained // (size + config.text_config.hidden_size), 8)
