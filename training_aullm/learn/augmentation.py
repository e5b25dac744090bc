"""Augmentation of training clips, drawn per sample and applied per batch.

Every random number is a function of (seed, epoch, sample index): the same clip gets the same augmentation however a
batch is split over processes, and a resumed run draws what the first would have drawn. Motion fields are
displacements from the onset frame, in pixels at 224: moving, turning or mirroring the face moves the field *and*
turns its vectors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

CROP_PIXELS = 224  # displacements are in pixels of this crop


@dataclass(frozen=True)
class AugmentationSettings:
    """How strongly training clips are varied. Zero switches a part off.

    Attributes:
        mirror: probability of a left-right mirror (action units are symmetric: labels stay).
        shift: largest shift, as a fraction of the crop's side.
        scale: largest relative change of size.
        rotation: largest rotation, degrees.
        amplitude: motion is multiplied by exp(u), u uniform in [-amplitude, amplitude].
        noise: standard deviation of smooth noise added to the field, pixels at 224.
        noise_cells: cells per side of the noise before it is upsampled.
        drift: standard deviation of a whole-face shift left by registration, per frame, pixels at 224.
        drift_turn: the same for a rotation or a change of size about the centre, radians (or relative size).
        mix: probability that a second training clip's field is added (labels: union).
        gain: pixel inputs only: brightness is multiplied by 1 + u, u uniform in [-gain, gain].

    Source:
        Our choice: registration errors and amplitudes of the clip source's nuisances set the ranges. Mixing follows
        from small displacements adding up: two expressions at once are the sum of their fields.
    """

    mirror: float = 0.5
    shift: float = 0.04
    scale: float = 0.08
    rotation: float = 6.0
    amplitude: float = 0.35
    noise: float = 0.05
    noise_cells: int = 7
    drift: float = 0.1
    drift_turn: float = 0.001
    mix: float = 0.3
    gain: float = 0.1

    def __post_init__(self):
        for name in ("mirror", "mix"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"augmentation {name}={getattr(self, name)} is a probability: choose 0 to 1")
        for name in ("shift", "scale", "rotation", "amplitude", "noise", "drift", "drift_turn", "gain"):
            if getattr(self, name) < 0:
                raise ValueError(f"augmentation {name}={getattr(self, name)} must not be negative")
        if self.scale >= 1 or self.noise_cells < 1:
            raise ValueError(
                f"augmentation scale={self.scale} must be below 1 and noise_cells={self.noise_cells} at least 1"
            )


@dataclass(frozen=True)
class Draws:
    """The random numbers of a batch: `uniform` (B, 12) in [0, 1) and `normal` (B, M) standard normal."""

    uniform: torch.Tensor
    normal: torch.Tensor


def sample_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The generator of one sample in one epoch: independent of batch composition and of process count."""
    return np.random.default_rng([seed, epoch, index])


def draw(seed: int, epoch: int, indices: Sequence[int], normals: int) -> Draws:
    """Draw the random numbers for a batch.

    Args:
        seed: of the run.
        epoch: number of the epoch.
        indices: B sample indices in the training set.
        normals: how many standard normal numbers each sample needs.

    Returns:
        The numbers.
    """
    generators = [sample_generator(seed, epoch, index) for index in indices]
    uniform = np.stack([generator.random(12, dtype=np.float32) for generator in generators])
    normal = np.stack([generator.standard_normal(normals, dtype=np.float32) for generator in generators])
    # (B, 12): 0-3 turn, size, shift; 4 mirror; 5 amplitude; 6-8 mixing. The place of a number never changes, so that
    # switching one part off leaves the others as they were.
    return Draws(torch.from_numpy(uniform), torch.from_numpy(normal))


def normals_needed(settings: AugmentationSettings, frames: int) -> int:
    """Standard normal numbers a sample needs: per time step two channels of coarse noise and four of drift."""
    return frames * (2 * settings.noise_cells**2 + 4)


def augment_motion(motion: torch.Tensor, draws: Draws, settings: AugmentationSettings) -> torch.Tensor:
    """Vary motion fields.

    Args:
        motion: (B, C, T', h, w); channels 0 and 1 are displacements from the onset frame in pixels at 224, right and
            down; channel 2, where there is one, is their confidence, which moves with the face and is 0 outside of it.
        draws: from `draw`, with `normals_needed(settings, T')` normal numbers.
        settings: strengths.

    Returns:
        (B, C, T', h, w).
    """
    batch, _, frames, height, width = motion.shape
    # A field is moved in two ways: its cells change place (grid), and the arrows in them turn with the face (vectors).
    grid, vectors = _similarity(draws.uniform[:, :4], draws.uniform[:, 4] < settings.mirror, settings)
    coordinates = F.affine_grid(grid.to(motion), [batch, 1, height, width], align_corners=False)
    moved = F.grid_sample(motion.flatten(1, 2), coordinates, padding_mode="border", align_corners=False)
    arrows, confidence = moved.unflatten(1, (-1, frames)).split([2, motion.shape[1] - 2], dim=1)
    turned = torch.einsum("bij,bjthw->bithw", vectors.to(motion), arrows)
    amplified = (
        turned * torch.exp((2 * draws.uniform[:, 5] - 1) * settings.amplitude).to(motion)[:, None, None, None, None]
    )
    noise, drift = draws.normal.to(motion).split([frames * 2 * settings.noise_cells**2, frames * 4], dim=1)
    disturbed = _smooth_noise(noise, arrows.shape, settings) + _drift(drift, arrows.shape, settings)
    if confidence.shape[1]:
        disturbed = disturbed * (confidence > 0)
    return torch.cat([amplified + disturbed, confidence], dim=1)


def mix_motion(
    motion: torch.Tensor,
    labels: torch.Tensor,
    other_motion: torch.Tensor,
    other_labels: torch.Tensor,
    draws: Draws,
    settings: AugmentationSettings,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add a second clip's field to some samples.

    Args:
        motion: (B, C, T', h, w), channels as for `augment_motion`.
        labels: (B, K) in {1, 0, -1}.
        other_motion: (B, C, T', h, w), the partners' fields; each is mirrored with probability one half (if mirroring
            is on).
        other_labels: (B, K).
        draws: from `draw`.
        settings: `mix` is the probability of mixing.

    Returns:
        The fields, and the labels: the union where mixed. Unknown stays unknown unless the other clip shows the
            action unit.
    """
    mixed = draws.uniform[:, 7] < settings.mix
    # In a mirror what went right goes left: cells change sides and x changes its sign.
    signs = other_motion.new_tensor([-1.0, 1.0, 1.0])[: motion.shape[1]]
    mirrored = torch.flip(other_motion, dims=[-1]) * signs.view(1, -1, 1, 1, 1)
    flip = (draws.uniform[:, 8] < 0.5) & (settings.mirror > 0)
    partner = torch.where(_by_clip(flip, motion), mirrored, other_motion)
    # Present beats absent and unknown; the minimum of the rest keeps "unknown" (-1), for its clip may show the unit.
    union = torch.where((labels == 1) | (other_labels == 1), 1, torch.minimum(labels, other_labels))
    # Displacements add up; what both measured is as sure as the less sure of them.
    both = torch.cat([motion[:, :2] + partner[:, :2], torch.minimum(motion[:, 2:], partner[:, 2:])], dim=1)
    return (
        torch.where(_by_clip(mixed, motion), both, motion),
        torch.where(mixed[:, None], union.to(labels.dtype), labels),
    )


def _by_clip(chosen: torch.Tensor, motion: torch.Tensor) -> torch.Tensor:
    """(B,) on the CPU, where random numbers are drawn, to (B, 1, 1, 1, 1) beside the fields, wherever they are."""
    return chosen.to(motion.device)[:, None, None, None, None]


def partners(draws: Draws, size: int) -> torch.Tensor:
    """(B,) indices of the clips to mix with, uniform over a training set of `size` clips."""
    return (draws.uniform[:, 6] * size).long().clamp(max=size - 1)


def augment_pixels(pixels: torch.Tensor, draws: Draws, settings: AugmentationSettings) -> torch.Tensor:
    """Vary frames: mirror, shift and brightness, the same for all frames of a clip.

    Args:
        pixels: (B, T, 1, H, W) in [0, 1].
        draws: from `draw`.
        settings: strengths; rotation and scale are left out so that resampling blurs as little as possible.

    Returns:
        (B, T, 1, H, W) in [0, 1].
    """
    batch, _, _, height, width = pixels.shape
    sign = 1 - 2 * (draws.uniform[:, 4] < settings.mirror).float()
    shift = (2 * draws.uniform[:, :2] - 1) * settings.shift
    pixel = 2 / torch.tensor([width, height])
    shift = torch.round(2 * shift / pixel) * pixel  # whole pixels: no interpolation, so no blur
    theta = torch.zeros(batch, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = sign, 1.0, shift
    coordinates = F.affine_grid(theta.to(pixels), [batch, 1, height, width], align_corners=False)
    moved = F.grid_sample(pixels.flatten(1, 2), coordinates, padding_mode="border", align_corners=False)
    gain = 1 + (2 * draws.uniform[:, 5] - 1) * settings.gain
    return (moved.view_as(pixels) * gain.to(pixels)[:, None, None, None, None]).clamp(0, 1)


def _similarity(
    uniform: torch.Tensor, mirror: torch.Tensor, settings: AugmentationSettings
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirror, then turn, resize and shift: the sampling grid (B, 2, 3) and the map of vectors (B, 2, 2)."""
    signed = 2 * uniform - 1
    angle, scale = signed[:, 0] * math.radians(settings.rotation), 1 + signed[:, 1] * settings.scale
    shift = 2 * signed[:, 2:4] * settings.shift  # normalised coordinates span 2
    cos, sin = torch.cos(angle), torch.sin(angle)
    turn = torch.stack([torch.stack([cos, -sin], dim=1), torch.stack([sin, cos], dim=1)], dim=1)
    sign = torch.stack([1 - 2 * mirror.float(), torch.ones_like(angle)], dim=1)
    # `vectors` says where a cell goes; grid_sample asks where it comes from: the inverse, `back`.
    vectors = scale[:, None, None] * turn * sign[:, None, :]
    back = sign[:, :, None] * turn.transpose(1, 2) / scale[:, None, None]
    return torch.cat([back, -back @ shift[:, :, None]], dim=2), vectors


def _smooth_noise(normal: torch.Tensor, shape: torch.Size, settings: AugmentationSettings) -> torch.Tensor:
    """Noise drawn on a coarse grid, enlarged to the field, with the standard deviation asked for at the cells."""
    batch, _, frames, height, width = shape
    coarse = normal.view(batch, 2 * frames, settings.noise_cells, settings.noise_cells) * settings.noise
    return F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False).view(shape)


def _drift(normal: torch.Tensor, shape: torch.Size, settings: AugmentationSettings) -> torch.Tensor:
    """A small similarity motion of the whole face in every frame, as registration leaves it."""
    batch, _, frames, height, width = shape
    x = (torch.arange(width).to(normal) + 0.5 - width / 2) * CROP_PIXELS / width
    y = ((torch.arange(height).to(normal) + 0.5 - height / 2) * CROP_PIXELS / height)[:, None]
    across, down, turn, grow = (each[..., None, None] for each in normal.view(batch, frames, 4).unbind(-1))
    turn, grow = turn * settings.drift_turn, grow * settings.drift_turn
    horizontal = across * settings.drift + grow * x - turn * y
    vertical = down * settings.drift + turn * x + grow * y
    return torch.stack([horizontal, vertical], dim=1)
