"""One page that explains one answer: what moved, where the model looked, and what would change its mind.

Tested in tests/commands/test_explain.py, together with the numbers that are written beside it.
"""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from processing_aullm.explained_aullm import draw, magnify, most_magnified, shown_step, zoom
from processing_aullm.pictures_aullm import attended_region
from processing_aullm.sentences_aullm import (
    MIN_CHANGE,
    PLAIN,
    THRESHOLD,
    all_tied,
    region_course,
    say_place,
    say_relation,
    say_what_if,
)
from training_aullm.figures.style import BLUE, GRID, INK, ORANGE, QUIET, RED, new_figure

CLOSE_UP = 460  # px a side of the faces on the page
MAGNIFIED = 8.0
MAX_UNITS = 3  # that the page looks closer at where nobody asks for any
HEADLINE = 105  # letters of a line over the page
FAINT = 0.08  # of the strongest tie; weaker ones are left out
HEIGHTS = {"movement": 3.15, "answers": 3.3, "unit": 2.95, "reminder": 0.3}  # inches of each part
REMINDER = (
    "Action units are movements of the face, not feelings, and a probability is the model's guess. Everything here was "
    "computed by the model on its way to the answer; nothing says that it is right."
)
FLIPPING = "○ as the model answers    ▶ as it would answer"


def draw_explanation(
    path: str | Path,
    explanation: dict,
    title: str,
    meanings: dict[str, str],
    action_units: Sequence[str] = (),
    threshold: float = 0.5,
) -> None:
    """Write the page.

    Args:
        path: PNG file.
        explanation: of `explain` and `read_clip`, as one dict.
        title: says which clip it is.
        meanings: name -> FACS words.
        action_units: units to look closer at; empty: those seen, or the most probable one where none is.
        threshold: at and above it an action unit counts as seen.

    Raises:
        ValueError: a unit that the model does not know.
    """
    chosen = chosen_units(explanation, action_units, threshold)
    closer = chosen if explanation["attentions"] else []
    heights = [HEIGHTS["movement"], HEIGHTS["answers"], *[HEIGHTS["unit"]] * len(closer), HEIGHTS["reminder"]]
    shown = zoom(explanation, CLOSE_UP)
    with new_figure(path, 11, sum(heights) + 0.5) as figure:
        figure.suptitle(title, fontsize=13, fontweight="bold", x=0.012, ha="left")
        parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        _draw_movement(parts[0], shown)
        _draw_answers(parts[1], explanation, meanings, threshold)
        for part, name in zip(parts[2:-1], closer, strict=True):
            _draw_unit(part, explanation, shown, name, meanings, threshold)
        parts[-1].text(0.012, 0.5, REMINDER, fontsize=8, color=QUIET, va="center")


def chosen_units(explanation: dict, action_units: Sequence[str], threshold: float = 0.5) -> list[str]:
    """The units that the page looks closer at, the most probable first.

    Raises:
        ValueError: a unit that the model does not know.
    """
    probabilities = explanation["probabilities"]
    unknown = [name for name in action_units if name not in probabilities]
    if unknown:
        raise ValueError(f"the model does not answer for {', '.join(unknown)}: it knows {', '.join(probabilities)}")
    ordered = sorted(action_units or probabilities, key=lambda name: -probabilities[name])
    if action_units:
        return ordered
    seen = [name for name in ordered if probabilities[name] >= threshold]
    return (seen or ordered[:1])[:MAX_UNITS]


def _draw_movement(part: Figure, shown: dict) -> None:
    """Before, at the strongest, the same larger, and arrows."""
    draw_headline(part, "1  What happened")
    step = shown_step(shown)
    pictures = {
        f"before: frame {shown['frame_indices'][0]}": shown["frames"][0],
        f"at its strongest: frame {shown['frame_indices'][step]}": shown["frames"][step],
    }
    if shown["displacement"] is not None:
        factor = min(MAGNIFIED, most_magnified(shown))
        pictures[f"the same frame, movement {factor:.2g} times larger"] = magnify(shown, factor)[step]
        pictures["what moved, and which way"] = draw(shown, "motion")
    for axis, (words, picture) in zip(part.subplots(1, 4, squeeze=False)[0], pictures.items(), strict=False):
        axis.imshow(picture)
        axis.set_title(words, fontsize=9, fontweight="normal", loc="center")
    for axis in part.axes:
        axis.set_axis_off()


def _draw_answers(part: Figure, explanation: dict, meanings: dict[str, str], threshold: float) -> None:
    """Bars of all units, the graph between them, and the experts of a model that weighs them."""
    seen = [name for name, value in explanation["probabilities"].items() if value >= threshold]
    told = ", ".join(f"{meanings.get(name, '')} ({name})" for name in seen) or "no action unit that it knows"
    draw_headline(part, f"2  What the model answers: {told}")
    weights = explanation["expert_weights"]
    answers, graph, *rest = part.subplots(1, 3 if weights else 2, width_ratios=[1.35, 1, 0.9] if weights else [1.35, 1])
    _draw_answer_bars(answers, explanation["probabilities"], meanings, threshold)
    _title(answers, "how sure it is (“seen” from the dotted line on)")
    if explanation["relations"] is None:
        graph.set_axis_off()
    else:
        relations, prior = explanation["relations"], explanation["prior"]
        tied = all_tied(prior)
        _draw_relations(graph, explanation["action_units"], relations - prior if tied else relations, seen)
        means = "to whom those seen listen more (blue)\nor less (red) than before training"
        hints = "which action units inform each other: arrows into\nthose seen are hints (blue: for, red: against)"
        _title(graph, means if tied else hints)
    for experts in rest:
        _draw_experts(experts, weights)
        _title(experts, "which view of the movement counts\n(dotted: if all counted the same)")


def _draw_unit(
    part: Figure, explanation: dict, shown: dict, name: str, meanings: dict[str, str], threshold: float
) -> None:
    """One unit in pictures and words: where it looked, and what would change without it, if the model can say that, or
    else how far the skin went there.
    """
    probability = explanation["probabilities"][name]
    seen, flipped = ("seen" if probability >= limit else "not seen" for limit in (threshold, THRESHOLD))
    draw_headline(part, f"{name} {meanings.get(name, '')}: {PLAIN[name]} ({seen}, {probability:.2f})")
    flips, displacement = explanation["counterfactuals"], explanation["displacement"]
    face, middle, words = part.subplots(1, 3, width_ratios=[0.95, 1.35, 1])
    face.imshow(draw(shown, "attention", name))
    face.set_axis_off()
    _title(face, "where it looked (outline: half of its attention)")
    if flips:
        _draw_what_if(middle, explanation["probabilities"], flips[name], name, meanings)
        _title(middle, f"if the model had {'not seen' if flipped == 'seen' else 'seen'} {name}\n{FLIPPING}")
    elif displacement is not None:
        _draw_course(
            middle, explanation["frame_indices"], displacement, attended_region(explanation["attentions"][name])
        )
        _title(middle, "how far the skin in the outline has gone, pixels of the crop")
    else:
        middle.set_axis_off()
    sentences = [
        say_place(explanation, name),
        say_what_if(explanation, name) if flips else "",
        say_relation(explanation, name),
    ]
    text = "\n\n".join(fill(sentence, 44) for sentence in sentences if sentence)
    words.text(0, 0.95, text, va="top", fontsize=9, color=INK, transform=words.transAxes, linespacing=1.4)
    words.set_axis_off()


def _draw_answer_bars(axis: Axes, probabilities: dict[str, float], meanings: dict[str, str], threshold: float) -> None:
    """A bar for each action unit; those at or above the threshold are coloured."""
    places, values = np.arange(len(probabilities)), np.array(list(probabilities.values()))
    axis.barh(places, values, color=np.where(values >= threshold, BLUE, QUIET), height=0.68)
    for place, value in zip(places, values, strict=True):
        axis.text(value + 0.02, place, f"{value:.2f}", va="center", fontsize=8)
    axis.axvline(threshold, color=INK, lw=0.8, ls=":")
    labels = [f"{meanings.get(name, '')}  {name}" for name in probabilities]
    axis.set(xlim=(0, 1.12), ylim=(len(places) - 0.4, -0.6), yticks=places, yticklabels=labels, xticks=[0, 0.5, 1])
    axis.tick_params(labelsize=8, length=0)
    axis.grid(axis="y", visible=False)


def _draw_experts(axis: Axes, weights: dict[str, float]) -> None:
    """A bar for each expert, whose weights sum to 1; equal say is marked."""
    places, values = np.arange(len(weights)), list(weights.values())
    axis.barh(places, values, color=BLUE, alpha=0.75, height=0.6)
    for place, value in zip(places, values, strict=True):
        axis.text(value + 0.01, place, f"{value:.0%}", va="center", fontsize=8)
    axis.axvline(1 / len(weights), color=INK, lw=0.8, ls=":")
    axis.set(xlim=(0, max(values) * 1.25), ylim=(len(places) - 0.4, -0.6), yticks=places, yticklabels=list(weights))
    axis.tick_params(labelsize=8, length=0)
    axis.set_xticks([])
    axis.grid(visible=False)


def _draw_relations(axis: Axes, names: Sequence[str], strengths: np.ndarray, lit: Sequence[str]) -> None:
    """The graph as a circle of units; ties of the `lit` ones, those that were seen, are in colour.

    Args:
        strengths: (K, K), row = who listens, column = who speaks: ties, or how they changed in training.
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


def _draw_course(axis: Axes, frames: Sequence[int], displacement: np.ndarray, region: np.ndarray) -> None:
    """Pixels over frames, from the onset, of what a unit looked at."""
    axis.plot(frames, [0.0, *region_course(displacement, region)], color=BLUE, marker="o", ms=4)
    axis.set(xlabel="frame", xticks=list(frames), ylim=(0, None))
    axis.tick_params(labelsize=8)


def _draw_what_if(
    axis: Axes, before: dict[str, float], after: dict[str, float], flipped: str, meanings: dict[str, str]
) -> None:
    """From what the model answers to what it would answer with one unit `flipped`, for all the others."""
    names = [name for name in before if name != flipped]
    for place, name in enumerate(names):
        change = after[name] - before[name]
        clear = abs(change) >= MIN_CHANGE
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


def draw_headline(part: Figure, text: str) -> Text:
    """The words above a part of the page, on as many lines as they need."""
    return part.suptitle(fill(text, HEADLINE), fontsize=10.5, fontweight="bold", x=0.012, ha="left", color=INK)


def _title(axis: Axes, text: str) -> None:
    axis.set_title(text, fontsize=8.5, fontweight="normal", loc="left")
