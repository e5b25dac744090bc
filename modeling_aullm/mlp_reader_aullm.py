"""The MLP that stands in for the language model in the ablation, at an equal number of trained weights.

Tested in tests/modeling_aullm/test_modeling_aullm.py.
"""

import torch
from torch import nn
from transformers import AutoModel

from .prompt_layout_aullm import PromptLayout


class MlpReader(nn.Module):
    """Content and instruction token to one hidden state, without a language model.

    Source: Our choice: the ablation that asks what the language model is worth.
    """

    def __init__(self, config):
        super().__init__()
        width = config.text_config.hidden_size
        hidden = config.mlp_width or equal_width(config)
        self.layers = nn.Sequential(
            nn.Linear(2 * width, hidden),
            nn.GELU(),
            nn.Dropout(config.head_dropout),
            nn.Linear(hidden, width),
        )

    def forward(self, content: torch.Tensor, instruction: torch.Tensor, prompt: PromptLayout) -> torch.Tensor:
        """(B, D), (B, D) -> (B, 1, D)."""
        return self.layers(torch.cat([content, instruction], -1))[:, None]


def equal_width(config) -> int:
    """The hidden width that gives the MLP as many weights as LoRA adds to this language model."""
    with torch.device("meta"):
        body = AutoModel.from_config(config.text_config)
    targets = [m for name, m in body.named_modules() if name.rsplit(".", 1)[-1] in config.lora_targets]
    trained = sum(config.lora_rank * (m.in_features + m.out_features) for m in targets)
    return max(trained // (3 * config.text_config.hidden_size), 8)
