"""Motion where the skin texture is: displacement from the onset frame, measured at crop size, read on a coarse grid.

Our choice. LED on 64x64 frames (the published front end) sees motions of a third of a pixel as brightness changes of a
tenth of a grey level; at 224 px the pores and brows still carry gradients. This is Lucas-Kanade (IJCAI 1981) with one
Gaussian window a grid cell: gradients come from the onset frame alone (inverse compositional), so the 2x2 systems are
built once a clip and every later frame costs a warp and two windowed sums a pass.
"""

import torch
from torch import nn
from torch.nn import functional as F

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


class DisplacementField(nn.Module):
    """Displacement of every grid cell from the onset frame (frame 0), the common shift of the crop removed.

    Args:
        grid: cells a side of the answer. The input side must be a multiple of ``2 * grid``.

    Shape:
        (B, T, 1, H, W) grey frames in [0, 1] -> (B, 2, T-1, grid, grid), channel 0 to the right and channel 1 down,
        in pixels of a 224-px crop.

    Source: our choice (see the module text); no trained weights, so training measures it once per data set.
    """

    def __init__(self, grid: int = 28):
        super().__init__()
        self.grid = grid

    @torch.no_grad()
    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        batch, frames, channels, height, width = pixel_values.shape
        if channels != 1 or height != width or height % (2 * self.grid):
            raise ValueError(
                f"DisplacementField needs square grey frames whose side is a multiple of {2 * self.grid}, "
                f"got {channels} channel(s) of {height}x{width}: set the processor's size accordingly"
            )
        texture = equalise_light(pixel_values.float().reshape(-1, 1, height, width))
        texture = texture.reshape(batch, frames, height, width)
        onset = texture[:, :1]  # (B, 1, H, W)
        later = texture[:, 1:].reshape(-1, 1, height, width)  # (B*(T-1), 1, H, W)
        field = self._track(onset, later, frames - 1)  # (B*(T-1), 2, grid, grid)
        field = field - field.flatten(2).median(-1).values[..., None, None]
        field = field * (REFERENCE_SIZE / height)
        return field.reshape(batch, frames - 1, 2, self.grid, self.grid).transpose(1, 2).contiguous()

    def _track(self, onset: torch.Tensor, later: torch.Tensor, repeats: int) -> torch.Tensor:
        gradient = torch.cat([central_difference(onset, -1), central_difference(onset, -2)], 1)  # (B, 2, H, W)
        across, down = gradient[:, :1], gradient[:, 1:]
        energy = self._window(torch.cat([across * across, across * down, down * down], 1))  # (B, 3, grid, grid)
        energy[:, 0::2] += FLAT
        total = symmetric_inverse(*energy.mean((2, 3)).unbind(1))  # (B, 3)
        energy[:, 0::2] += RIDGE * energy[:, 0::2].mean((1, 2, 3), keepdim=True)
        inverse = symmetric_inverse(*energy.unbind(1))  # (B, 3, grid, grid)

        onset, gradient, inverse, total = (x.repeat_interleave(repeats, 0) for x in (onset, gradient, inverse, total))
        shift = self._window(gradient * (onset - later)).mean((2, 3))  # (B*(T-1), 2)
        field = solve(total, shift)[:, :, None, None].expand(-1, -1, self.grid, self.grid)
        for _ in range(PASSES - 1):
            mismatch = gradient * (onset - warp(later, field))
            field = field + solve(inverse, self._window(mismatch)).clamp(-STEP_LIMIT, STEP_LIMIT)
        return field

    def _window(self, image: torch.Tensor) -> torch.Tensor:
        """Gaussian-weighted mean of each cell's surroundings: (N, C, H, W) -> (N, C, grid, grid)."""
        halves = F.avg_pool2d(image, image.shape[-1] // (2 * self.grid))  # two a cell: (N, C, 2*grid, 2*grid)
        return F.avg_pool2d(gaussian_blur(halves, 2 * WINDOW_IN_CELLS), 2)


def equalise_light(frames: torch.Tensor) -> torch.Tensor:
    """Takes slow light out of frames: local mean 0 and local contrast 1. (N, 1, H, W) -> (N, 1, H, W)."""
    frames = gaussian_blur(frames, TEXTURE_SIGMA)
    frames = frames - slow_part(frames)
    return frames * torch.rsqrt(slow_part(frames * frames) + CONTRAST_FLOOR)


def slow_part(frames: torch.Tensor) -> torch.Tensor:
    """What varies slower than ``LIGHT_SIGMA``, computed on a coarse grid. (N, 1, H, W) -> (N, 1, H, W)."""
    coarse = gaussian_blur(F.avg_pool2d(frames, LIGHT_STRIDE), LIGHT_SIGMA / LIGHT_STRIDE)
    return F.interpolate(coarse, size=frames.shape[-2:], mode="bilinear", align_corners=False)


def gaussian_blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Separable Gaussian with replicated borders. (N, C, H, W) -> (N, C, H, W)."""
    radius = int(3 * sigma + 0.5)
    offsets = torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype)
    kernel = torch.softmax(-(offsets**2) / (2 * sigma**2), 0)
    rows = image.reshape(-1, 1, *image.shape[-2:])
    rows = F.conv2d(F.pad(rows, (radius, radius, 0, 0), mode="replicate"), kernel[None, None, None])
    rows = F.conv2d(F.pad(rows, (0, 0, radius, radius), mode="replicate"), kernel[None, None, :, None])
    return rows.reshape(image.shape)


def central_difference(image: torch.Tensor, axis: int) -> torch.Tensor:
    """Fourth-order derivative along ``axis`` (-1 across, -2 down). (N, 1, H, W) -> (N, 1, H, W)."""
    kernel = torch.tensor([1.0, -8.0, 0.0, 8.0, -1.0], device=image.device, dtype=image.dtype) / 12
    if axis == -1:
        return F.conv2d(F.pad(image, (2, 2, 0, 0), mode="replicate"), kernel[None, None, None])
    return F.conv2d(F.pad(image, (0, 0, 2, 2), mode="replicate"), kernel[None, None, :, None])


def symmetric_inverse(xx: torch.Tensor, xy: torch.Tensor, yy: torch.Tensor) -> torch.Tensor:
    """Inverse of [[xx, xy], [xy, yy]] as its three entries, stacked on axis 1."""
    return torch.stack([yy, -xy, xx], 1) / (xx * yy - xy * xy).unsqueeze(1)


def solve(inverse: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Product of a symmetric 2x2 inverse (N, 3, ...) with (N, 2, ...) -> (N, 2, ...)."""
    xx, xy, yy = inverse.unbind(1)
    across, down = right.unbind(1)
    return torch.stack([xx * across + xy * down, xy * across + yy * down], 1)


def warp(frames: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
    """Frames read at each pixel's displaced position. (N, 1, H, W), (N, 2, g, g) in px -> (N, 1, H, W)."""
    height, width = frames.shape[-2:]
    dense = F.interpolate(field, size=(height, width), mode="bilinear", align_corners=False)
    identity = torch.eye(2, 3, device=frames.device, dtype=frames.dtype).expand(len(frames), -1, -1)
    where = F.affine_grid(identity, list(frames.shape), align_corners=False)
    where = where + dense.movedim(1, -1) * (2 / width)
    return F.grid_sample(frames, where, mode="bilinear", padding_mode="border", align_corners=False)
