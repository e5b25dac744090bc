"""How far the skin has moved since the onset frame, from a tenth of a pixel to a grin, and how sure that is.

Our choice. LED on 64x64 frames (the published front end) sees motions of a third of a pixel as brightness changes of a
tenth of a grey level; at 224 px the pores and brows still carry gradients. A grin is sixty times as large, so motion is
measured from coarse to fine. On pictures of one and of two pixels a cell every shift within reach is tried: nothing has
to be near the answer, and lips that part do not mislead a gradient. On pictures of four pixels a cell and of crop size
Lucas-Kanade (IJCAI 1981) does the rest, with one Gaussian window a cell: gradients come from the onset frame alone
(inverse compositional), so the 2x2 systems are built once a clip. After each level, cells that do not match (teeth,
shut lids, what left the crop) take the motion of their neighbours. Illumination is removed at each level by itself:
what 8 px of the crop keep is gone in the coarse pictures. Frames that several clips share are prepared once.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from .head_motion_aullm import own_motion
from .resampling_aullm import blurring, condensed, correlate, enlarging, gaussian, pooling, resized, warp

MEASUREMENT_VERSION = "2"
"""Raised when the same frames give another field, so that clips are measured anew; `test_displacement_version.py` says
when."""

REFERENCE_SIZE = 224  # displacements are given in pixels of a crop this wide, whatever the input size
LIGHT_STRIDE = 4  # the slow light field of large pictures is computed on every 4th pixel
DERIVATIVE = (1 / 12, -8 / 12, 0.0, 8 / 12, -1 / 12)  # fourth order, in units a pixel
RIDGE = 1e-3  # of the mean gradient energy: a cell without texture answers "no motion"
FLAT = 1e-6  # gradient energy added everywhere: a clip without any texture answers "no motion" too
STEP_LIMIT = 1.5  # px of the picture that a pass may move a cell
FLAT_PATCH = 0.1  # texture energy below which a patch matches anything
FAR = 0.004  # cost of a shift by half a cell, growing with its square: of equal matches the nearest
AGREE, AGREE_WITHIN, JUMP = 0.5, 0.5, 0.02  # weight and distance (cells) of neighbours; what the next shift costs them
DISTRUST = 8.0  # how fast a mismatch, between 0 and 1, takes a cell's weight away
HALF_MISMATCH = 0.02  # mismatch at four pixels a cell that halves confidence: half of such cells are wrong on renders
HALF_TEXTURE = 0.005  # texture energy that halves it; 99 of 100 cells of rendered skin have more


class Level(NamedTuple):
    """How frames are looked at on one scale; lengths in its own pixels.

    Attributes:
        pixels: a cell; None: those of the crop.
        texture: standard deviation of the smoothing before all else: below it, JPEG blocks and shot noise.
        light: local mean and contrast above this scale are light, not motion.
        floor: variance added before dividing by local contrast: keeps bare skin from amplifying noise.
        window: standard deviation of a cell's window, in cells.
        spread: standard deviation of the smoothing over cells in the end.
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


LEVELS = (
    Level(pixels=1, texture=0.7, light=4.0, floor=2e-2, window=2.0, spread=0.75, reach=4, coarser=2, rounds=2),
    Level(pixels=2, texture=0.8, light=6.0, floor=2e-2, window=1.0, spread=1.5, reach=2),
    Level(pixels=4, texture=1.0, light=8.0, floor=2e-2, window=0.75, spread=1.0, passes=2),
    Level(pixels=None, texture=1.2, light=8.0, floor=5e-4, window=0.75, spread=0.75, passes=2),
)
JUDGE = 2  # the level whose match says how sure a cell is: finer, noise does not match; coarser, small errors do


class DisplacementField(nn.Module):
    """Displacement of every grid cell of a face from the onset frame (frame 0) without the head's own motion.

    Args:
        grid: cells a side of the answer. The input side must be a multiple of ``2 * grid``.

    Shape:
        (B, T, 1, H, W) grey frames in [0, 1] -> (B, 3, T-1, grid, grid): channel 0 to the right and 1 down, in pixels
        of a 224-px crop; channel 2 the confidence, 0 to 1, low where the later frame does not match (teeth, an opening
        mouth, closing lids) or there is no texture. All are 0 outside of the face. Always float32, also under autocast.

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
        """The same for clips that share frames, as windows of a video do: each frame is measured once from each onset.

        Args:
            frames: (N, 1, H, W) in [0, 1].
            clips: (B, T) whole numbers, the places of each clip's frames among `frames`, onset first.

        Returns:
            (B, 3, T-1, grid, grid) as above.

        Raises:
            ValueError: the frames are not grey and square, or their side is no multiple of ``2 * grid``.
        """
        with torch.autocast(frames.device.type, enabled=False):
            field, confidence, places = self._measure(frames, clips)
            field, confidence = (each[0] for each in own_motion(field[None], confidence[None]))
            return torch.cat([field, confidence[:, None]], 1)[places].transpose(1, 2).contiguous()

    @torch.no_grad()
    def with_head(self, frames: torch.Tensor, clips: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Displacement as it is seen, the head's and the background's included; arguments as for `of_shared`.

        Returns:
            (B, T-1, 2, grid, grid) in pixels of a 224-px crop, and confidence (B, T-1, grid, grid).
        """
        field, confidence, places = self._measure(frames, clips)
        return field[places], confidence[places]

    def _measure(self, frames: torch.Tensor, clips: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What clips do not share: (U, 2, g, g) in pixels, (U, g, g), and where each clip finds its own (B, T-1)."""
        channels, height, width = frames.shape[1:]
        if channels != 1 or height != width or height % (2 * self.grid):
            raise ValueError(
                f"DisplacementField needs square grey frames whose side is a multiple of {2 * self.grid}, "
                f"got {channels} channel(s) of {height}x{width}: set the processor's size accordingly"
            )
        # On a CPU a few frames at a time: what they need stays in the processor's cache.
        together = clips.shape[1] - 1 if frames.device.type == "cpu" else clips.numel()
        pyramids = [self._pyramid(part.float()) for part in frames.split(4 * together)]
        pyramid = [torch.cat(level) for level in zip(*pyramids, strict=True)]  # (N, h, w) each
        groups, places = from_each_onset(clips, together)
        if len({len(group) for group in groups}) == 1 and frames.device.type != "cpu":
            groups = [torch.stack(groups)]
        answers = [self._track([level[group.view(-1, group.shape[-1])] for level in pyramid]) for group in groups]
        field, confidence = (torch.cat([part.flatten(0, 1) for part in each]) for each in zip(*answers, strict=True))
        return field * (REFERENCE_SIZE / self.grid), confidence, places

    def _pyramid(self, frames: torch.Tensor) -> list[torch.Tensor]:
        """(N, 1, H, W) -> pictures (N, h, w) of all levels, illumination removed, the coarsest first."""
        pictures = []
        for level in reversed(LEVELS):  # each is pooled from the one before
            frames = frames if level.pixels is None else F.adaptive_avg_pool2d(frames, level.pixels * self.grid)
            pictures.append(equalise_light(frames[:, 0], level))
        return pictures[::-1]

    def _track(self, pictures: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures (B, T, h, w) of all levels -> (B, T-1, 2, grid, grid) in cells, (B, T-1, grid, grid) confidence."""
        batch, frames = pictures[0].shape[:2]
        field = pictures[0].new_zeros(batch, frames - 1, 2, 1, 1)
        for number, (picture, level) in enumerate(zip(pictures, LEVELS, strict=True)):
            scale = picture.shape[-1] / self.grid  # pixels a cell
            onset, later = picture[:, :1], picture[:, 1:]
            cells = self.grid // level.coarser
            texture = condensed_to(cells, onset * onset, level)  # (B, 1, cells, cells)
            find = self._search if level.reach else self._refine
            field, mismatch = find(onset, later, field * scale, texture, level)
            field = shared(field, torch.exp(-DISTRUST * mismatch), level.spread) / scale
            if number == JUDGE:
                confidence = texture / (texture + HALF_TEXTURE) / (1 + mismatch / HALF_MISMATCH)
        return field, confidence

    def _search(self, onset, later, field, texture, level: Level) -> tuple[torch.Tensor, torch.Tensor]:
        """Try every shift within reach of where a field (B, T-1, 2, g, g), in pixels, has brought the frames.

        Returns:
            The field on a grid of its own, and how badly it matches (B, T-1, g, g), 0 to 1.
        """
        reach, side, cells = level.reach, later.shape[-1], texture.shape[-1]
        moved = F.pad(warp(later, field), (reach,) * 4, mode="replicate")
        shifted = moved.unfold(2, side, 1).unfold(3, side, 1)  # (B, T-1, n, n, h, w), shifted down and right
        squares = condensed_to(cells, (shifted - onset[:, :, None, None]).square_(), level)
        cost = squares / (2 * texture[:, :, None, None] + FLAT_PATCH)
        likely = cost + _distances(reach, REFERENCE_SIZE / side, cost.device)[:, :, None, None]
        for _ in range(level.rounds):
            likely = supported(likely)
        step, chosen = lowest(likely)
        mismatch = cost.flatten(2, 3).gather(2, chosen[:, :, None])[:, :, 0]
        return resized(field, cells) + step, mismatch.clamp(max=1)

    def _refine(self, onset, later, field, texture, level: Level) -> tuple[torch.Tensor, torch.Tensor]:
        """Follow gradients from where a field has brought the frames; arguments and answer as for `_search`."""
        gradient = torch.stack([correlate(onset, DERIVATIVE, -1), correlate(onset, DERIVATIVE, -2)], 2)  # (B,1,2,H,W)
        across, down = gradient.unbind(2)
        products = torch.stack([across * across, across * down, down * down], 2)
        energy = condensed_to(self.grid, products, level)  # (B, 1, 3, grid, grid)
        energy[:, :, 0::2] += FLAT
        energy[:, :, 0::2] += RIDGE * energy[:, :, 0::2].mean((2, 3, 4), keepdim=True)
        inverse = symmetric_inverse(energy)
        for _ in range(level.passes):
            rest = onset - warp(later, field)
            step = solve(inverse, condensed_to(self.grid, gradient * rest[:, :, None], level))
            field = field + step.clamp(-STEP_LIMIT, STEP_LIMIT)
        squares = condensed_to(self.grid, rest * rest, level)  # before the last step: a warp more would say little new
        return field, (squares / (2 * texture + FLAT_PATCH)).clamp(max=1)


def from_each_onset(clips: torch.Tensor, most: int) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Which frames are to be measured from which onset, each pair once.

    Args:
        clips: (B, T) places of frames, onset first.
        most: frames that a group holds besides its onset.

    Returns:
        Groups (1 + n,), an onset and what is measured from it; and for each clip the places (B, T-1) of its frames in
        all groups' answers one after another.
    """
    pairs = torch.stack([clips[:, :1].expand_as(clips[:, 1:]), clips[:, 1:]], -1).flatten(0, 1)
    pairs, places = pairs.unique(dim=0, return_inverse=True)  # in order of onsets
    onsets, counts = pairs[:, 0].unique_consecutive(return_counts=True)
    groups = [
        torch.cat([onset[None], part])
        for onset, later in zip(onsets, pairs[:, 1].split(counts.tolist()), strict=True)
        for part in later.split(most)
    ]
    return groups, places.view(len(clips), -1)


def condensed_to(cells: int, image: torch.Tensor, level: Level) -> torch.Tensor:
    """Gaussian-weighted mean of each cell's surroundings: (..., H, W) -> (..., cells, cells)."""
    side = image.shape[-1]
    window = _window_matrix(side, cells, level.window / level.coarser, image.device)
    return condensed(image, window, max(1, side // (2 * cells)))


def shared(field: torch.Tensor, trust: torch.Tensor, spread: float) -> torch.Tensor:
    """Gaussian mean over neighbouring cells of (B, T, 2, g, g), weighted by trust (B, T, g, g)."""
    blur, trust = _blur_of_cells(field.shape[-1], spread, field.device), trust[:, :, None]
    return (blur @ (field * trust) @ blur.mT) / (blur @ trust @ blur.mT).clamp_min(1e-4)


def supported(cost: torch.Tensor) -> torch.Tensor:
    """Costs (B, T, n, n, g, g) of shifts, mixed with what the same shift, or the next one, costs neighbouring cells."""
    near = F.pad(cost, (0, 0, 0, 0, 1, 1, 1, 1), value=torch.inf)
    for axis in (2, 3):
        size = cost.shape[axis]
        near = torch.minimum(near.narrow(axis, 0, size), near.narrow(axis, 2, size)).minimum(near.narrow(axis, 1, size))
    blur = _blur_of_cells(cost.shape[-1], AGREE_WITHIN, cost.device)
    return (1 - AGREE) * cost + AGREE * (blur @ (torch.minimum(cost, near + JUMP) @ blur.mT))


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


def equalise_light(frames: torch.Tensor, level: Level) -> torch.Tensor:
    """Takes slow light out of frames: local mean 0 and local contrast 1. (N, H, W) -> (N, H, W)."""
    frames = correlate(correlate(frames, gaussian(level.texture), -1), gaussian(level.texture), -2)
    frames = frames - slow_part(frames, level.light)
    return frames * (slow_part(frames * frames, level.light) + level.floor).rsqrt_()


def slow_part(frames: torch.Tensor, light: float) -> torch.Tensor:
    """What varies slower than `light` pixels; of large frames on a coarse grid. (N, H, W) -> (N, H, W)."""
    stride = LIGHT_STRIDE if frames.shape[-1] > 16 * LIGHT_STRIDE else 1
    coarsen, enlarge = _light_matrices(frames.shape[-1], light, stride, frames.device)
    return enlarge @ (condensed(frames, coarsen, stride) @ enlarge.mT)


def symmetric_inverse(matrix: torch.Tensor) -> torch.Tensor:
    """Inverse of [[xx, xy], [xy, yy]], its three entries on axis 2: (B, T, 3, ...) -> (B, T, 3, ...)."""
    xx, xy, yy = matrix.unbind(2)
    return torch.stack([yy, -xy, xx], 2) / (xx * yy - xy * xy).unsqueeze(2)


def solve(inverse: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Product of a symmetric 2x2 inverse (B, 1, 3, ...) with (B, T, 2, ...) -> (B, T, 2, ...)."""
    xx, xy, yy = inverse.unbind(2)
    across, down = right.unbind(2)
    return torch.stack([xx * across + xy * down, xy * across + yy * down], 2)


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


@lru_cache(maxsize=16)
def _blur_of_cells(grid: int, spread: float, device: torch.device) -> torch.Tensor:
    """(grid, grid): a Gaussian over cells."""
    return blurring(grid, spread).to(device, torch.float32)


@lru_cache(maxsize=16)
def _distances(reach: int, pixel: float, device: torch.device) -> torch.Tensor:
    """(n, n): what shifts cost for being far, down and right; a pixel is so many of a 224-px crop."""
    along = torch.arange(-reach, reach + 1, dtype=torch.float64) * (pixel / 4)
    return (FAR * (along[:, None] ** 2 + along**2)).to(device, torch.float32)
