"""Methods under one another with their intervals, and beside it how far each lies from the first."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.ticker import MaxNLocator

from training_aullm.figures.style import BLUE, INK, QUIET, new_figure
from training_aullm.score.bootstrap import ONE_PERSON, Interval

TITLE_WIDTH = 95
"""Characters a line of the title: more run out of the picture, and its last word is "synthetic"."""


def draw_comparison(
    path: str | Path,
    names: Sequence[str],
    scores: Sequence[Interval],
    differences: Sequence[Interval | None],
    title: str,
) -> None:
    """Write two panels of points with bars.

    Args:
        path: PNG file.
        names: of the methods.
        scores: mean F1 of each.
        differences: of each to the first, paired; None for the first.
        title: above the picture; long ones take several lines.
    """
    places, lines = -np.arange(len(names)), wrap(title, TITLE_WIDTH)
    with new_figure(path, 8.4, 0.9 + 0.2 * len(lines) + 0.32 * len(names)) as figure:
        figure.suptitle("\n".join(lines), fontsize=9.5, fontweight="bold", x=0.01, ha="left")
        left, right = figure.subplots(1, 2, sharey=True)
        _draw_points(left, places, scores, INK)
        left.set_ylim(0.5 - len(names), 0.5)
        spread = ONE_PERSON if any(each.alone for each in scores) else "95% interval over people"
        left.set(xlim=(0, 1), xlabel=f"mean F1 of the positive class, {spread}")
        left.set_yticks(places, names)
        others = [(place, each) for place, each in zip(places, differences, strict=True) if each is not None]
        _draw_points(right, [place for place, _ in others], [each for _, each in others], BLUE)
        right.axvline(0, color=QUIET, linewidth=1)
        right.xaxis.set_major_locator(MaxNLocator(6))
        right.set(xlabel=f"minus {names[0]}, paired")


def _draw_points(axis, places: Sequence[int], intervals: Sequence[Interval], colour: str) -> None:
    for place, each in zip(places, intervals, strict=True):
        axis.plot([each.low, each.high], [place, place], color=colour, linewidth=1.4)
        axis.plot(each.value, place, "o", color=colour, markersize=4.5)
