"""A candidate for the front end of the model: displacement from coarse to fine, right where the present one saturates.

Not in the model yet: `python -m benchmarks.motion` compares both (docs/model.md, "Motion of any size", has the numbers
and what stands in the way). The present field follows gradients at crop size and loses a grin, which is sixty times as
large as what it was made for. Here, on pictures of one and of two pixels a cell, every shift within reach is tried:
nothing has to be near the answer, and lips that part do not mislead a gradient. On pictures of four pixels a cell and
of crop size Lucas-Kanade (IJCAI 1981) does the rest, with one Gaussian window a cell: gradients come from the onset
frame alone (inverse compositional), so the 2x2 systems are built once a clip. After each step cells that do not match
(teeth, shut lids, what left the crop) take the motion of their neighbours. Illumination is removed at each scale of its
own: what 8 px of the crop keep is gone in the coarse pictures.

Whatever pools, blurs or enlarges is linear along each side, so it is a small matrix a side; frames that several clips
share are prepared once.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch.nn import functional as F

from modeling_aullm.displacement_aullm import (
    DERIVATIVE,
    FLAT,
    LIGHT_STRIDE,
    REFERENCE_SIZE,
    RIDGE,
    DisplacementField,
    blurring,
    condensed,
    correlate,
    enlarging,
    gaussian,
    pixel_centres,
    pooling,
    solve,
    symmetric_inverse,
)

STEP_LIMIT = 1.5  # px a pass may move a cell
FLAT_PATCH = 0.1  # texture energy below which a patch matches anything
FAR = 0.004  # cost of a shift by half a cell, growing with its square: of equal matches the nearest
AGREE, AGREE_WITHIN, JUMP = 0.5, 0.5, 0.02  # say and distance (cells) of neighbours; what the next shift costs them
DISTRUST = 8.0  # how fast a mismatch, between 0 and 1, takes a cell's say away


class Picture(NamedTuple):
    """How frames are looked at on one scale; lengths in its own pixels.

    Attributes:
        pixels: a cell; None: those of the crop.
        texture: standard deviation of the smoothing before all else: below it, JPEG blocks and shot noise.
        light: local mean and contrast above this scale are light, not motion.
        floor: variance added before dividing by local contrast: keeps bare skin from amplifying noise.
        window: standard deviation of a cell's window, in cells.
        spread: standard deviation of what neighbours lend each other in the end, in cells of the picture's answer.
        reach: pixels of shift that are tried; 0: none, gradients are followed instead.
        coarser: the search answers on a grid so many times coarser.
        rounds: how often neighbours are asked which shift they support.
        passes: how often gradients are followed.
    """

    pixels: int | None
    texture: float
    light: float
    floor: float
    window: float
    spread: float
    reach: int = 0
    passes: int = 0
    coarser: int = 1
    rounds: int = 0


PICTURES = (
    Picture(pixels=1, texture=0.7, light=4.0, floor=2e-2, window=2.0, spread=0.75, reach=4, coarser=2, rounds=2),
    Picture(pixels=2, texture=0.8, light=6.0, floor=2e-2, window=1.0, spread=1.5, reach=2),
    Picture(pixels=4, texture=1.0, light=8.0, floor=2e-2, window=0.75, spread=1.0, passes=2),
    Picture(pixels=None, texture=1.2, light=8.0, floor=5e-4, window=0.75, spread=0.75, passes=2),
)


class CoarseToFine(DisplacementField):
    """Displacement of every grid cell from the onset frame (frame 0), the common shift of the crop removed.

    Args:
        grid: cells a side of the answer. The input side must be a multiple of ``2 * grid``.

    Shape:
        (B, T, 1, H, W) grey frames in [0, 1] -> (B, 2, T-1, grid, grid), channel 0 to the right and channel 1 down,
        in pixels of a 224-px crop. Always float32, also under autocast.

    Source: our choice (see the module text); no trained weights, so training measures it once per data set.
    """

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
                f"CoarseToFine needs square grey frames whose side is a multiple of {2 * self.grid}, "
                f"got {channels} channel(s) of {height}x{width}: set the processor's size accordingly"
            )
        # On a CPU one clip at a time: what it needs stays in the processor's cache.
        piece = 1 if frames.device.type == "cpu" else len(clips)
        with torch.autocast(frames.device.type, enabled=False):
            looks = [self._look(part.float()) for part in frames.split(4 * piece)]
            looks = [torch.cat(each) for each in zip(*looks, strict=True)]  # a picture each, (N, h, w)
            fields = [self._track([look[part] for look in looks]) for part in clips.split(piece)]
            field = torch.cat(fields) * (REFERENCE_SIZE / self.grid)  # (B, T-1, 2, grid, grid)
            return (field - field.flatten(3).median(-1).values[..., None, None]).transpose(1, 2).contiguous()

    def _look(self, frames: torch.Tensor) -> list[torch.Tensor]:
        """(N, 1, H, W) -> the pictures (N, h, w) of all scales, illumination removed, the coarsest first."""
        looks = []
        for kind in reversed(PICTURES):  # each is pooled from the one before
            frames = frames if kind.pixels is None else F.adaptive_avg_pool2d(frames, kind.pixels * self.grid)
            looks.append(equalise_light(frames[:, 0], kind))
        return looks[::-1]

    def _track(self, pictures: list[torch.Tensor]) -> torch.Tensor:
        """Pictures (B, T, h, w) of all scales -> (B, T-1, 2, grid, grid) in cells."""
        batch, frames = pictures[0].shape[:2]
        field = pictures[0].new_zeros(batch, frames - 1, 2, 1, 1)
        for picture, kind in zip(pictures, PICTURES, strict=True):
            scale = picture.shape[-1] / self.grid  # pixels a cell
            find = self._search if kind.reach else self._refine
            field, mismatch = find(picture[:, :1], picture[:, 1:], field * scale, kind)
            field = lent(field, torch.exp(-DISTRUST * mismatch), kind.spread) / scale
        return field

    def _search(self, onset, later, field, kind: Picture) -> tuple[torch.Tensor, torch.Tensor]:
        """Try every shift within reach of where a field (B, T-1, 2, g, g), in pixels, has brought the frames.

        Returns:
            The field on a grid of its own, and how badly it matches (B, T-1, g, g), 0 to 1.
        """
        reach, side = kind.reach, later.shape[-1]
        moved = F.pad(warp(later, field), (reach,) * 4, mode="replicate")
        shifted = moved.unfold(2, side, 1).unfold(3, side, 1)  # (B, T-1, n, n, h, w), shifted down and right
        cells = self.grid // kind.coarser
        strength = condensed_to(cells, onset * onset, kind)[:, :, None, None]
        cost = condensed_to(cells, (shifted - onset[:, :, None, None]).square_(), kind) / (2 * strength + FLAT_PATCH)
        likely = cost + _distances(reach, REFERENCE_SIZE / side, cost.device)[:, :, None, None]
        for _ in range(kind.rounds):
            likely = supported(likely)
        step, chosen = lowest(likely)
        mismatch = cost.flatten(2, 3).gather(2, chosen[:, :, None])[:, :, 0]
        return resized(field, cells) + step, mismatch.clamp(max=1)

    def _refine(self, onset, later, field, kind: Picture) -> tuple[torch.Tensor, torch.Tensor]:
        """Follow gradients from where a field has brought the frames; arguments and answer as for `_search`."""
        gradient = torch.stack([correlate(onset, DERIVATIVE, -1), correlate(onset, DERIVATIVE, -2)], 2)  # (B,1,2,H,W)
        across, down = gradient.unbind(2)
        energy = condensed_to(
            self.grid, torch.stack([across * across, across * down, down * down], 2), kind
        )  # (B,1,3,grid,grid)
        energy[:, :, 0::2] += FLAT
        energy[:, :, 0::2] += RIDGE * energy[:, :, 0::2].mean((2, 3, 4), keepdim=True)
        inverse = symmetric_inverse(energy)
        for _ in range(kind.passes):
            rest = onset - warp(later, field)
            step = solve(inverse, condensed_to(self.grid, gradient * rest[:, :, None], kind)).clamp(
                -STEP_LIMIT, STEP_LIMIT
            )
            field = field + step
        strength = condensed_to(
            self.grid, onset * onset, kind
        )  # of the last look, a pass before: what a cell matched like
        mismatch = condensed_to(self.grid, rest * rest, kind) / (2 * strength + FLAT_PATCH)
        return field, mismatch.clamp(max=1)


def condensed_to(cells: int, image: torch.Tensor, kind: Picture) -> torch.Tensor:
    """Gaussian-weighted mean of each cell's surroundings: (..., H, W) -> (..., cells, cells)."""
    side = image.shape[-1]
    window = _window_matrix(side, cells, kind.window / kind.coarser, image.device)
    return condensed(image, window, max(1, side // (2 * cells)))


def lent(field: torch.Tensor, trust: torch.Tensor, spread: float) -> torch.Tensor:
    """Mean over neighbours of (B, T, 2, g, g), weighted by trust (B, T, g, g)."""
    lend, trust = _lending(field.shape[-1], spread, field.device), trust[:, :, None]
    return (lend @ (field * trust) @ lend.mT) / (lend @ trust @ lend.mT).clamp_min(1e-4)


def supported(cost: torch.Tensor) -> torch.Tensor:
    """Costs (B, T, n, n, g, g) of shifts, mixed with what the same shift, or the next one, costs neighbouring cells."""
    near = F.pad(cost, (0, 0, 0, 0, 1, 1, 1, 1), value=torch.inf)
    for axis in (2, 3):
        size = cost.shape[axis]
        near = torch.minimum(near.narrow(axis, 0, size), near.narrow(axis, 2, size)).minimum(near.narrow(axis, 1, size))
    lend = _lending(cost.shape[-1], AGREE_WITHIN, cost.device)
    return (1 - AGREE) * cost + AGREE * (lend @ (torch.minimum(cost, near + JUMP) @ lend.mT))


def lowest(cost: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The cheapest shift of each cell, to a fraction of a pixel by a parabola on either axis.

    Args:
        cost: (B, T, n, n, g, g), shifts down and right from -(n // 2) to n // 2.

    Returns:
        (B, T, 2, g, g) shift right and down; (B, T, g, g) place among the n * n of the cheapest whole one.
    """
    shifts, cost = cost.shape[2], cost.flatten(2, 3)
    least, best = cost.min(2)
    place = torch.stack([best % shifts, best // shifts], 2)  # right, down
    inside = (place > 0) & (place < shifts - 1)
    step = place - shifts // 2.0
    for axis, stride in enumerate((1, shifts)):
        beside = stride * inside[:, :, axis]
        before, after = (cost.gather(2, (best + way * beside)[:, :, None])[:, :, 0] for way in (-1, 1))
        step[:, :, axis] += ((before - after) / (2 * (before + after - 2 * least).clamp_min(1e-6))).clamp(-0.5, 0.5)
    return step, best


def equalise_light(frames: torch.Tensor, kind: Picture) -> torch.Tensor:
    """Takes slow light out of frames: local mean 0 and local contrast 1. (N, H, W) -> (N, H, W)."""
    frames = correlate(correlate(frames, gaussian(kind.texture), -1), gaussian(kind.texture), -2)
    frames = frames - slow_part(frames, kind.light)
    return frames * (slow_part(frames * frames, kind.light) + kind.floor).rsqrt_()


def slow_part(frames: torch.Tensor, light: float) -> torch.Tensor:
    """What varies slower than `light` pixels; of large frames on a coarse grid. (N, H, W) -> (N, H, W)."""
    stride = LIGHT_STRIDE if frames.shape[-1] > 16 * LIGHT_STRIDE else 1
    coarsen, enlarge = _light_matrices(frames.shape[-1], light, stride, frames.device)
    return enlarge @ (condensed(frames, coarsen, stride) @ enlarge.mT)


def warp(frames: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
    """Frames read at each pixel's displaced position. (B, T, H, W), (B, T, 2, g, g) in px -> (B, T, H, W)."""
    side = frames.shape[-1]
    pixels = pixel_centres(side, frames.device)
    field = field.flatten(0, 1) * (2 / side)  # in halves of the frame, as grid_sample counts
    where = (resized(field, side) + pixels).movedim(1, -1)  # planes in memory: grid_sample reads them as they are
    flat = frames.flatten(0, 1)[:, None]
    return F.grid_sample(flat, where, padding_mode="border", align_corners=False).reshape(frames.shape)


@lru_cache(maxsize=16)
def _window_matrix(side: int, grid: int, window: float, device: torch.device) -> torch.Tensor:
    """(grid, side): weights of each cell's window; equal within half a cell, where a cell has two pixels or more."""
    parts = 1 if side < 2 * grid else 2
    halves = pooling(side, side // (parts * grid))
    cells = pooling(parts * grid, parts) @ blurring(parts * grid, parts * window) @ halves
    return cells.to(device, torch.float32)


@lru_cache(maxsize=16)
def _light_matrices(side: int, light: float, stride: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(cells, side) from pixels to slow light on a coarse grid, and (side, cells) back to pixels."""
    coarsen = pooling(side, stride)
    coarsen = blurring(len(coarsen), light / stride) @ coarsen
    return coarsen.to(device, torch.float32), enlarging(side, len(coarsen), device)


def resized(field: torch.Tensor, cells: int) -> torch.Tensor:
    """(..., g, g) on another grid, bilinear."""
    if field.shape[-1] in (1, cells):
        return field
    enlarge = enlarging(cells, field.shape[-1], field.device)
    return enlarge @ (field @ enlarge.mT)


@lru_cache(maxsize=16)
def _lending(grid: int, spread: float, device: torch.device) -> torch.Tensor:
    """(grid, grid): what neighbouring cells lend each other."""
    return blurring(grid, spread).to(device, torch.float32)


@lru_cache(maxsize=16)
def _distances(reach: int, pixel: float, device: torch.device) -> torch.Tensor:
    """(n, n): what shifts cost for being far, down and right; a pixel is so many of a 224-px crop."""
    along = torch.arange(-reach, reach + 1, dtype=torch.float64) * (pixel / 4)
    return (FAR * (along[:, None] ** 2 + along**2)).to(device, torch.float32)
