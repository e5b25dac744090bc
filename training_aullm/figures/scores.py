"""Bars of F1 per action unit with their bootstrap intervals, several methods side by side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training_aullm.score.bootstrap import ONE_PERSON, Interval

from .style import CYCLE, INK, new_figure


def draw_f1_bars(
    path: str | Path,
    action_units: Sequence[str],
    intervals: dict[str, Sequence[Interval]],
    title: str = "F1 per action unit, 95% interval over subjects",
) -> None:
    """Write grouped bars.

    Args:
        path: PNG file.
        action_units: K names.
        intervals: method name to K intervals (`bootstrap_f1(...)["per_action_unit"]`). An undefined unit (NaN) gets
            no bar.
        title: above the picture.
    """
    places, width = np.arange(len(action_units)), 0.8 / len(intervals)
    with new_figure(path, max(6.0, 0.5 + len(action_units) * (0.35 + 0.3 * len(intervals))), 3.6) as figure:
        axis = figure.subplots()
        for index, (name, bars) in enumerate(intervals.items()):
            value, low, high = np.array([[bar.value, bar.low, bar.high] for bar in bars]).T
            at = places + (index - (len(intervals) - 1) / 2) * width
            defined = ~np.isnan(value)
            reach = np.abs(np.stack([value - low, high - value]))[:, defined]
            axis.bar(at[defined], value[defined], width * 0.92, color=CYCLE[index % len(CYCLE)], label=name)
            axis.errorbar(at[defined], value[defined], yerr=reach, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2)
        axis.set(title=title, xlim=(-0.6, len(action_units) - 0.4), ylim=(0, 1.02), ylabel="F1 of the positive class")
        axis.set_xticks(places, action_units)
        if any(bar.alone for bars in intervals.values() for bar in bars):
            axis.set_xlabel(f"no line – {ONE_PERSON}")
        axis.grid(axis="x", visible=False)
        if len(intervals) > 1:
            axis.legend(fontsize=7, ncols=3, loc="upper right")
