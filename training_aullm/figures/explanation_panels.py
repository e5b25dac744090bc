"""The panels of an explanation: answers, graph, experts, and what would change."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from training_aullm.figures.style import BLUE, GRID, INK, ORANGE, QUIET, RED

CLEAR = 0.05  # of a probability; smaller changes are drawn grey
FAINT = 0.08  # of the strongest tie; weaker ones are left out


def draw_answers(axis: Axes, probabilities: dict[str, float], meanings: dict[str, str], threshold: float) -> None:
    """A bar for each action unit; those at or above the threshold are coloured.

    Args:
        axis: to draw on.
        probabilities: name -> probability.
        meanings: name -> FACS words.
        threshold: at and above it a unit counts as seen.
    """
    places, values = np.arange(len(probabilities)), np.array(list(probabilities.values()))
    axis.barh(places, values, color=np.where(values >= threshold, BLUE, QUIET), height=0.68)
    for place, value in zip(places, values, strict=True):
        axis.text(value + 0.02, place, f"{value:.2f}", va="center", fontsize=8)
    axis.axvline(threshold, color=INK, lw=0.8, ls=":")
    labels = [f"{meanings.get(name, '')}  {name}" for name in probabilities]
    axis.set(xlim=(0, 1.12), ylim=(len(places) - 0.4, -0.6), yticks=places, yticklabels=labels, xticks=[0, 0.5, 1])
    axis.tick_params(labelsize=8, length=0)
    axis.grid(axis="y", visible=False)


def draw_experts(axis: Axes, weights: dict[str, float]) -> None:
    """A bar for each expert; equal say is marked.

    Args:
        axis: to draw on.
        weights: name -> weight; they sum to 1.
    """
    places, values = np.arange(len(weights)), list(weights.values())
    axis.barh(places, values, color=BLUE, alpha=0.75, height=0.6)
    for place, value in zip(places, values, strict=True):
        axis.text(value + 0.01, place, f"{value:.0%}", va="center", fontsize=8)
    axis.axvline(1 / len(weights), color=INK, lw=0.8, ls=":")
    axis.set(xlim=(0, max(values) * 1.25), ylim=(len(places) - 0.4, -0.6), yticks=places, yticklabels=list(weights))
    axis.tick_params(labelsize=8, length=0)
    axis.set_xticks([])
    axis.grid(visible=False)


def draw_relations(axis: Axes, names: Sequence[str], strengths: np.ndarray, lit: Sequence[str]) -> None:
    """The graph as a circle of units; ties of the units that matter are in colour.

    Args:
        axis: to draw on.
        names: K units.
        strengths: (K, K), row = who listens, column = who speaks.
        lit: units whose ties are drawn in colour: the ones that were seen.
    """
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / len(names)
    place = np.stack([np.cos(angles), np.sin(angles)], 1)
    largest = float(np.abs(strengths).max()) or 1.0
    for listens, speaks in np.argwhere(np.abs(strengths) > FAINT * largest):
        share = abs(strengths[listens, speaks]) / largest
        colour = (BLUE if strengths[listens, speaks] > 0 else RED) if names[listens] in lit else QUIET
        arrow = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=0.16", "shrinkA": 12, "shrinkB": 12}
        arrow |= {"color": colour, "lw": 0.5 + 3 * share, "alpha": 0.9 if names[listens] in lit else 0.35}
        axis.annotate("", xy=place[listens], xytext=place[speaks], arrowprops=arrow)
    for name, (x, y) in zip(names, place, strict=True):
        seen = name in lit
        axis.scatter(x, y, s=430, color=BLUE if seen else "white", edgecolor=BLUE if seen else QUIET, zorder=3)
        style = {"color": "white" if seen else INK, "fontweight": "bold" if seen else "normal"}
        axis.text(x, y, name.removeprefix("AU"), ha="center", va="center", fontsize=8, zorder=4, **style)
    axis.set(xlim=(-1.3, 1.3), ylim=(-1.25, 1.25), aspect="equal")
    axis.set_axis_off()


def draw_what_if(
    axis: Axes, before: dict[str, float], after: dict[str, float], flipped: str, meanings: dict[str, str]
) -> None:
    """From what the model answers to what it would answer without (or with) one unit, for all the others.

    Args:
        axis: to draw on.
        before, after: name -> probability.
        flipped: the unit that is turned over; it has no row.
        meanings: name -> FACS words.
    """
    names = [name for name in before if name != flipped]
    for place, name in enumerate(names):
        change = after[name] - before[name]
        clear = abs(change) >= CLEAR
        colour = ORANGE if clear else QUIET
        axis.plot([0, 1], [place, place], color=GRID, lw=0.8, zorder=0)
        axis.scatter(before[name], place, s=34, facecolor="white", edgecolor=INK if clear else QUIET, zorder=2)
        if clear:
            arrow = {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkA": 3, "shrinkB": 0}
            axis.annotate("", xy=(after[name], place), xytext=(before[name], place), arrowprops=arrow, zorder=3)
        text = f"{before[name]:.2f} → {after[name]:.2f}" if clear else f"{before[name]:.2f}"
        axis.text(1.05, place, text, va="center", fontsize=8, color=INK if clear else QUIET)
    labels = [f"{meanings.get(name, '')}  {name}" for name in names]
    axis.set(xlim=(-0.03, 1.42), ylim=(len(names) - 0.4, -0.6), yticks=range(len(names)), yticklabels=labels)
    axis.set_xticks([0, 0.5, 1])
    axis.tick_params(labelsize=8, length=0)
    axis.spines["left"].set_visible(False)
    axis.grid(visible=False)
