"""How should a finished model be trained further on a few labelled people? Chosen on development people alone.

    python -m benchmarks.going_on                        # every way, then the table
    python -m benchmarks.going_on --ways now,heads

Two draws of people of each of two domains are trained on; other people of both domains are asked, own domain and the
other. Each way is trained once, and its weights are also put part of the way back to the start's. What a model answers
is kept, so that decisions can be compared without training again. Prints a table, then one JSON line. All synthetic.

Tested in tests/benchmarks/test_going_on.py.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from scipy.special import expit, logit
from torch import nn
from tqdm.auto import tqdm
from transformers import TrainerCallback

from benchmarks.development import DOMAINS, TEST_SEED, TRAINING_SEEDS, development_clips, first_people
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.results import stacked
from training_aullm.comparing.sides import refuse_seen_people, without_labels
from training_aullm.learn.calibration import calibrate, evidence
from training_aullm.learn.fitting import as_predictions, fit, new_model, predict_probabilities, varied_answers
from training_aullm.learn.recipes import Recipe, recipe_base
from training_aullm.learn.starting import started_model
from training_aullm.score.bootstrap import bootstrap_difference, bootstrap_f1
from training_aullm.score.label_free import LabelFree
from training_aullm.score.metrics import best_cut, score
from training_aullm.score.predictions import Predictions
from training_aullm.score.report import json_line, markdown_table, result_table

PEOPLE = {"casme2-like": 26, "samm-like": 29}
TRAINED_PEOPLE = {"casme2-like": 17, "samm-like": 20}
"""Of these, as many as two of three folds of the tables have."""
TESTED_PEOPLE = {"casme2-like": 52, "samm-like": 58}
HEADS = ("head.", "evidence_head.", "model.graph.unit_score.")
NOW = ("now", 1.0, "best on training clips")
COLUMNS = {
    "way": "way",
    "share": "share of the way",
    "cut": "decisions",
    "f1": "own F1 (95%)",
    "minus_now": "minus now (95%)",
    "auc": "own AUC",
    "average_precision": "own AP",
    "other_f1": "other domain F1 (95%)",
    "other_minus_now": "minus now (95%)",
    "other_auc": "other AUC",
    "seconds": "s a fit",
}


@dataclass(frozen=True)
class Way:
    """One way to go on.

    Attributes:
        rate: factor on the learning rates of `recipe_base`; 0: nothing is trained.
        epochs: passes over the clips.
        fresh: from fresh weights: `base`, for comparison.
        all_units: keep all units of the start; those that were not coded here stay unknown in training.
        heads: train what gives logits alone.
        pull: part of the way back to the start's weights after each step.
        shares: of the way from the start's weights to the tuned ones.
    """

    rate: float = 0.0
    epochs: float = 12
    fresh: bool = False
    all_units: bool = False
    heads: bool = False
    pull: float = 0.0
    shares: tuple[float, ...] = (1.0,)

    @property
    def recipe(self) -> Recipe:
        """Of the training; decisions are moved afterwards, in several ways."""
        base = recipe_base()
        return base.but(
            epochs=self.epochs,
            learning_rate=self.rate * base.learning_rate,
            lora_learning_rate=self.rate * base.lora_learning_rate,
            calibration_rounds=0,
        )


THIRD, TENTH, THIRTIETH = 1 / 3, 1 / 10, 1 / 30
WAYS = {
    "as-it-is": Way(all_units=True),
    "asked-alone": Way(),
    "now": Way(THIRD, shares=(1.0, 0.5, 0.25)),
    "whole": Way(1.0, shares=(1.0, 0.5, 0.25)),
    "tenth": Way(TENTH, shares=(1.0, 0.5)),
    "tenth-short": Way(TENTH, epochs=4),
    "thirtieth": Way(THIRTIETH),
    "heads": Way(THIRD, heads=True),
    "pulled": Way(THIRD, pull=0.03),
    "fresh": Way(1.0, epochs=24, fresh=True),
}


class PullBack(TrainerCallback):
    """After each step every trained weight goes a part of the way back to where it started (L2-SP, decoupled).

    Source: Li, Grandvalet, Davoine, "Explicit inductive bias for transfer learning with convolutional networks", 2018;
        as a step of its own, as AdamW does with weight decay.
    """

    def __init__(self, start: dict[str, torch.Tensor], pull: float):
        self.start, self.pull = start, pull

    def on_step_end(self, args, state, control, model=None, **kwargs):
        """Called by the Trainer."""
        move_towards(model, self.start, self.pull)


def trained_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of everything that a training would move.

    Args:
        model: any module.

    Returns:
        Weight name to values; frozen weights are left out.
    """
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


@torch.no_grad()
def move_towards(model: nn.Module, place: dict[str, torch.Tensor], share: float) -> None:
    """Move weights a share of the way to others, in place.

    Args:
        model: whose weights are moved.
        place: of `trained_weights`; weights that it does not name stay.
        share: of the way, 0 to 1.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022.
    """
    for name, weight in model.named_parameters():
        if name in place:
            weight.lerp_(place[name].to(weight), share)


@dataclass(frozen=True)
class Draw:
    """Who is trained on."""

    domain: str
    seed: int


def answers_of(way: Way, draw: Draw, train: ClipSet, tests: dict[str, ClipSet], start: str, scratch: Path):
    """Train, and ask at every share of the way.

    Args:
        way: how.
        draw: of the training people; its seed is that of the training, too.
        train: their clips.
        tests: domain -> clips of others.
        start: the finished model.
        scratch: folder for the Trainer.

    Yields:
        (share, {"known": (3N, K) logits of the training clips, varied, "labels": (3N, K), and of each domain its
        logits}, seconds of the training): columns are the units of `train`.
    """
    if way.fresh:
        model = new_model(way.recipe, train.action_units, seed=draw.seed)
    else:
        model, _ = started_model(start, None if way.all_units else train.action_units, draw.seed)
    units = list(model.config.action_units)
    clips, columns = train.select(units), [units.index(name) for name in train.action_units]
    if way.heads:
        for name, weight in model.named_parameters():
            weight.requires_grad_(weight.requires_grad and name.startswith(HEADS))
    before, started = trained_weights(model), time.perf_counter()
    if way.rate:
        callbacks = [PullBack(before, way.pull)] if way.pull else []
        fit(model, way.recipe, clips, scratch, draw.seed, callbacks=callbacks)
    seconds, after = time.perf_counter() - started, trained_weights(model)
    for share in way.shares:
        move_towards(model, before, 1.0)
        move_towards(model, after, share)
        args = way.recipe.training_arguments(scratch, draw.seed)
        known, labels = varied_answers(model, clips, args, 3)
        told = {"known": known[:, columns], "labels": labels[:, columns]}
        for domain, each in tests.items():
            probabilities = predict_probabilities(model, without_labels(each.select(units)))
            told[domain] = logit(probabilities[:, columns].clip(1e-12, 1 - 1e-12))
        yield share, told, seconds


def expected_cut(logits: np.ndarray, labels: np.ndarray) -> float:
    """Where F1 is highest if every clip is a hit as often as its calibrated probability says.

    A line has two numbers, F1 on the clips themselves follows every single one of few hits.

    Args:
        logits: (N,) of one unit.
        labels: (N,) in {1, 0, -1}.

    Returns:
        The cut; 0 where all known labels are equal.

    Source: Lipton, Elkan, Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure", 2014; the line is
        that of `training_aullm.learn.calibration`.
    """
    known = labels != -1
    if len(set(labels[known].tolist())) < 2:
        return 0.0
    line = calibrate(logits[known, None], labels[known, None])
    share = line["prevalence"][0]
    order = np.sort(logits[known])[::-1]
    hits = expit(line["slope"][0] * order + line["offset"][0] + logit(share)).cumsum()
    best = int((hits / (np.arange(1, len(order) + 1) + hits[-1])).argmax())
    return float((order[best] + order[min(best + 1, len(order) - 1)]) / 2)


CUTS = {
    "as they are": lambda logits, labels: 0.0,
    NOW[2]: best_cut,
    "half of it": lambda logits, labels: best_cut(logits, labels) / 2,
    "expected F1": expected_cut,
}


def decided(told: dict[str, np.ndarray], cut: str, tests: dict[str, ClipSet], units: list[str], seed: int):
    """Domain -> predictions of the units that training and test have in common, cut by training people.

    Args:
        told: of `answers_of`.
        cut: one of `CUTS`, or "label-free".
        tests: domain -> clips.
        units: of the columns.
        seed: of the training.
    """
    found = {}
    line = calibrate(told["known"], told["labels"])
    pairs = list(zip(told["known"].T, told["labels"].T, strict=True))
    shift = np.array([CUTS.get(cut, CUTS["as they are"])(*pair) for pair in pairs])
    for domain, clips in tests.items():
        common = [name for name in units if name in clips.action_units]
        every = as_predictions(expit(told[domain] - shift), clips.select(units), domain, seed)
        if cut == "label-free":
            some = replace(every, evidence=evidence(every.probabilities, line)).select(common)
            found[domain] = replace(some, evidence=None, probabilities=LabelFree.of(some, {}).present.astype(float))
        else:
            found[domain] = every.select(common)
    return found


def row_of(parts: dict[str, list[Predictions]], now: dict[str, list[Predictions]]) -> dict:
    """Scores of one way of deciding, own and other domain, and paired differences to what is done now."""
    row = {}
    for where, prefix in (("own", ""), ("other", "other_")):
        mine, theirs = ([part.probabilities for part in each[where]] for each in (parts, now))
        first = parts[where][0]
        row[f"{prefix}f1"] = bootstrap_f1(first.labels, mine, first.subjects)["f1"]
        row[f"{prefix}minus_now"] = bootstrap_difference(first.labels, mine, theirs, first.subjects)
        each = [score(part.probabilities, part.labels, part.action_units).summary() for part in parts[where]]
        row |= {f"{prefix}{key}": float(np.mean([one[key] for one in each])) for key in ("auc", "average_precision")}
    return row


def main(
    ways: Annotated[str, typer.Option(help="Names with commas between, or 'all'.")] = "all",
    start: Annotated[str, typer.Option("--from", help="The finished model.")] = "release",
    seeds: Annotated[int, typer.Option(help="Draws of training people of each domain.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder of answers and measured clips.")] = Path("runs/going-on"),
) -> None:
    """Train what is not there yet, then print the table."""
    names = list(WAYS) if ways == "all" else ways.split(",")
    tests = {name: development_clips(name, TEST_SEED, TESTED_PEOPLE[name], out / "clips") for name in DOMAINS}
    for name, clips in tests.items():
        refuse_seen_people(start, clips, name)
    draws = [Draw(domain, seed) for seed in TRAINING_SEEDS[:seeds] for domain in DOMAINS]
    for name in tqdm(names, unit="way"):
        for draw in draws:
            paths = places(out, name, [draw])
            if all(path.exists() for path in paths.values()):
                continue
            train = development_clips(draw.domain, draw.seed, PEOPLE[draw.domain], out / "clips")
            train = first_people(train, TRAINED_PEOPLE[draw.domain])
            for share, told, seconds in answers_of(WAYS[name], draw, train, tests, start, out / "scratch"):
                paths[draw, share].parent.mkdir(parents=True, exist_ok=True)
                np.savez(paths[draw, share], seconds=seconds, units=np.array(train.action_units), **told)
    complete = [name for name in WAYS if all(path.exists() for path in places(out, name, draws).values())]
    results = rows(out, complete, draws, tests)
    Console(width=200).print(result_table(results, COLUMNS, "going on from a finished model, development people"))
    print(markdown_table(results, COLUMNS), end="\n\n")
    print(json_line({"benchmark": "going-on", "from": start, "results": results}))


def places(out: Path, name: str, draws: list[Draw]) -> dict[tuple[Draw, float], Path]:
    """Where the answers of a way are kept, by draw and share."""
    pairs = [(draw, share) for draw in draws for share in WAYS[name].shares]
    return {pair: out / name / f"{pair[0].domain}-{pair[0].seed}-{pair[1]:g}.npz" for pair in pairs}


def rows(out: Path, names: list[str], draws: list[Draw], tests: dict[str, ClipSet]) -> list[dict]:
    """One row a way, share and way to decide; the first is the one that others are held against."""
    found, seconds = {}, {}
    for name in names:
        for share in WAYS[name].shares:
            paths = places(out, name, draws)
            loaded = {draw: dict(np.load(paths[draw, share])) for draw in draws}
            seconds[name] = float(np.mean([told["seconds"] for told in loaded.values()]))
            for cut in (*CUTS, "label-free"):
                each = {
                    draw: decided(told, cut, tests, told["units"].tolist(), draw.seed) for draw, told in loaded.items()
                }
                found[name, share, cut] = {
                    "own": _by_seed(each, lambda draw, domain: domain == draw.domain),
                    "other": _by_seed(each, lambda draw, domain: domain != draw.domain),
                }
    now = found.get(NOW) or next(iter(found.values()))
    return [
        {"way": name, "share": share, "cut": cut, "seconds": round(seconds[name])} | row_of(parts, now)
        for (name, share, cut), parts in found.items()
    ]


def _by_seed(each: dict[Draw, dict[str, Predictions]], wanted) -> list[Predictions]:
    """One table a seed: the directions that are wanted, side by side."""
    return [
        stacked(
            {
                f"{draw.domain} to {domain}": part
                for draw, found in each.items()
                for domain, part in found.items()
                if draw.seed == seed and wanted(draw, domain)
            }
        )
        for seed in dict.fromkeys(draw.seed for draw in each)
    ]


if __name__ == "__main__":
    typer.run(main)
