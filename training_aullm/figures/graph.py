"""The graph over action units: the prior that went in, and the strengths that were learned."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from processing_aullm.sentences_aullm import all_tied
from training_aullm.figures.style import BLUE, INK, QUIET, RED, new_figure


def draw_graph(
    path: str | Path,
    action_units: Sequence[str],
    meanings: dict[str, str],
    prior: np.ndarray,
    strengths: np.ndarray,
    title: str = "The action unit graph",
) -> None:
    """Write two circles of nodes side by side; one, of what training changed, where every two units were tied before.

    Args:
        path: PNG file.
        action_units: the K names.
        meanings: name -> words.
        prior: (K, K) structural prior; negative entries are exclusive pairs.
        strengths: (K, K) learned strengths, row = who listens, column = who speaks; the mean over clips and layers.
        title: above the picture.
    """
    with new_figure(path, 10.5, 4.2) as figure:
        figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
        if all_tied(prior):
            changed = "learned: who is listened to more (blue) or less (red) than before (mean over test clips)"
            _draw_circle(figure.subplots(), action_units, meanings, strengths - prior, changed)
            return
        left, right = figure.subplots(1, 2)
        _draw_circle(left, action_units, meanings, prior, "structural prior (before training)")
        _draw_circle(right, action_units, meanings, strengths, "learned strengths (mean over test clips)")


def _draw_circle(axis, names: Sequence[str], meanings: dict[str, str], weights: np.ndarray, title: str) -> None:
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / len(names)
    x, y = np.cos(angles), np.sin(angles)
    largest = np.abs(weights - np.diag(np.diag(weights))).max() or 1.0
    for i in range(len(names)):
        for j in range(len(names)):
            if i != j and abs(weights[i, j]) > 0.02 * largest:
                _draw_edge(axis, (x[j], y[j]), (x[i], y[i]), weights[i, j] / largest)
    for i, name in enumerate(names):
        axis.scatter(x[i], y[i], s=760, color="white", edgecolor=INK, linewidth=1.2, zorder=3)
        axis.text(x[i], y[i], name.removeprefix("AU"), ha="center", va="center", fontweight="bold", zorder=4)
        axis.text(1.24 * x[i], 1.24 * y[i], meanings.get(name, ""), ha=_side(x[i]), va="center", fontsize=8, zorder=4)
    axis.set(xlim=(-2.05, 2.05), ylim=(-1.5, 1.35), title=title, aspect="equal")
    axis.set_axis_off()
    axis.text(0, -1.44, f"widest arrow: {largest:.2f}", ha="center", fontsize=7, color=QUIET)


def _draw_edge(axis, start: tuple[float, float], end: tuple[float, float], weight: float) -> None:
    """An arrow from the one who speaks to the one who listens, bent so that both directions are seen."""
    style = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=0.13", "shrinkA": 15, "shrinkB": 15, "mutation_scale": 9}
    colour = BLUE if weight > 0 else RED
    arrow = {**style, "color": colour, "lw": 0.4 + 3.2 * abs(weight), "alpha": 0.25 + 0.65 * abs(weight)}
    axis.annotate("", xy=end, xytext=start, arrowprops=arrow)


def _side(x: float) -> str:
    """On which side of its anchor a label stands, for a node at horizontal place x of the circle."""
    return "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
