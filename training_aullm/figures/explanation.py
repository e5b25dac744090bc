"""One page that explains one answer: what moved, where the model looked, and what would change its mind."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from processing_aullm.explained_aullm import draw, magnify, most_magnified, shown_step, zoom
from processing_aullm.sentences_aullm import PLAIN, THRESHOLD, say_place, say_relation, say_what_if
from training_aullm.figures.explanation_panels import draw_answers, draw_experts, draw_relations, draw_what_if
from training_aullm.figures.style import INK, QUIET, new_figure

CLOSE_UP = 460  # px a side of the faces on the page
MAGNIFIED = 8.0
MOST_UNITS = 3  # that the page looks closer at
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
    seen = [name for name in ordered if action_units or probabilities[name] >= threshold]
    return (seen or ordered[:1])[:MOST_UNITS]


def _draw_movement(part: Figure, shown: dict) -> None:
    """Before, at the strongest, the same larger, and arrows."""
    _headline(part, "1  What happened")
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
    """Bars of all units, the graph between them, and the experts."""
    seen = [name for name, value in explanation["probabilities"].items() if value >= threshold]
    told = ", ".join(f"{meanings.get(name, '')} ({name})" for name in seen) or "no action unit that it knows"
    _headline(part, f"2  What the model answers: {told}")
    answers, graph, experts = part.subplots(1, 3, width_ratios=[1.35, 1, 0.9])
    draw_answers(answers, explanation["probabilities"], meanings, threshold)
    _title(answers, "how sure it is (“seen” from the dotted line on)")
    if explanation["relations"] is None:
        graph.set_axis_off()
    else:
        draw_relations(graph, explanation["action_units"], explanation["relations"], seen)
        _title(
            graph, "which action units inform each other: arrows into\nthose seen are hints (blue: for, red: against)"
        )
    if explanation["expert_weights"]:
        draw_experts(experts, explanation["expert_weights"])
        _title(experts, "which view of the movement counts\n(dotted: if all counted the same)")
    else:
        experts.set_axis_off()


def _draw_unit(
    part: Figure, explanation: dict, shown: dict, name: str, meanings: dict[str, str], threshold: float
) -> None:
    """One unit: where it looked, what would change without it, and both in words."""
    probability = explanation["probabilities"][name]
    seen, flipped = ("seen" if probability >= limit else "not seen" for limit in (threshold, THRESHOLD))
    _headline(part, f"{name} {meanings.get(name, '')}: {PLAIN[name]} ({seen}, {probability:.2f})")
    face, flip, words = part.subplots(1, 3, width_ratios=[0.95, 1.35, 1])
    face.imshow(draw(shown, "attention", name))
    face.set_axis_off()
    _title(face, "where it looked (outline: half of its attention)")
    draw_what_if(flip, explanation["probabilities"], explanation["counterfactuals"][name], name, meanings)
    _title(flip, f"if the model had {'not seen' if flipped == 'seen' else 'seen'} {name}\n{FLIPPING}")
    sentences = [
        say_place(explanation, name),
        say_what_if(explanation, name),
        say_relation(explanation, name),
    ]
    text = "\n\n".join(fill(sentence, 44) for sentence in sentences if sentence)
    words.text(0, 0.95, text, va="top", fontsize=9, color=INK, transform=words.transAxes, linespacing=1.4)
    words.set_axis_off()


def _headline(part: Figure, text: str) -> None:
    part.suptitle(text, fontsize=10.5, fontweight="bold", x=0.012, ha="left", color=INK)


def _title(axis: Axes, text: str) -> None:
    axis.set_title(text, fontsize=8.5, fontweight="normal", loc="left")
