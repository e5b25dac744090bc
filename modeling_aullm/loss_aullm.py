"""Losses of the model itself: the asymmetric loss, and what keeps nodes and prototypes meaning their unit."""

import torch
from torch.nn import functional as F


def asymmetric_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    gamma_negative: float = 4.0,
    gamma_positive: float = 0.0,
    clip: float = 0.05,
) -> torch.Tensor:
    """Asymmetric loss for multi-label classification.

    `L+ = (1 - p)^g+ log p` for present units, `L- = p_m^g- log(1 - p_m)`, `p_m = max(p - clip, 0)`, for absent ones.
    With both gammas and clip at 0 it is the binary cross-entropy. The focusing weights carry no gradient, as in the
    authors' code.

    Args:
        logits: (B, K). labels: (B, K), 1 present, 0 absent, -1 unknown (adds nothing).

    Returns:
        Scalar: the sum over known labels divided by B K, so that it does not depend on how a batch is split.

    Source: Ridnik et al., "Asymmetric Loss For Multi-Label Classification", ICCV 2021. (The predecessor's script
        weights negatives the wrong way round.)
    """
    logits = logits.float()
    probability = torch.sigmoid(logits)
    shifted = (probability - clip).clamp_min(0)  # absent units under the margin add nothing
    log_absent = torch.log((1 - shifted).clamp_min(1e-8)) if clip > 0 else F.logsigmoid(-logits)
    present = F.logsigmoid(logits)
    if gamma_positive > 0:
        present = present * (1 - probability.detach()) ** gamma_positive
    if gamma_negative > 0:
        log_absent = log_absent * shifted.detach() ** gamma_negative
    loss = -torch.where(labels == 1, present, torch.where(labels == 0, log_absent, torch.zeros_like(present)))
    return loss.mean() if loss.numel() else loss.sum()  # of no clips 0, not NaN


def prototype_loss(features: torch.Tensor, prototypes: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Pulls each unit's prototype of a state to the node features of clips in that state.

    Only the prototypes move (features are detached): a flip then puts in a node the graph has seen, not an arbitrary
    vector.

    Args:
        features: (B, K, N). prototypes: (2, K, N). labels: (B, K), 1, 0 or -1 (adds nothing).

    Source: Our choice. The paper says "AU flip" without saying what is put in.
    """
    target = torch.where((labels == 1)[..., None], prototypes[1], prototypes[0])  # (B, K, N)
    distance = (target - features.detach()).square().mean(-1)
    distance = distance * (labels >= 0)
    return distance.mean() if distance.numel() else distance.sum()
