"""Parts of a face made to stand still: which cells to hide, and two ways to hide them.

regions = random_regions(14, count=20, draws=10, generator)      # (10, 14, 14) bool
still = hide_motion(motion_values[0], regions)                   # (10, 3, T - 1, 28, 28)
still = hide_pixels(pixel_values[0], regions)                    # (10, T, 1, 224, 224)

Tested in tests/benchmarks/test_faithfulness.py.
"""

import cv2
import numpy as np
import torch

from processing_aullm.magnify_aullm import face_mask

ON_FACE = 0.25  # of `face_mask`: cells above it belong to the face
SEAM = 3.0  # px, how softly a region of pixels ends, so that no edge appears that could be taken for motion


def face_cells(grid: int) -> np.ndarray:
    """(grid, grid) bool: the cells of a crop that lie on the face."""
    return face_mask(grid) > ON_FACE


def random_regions(grid: int, count: int, draws: int, generator: np.random.Generator) -> np.ndarray:
    """Two patches of the face, each the mirror image of the other, as attention is two-sided too.

    Args:
        grid: cells a side.
        count: cells of a region; all of the face where it has fewer.
        draws: how many regions.
        generator: of the places.

    Returns:
        (draws, grid, grid) bool, `count` cells each: those nearest to a random place of the face, or to its mirror
        image.
    """
    face = face_cells(grid)
    places = np.argwhere(face)
    regions = np.zeros((draws, grid, grid), bool)
    for region in regions:
        row, column = places[generator.integers(len(places))] + generator.uniform(-0.5, 0.5, 2)
        to_place = np.hypot(places[:, 0] - row, places[:, 1] - column)
        to_mirror = np.hypot(places[:, 0] - row, places[:, 1] - (grid - 1 - column))
        nearest = places[np.argsort(np.minimum(to_place, to_mirror), kind="stable")[:count]]
        region[tuple(nearest.T)] = True
    return regions


def moving_region(motion: torch.Tensor, grid: int, count: int) -> np.ndarray:
    """The cells of the face that moved most, whatever the model looked at.

    Args:
        motion: (3, T - 1, h, w), the first two in pixels; h a multiple of `grid`.
        grid: cells a side of the answer.
        count: cells of the region.

    Returns:
        (grid, grid) bool.
    """
    length = motion[:2].norm(dim=0).amax(0)  # (h, w)
    cells = torch.nn.functional.adaptive_avg_pool2d(length[None], grid)[0].numpy() * face_cells(grid)
    region = np.zeros(grid * grid, bool)
    region[np.argsort(-cells, axis=None, kind="stable")[:count]] = True
    return region.reshape(grid, grid)


def hide_motion(motion: torch.Tensor, regions: np.ndarray) -> torch.Tensor:
    """Motion values with "no motion" inside of regions, as surely measured as the motion was.

    Args:
        motion: (3, T - 1, h, w) of one clip.
        regions: (M, h', w') bool; h a multiple of h'.

    Returns:
        (M, 3, T - 1, h, w).
    """
    times = motion.shape[-1] // regions.shape[-1]
    kept = torch.from_numpy(~regions.repeat(times, 1).repeat(times, 2))[:, None, None]
    return torch.cat([motion[None, :2] * kept, motion[None, 2:].expand(len(regions), -1, -1, -1, -1)], dim=1)


def hide_pixels(frames: torch.Tensor, regions: np.ndarray) -> torch.Tensor:
    """Frames that show the onset inside of regions, blended over a few pixels.

    Args:
        frames: (T, 1, S, S) of one clip, frame 0 the onset.
        regions: (M, h', w') bool.

    Returns:
        (M, T, 1, S, S).
    """
    size = frames.shape[-1]
    masks = [cv2.resize(region.astype(np.float32), (size, size), interpolation=cv2.INTER_NEAREST) for region in regions]
    soft = torch.from_numpy(np.stack([cv2.GaussianBlur(mask, (0, 0), SEAM) for mask in masks]))[:, None, None]
    return frames[None] + soft * (frames[:1] - frames)[None]
