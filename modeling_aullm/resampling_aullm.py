"""Linear resampling of frames and fields: smoothing, pooling, enlarging and reading at displaced places.

Whatever pools, blurs or enlarges is linear along each side, so it is a small matrix a side.

Tested in tests/modeling_aullm/test_displacement_aullm.py.
"""

from functools import lru_cache

import torch
from torch.nn import functional as F


def condensed(image: torch.Tensor, weights: torch.Tensor, step: int) -> torch.Tensor:
    """Weighted sums over rows and columns. (..., H, W), weights (c, W) equal in each `step` columns -> (..., c, c)."""
    groups = image.shape[-2] // step  # what is left over weighs nothing
    rows = image.narrow(-2, 0, groups * step).unflatten(-2, (groups, step)).sum(-2)
    return weights[:, : groups * step : step] @ (rows @ weights.mT)


def correlate(image: torch.Tensor, kernel: tuple[float, ...], axis: int) -> torch.Tensor:
    """Weighted sum of neighbours along an axis, borders replicated; short kernels only. (..., H, W) -> same shape."""
    radius, side = len(kernel) // 2, image.shape[axis]
    padding = (radius, radius, 0, 0) if axis == -1 else (0, 0, radius, radius)
    padded = F.pad(image, padding, mode="replicate")
    answer = padded.narrow(axis, 0, side) * kernel[0]
    for place, weight in enumerate(kernel[1:], 1):
        if weight:
            answer.add_(padded.narrow(axis, place, side), alpha=weight)
    return answer


@lru_cache(maxsize=16)
def gaussian(sigma: float) -> tuple[float, ...]:
    """Weights of a Gaussian out to three standard deviations; they sum to 1."""
    radius = int(3 * sigma + 0.5)
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    return tuple(torch.softmax(-(offsets**2) / (2 * sigma**2), 0).tolist())


def warp(frames: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
    """Frames read at each pixel's displaced position. (B, T, H, W), (B, T, 2, g, g) in px -> (B, T, H, W)."""
    side = frames.shape[-1]
    pixels = pixel_centres(side, frames.device)
    field = field.flatten(0, 1) * (2 / side)  # in halves of the frame, as grid_sample counts
    where = (resized(field, side) + pixels).movedim(1, -1)  # planes in memory: grid_sample reads them as they are
    flat = frames.flatten(0, 1)[:, None]
    return F.grid_sample(flat, where, padding_mode="border", align_corners=False).reshape(frames.shape)


def resized(field: torch.Tensor, cells: int) -> torch.Tensor:
    """(..., g, g) on another grid, bilinear."""
    if field.shape[-1] in (1, cells):
        return field
    enlarge = enlarging(cells, field.shape[-1], field.device)
    return enlarge @ (field @ enlarge.mT)


@lru_cache(maxsize=16)
def pixel_centres(side: int, device: torch.device) -> torch.Tensor:
    """(2, side, side): where each pixel lies across and down, from -1 to 1 between the frame's edges."""
    along = (torch.arange(side, dtype=torch.float64) * 2 + 1) / side - 1
    return torch.stack([along.expand(side, -1), along[:, None].expand(-1, side)]).to(device, torch.float32)


@lru_cache(maxsize=16)
def enlarging(side: int, cells: int, device: torch.device) -> torch.Tensor:
    """(side, cells): bilinear interpolation between the centres of cells."""
    one_each = torch.eye(cells, dtype=torch.float64)[None]
    return F.interpolate(one_each, size=side, mode="linear", align_corners=False)[0].T.to(device, torch.float32)


def pooling(side: int, size: int) -> torch.Tensor:
    """(side // size, side): means of `size` neighbours; what is left over at the end counts nowhere."""
    cells = torch.eye(side // size, dtype=torch.float64).repeat_interleave(size, 1) / size
    return F.pad(cells, (0, side - cells.shape[1]))


def blurring(side: int, sigma: float) -> torch.Tensor:
    """(side, side): a Gaussian, borders replicated."""
    weights = torch.tensor(gaussian(sigma), dtype=torch.float64)
    radius = len(weights) // 2
    sources = torch.arange(side)[:, None] + torch.arange(-radius, radius + 1)
    return torch.zeros(side, side, dtype=torch.float64).scatter_add_(
        1, sources.clamp(0, side - 1), weights.expand(side, -1)
    )
