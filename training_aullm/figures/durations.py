"""How long movements last."""

from pathlib import Path

import numpy as np

from training_aullm.figures.style import BLUE, GREEN, INK, ORANGE, QUIET, new_figure

MICRO_MS = 500
BINS = 28


def draw_durations(path: str | Path, rise: np.ndarray, fall: np.ndarray, total: np.ndarray, title: str) -> None:
    """Write three histograms over one axis of time: onset to apex, apex to offset, onset to offset.

    Args:
        path: PNG file.
        rise, fall, total: (N,) milliseconds; NaN where a mark is not known.
        title: above the picture.
    """
    parts = [("onset to apex", rise, BLUE), ("apex to offset", fall, ORANGE), ("onset to offset", total, GREEN)]
    longest = float(np.nanmax(total))
    end = max(1.12 * MICRO_MS, min(longest, 1.15 * float(np.nanquantile(total, 0.98))))
    edges = np.linspace(0, end, BINS + 1)
    with new_figure(path, 7.6, 5.2) as figure:
        figure.suptitle(f"{title}: how long movements last", fontsize=10.5, fontweight="bold", x=0.01, ha="left")
        axes = figure.subplots(3, 1, sharex=True)
        for axis, (name, values, colour) in zip(axes, parts, strict=True):
            known = values[~np.isnan(values)]
            axis.hist(known.clip(0, end), edges, color=colour, rwidth=0.9)
            axis.set_ylabel("clips")
            axis.set_title(_summary(name, known), fontsize=8.5, fontweight="normal")
            axis.grid(axis="x", visible=False)
            if len(known):
                axis.axvline(np.median(known), color=INK, lw=1, ls=":")
        axes[-1].axvline(MICRO_MS, color=QUIET, lw=1)
        axes[-1].text(MICRO_MS, axes[-1].get_ylim()[1] * 0.5, " 500 ms", color=QUIET, fontsize=8, va="center")
        over = f"; the last bar holds all from there to {longest:.0f}" if longest > end else ""
        axes[-1].set_xlabel(f"milliseconds (dotted: median{over})")


def _summary(name: str, known: np.ndarray) -> str:
    if not len(known):
        return f"{name}: not known"
    low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
    return f"{name}: median {middle:.0f} ms, 5-95 %: {low:.0f}-{high:.0f} ms ({len(known)} clips)"
