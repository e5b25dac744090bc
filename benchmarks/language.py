"""Why a language model? `base` against an MLP of equal trained size and against a language model that learned nothing.

    python -m benchmarks.language                                             # all 26 people
    python -m benchmarks.language --models base,base-mlp --people 12 --steps 192
    python -m benchmarks.language --models base,whole,whole-no-moe --people 12

Independent draws of people are trained on, and many other people are asked, of the same domain and of another: how
many are tested decides how small a difference is seen. None of them is in a table. Each fit is kept, so that a broken
run goes on. Prints a table a number of people, then one JSON line. All synthetic.

Tested in tests/benchmarks/test_language.py.
"""

import json
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from scipy.stats import t as student
from tqdm.auto import tqdm

from benchmarks.development import DOMAINS, TEST_SEED, TRAINING_SEEDS, development_clips, first_people
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.sides import refuse_shared_people, without_labels
from training_aullm.files import check_record
from training_aullm.learn.fitting import as_predictions
from training_aullm.peers.aullm import OWN, base_with
from training_aullm.peers.method import Method, Setup
from training_aullm.score.bootstrap import Interval, bootstrap_difference, bootstrap_f1
from training_aullm.score.metrics import score
from training_aullm.score.predictions import Predictions
from training_aullm.score.report import json_line, markdown_table, result_table

TRAINED, OTHER = DOMAINS
ALL_PEOPLE = 26
TESTED_PEOPLE = {TRAINED: 52, OTHER: 58}
"""Twice as many as the data sets have."""
DEPTHS = (8, 16, 30)
"""Layers of the language model; `base` keeps the first 4 of 30."""
MODELS = OWN | {
    "base-mlp-1": base_with({"reader": "mlp", "mlp_width": 1}),
    **{f"base-{layers}-layers": base_with({"num_language_layers": layers}) for layers in DEPTHS},
}
"""`base-mlp-1` has an MLP one unit wide: hardly a reader at all."""
TWO_SIDED, POWER = 1.96, 0.84
"""Quantiles of the normal distribution for an error of 5%, and for a power of 80%."""
COLUMNS = {
    "model": "model",
    "f1": "F1 (95%)",
    "over_draws": "minus base, over draws (95%)",
    "difference": "over people (95%)",
    "draws": "of each draw",
    "seen": "smallest difference seen",
    "auc": "AUC",
    "auc_over_draws": "minus base, over draws (95%)",
    "other_f1": "other domain F1 (95%)",
    "other_over_draws": "minus base, over draws (95%)",
    "other_difference": "over people (95%)",
    "other_draws": "of each draw",
    "other_seen": "smallest difference seen",
    "seconds": "s a fit",
}


def run_draw(method: Method, train: ClipSet, tests: dict[str, ClipSet], seed: int, folder: Path) -> None:
    """Fit once, ask everybody, and write what was said.

    Args:
        method: what is trained.
        train: clips of one draw of people.
        tests: domain -> clips of others.
        seed: of the training.
        folder: for DOMAIN.parquet, and seconds.json, which is written last.

    Raises:
        ValueError: somebody is learnt from and tested.
    """
    clips = {domain: each.select(train.action_units) for domain, each in tests.items()}
    for domain, each in clips.items():
        refuse_shared_people(train, each, domain)
    started = time.perf_counter()
    asked = [without_labels(each) for each in clips.values()]
    told = method.run(method.recipe, train, asked, Setup(seed, scratch=folder / "scratch"))
    seconds = time.perf_counter() - started
    for (domain, each), probabilities in zip(clips.items(), told, strict=True):
        common = [name for name in train.action_units if name in tests[domain].action_units]
        as_predictions(probabilities, each, domain, seed).select(common).save(folder / f"{domain}.parquet")
    (folder / "seconds.json").write_text(json.dumps({"seconds": round(seconds, 2)}))


def with_steps(method: Method, clips: int, steps: int | None) -> Method:
    """The method with as many epochs as make so many steps, but not fewer than its own."""
    if steps is None:
        return method
    each = -(-clips // method.recipe.batch_size)
    return method.with_epochs(max(method.recipe.epochs, round(steps / each)))


def smallest_seen(people: float, draws: list[float]) -> float:
    """The difference that would have been found with a power of 80%.

    Args:
        people: half the width of the paired interval over people.
        draws: the difference with each draw of training people.

    Returns:
        That of a mean whose error comes from who was tested and from who (and with which seed) was trained on; the
        latter from few draws, so it is rough. NaN with one draw.
    """
    if len(draws) < 2:
        return float("nan")
    error = np.sqrt((people / TWO_SIDED) ** 2 + np.var(draws, ddof=1) / len(draws))
    return float((TWO_SIDED + POWER) * error)


def over_draws(draws: list[float]) -> Interval | None:
    """The mean difference with Student's 95% interval.

    Args:
        draws: the difference with each draw of training people.

    Returns:
        The interval: where the mean over all draws of training people and seeds may lie, for these people tested.
        None with one draw, which says nothing about others.
    """
    if len(draws) < 2:
        return None
    mean, count = float(np.mean(draws)), len(draws)
    # Few draws: their own spread is uncertain, too, so that 1.96 would be far too narrow.
    half = float(student.ppf(0.975, count - 1) * np.std(draws, ddof=1) / np.sqrt(count))
    return Interval(mean, mean - half, mean + half)


def row_of(name: str, folders: list[Path], reference: list[Path] | None) -> dict:
    """One row: scores over all draws, and paired differences to the reference."""
    row = {"model": name, "seconds": round(float(np.mean([_seconds(folder) for folder in folders])))}
    for domain, prefix in ((TRAINED, ""), (OTHER, "other_")):
        parts = [Predictions.load(folder / f"{domain}.parquet") for folder in folders]
        labels, people = parts[0].labels, parts[0].subjects
        each = [score(part.probabilities, labels, part.action_units) for part in parts]
        row[f"{prefix}f1"] = bootstrap_f1(labels, [part.probabilities for part in parts], people)["f1"]
        row[f"{prefix}auc"] = float(np.mean([one.mean_auc for one in each]))
        if reference is None:
            continue
        others = [Predictions.load(folder / f"{domain}.parquet") for folder in reference]
        theirs = [score(other.probabilities, labels, other.action_units) for other in others]
        apart = [one.mean_f1 - other.mean_f1 for one, other in zip(each, theirs, strict=True)]
        probabilities = [[part.probabilities for part in group] for group in (parts, others)]
        row[f"{prefix}difference"] = found = bootstrap_difference(labels, *probabilities, people)
        row[f"{prefix}draws"], row[f"{prefix}over_draws"] = apart, over_draws(apart)
        ranked = [one.mean_auc - other.mean_auc for one, other in zip(each, theirs, strict=True)]
        row[f"{prefix}auc_over_draws"] = over_draws(ranked)
        row[f"{prefix}seen"] = smallest_seen((found.high - found.low) / 2, apart)
    return row


def _seconds(folder: Path) -> float:
    return json.loads((folder / "seconds.json").read_text("utf-8"))["seconds"]


def main(
    models: Annotated[
        str, typer.Option(help="Names with commas between; the others are held against the first.")
    ] = "base,base-mlp,base-shuffled",
    people: Annotated[str, typer.Option(help="Numbers of people to train on, with commas between.")] = "26",
    draws: Annotated[int, typer.Option(min=1, max=len(TRAINING_SEEDS), help="Draws of training people.")] = 3,
    first_draw: Annotated[
        int, typer.Option(min=0, help="Of these; draws that an idea came from say nothing more.")
    ] = 0,
    steps: Annotated[int | None, typer.Option(help="Steps of training at least; few people have few an epoch.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of predictions and measured clips.")] = Path("runs/language"),
) -> None:
    """Run the fits that are not there yet, then print the tables."""
    names, numbers = models.split(","), [int(number) for number in people.split(",")]
    if first_draw + draws > len(TRAINING_SEEDS):
        raise typer.BadParameter(f"there are draws 0 to {len(TRAINING_SEEDS) - 1}")
    tests = {name: development_clips(name, TEST_SEED, TESTED_PEOPLE[name], out / "clips") for name in DOMAINS}
    for number in numbers:
        folders = {name: [] for name in names}
        for draw in tqdm(range(first_draw, first_draw + draws), desc=f"{number} people", unit="draw"):
            seed = TRAINING_SEEDS[draw]
            train = first_people(development_clips(TRAINED, seed, ALL_PEOPLE, out / "clips"), number)
            for name in names:
                method = with_steps(MODELS[name], len(train), steps)
                folder = out / name / f"{number}-people" / f"draw{draw}"
                check_record(folder / "made_with.json", method.settings(), f"delete {folder} or choose another --out")
                if not (folder / "seconds.json").exists():
                    run_draw(method, train, tests, draw, folder)
                folders[name].append(folder)
        results = [
            row_of(name, each, folders[names[0]] if name != names[0] else None) for name, each in folders.items()
        ]
        title = f"trained on {number} people of {TRAINED}, draws {first_draw} to {first_draw + draws - 1}"
        Console(width=200).print(result_table(results, COLUMNS, title))
        print(markdown_table(results, COLUMNS), end="\n\n")
        print(
            json_line(
                {
                    "benchmark": "language",
                    "people": number,
                    "draws": draws,
                    "first_draw": first_draw,
                    "steps": steps,
                    "results": results,
                }
            )
        )


if __name__ == "__main__":
    typer.run(main)
