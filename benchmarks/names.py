"""Does a language model know a unit that it has seen no label of? It is asked for by number and by description.

    python -m benchmarks.names
    python -m benchmarks.names --fits 1

New readers (`benchmarks.readers`) learn to answer, for eight of its twelve units, from what a finished model sees,
and are then asked for the four that were left out, of other people. Their answers are held against those to random
words of as many tokens, against what `rows` says for the nearest labelled unit, and against the mean of all it says.
Each fit is kept. Prints tables, then one JSON line. All synthetic.

The finished model did learn the units that are left out, so its tokens hold them: only the reader has never been told.
That favours every reader.

Tested in tests/benchmarks/test_names.py.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from scipy.stats import t as student
from tqdm.auto import tqdm
from transformers import PreTrainedTokenizerBase

from benchmarks.development import DOMAINS, TEST_SEED, TRAINING_SEEDS, development_clips
from benchmarks.language import ALL_PEOPLE, TESTED_PEOPLE, smallest_seen
from benchmarks.readers import (
    ADAPTED,
    ASKED,
    ASKED_IN_WORDS,
    BATCH,
    QUESTION,
    RATE,
    STEPS,
    Reader,
    Tokens,
    see,
    wordings,
)
from dataset_scripts.labels import AU_SETS
from dataset_scripts.whole_files import whole_file
from training_aullm.comparing.sides import refuse_shared_people
from training_aullm.files import check_record
from training_aullm.loading import load_model
from training_aullm.score.bootstrap import Interval, percentile_interval, subject_weights
from training_aullm.score.report import json_line, markdown_table, result_table

LEFT_OUT = (("AU1", "AU7", "AU12", "AU17"), ("AU2", "AU4", "AU14", "AU15"))
"""Units of each fit."""
NEAREST = {"AU1": "AU2", "AU2": "AU1", "AU4": "AU7", "AU7": "AU4", "AU12": "AU6", "AU14": "AU12"}
NEAREST |= {"AU15": "AU17", "AU17": "AU15"}
"""The labelled unit that moves skin nearest to the one that is left out."""
ROUNDS, RANDOM_TEXTS = 8, 3
"""Times that each training clip is varied, and random texts of each length."""
WAYS = ("number", "random number", "description", "random description", "both", "labelled")
COLUMNS = {"unit": "left out", "positives": "positives", "nearest": "nearest labelled unit"}
COLUMNS |= {"moves": "mean of labelled units", "labelled": "rows: labelled units"}
COMPARED = (
    *((f"{kind} {way}", f"{kind} random {way}") for kind in ASKED_IN_WORDS for way in ("number", "description")),
    *((f"{kind} {way}", "nearest") for kind in ASKED_IN_WORDS for way in ("description", "both")),
    *((f"{kind} description", f"{kind} number") for kind in ASKED_IN_WORDS),
    *((f"{kind} {way}", f"word-mlp {way}") for kind in ("hidden-mlp", "text-mlp") for way in ("description", "both")),
    ("hidden-mlp description", "text-mlp description"),
    ("language description", "text-mlp-short description"),
)
DIFFERENCES = {
    "difference": "AUC, difference of",
    "mean": "mean of units (95% over units)",
    "people": "(95% over people)",
    "each": "each unit",
    "seen": "smallest difference seen",
}


def random_texts(tokenizer: PreTrainedTokenizerBase, like: str, number: int, seed: int) -> list[str]:
    """Texts of ordinary words, a token each, with as many tokens as another text."""
    words = sorted(word[1:] for word in tokenizer.get_vocab() if re.fullmatch("Ġ[a-z]{3,}", word))
    length = len(tokenizer(f" {like}", add_special_tokens=False)["input_ids"])
    return [" ".join(each) for each in np.random.default_rng(seed).choice(words, (number, length))]


def probes(tokenizer: PreTrainedTokenizerBase, left_out: Sequence[str]) -> dict[str, str]:
    """What is asked about units that were left out, by the name of its column, as "AU4 description"."""
    asked = {}
    for unit in left_out:
        number, description, both = wordings(unit)
        asked |= {f"{unit} number": number, f"{unit} description": description, f"{unit} both": both}
        for way, like in (("number", number), ("description", description)):
            texts = random_texts(tokenizer, like, RANDOM_TEXTS, seed=int(unit[2:]))
            asked |= {f"{unit} random {way} {index}": text for index, text in enumerate(texts)}
    return asked


def run_fit(kind: str, left_out: Sequence[str], train: Tokens, test: Tokens, people: Sequence[str], seed: int):
    """Teach a reader all units but some, and ask it for those of other people: logits and labels, a row a clip."""
    units, started = AU_SETS["cross"], time.perf_counter()
    labelled = [name for name in units if name not in left_out]
    reader = Reader(kind, labelled, seed)
    known = train.labels[:, [units.index(name) for name in labelled]]
    reader.learn(train._replace(labels=known), STEPS[kind])
    seconds, asked = round(time.perf_counter() - started), {f"{name} number": name for name in labelled}
    if kind in ASKED_IN_WORDS:
        asked |= probes(reader.tokenizer, left_out)
    told = pd.DataFrame(reader.answers(test, list(asked.values())), columns=list(asked))
    truth = pd.DataFrame(test.labels.int().numpy(), columns=[f"{name} label" for name in units])
    return pd.concat([pd.DataFrame({"person": people, "seconds": seconds}), truth, told], axis=1)


def auc_draws(values: np.ndarray, labels: np.ndarray, people: np.ndarray) -> np.ndarray:
    """AUC of all people, and after it of 2,000 draws of them: (2001,), NaN where a draw holds nobody who shows it.

    Pairs of clips are counted once by pair of people, so that a draw is two products of matrices.
    """
    names, rows = np.unique(people, return_inverse=True)
    member = np.eye(len(names))[rows]  # (N, people)
    present, absent = labels == 1, labels == 0
    apart = values[present][:, None] - values[absent]
    wins = member[present].T @ ((apart > 0) + 0.5 * (apart == 0)) @ member[absent]
    pairs = np.outer(member[present].sum(0), member[absent].sum(0))
    weights = np.vstack([np.ones(len(names)), subject_weights(len(names), 2000, seed=0)])
    with np.errstate(invalid="ignore"):
        return ((weights @ wins) * weights).sum(1) / ((weights @ pairs) * weights).sum(1)


def interval(draws: np.ndarray) -> Interval:
    """The first draw is of all people."""
    return percentile_interval(draws[0], draws[1:])


def unit_draws(tables: dict[str, pd.DataFrame], unit: str) -> dict[str, np.ndarray]:
    """AUC draws (2001,) of every way to answer for a unit that was left out.

    Args:
        tables: answers by kind of reader.
        unit: its name.
    """
    found = {}
    for kind in [name for name in tables if name != "rows"]:
        table, mark = tables[kind], f"{kind} "
        found |= {mark + way: auc_of(table, f"{unit} {way}", unit) for way in ("number", "description", "both")}
        for way in ("number", "description"):
            texts = [name for name in table if name.startswith(f"{unit} random {way}")]
            found[f"{mark}random {way}"] = np.mean([auc_of(table, name, unit) for name in texts], axis=0)
        found[f"{mark}labelled"] = labelled_draws(table)
    rows = tables["rows"]
    own = [name for name in rows if name.endswith(" number")]
    every = rows.assign(moves=rows[own].mean(axis=1))
    found |= {"nearest": auc_of(rows, f"{NEAREST[unit]} number", unit), "moves": auc_of(every, "moves", unit)}
    return found | {"labelled": labelled_draws(rows)}


def auc_of(table: pd.DataFrame, answer: str, unit: str) -> np.ndarray:
    """AUC draws (2001,) of a column of answers for the truth of a unit."""
    return auc_draws(*(table[name].to_numpy() for name in (answer, f"{unit} label", "person")))


def labelled_draws(table: pd.DataFrame) -> np.ndarray:
    """AUC draws (2001,) of the labelled units, each asked for by its number: their mean."""
    left_out = {name.split()[0] for name in table if " random " in name}
    units = [name.split()[0] for name in table if name.endswith(" number") and name.split()[0] not in left_out]
    return np.nanmean([auc_of(table, f"{name} number", name) for name in units], axis=0)


def over_units(apart: list[np.ndarray]) -> dict:
    """A difference's mean over units, with Student's interval over them, and that over people.

    Args:
        apart: of each unit the differences (2001,), paired by people.
    """
    each = [float(draws[0]) for draws in apart]
    people = interval(np.mean(apart, axis=0))
    mean, count = float(np.mean(each)), len(each)
    half = student.ppf(0.975, count - 1) * np.std(each, ddof=1) / count**0.5 if count > 1 else float("nan")
    seen = smallest_seen((people.high - people.low) / 2, each)
    return {"mean": Interval(mean, mean - half, mean + half), "people": people, "each": each, "seen": seen}


def summarise(fits: Sequence[dict[str, pd.DataFrame]]) -> tuple[list[dict], list[dict]]:
    """Rows of the table of units, and of the table of differences.

    Args:
        fits: answers by kind of reader, of the first fits of `LEFT_OUT`, in its order.
    """
    rows, draws = [], []
    for left_out, tables in zip(LEFT_OUT, fits, strict=False):
        for unit in left_out:
            draws.append(unit_draws(tables, unit))
            facts = {"unit": unit, "positives": int((tables["rows"][f"{unit} label"] == 1).sum())}
            facts |= {f"{kind} seconds": int(table["seconds"].iloc[0]) for kind, table in tables.items()}
            rows.append(facts | {name: interval(each) for name, each in draws[-1].items()})
    differences = []
    for first, second in COMPARED:
        apart = [each[first] - each[second] for each in draws if first in each]
        if apart:
            differences.append({"difference": f"{first} - {second}"} | over_units(apart))
    return rows, differences


def main(
    fits: Annotated[int, typer.Option(min=1, max=len(LEFT_OUT), help="Groups of units to leave out.")] = len(LEFT_OUT),
    read: Annotated[int, typer.Option(help="Groups of which `language` learns, which takes minutes a fit.")] = 1,
    model: Annotated[str, typer.Option(help="The finished model; it has seen none of these people.")] = "release",
    out: Annotated[Path, typer.Option(help="Folder of answers and measured clips.")] = Path("runs/names"),
) -> None:
    """Run the fits that are not there yet, then print the tables."""
    domain, cross = DOMAINS[0], AU_SETS["cross"]
    clips = development_clips(domain, TRAINING_SEEDS[0], ALL_PEOPLE, out / "clips", cross)
    others = development_clips(domain, TEST_SEED, TESTED_PEOPLE[domain], out / "clips", cross)
    refuse_shared_people(clips, others, domain)
    finished, _ = load_model(model)
    train, test, answered = see(finished, clips, ROUNDS), see(finished, others), []
    for seed, left_out in enumerate(tqdm(LEFT_OUT[:fits], desc="left out", unit="group")):
        folder, tables = out / "-".join(left_out), {}
        record = {"model": model, "question": QUESTION, "adapted": ADAPTED, "steps": STEPS, "seed": seed}
        record |= {"batch": BATCH, "asked": ASKED, "rate": RATE, "rounds": ROUNDS, "random": RANDOM_TEXTS}
        check_record(folder / "made_with.json", record, f"delete {folder} or choose another --out")
        for kind in ("rows", *(kind for kind in ASKED_IN_WORDS if kind != "language" or seed < read)):
            path = folder / f"{kind}.parquet"
            if not path.exists():
                table = run_fit(kind, left_out, train, test, others.subjects, seed)
                with whole_file(path) as unfinished:
                    table.to_parquet(unfinished, index=False)
            tables[kind] = pd.read_parquet(path)
        answered.append(tables)
    rows, differences = summarise(answered)
    by_kind = [COLUMNS | {f"{kind} {way}": f"{kind}: {way}" for way in (*WAYS, "seconds")} for kind in ASKED_IN_WORDS]
    for content, columns in (*((rows, columns) for columns in by_kind), (differences, DIFFERENCES)):
        Console(width=200).print(result_table(content, columns, "AUC for units that were never labelled"))
        print(markdown_table(content, columns), end="\n\n")
    print(json_line({"benchmark": "names", "units": rows, "differences": differences}))


if __name__ == "__main__":
    typer.run(main)
