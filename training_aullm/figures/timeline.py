"""Action-unit probabilities over the time of a video, what was spotted, and a strip of its frames above them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training_aullm.figures.style import BLUE, CYCLE, GREEN, INK, ORANGE, QUIET, new_figure

THUMBNAILS = 12
LETTERS, NAME_LINES = 125, 2  # that fit side by side, and above each other, in the row of what was spotted
KIND_COLOURS = {"micro": ORANGE, "macro": GREEN}
BAR, LANE = 0.15, 0.17  # height of a movement's bar, and of the lane that it lies in


@dataclass(frozen=True)
class MarkedMovement:
    """A movement as it is drawn.

    Attributes:
        onset, apex, offset: seconds. kind: "micro" or "macro".
        name: what it is called. second: whether the second opinion named it.
    """

    onset: float
    apex: float
    offset: float
    kind: str
    name: str
    second: bool = False


def draw_timeline(
    path: str | Path,
    title: str,
    times: np.ndarray,
    probabilities: np.ndarray,
    action_units: Sequence[str],
    meanings: dict[str, str],
    frames: np.ndarray,
    limits: tuple[float, float],
    threshold: float = 0.5,
    truth: Sequence[tuple[float, float, str]] = (),
    movements: Sequence[MarkedMovement] = (),
    blinks: Sequence[float] = (),
) -> None:
    """Write the picture.

    Args:
        path: PNG file.
        title: what the picture shows.
        times: (W,) seconds, the middle of each window.
        probabilities: (W, K) in [0, 1].
        action_units: the K names.
        meanings: name -> words.
        frames: (F, S, S) uint8 grey frames.
        limits: seconds where the axis begins and ends.
        threshold: drawn as a line.
        truth: (start, end, text) spans where something is known to happen; shaded.
        movements: what was spotted; names stand there as far as there is room. blinks: seconds of each.
    """
    rows = len(action_units)
    with new_figure(path, 10, 2.55 + 0.62 * rows) as figure:
        grid = figure.add_gridspec(rows + 2, 1, height_ratios=[1.9, 1.1, *[1] * rows])
        top = figure.add_subplot(grid[0])
        _draw_strip(top, title, frames)
        _draw_spotted(figure.add_subplot(grid[1]), movements, blinks, limits)
        for k, name in enumerate(action_units):
            axis = figure.add_subplot(grid[k + 2])
            colour = CYCLE[k % len(CYCLE)]
            for start, end, _ in truth:
                axis.axvspan(start, end, color=QUIET, alpha=0.25, lw=0)
            axis.fill_between(times, probabilities[:, k], color=colour, alpha=0.18, lw=0)
            axis.plot(times, probabilities[:, k], color=colour, lw=1.6, marker="." if len(times) < 60 else None, ms=4)
            axis.axhline(threshold, color=QUIET, lw=0.8, ls=":")
            axis.set(ylim=(0, 1.02), xlim=limits, yticks=[0, 0.5, 1])
            axis.tick_params(labelsize=7, labelbottom=k == rows - 1, length=2)
            _name(axis, f"{name}\n{meanings.get(name, '')}")
        axis.set_xlabel("seconds")
        for start, end, text in truth:
            place = ((start + end) / 2 - limits[0]) / (limits[1] - limits[0])
            top.text(place, 1.03, text, transform=top.transAxes, ha="center", fontsize=8, color=INK)


def _draw_spotted(
    axis, movements: Sequence[MarkedMovement], blinks: Sequence[float], limits: tuple[float, float]
) -> None:
    """Movements as bars from onset to offset with a tick at the apex, their names above, blinks as points below.

    Those of the second opinion lie in a lane of their own, hatched.
    """
    for each in movements:
        low = 0.24 if each.second else 0.24 + LANE
        hatch = {"hatch": "////"} if each.second else {}
        colour = KIND_COLOURS[each.kind]
        axis.broken_barh([(each.onset, each.offset - each.onset)], (low, BAR), fc=colour, ec="white", lw=1, **hatch)
        axis.plot([each.apex, each.apex], [low, low + BAR], color=INK, lw=1)
    for centre, line, name in placed_names(movements, limits):
        axis.text(centre, 0.6 + 0.2 * line, name, ha="center", va="bottom", fontsize=7, color=INK)
    axis.plot(blinks, np.full(len(blinks), 0.12), ls="", marker="o", ms=3, color=BLUE)
    axis.set(ylim=(0, 1), xlim=limits, yticks=[])
    axis.tick_params(labelbottom=False, length=0)
    hatched = "\nhatched: second opinion" if any(each.second for each in movements) else ""
    _name(axis, "spotted: micro (orange),\nmacro (green), blinks (dots)" + hatched)


def placed_names(movements: Sequence[MarkedMovement], limits: tuple[float, float]) -> list[tuple[float, int, str]]:
    """Where names of movements stand above their apices: (seconds, line from below, name).

    Names that would touch go to the next line; where all `NAME_LINES` are taken they are left out.

    Args:
        movements, limits: as for `draw_timeline`.
    """
    placed, taken = [], [limits[0]] * NAME_LINES
    letter = (limits[1] - limits[0]) / LETTERS
    for each in sorted(movements, key=lambda each: each.apex):
        width = letter * len(each.name)
        centre = min(max(each.apex, limits[0] + width / 2), max(limits[0], limits[1] - width / 2))
        line = next((k for k in range(NAME_LINES) if taken[k] <= centre - width / 2 + 1e-9), None)
        if line is not None:
            placed.append((centre, line, each.name))
            taken[line] = centre + width / 2 + letter
    return placed


def _name(axis, text: str) -> None:
    axis.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=8, labelpad=8)
    axis.grid(axis="x", visible=False)


def _draw_strip(axis, title: str, frames: np.ndarray) -> None:
    """Evenly spaced frames side by side; the strip spans the same width as the curves below it."""
    picks = np.linspace(0, len(frames) - 1, min(THUMBNAILS, len(frames))).round().astype(int)
    axis.imshow(np.concatenate(list(frames[picks]), axis=1), cmap="gray", vmin=0, vmax=255, aspect="auto")
    axis.set_title(title, pad=14)
    axis.set_axis_off()
