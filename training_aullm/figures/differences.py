"""Onset, apex, and what changed between them: labels and crops at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training_aullm.figures.style import new_figure

SIZE = 224
COLUMNS = 2
MIN_CHANGE = 6.0


@dataclass(frozen=True)
class Difference:
    """One clip on the sheet.

    Attributes:
        name: the sample id.
        units: the action units present, in words.
        onset, apex: (H, W) uint8 grey.
        coded: whether the apex is one; False: the middle of the clip stands in.
    """

    name: str
    units: str
    onset: np.ndarray
    apex: np.ndarray
    coded: bool = True


def draw_differences(path: str | Path, clips: Sequence[Difference], title: str) -> None:
    """Write three pictures per clip, two clips a row.

    Args:
        path: PNG file.
        clips: those to show.
        title: above the sheet.
    """
    rows = -(-len(clips) // COLUMNS)
    with new_figure(path, 3.9 * COLUMNS, 0.7 + 1.55 * rows) as figure:
        figure.suptitle(
            f"{title}: onset, apex, and apex minus onset (red: brighter, blue: darker)",
            fontsize=9.5,
            fontweight="bold",
            x=0.01,
            ha="left",
        )
        axes = figure.subplots(rows, 3 * COLUMNS, squeeze=False).reshape(-1, 3)
        for row, clip in zip(axes, clips, strict=False):
            _draw_clip(row, clip)
        for row in axes[len(clips) :]:
            for axis in row:
                axis.set_axis_off()


def _draw_clip(axes, clip: Difference) -> None:
    onset, apex = (cv2.resize(frame, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for frame in (clip.onset, clip.apex))
    for axis, frame in zip(axes[:2], (onset, apex), strict=True):
        axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
    change = smooth_change(onset, apex)
    reach = max(MIN_CHANGE, float(np.quantile(np.abs(change), 0.995)))
    axes[2].imshow(change, cmap="RdBu_r", vmin=-reach, vmax=reach)
    axes[0].set_title(f"{clip.name}\n{clip.units}", fontsize=6.5, fontweight="normal")
    axes[2].set_title(
        f"\u00b1{reach:.0f} grey levels" + ("" if clip.coded else "\n(apex unknown)"), fontsize=6, fontweight="normal"
    )
    for axis in axes:
        axis.set_axis_off()


def smooth_change(onset: np.ndarray, apex: np.ndarray) -> np.ndarray:
    """Grey levels of change, without the change of light over the whole crop and the noise of single pixels.

    Args:
        onset, apex: (S, S) uint8.

    Returns:
        (S, S) float32.
    """
    change = cv2.GaussianBlur(apex.astype(np.float32) - onset.astype(np.float32), (0, 0), 1.2)
    return change - float(np.median(change))
