"""Weights between those that a training started from and those that it ended with.

    before = trained_weights(model)
    trainer.train()
    move_towards(model, before, 0.5)

Tested in tests/training_aullm/learn/test_averaging.py.
"""

import torch
from torch import nn


def trained_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of everything that a training would move.

    Args:
        model: any module.

    Returns:
        Weight name to values; frozen weights are left out.
    """
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


@torch.no_grad()
def move_towards(model: nn.Module, place: dict[str, torch.Tensor], share: float) -> None:
    """Move weights a share of the way to others, in place.

    Args:
        model: whose weights are moved.
        place: of `trained_weights`; weights that it does not name stay.
        share: of the way, 0 to 1.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022.
    """
    for name, weight in model.named_parameters():
        if name in place:
            weight.lerp_(place[name].to(weight), share)
