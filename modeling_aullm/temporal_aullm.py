"""Motion front ends: the learnable Eulerian filter (LED) and the displacement field with its LED response."""

import math

import torch
from torch import nn
from transformers import initialization as init

from .displacement_aullm import DisplacementField

COMPRESSED_FROM = 1.0  # px


class EulerianFilter(nn.Module):
    """LED: a causal temporal band-pass with three learned scalars, normalised by what it filtered.

    `out_j = sum_i x_i W_ij / (epsilon + sum_i |x_i| |W_ij|)` with, for j > i,
    `W_ij = alpha [(1 - r1)^(j-i) r1^min(1,i) - (1 - r2)^(j-i) r2^min(1,i)]`, `W_ii = alpha (r1 - r2)`, else 0.

    Args:
        num_frames: T.
        start: start values of alpha, r1, r2; they are learned in log space.
        epsilon: floor of the normaliser, in the unit of the input times alpha.

    Source: Varanka, Peng, Zhao, "Learnable Eulerian Dynamics for Micro-Expression Action Unit Detection" (SCIA 2023).
        The size of epsilon is our choice: alpha stands above and below the line, so with a vanishing epsilon it cancels
        and gets no gradient. The presets take a floor near the noise: 0.1 on grey levels, 1 on pixels of motion.
    """

    def __init__(self, num_frames: int, start: tuple[float, float, float] = (10.0, 0.4, 0.05), epsilon: float = 1e-6):
        super().__init__()
        self.num_frames, self.start, self.epsilon = num_frames, tuple(start), epsilon
        self.log_alpha = nn.Parameter(torch.empty(()))
        self.log_r1 = nn.Parameter(torch.empty(()))
        self.log_r2 = nn.Parameter(torch.empty(()))
        self.initialise()

    def initialise(self) -> None:
        for parameter, value in zip((self.log_alpha, self.log_r1, self.log_r2), self.start, strict=True):
            init.constant_(parameter, math.log(value))

    def weights(self) -> torch.Tensor:
        """The (T, T) filter; row = source frame, column = output frame, zero below the diagonal."""
        alpha, r1, r2 = self.log_alpha.exp(), self.log_r1.exp(), self.log_r2.exp()
        frame = torch.arange(self.num_frames, device=alpha.device)
        lag = (frame[None, :] - frame[:, None]).clamp_min(0).to(alpha.dtype)  # (T, T)
        later = frame[:, None] > 0

        def decay(r: torch.Tensor) -> torch.Tensor:
            return torch.where(later, r, torch.ones_like(r)) * torch.exp(lag * torch.log1p(-r.clamp(max=0.999)))

        above = (alpha * (decay(r1) - decay(r2))).triu(1)
        return above + torch.diag((alpha * (r1 - r2)).expand(self.num_frames))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Filter over time.

        Args:
            frames: (B, C, T, H, W), any unit.

        Returns:
            (B, C, T - 1, H, W) in [-1, 1]; output frame 0 is dropped.
        """
        weights = self.weights()[:, 1:].to(frames.dtype)  # (T, T - 1)
        shape = frames.shape
        flat = frames.flatten(3).flatten(0, 1).transpose(1, 2)  # (B C, H W, T)
        response = (flat @ weights) / (self.epsilon + flat.abs() @ weights.abs())
        return response.transpose(1, 2).reshape(shape[0], shape[1], shape[2] - 1, *shape[3:])


class MotionFrontEnd(nn.Module):
    """Frames to the motion channels the encoder reads.

    `led`: LED on the grey frames, 1 channel. `displacement`: the displacement of every frame from onset, LED over time
    on it, and how sure each cell is, 5 channels: how far the skin moved, how that movement changes, what to believe.

    Displacements enter in pixels, those beyond `COMPRESSED_FROM` logarithmically: a smile may be a tenth of a pixel or
    twenty, and training knows few of the large ones. Confidence is 1 on a well measured face whatever moves there, so
    that after normalisation the encoder still knows how long a pixel is: motion made smaller is not the same motion.

    Source: `led` is the paper's; `displacement` is our choice, because LED on 64 x 64 frames was the weakest link in
        the probes, as in the published cross-data-set tables.
    """

    def __init__(self, config):
        super().__init__()
        self.kind, self.num_frames, self.image_size = config.front_end, config.num_frames, config.image_size
        self.channels = 1 if self.kind == "led" else 5
        self.led = EulerianFilter(config.num_frames, tuple(config.led_start), config.led_epsilon)
        if self.kind == "displacement":
            self.displacement = DisplacementField(config.motion_grid)

    @torch.compiler.disable  # its constants are kept for all calls, and must not be made of what a compiler traces with
    def measure(self, pixel_values: torch.Tensor, clips: torch.Tensor | None = None) -> torch.Tensor:
        """The part of the front end that is never trained, so that it can be computed once for a data set.

        Args:
            pixel_values: (B, T, 1, H, W) in [0, 1]; with `clips` (N, 1, H, W), frames that clips share.
            clips: None, or (B, T) places of each clip's frames among them, onset first.

        Returns:
            (B, 3, T - 1, grid, grid): displacement from the onset frame, x then y, in pixels of a 224-pixel crop and
            without the head's, and its confidence, 0 to 1; all 0 outside of the face.

        Raises:
            ValueError: with the LED front end, which is trained as a whole, frames of another number or size, or while
                a graph is exported.
        """
        if torch.compiler.is_exporting():
            raise ValueError("export with motion_values as input, and measure pixels before with model.measure_motion")
        if self.kind != "displacement":
            raise ValueError("front_end='led' is trained as a whole and has no motion_values; pass pixel_values")
        self._check_pixels(pixel_values, clips)
        if not pixel_values.shape[0]:  # no clip, no motion: the steps below need one
            grid = self.displacement.grid
            return pixel_values.new_zeros(0, 3, self.num_frames - 1, grid, grid, dtype=torch.float32)
        with torch.no_grad():
            if clips is None:
                return self.displacement(pixel_values.float())
            return self.displacement.of_shared(pixel_values.float(), clips)

    def forward(self, pixel_values: torch.Tensor | None, motion_values: torch.Tensor | None) -> torch.Tensor:
        """Motion channels (B, C, T - 1, H, W) from frames, or from `motion_values` measured before."""
        if self.kind == "led":
            if pixel_values is None:
                raise ValueError("front_end='led' needs pixel_values (B, T, 1, H, W)")
            self._check_pixels(pixel_values)
            return self.led(pixel_values.float().transpose(1, 2))
        if motion_values is None:
            if pixel_values is None:
                raise ValueError("pass pixel_values (B, T, 1, H, W) or motion_values (B, 3, T-1, h, w)")
            motion_values = self.measure(pixel_values)
        motion_values = motion_values.float()
        shape = tuple(motion_values.shape)
        if len(shape) != 5 or shape[1:3] != (3, self.num_frames - 1):
            raise ValueError(
                f"the model reads the motion of {self.num_frames} frames, (B, 3, {self.num_frames - 1}, h, w) as "
                f"measure_motion gives it, got values of shape {shape}"
            )
        moved, confidence = motion_values.split([2, 1], dim=1)
        onset = torch.zeros_like(moved[:, :, :1])  # the onset frame has not moved
        changes = self.led(torch.cat([onset, moved], 2))
        return torch.cat([compressed(moved), changes, confidence], 1)

    def _check_pixels(self, pixel_values: torch.Tensor, clips: torch.Tensor | None = None) -> None:
        """Frames of another size would be read, but wrongly: what moves by a pixel has another meaning there."""
        size = (1, self.image_size, self.image_size)
        shape = tuple(pixel_values.shape)
        frames = shape[1:2] if clips is None else tuple(clips.shape)[1:]
        if shape[-3:] != size or len(shape) != (5 if clips is None else 4) or frames != (self.num_frames,):
            raise ValueError(
                f"the model reads {self.num_frames} frames a clip of {self.image_size} x {self.image_size} pixels, one "
                f"channel, got values of shape {shape}" + (f" and clips of {frames}" if clips is not None else "")
            )


def compressed(moved: torch.Tensor) -> torch.Tensor:
    """Displacements (B, 2, ...) in pixels with their direction kept and their length l taken to asinh(l): up to about
    `COMPRESSED_FROM` it stays what it is, and beyond every factor of ten adds 2.3.
    """
    size = (moved * moved).sum(1, keepdim=True).clamp_min(1e-12).sqrt()  # as `norm`, which is slow over two of a batch
    return moved * (COMPRESSED_FROM * torch.asinh(size / COMPRESSED_FROM) / size)
