"""Counterfactual consistency regularisation (CCR): which action unit is flipped, and the two parts of its loss.

One action unit k per sample is flipped in the graph. *Invariance*: action units that are neither k nor graph
neighbours of k keep their logits (the original side is detached, so the counterfactual side moves). *Intervention*:
the logit of k moves to the flipped label.

Source: L_total = L_main + lambda * L_cf is the paper's; the two parts, their weights and how k is drawn are our choice.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

FLIP_STREAM = 1  # keeps flips independent of the augmentation, which draws from (seed, epoch, index)


def draw_flips(
    labels: torch.Tensor, seed: int, epoch: int, indices: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Choose the action unit to flip in every sample, uniformly among those with a known label.

    Args:
        labels: (B, K) in {1, 0, -1}.
        seed: of the flips.
        epoch: number of the epoch.
        indices: B sample indices. A flip depends on nothing else, so not on how a batch is split.

    Returns:
        flip_index: (B,) int64. 0 where no label is known (`intervention` and `invariance` leave such samples out).
        flip_state: (B,) int64, the opposite of the label.
    """
    # One number in [0, 1) a sample, whatever K is; scaled to the known units below.
    draws = [np.random.default_rng([seed, epoch, index, FLIP_STREAM]).random() for index in indices]
    known = labels != -1
    rank = (torch.tensor(draws, dtype=torch.float64) * known.sum(dim=1)).long()  # the rank-th known action unit, from 0
    chosen = known & (known.cumsum(dim=1) - 1 == rank[:, None])
    flip_index = chosen.int().argmax(dim=1)
    flip_state = 1 - labels.gather(1, flip_index[:, None]).squeeze(1).clamp(min=0).long()
    return flip_index, flip_state


def invariance(
    logits: torch.Tensor,
    flipped_logits: torch.Tensor,
    labels: torch.Tensor,
    flip_index: torch.Tensor,
    neighbours: torch.Tensor,
) -> torch.Tensor:
    """How far logits moved that should have stayed.

    Args:
        logits: (B, K) of the clip as it is; detached here.
        flipped_logits: (B, K) after the flip.
        labels: (B, K); a sample without a known label is left out.
        flip_index: (B,) the flipped action unit.
        neighbours: (K, K) bool, True where two action units share an edge of the graph.

    Returns:
        (B,) mean squared difference over the action units that are not k nor its neighbours; 0 where there is none.
    """
    number = logits.shape[1]
    touched = neighbours.to(logits.device) | torch.eye(number, dtype=torch.bool, device=logits.device)
    stays = (~touched[flip_index]).to(logits.dtype)
    # Detached: the flipped side has to come to the clip's own answer, not the other way round.
    difference = (flipped_logits - logits.detach()).square() * stays  # (B, K)
    return difference.sum(dim=1) / stays.sum(dim=1).clamp(min=1) * _usable(labels)


def intervention(
    flipped_logits: torch.Tensor, labels: torch.Tensor, flip_index: torch.Tensor, flip_state: torch.Tensor
) -> torch.Tensor:
    """How far the flipped action unit's own logit is from the flipped label.

    Args:
        flipped_logits: (B, K) after the flip.
        labels: (B, K); a sample without a known label is left out.
        flip_index: (B,).
        flip_state: (B,) in {0, 1}.

    Returns:
        (B,) binary cross-entropy of logit k against the flipped label.
    """
    chosen = flipped_logits.gather(1, flip_index[:, None]).squeeze(1)
    return F.binary_cross_entropy_with_logits(chosen, flip_state.to(chosen.dtype), reduction="none") * _usable(labels)


def _usable(labels: torch.Tensor) -> torch.Tensor:
    return (labels != -1).any(dim=1).float()
