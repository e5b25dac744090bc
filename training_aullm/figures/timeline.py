"""Action-unit probabilities over the time of a video, with a strip of its aligned frames above them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training_aullm.figures.style import CYCLE, INK, QUIET, new_figure

THUMBNAILS = 12


def draw_timeline(
    path: str | Path,
    title: str,
    times: np.ndarray,
    probabilities: np.ndarray,
    action_units: Sequence[str],
    meanings: dict[str, str],
    frames: np.ndarray,
    frame_times: np.ndarray,
    threshold: float = 0.5,
    truth: Sequence[tuple[float, float, str]] = (),
) -> None:
    """Write the picture.

    Args:
        path: PNG file.
        title: what the picture shows.
        times: (W,) seconds, the middle of each window.
        probabilities: (W, K) in [0, 1].
        action_units: the K names.
        meanings: name -> words.
        frames: (F, S, S) uint8 aligned grey frames.
        frame_times: (F,) seconds.
        threshold: drawn as a line.
        truth: (start, end, text) spans where something is known to happen; shaded.
    """
    rows = len(action_units)
    with new_figure(path, 10, 1.9 + 0.62 * rows) as figure:
        grid = figure.add_gridspec(rows + 1, 1, height_ratios=[1.9, *[1] * rows])
        top = figure.add_subplot(grid[0])
        _draw_strip(top, title, frames, frame_times)
        limits = (frame_times[0], frame_times[-1])
        for k, name in enumerate(action_units):
            axis = figure.add_subplot(grid[k + 1])
            colour = CYCLE[k % len(CYCLE)]
            for start, end, _ in truth:
                axis.axvspan(start, end, color=QUIET, alpha=0.25, lw=0)
            axis.fill_between(times, probabilities[:, k], color=colour, alpha=0.18, lw=0)
            axis.plot(times, probabilities[:, k], color=colour, lw=1.6, marker="." if len(times) < 60 else None, ms=4)
            axis.axhline(threshold, color=QUIET, lw=0.8, ls=":")
            axis.set(ylim=(0, 1.02), xlim=limits, yticks=[0, 0.5, 1])
            axis.tick_params(labelsize=7, labelbottom=k == rows - 1, length=2)
            axis.set_ylabel(
                f"{name}\n{meanings.get(name, '')}", rotation=0, ha="right", va="center", fontsize=8, labelpad=8
            )
            axis.grid(axis="x", visible=False)
        axis.set_xlabel("seconds")
        for start, end, text in truth:
            top.text(
                ((start + end) / 2 - limits[0]) / (limits[1] - limits[0]),
                1.03,
                text,
                transform=top.transAxes,
                ha="center",
                fontsize=8,
                color=INK,
            )


def _draw_strip(axis, title: str, frames: np.ndarray, frame_times: np.ndarray) -> None:
    """Evenly spaced frames side by side; the strip spans the same width as the curves below it."""
    picks = np.linspace(0, len(frames) - 1, min(THUMBNAILS, len(frames))).round().astype(int)
    axis.imshow(np.concatenate(list(frames[picks]), axis=1), cmap="gray", vmin=0, vmax=255, aspect="auto")
    axis.set_title(title, pad=14)
    axis.set_axis_off()
