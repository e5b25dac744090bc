"""What of a displacement field is the face's own: the head's rotations are taken off, and what is not face.

A head that turns by ten degrees moves its nose by 20 px in a crop that follows the rest of it, and hair and background
even more. Next to that a smile is small, so it has to go before a model reads the field.
"""

from functools import lru_cache

import torch

FACE = (0.8, 0.95)  # half axes of the cells that the head's motion is fitted to; the crop's sides are -1 and 1
SHOWN = (0.95, 1.05)  # the same of the cells that are kept
DROP = 0.05  # how far the centre of both ellipses lies below the crop's
MIN_SCALE = 0.25  # px: cells that differ from the head's motion by less than twice that count almost fully in its fit
TURN_RIDGE = 0.002  # keeps a rotation from explaining noise
ROUNDS = 5  # of reweighting


def own_motion(field: torch.Tensor, confidence: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Displacement of the face without the head's; cells outside of the face are 0.

    Args:
        field: (B, T, 2, g, g) in pixels, right and down.
        confidence: (B, T, g, g), 0 to 1: how much a cell counts in the fit.

    Returns:
        The same shapes.

    Source: our choice, as in skin_traces_aullm.py of the processor: a small rotation of a rigid head moves every cell
        in proportion to its depth, and to products of its coordinates. Cells that move otherwise count little (Cauchy
        weights), so that an expression is not taken for a rotation.
    """
    modes, face, shown = _head_modes(field.shape[-1], field.device)
    cells = field.flatten(0, 1).flatten(2).mT  # (N, C, 2)
    trust = (confidence * face).flatten(0, 1).flatten(1)  # (N, C)
    strengths = _strengths(cells, trust, modes)  # (N, 8)
    rest = cells - torch.einsum("cpi,ni->ncp", modes, strengths)
    return rest.mT.reshape(field.shape) * shown, confidence * shown


def _strengths(moved: torch.Tensor, trust: torch.Tensor, modes: torch.Tensor) -> torch.Tensor:
    """How strongly each of the head's modes (C, 2, 8) is in displacements (N, C, 2), trusted by (N, C): (N, 8)."""
    count = modes.shape[-1]
    squares = torch.einsum("cpi,cpj->cij", modes, modes).flatten(1)
    stacked = modes.flatten(0, 1)  # (2 C, 8)
    ridge = torch.diag(moved.new_tensor([0.0] * 4 + [TURN_RIDGE] * 4))
    weights = trust
    for _ in range(ROUNDS):
        total = weights.sum(1).clamp_min(1.0)[:, None, None]
        normal = (weights @ squares).view(-1, count, count) + total * ridge + 1e-4 * torch.eye(count).to(moved)
        strengths = torch.linalg.solve(normal, (weights[..., None] * moved).flatten(1) @ stacked)
        sizes = torch.hypot(*(moved - (strengths @ stacked.mT).view_as(moved)).unbind(-1))
        scale = (1.4826 * _weighted_median(sizes, trust)).clamp_min(MIN_SCALE)
        weights = trust / (1 + (sizes / (2 * scale)) ** 2)
    return strengths


def _weighted_median(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(N, 1): half of the weight (N, C) lies on values (N, C) that are not larger."""
    ordered, places = values.sort(dim=1)
    share = weights.gather(1, places).cumsum(1)
    middle = (share < share[:, -1:] / 2).sum(1, keepdim=True).clamp(max=values.shape[1] - 1)
    return ordered.gather(1, middle)


@lru_cache(maxsize=8)
def _head_modes(cells: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """How the cells of a grid move with the head, and which of them count.

    Returns:
        (C, 2, 8) shift (2), size, roll, yaw and pitch (2 each); (g, g) 1 for cells that are fitted; (g, g) 1 for cells
        that are kept.
    """
    axis = (torch.arange(cells) + 0.5) / cells * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    nose = 0.35 * torch.exp(-((x / 0.16) ** 2) - ((y - 0.1) / 0.25) ** 2)
    depth = (1 - 0.5 * x**2 - 0.3 * y**2).clamp_min(0).sqrt() + nose
    none, one = torch.zeros_like(x), torch.ones_like(x)
    right = [one, none, x, -y, depth, none, x * x, x * y]
    down = [none, one, y, x, none, depth, x * y, y * y]
    modes = torch.stack([torch.stack(right, -1), torch.stack(down, -1)], 2).flatten(0, 1)
    inside = [((x / wide) ** 2 + ((y - DROP) / high) ** 2 < 1).float() for wide, high in (FACE, SHOWN)]
    return modes.to(device), *(each.to(device) for each in inside)
