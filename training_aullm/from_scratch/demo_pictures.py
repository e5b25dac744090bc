"""The demo's pictures: what the model answers, gathered for the files in `figures`.

Tested in tests/commands/test_readme.py, with the whole demo: they need a trained model.
"""

from pathlib import Path

import datasets
import numpy as np
import torch

from dataset_scripts.labels import AU_MEANINGS
from modeling_aullm import AullmForActionUnitDetection
from training_aullm.clips.clip_set import ClipSet
from training_aullm.figures.contact_sheet import Card, draw_contact_sheet
from training_aullm.figures.graph import draw_graph
from training_aullm.figures.scores import draw_f1_bars
from training_aullm.runs.scoring import Result
from training_aullm.score.bootstrap import Interval

UNDEFINED = Interval(float("nan"), float("nan"), float("nan"))
MAX_CARDS = 6


def draw_scores(path: str | Path, results: dict[str, Result]) -> None:
    """F1 of each action unit on both test sets, with intervals over people.

    Args:
        path: PNG file.
        results: "unseen" and "other".
    """
    own, other = results["unseen"], results["other"]
    names = own.scores.action_units
    found = dict(zip(other.scores.action_units, other.intervals["per_action_unit"], strict=True))
    bars = {
        f"people never seen: mean {own.scores.mean_f1:.2f}": own.intervals["per_action_unit"],
        f"second domain: mean {other.scores.mean_f1:.2f}": [found.get(name, UNDEFINED) for name in names],
    }
    draw_f1_bars(path, names, bars, "F1 per action unit, 95% interval over people (synthetic clips, one seed)")


def draw_learned_graph(path: str | Path, model: AullmForActionUnitDetection, clips: ClipSet) -> None:
    """The prior, and the mean of the learned strengths over clips and layers.

    Args:
        path: PNG file.
        model: trained.
        clips: to take the mean over.
    """
    strengths = _evidence(model, clips).graph_strengths.mean(dim=(0, 1)).numpy()
    prior = np.asarray(model.config.graph_prior)
    draw_graph(path, clips.action_units, AU_MEANINGS, prior, strengths, "How action units inform each other")


def draw_clips(path: str | Path, model: AullmForActionUnitDetection, clips: ClipSet, table: datasets.Dataset) -> None:
    """The first clip of each of several people, not chosen by result: predictions, and where each action unit looked.

    Args:
        path: PNG file.
        model: trained.
        clips: clips of the test people.
        table: their rows, in the same order.
    """
    found: dict[str, int] = {}
    for index, apex in enumerate(table["apex"]):
        if apex is not None:  # a resting face has none
            found.setdefault(clips.subjects[index], index)
    first = list(found.values())[:MAX_CARDS]
    output = _evidence(model, clips.subset(first))
    probabilities = output.logits.sigmoid().numpy()
    attentions = output.au_attentions.sum(dim=2).numpy()
    cards = []
    for place, index in enumerate(first):
        row = table[index]
        frames = [np.asarray(row["frames"][k].convert("L")) for k in (row["onset"], row["apex"])]
        labels = clips.labels[index].numpy()
        motion = clips.inputs[index, :2, _apex_step(row, clips.inputs.shape[2])].numpy()
        cards.append(Card(row["sample_id"], *frames, motion, attentions[place], probabilities[place], labels))
    title = "The first clip of people never seen: dot = truly present, green = decided right, red = wrong"
    draw_contact_sheet(path, cards, clips.action_units, title)


def _apex_step(row: dict, steps: int) -> int:
    """Which of the motion fields (onset to frame 1, 2... of those sampled) is nearest to the apex."""
    share = (row["apex"] - row["onset"]) / (row["offset"] - row["onset"])
    return min(max(round(share * steps) - 1, 0), steps - 1)


@torch.inference_mode()
def _evidence(model: AullmForActionUnitDetection, clips: ClipSet):
    """The model's answer with evidence for a small set of clips, in one batch."""
    inputs = clips.batch(range(len(clips)))[clips.input_name]
    return model(**{clips.input_name: inputs.to(model.device)}, output_evidence=True)
