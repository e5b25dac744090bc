"""Motion where the skin texture is: displacement from the onset frame, measured at crop size, read on a coarse grid.

Our choice. LED on 64x64 frames (the published front end) sees motions of a third of a pixel as brightness changes of a
tenth of a grey level; at 224 px the pores and brows still carry gradients. This is Lucas-Kanade (IJCAI 1981) with one
Gaussian window a grid cell: gradients come from the onset frame alone (inverse compositional), so the 2x2 systems are
built once a clip and every later frame costs a warp and two windowed sums a pass. Whatever pools, blurs or enlarges is
linear along each side, so it is a small matrix a side. Illumination is removed once from a frame that several
clips share.
"""

from functools import lru_cache

import torch
from torch import nn
from torch.nn import functional as F

MEASUREMENT_VERSION = "1"
"""Raised when the same frames give another field, so that clips are measured anew; `test_displacement_version.py` says
when."""

REFERENCE_SIZE = 224  # displacements are given in pixels of a crop this wide, whatever the input size
TEXTURE_SIGMA = 1.2  # px, smoothing before gradients: below it, JPEG blocks and shot noise
LIGHT_SIGMA = 8.0  # px, local mean and contrast above this scale are light, not motion
LIGHT_STRIDE = 4  # the slow light field is computed on every 4th pixel
CONTRAST_FLOOR = 5e-4  # variance added before dividing by local contrast: keeps bare skin from amplifying noise
PASSES = 3  # the first removes the crop's common shift, the others refine each cell
RIDGE = 1e-3  # of the mean gradient energy: a cell without texture answers "no motion"
FLAT = 1e-6  # gradient energy added everywhere: a clip without any texture answers "no motion" too
STEP_LIMIT = 2.0  # px a pass may move a cell
WINDOW_IN_CELLS = 0.75  # standard deviation of a cell's window, in cells
DERIVATIVE = (1 / 12, -8 / 12, 0.0, 8 / 12, -1 / 12)  # fourth order, in units a pixel


class DisplacementField(nn.Module):
    """Displacement of every grid cell from the onset frame (frame 0), the common shift of the crop removed.

    Args:
        grid: cells a side of the answer. The input side must be a multiple of ``2 * grid``.

    Shape:
        (B, T, 1, H, W) grey frames in [0, 1] -> (B, 2, T-1, grid, grid), channel 0 to the right and channel 1 down,
        in pixels of a 224-px crop. Always float32, also under autocast.

    Source: our choice (see the module text); no trained weights, so training measures it once per data set.
    """

    version = MEASUREMENT_VERSION

    def __init__(self, grid: int = 28):
        super().__init__()
        self.grid = grid

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        batch, frames = pixel_values.shape[:2]
        clips = torch.arange(batch * frames, device=pixel_values.device).reshape(batch, frames)
        return self.of_shared(pixel_values.flatten(0, 1), clips)

    @torch.no_grad()
    def of_shared(self, frames: torch.Tensor, clips: torch.Tensor) -> torch.Tensor:
        """The same for clips that share frames, as windows of a video do: illumination is removed once a frame.

        Args:
            frames: (N, 1, H, W) in [0, 1].
            clips: (B, T) whole numbers, the places of each clip's frames among `frames`, onset first.

        Returns:
            (B, 2, T-1, grid, grid) as above.

        Raises:
            ValueError: the frames are not grey and square, or their side is no multiple of ``2 * grid``.
        """
        channels, height, width = frames.shape[1:]
        if channels != 1 or height != width or height % (2 * self.grid):
            raise ValueError(
                f"DisplacementField needs square grey frames whose side is a multiple of {2 * self.grid}, "
                f"got {channels} channel(s) of {height}x{width}: set the processor's size accordingly"
            )
        # On a CPU one clip at a time: what it needs stays in the processor's cache.
        piece = 1 if frames.device.type == "cpu" else len(clips)
        with torch.autocast(frames.device.type, enabled=False):
            texture = torch.cat([equalise_light(part.float()) for part in frames[:, 0].split(4 * piece)])  # (N, H, W)
            field = torch.cat([self._track(texture[part]) for part in clips.split(piece)])  # (B, T-1, 2, grid, grid)
            field = field - field.flatten(3).median(-1).values[..., None, None]
            return (field * (REFERENCE_SIZE / height)).transpose(1, 2).contiguous()

    def _track(self, texture: torch.Tensor) -> torch.Tensor:
        """(B, T, H, W) -> (B, T-1, 2, grid, grid) in pixels of the frames."""
        onset, later = texture[:, :1], texture[:, 1:]
        gradient = torch.stack([correlate(onset, DERIVATIVE, -1), correlate(onset, DERIVATIVE, -2)], 2)  # (B,1,2,H,W)
        across, down = gradient.unbind(2)
        energy = self._window(torch.stack([across * across, across * down, down * down], 2))  # (B, 1, 3, grid, grid)
        energy[:, :, 0::2] += FLAT
        total = symmetric_inverse(energy.mean((3, 4)))  # (B, 1, 3)
        energy[:, :, 0::2] += RIDGE * energy[:, :, 0::2].mean((2, 3, 4), keepdim=True)
        inverse = symmetric_inverse(energy)  # (B, 1, 3, grid, grid)

        evenly = _window_matrix(texture.shape[-1], self.grid, texture.device).mean(0)  # (W,) of all windows together
        weighted = gradient * (evenly[:, None] * evenly)
        shift = (onset - later).flatten(2) @ weighted.flatten(3)[:, 0].mT  # (B, T-1, 2)
        field = solve(total, shift)[..., None, None]  # one answer for all cells
        for _ in range(PASSES - 1):
            mismatch = onset - warp(later, field)
            field = field + solve(inverse, self._window(gradient * mismatch[:, :, None])).clamp(-STEP_LIMIT, STEP_LIMIT)
        return field

    def _window(self, image: torch.Tensor) -> torch.Tensor:
        """Gaussian-weighted mean of each cell's surroundings: (..., H, W) -> (..., grid, grid)."""
        side = image.shape[-1]
        return condensed(image, _window_matrix(side, self.grid, image.device), side // (2 * self.grid))


def equalise_light(frames: torch.Tensor) -> torch.Tensor:
    """Takes slow light out of frames: local mean 0 and local contrast 1. (N, H, W) -> (N, H, W)."""
    frames = correlate(correlate(frames, gaussian(TEXTURE_SIGMA), -1), gaussian(TEXTURE_SIGMA), -2)
    frames = frames - slow_part(frames)
    return frames * (slow_part(frames * frames) + CONTRAST_FLOOR).rsqrt_()


def slow_part(frames: torch.Tensor) -> torch.Tensor:
    """What varies slower than ``LIGHT_SIGMA``, computed on a coarse grid. (N, H, W) -> (N, H, W)."""
    coarsen, enlarge = _light_matrices(frames.shape[-1], frames.device)
    return enlarge @ (condensed(frames, coarsen, LIGHT_STRIDE) @ enlarge.mT)


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


def symmetric_inverse(matrix: torch.Tensor) -> torch.Tensor:
    """Inverse of [[xx, xy], [xy, yy]], its three entries on axis 2: (B, T, 3, ...) -> (B, T, 3, ...)."""
    xx, xy, yy = matrix.unbind(2)
    return torch.stack([yy, -xy, xx], 2) / (xx * yy - xy * xy).unsqueeze(2)


def solve(inverse: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Product of a symmetric 2x2 inverse (B, 1, 3, ...) with (B, T, 2, ...) -> (B, T, 2, ...)."""
    xx, xy, yy = inverse.unbind(2)
    across, down = right.unbind(2)
    return torch.stack([xx * across + xy * down, xy * across + yy * down], 2)


def warp(frames: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
    """Frames read at each pixel's displaced position. (B, T, H, W), (B, T, 2, g, g) in px -> (B, T, H, W)."""
    side, cells = frames.shape[-1], field.shape[-1]
    pixels = pixel_centres(side, frames.device)
    field = field.flatten(0, 1) * (2 / side)  # in halves of the frame, as grid_sample counts
    if cells > 1:
        enlarge = enlarging(side, cells, frames.device)
        field = enlarge @ (field @ enlarge.mT)
    where = (field + pixels).movedim(1, -1)  # planes in memory: grid_sample reads them as they are
    flat = frames.flatten(0, 1)[:, None]
    return F.grid_sample(flat, where, padding_mode="border", align_corners=False).reshape(frames.shape)


@lru_cache(maxsize=16)
def pixel_centres(side: int, device: torch.device) -> torch.Tensor:
    """(2, side, side): where each pixel lies across and down, from -1 to 1 between the frame's edges."""
    along = (torch.arange(side, dtype=torch.float64) * 2 + 1) / side - 1
    return torch.stack([along.expand(side, -1), along[:, None].expand(-1, side)]).to(device, torch.float32)


@lru_cache(maxsize=16)
def _window_matrix(side: int, grid: int, device: torch.device) -> torch.Tensor:
    """(grid, side): weights of each cell's window; equal within half a cell."""
    halves = pooling(side, side // (2 * grid))
    cells = pooling(2 * grid, 2) @ blurring(2 * grid, 2 * WINDOW_IN_CELLS) @ halves
    return cells.to(device, torch.float32)


@lru_cache(maxsize=16)
def _light_matrices(side: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(cells, side) from pixels to slow light on a coarse grid, and (side, cells) back to pixels."""
    coarsen = pooling(side, LIGHT_STRIDE)
    coarsen = blurring(len(coarsen), LIGHT_SIGMA / LIGHT_STRIDE) @ coarsen
    return coarsen.to(device, torch.float32), enlarging(side, len(coarsen), device)


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
