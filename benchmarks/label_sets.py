"""Two data sets, each labelled for other units, in one reader: is it worth reading every unit at its name?

    python -m benchmarks.label_sets
    python -m benchmarks.label_sets --kinds rows,unit-vectors --fits 5

People of two domains teach one reader (`benchmarks.readers`), each domain labelled for the units of its protocol only;
the rest is unknown there. Other people of both are asked for all the units that any of them is labelled for, by
number. Each fit is kept. Prints a table, then one JSON line. All synthetic.

Tested in tests/benchmarks/test_label_sets.py.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from rich.console import Console
from tqdm.auto import tqdm

from benchmarks.development import DOMAINS, TEST_SEED, TRAINING_SEEDS, development_clips, first_people
from benchmarks.language import ALL_PEOPLE, TESTED_PEOPLE, smallest_seen
from benchmarks.names import ROUNDS, auc_of, interval
from benchmarks.readers import ADAPTED, ASKED, BATCH, QUESTION, RATE, STEPS, Reader, Tokens, see
from dataset_scripts.labels import ACTION_UNITS, AU_SETS
from dataset_scripts.whole_files import whole_file
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.sides import refuse_shared_people
from training_aullm.files import check_record
from training_aullm.loading import load_model
from training_aullm.score.report import json_line, markdown_table, result_table

FIRST, SECOND = DOMAINS
UNITS = tuple(unit for unit in ACTION_UNITS if any(unit in AU_SETS[domain] for domain in DOMAINS))
COLUMNS = {
    "kind": "reader",
    "labelled": "AUC, labelled in that set (95% over people)",
    "unlabelled": "labelled in the other set only",
    "labelled_difference": "labelled: minus the first",
    "labelled_fits": "each fit",
    "labelled_seen": "smallest seen",
    "unlabelled_difference": "in the other only: minus the first",
    "unlabelled_fits": "each fit",
    "unlabelled_seen": "smallest seen",
    "seconds": "s a fit",
}


def masked(clips: ClipSet, domain: str) -> ClipSet:
    """The clips with labels for the units of the domain's protocol only; the others are unknown."""
    return clips.select(AU_SETS[domain]).select(UNITS)


def two_sides(cache_dir: Path) -> tuple[dict[str, ClipSet], dict[str, ClipSet]]:
    """Clips to learn from and clips of others, by domain. The second domain's people are one draw, cut in half."""
    train = {FIRST: development_clips(FIRST, TRAINING_SEEDS[0], ALL_PEOPLE, cache_dir, UNITS)}
    test = {FIRST: development_clips(FIRST, TEST_SEED, TESTED_PEOPLE[FIRST], cache_dir, UNITS)}
    clips = development_clips(SECOND, TEST_SEED, TESTED_PEOPLE[SECOND], cache_dir, UNITS)
    train[SECOND] = first_people(clips, TESTED_PEOPLE[SECOND] // 2)
    learnt = set(train[SECOND].subjects)
    test[SECOND] = clips.subset([row for row, person in enumerate(clips.subjects) if person not in learnt])
    for domain in DOMAINS:
        refuse_shared_people(train[domain], test[domain], domain)
    return {domain: masked(each, domain) for domain, each in train.items()}, test


def run_fit(kind: str, train: Tokens, tests: dict[str, tuple[Tokens, Sequence[str]]], seed: int) -> pd.DataFrame:
    """Teach a reader, ask it for every unit: logits and labels of other people, a row a clip."""
    started, parts = time.perf_counter(), []
    reader = Reader(kind, UNITS, seed)
    reader.learn(train, STEPS[kind])
    seconds = round(time.perf_counter() - started)
    for domain, (seen, people) in tests.items():
        told = pd.DataFrame(reader.answers(seen, UNITS), columns=[f"{name} number" for name in UNITS])
        truth = pd.DataFrame(seen.labels.int().numpy(), columns=[f"{name} label" for name in UNITS])
        facts = pd.DataFrame({"domain": domain, "person": people, "seconds": seconds})
        parts.append(pd.concat([facts, truth, told], axis=1))
    return pd.concat(parts, ignore_index=True)


def cell_draws(table: pd.DataFrame, labelled: bool) -> np.ndarray:
    """AUC (2001,) of all people and of draws of them, mean over pairs of domain and unit.

    Args:
        table: answers of one fit.
        labelled: pairs where the domain is labelled for the unit; else those where the other one is.
    """
    cells = [
        auc_of(table[table["domain"] == domain], f"{unit} number", unit)
        for domain in DOMAINS
        for unit in UNITS
        if (unit in AU_SETS[domain]) == labelled
    ]
    return np.nanmean(cells, axis=0)


def row_of(kind: str, fits: Sequence[pd.DataFrame], reference: Sequence[pd.DataFrame] | None) -> dict:
    """One row: mean AUC over fits, and paired differences to the reference."""
    row = {"kind": kind, "seconds": round(float(np.mean([fit["seconds"].iloc[0] for fit in fits])))}
    for part in ("labelled", "unlabelled"):
        draws = np.stack([cell_draws(fit, part == "labelled") for fit in fits])  # (fits, 2001)
        row[part] = interval(draws.mean(0))
        if reference is not None:
            apart = draws - np.stack([cell_draws(fit, part == "labelled") for fit in reference[: len(fits)]])
            row[f"{part}_difference"] = found = interval(apart.mean(0))
            row[f"{part}_fits"] = each = apart[:, 0].tolist()
            row[f"{part}_seen"] = smallest_seen((found.high - found.low) / 2, each)
    return row


def main(
    kinds: Annotated[
        str, typer.Option(help="Readers with commas between; the others are held against the first.")
    ] = "rows,unit-vectors,hidden-mlp",
    fits: Annotated[int, typer.Option(min=1, help="Fits of each, with seeds of their own.")] = 3,
    model: Annotated[str, typer.Option(help="The finished model; it has seen none of these people.")] = "release",
    out: Annotated[Path, typer.Option(help="Folder of answers and measured clips.")] = Path("runs/label_sets"),
) -> None:
    """Run the fits that are not there yet, then print the table."""
    train, others = two_sides(out / "clips")
    finished, _ = load_model(model)
    parts = [see(finished, train[name], ROUNDS) for name in DOMAINS]
    seen = Tokens(*(torch.cat(part) for part in zip(*parts, strict=True)))
    tests, results = {name: (see(finished, each), each.subjects) for name, each in others.items()}, {}
    record = {"model": model, "question": QUESTION, "adapted": ADAPTED, "steps": STEPS, "units": UNITS}
    record |= {"batch": BATCH, "asked": ASKED, "rate": RATE, "rounds": ROUNDS}
    check_record(out / "made_with.json", record, f"delete {out} or choose another --out")
    for kind in tqdm(kinds.split(","), desc="readers", unit="reader"):
        results[kind] = []
        for seed in range(fits):
            path = out / f"{kind}-{seed}.parquet"
            if not path.exists():
                table = run_fit(kind, seen, tests, seed)
                with whole_file(path) as unfinished:
                    table.to_parquet(unfinished, index=False)
            results[kind].append(pd.read_parquet(path))
    first = next(iter(results.values()))
    rows = [row_of(kind, each, None if each is first else first) for kind, each in results.items()]
    Console(width=200).print(result_table(rows, COLUMNS, "mean AUC over pairs of domain and unit"))
    print(markdown_table(rows, COLUMNS), end="\n\n")
    print(json_line({"benchmark": "label_sets", "results": rows}))


if __name__ == "__main__":
    typer.run(main)
