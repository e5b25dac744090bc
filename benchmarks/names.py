"""Does a language model know a unit that it has seen no label of? It is asked for by number and by description.

    python -m benchmarks.names
    python -m benchmarks.names --fits 1

Two units at a time, from different parts of the face, are left out of training altogether: of labels, nodes, prior
and heads. The others are asked for in changing order and words, so that what is asked can only be found by reading
it. Then other people are asked for the units that were left out, and the answer is held against random words of as
many tokens, against the nearest labelled unit, and against the mean of all labelled units. Each fit is kept. Prints a
table, then one JSON line. All synthetic.

Tested in tests/benchmarks/test_names.py.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from rich.console import Console
from scipy.stats import t as student
from tqdm.auto import tqdm
from transformers import PreTrainedTokenizerBase, PrinterCallback, ProgressCallback

from benchmarks.development import DOMAINS, TEST_SEED, TRAINING_SEEDS, development_clips
from benchmarks.language import ALL_PEOPLE, TESTED_PEOPLE, smallest_seen
from dataset_scripts.labels import AU_SETS
from dataset_scripts.whole_files import whole_file
from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.loss_aullm import asymmetric_loss
from processing_aullm.processing_aullm import ACTION_UNIT_MEANINGS, CONTENT_TOKEN, INSTRUCTION_TOKEN
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.sides import refuse_shared_people
from training_aullm.files import check_record
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import Recipe
from training_aullm.learn.trainer import AullmTrainer
from training_aullm.peers.aullm import NO_CCR, base_with
from training_aullm.score.bootstrap import Interval, percentile_interval, subject_weights
from training_aullm.score.report import json_line, markdown_table, result_table

LEFT_OUT = (("AU1", "AU12"), ("AU4", "AU17"), ("AU7", "AU14"))
"""Units of each fit; each fit has people of its own."""
NEAREST = {"AU1": "AU2", "AU4": "AU7", "AU7": "AU4", "AU12": "AU6", "AU14": "AU12", "AU17": "AU15"}
"""The labelled unit that moves skin nearest to the one that is left out."""
START = f"Action units seen in a short facial movement. Evidence: {CONTENT_TOKEN}{INSTRUCTION_TOKEN}"
ASKED = 3
"""Units that a batch is asked for."""
RANDOM_TEXTS = 6
RECIPE = base_with({"readout": "au", "evidence_skip": False}, **NO_CCR).recipe
COLUMNS = {
    "unit": "left out",
    "positives": "positives",
    "number": "by number (95%)",
    "description": "by description",
    "both": "by both",
    "random_number": "random words as long as the number",
    "random_description": "as the description",
    "nearest": "nearest labelled unit",
    "moves": "mean of labelled units",
    "labelled": "labelled units, each by its number",
    "seconds": "s a fit",
}
DIFFERENCES = {
    "difference": "AUC, difference of",
    "mean": "mean of units (95% over units)",
    "people": "(95% over people)",
    "each": "each unit",
    "seen": "smallest difference seen",
}


def wordings(unit: str) -> list[str]:
    """The three ways to ask for a unit: number, description, both."""
    return [unit, ACTION_UNIT_MEANINGS[unit], f"{unit} {ACTION_UNIT_MEANINGS[unit]}"]


def question(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """A prompt that asks for texts one after the other, each read at its own last token.

    Args:
        tokenizer: with both placeholders.
        texts: Q of them.

    Returns:
        Token ids (1, N) and the positions to read at (1, Q).
    """
    ids, read = tokenizer(START, add_special_tokens=False)["input_ids"], []
    for text in texts:
        ids = ids + tokenizer(f" {text}", add_special_tokens=False)["input_ids"]
        read.append(len(ids) - 1)
    return torch.tensor([ids]), torch.tensor([read])


def random_texts(tokenizer: PreTrainedTokenizerBase, like: str, number: int, seed: int) -> list[str]:
    """Texts of ordinary words, a token each, with as many tokens as another text."""
    words = sorted(word[1:] for word in tokenizer.get_vocab() if re.fullmatch("Ġ[a-z]{3,}", word))
    length = len(tokenizer(f" {like}", add_special_tokens=False)["input_ids"])
    return [" ".join(each) for each in np.random.default_rng(seed).choice(words, (number, length))]


class NamesTrainer(AullmTrainer):
    """Asks every batch for some of the units, in an order and in words drawn anew.

    Attributes:
        tokenizer: with both placeholders.
    """

    tokenizer: PreTrainedTokenizerBase

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The loss of what is asked, and of the nodes, which see every label."""
        names, labels = model.config.action_units, inputs["labels"]
        drawn = np.random.default_rng([self.args.seed, self.state.global_step])
        asked = drawn.permutation(len(names))[:ASKED]
        ids, read = question(self.tokenizer, [str(drawn.choice(wordings(names[unit]))) for unit in asked])
        rows = len(labels)
        answer = model(
            motion_values=inputs["motion_values"], input_ids=ids.expand(rows, -1), au_positions=read.expand(rows, -1)
        )
        focus = (model.config.gamma_negative, model.config.gamma_positive, model.config.probability_clip)
        return asymmetric_loss(answer.logits, labels[:, asked], *focus) + model.config.node_loss_weight * (
            asymmetric_loss(answer.node_logits, labels, *focus)
        )


@torch.inference_mode()
def answers(
    model: AullmForActionUnitDetection, tokenizer: PreTrainedTokenizerBase, clips: ClipSet, texts: list[str]
) -> np.ndarray:
    """Logits (N, Q) of N clips asked for Q texts, each in a prompt of its own."""
    model.eval()
    questions, found = [question(tokenizer, [text]) for text in texts], []
    prompts = [model.model.prompt(ids, None, read) for ids, read in questions]
    for start in range(0, len(clips), 64):
        values = clips.batch(range(start, min(start + 64, len(clips))))["motion_values"]
        seen = model.model.observe(motion_values=values)
        token, _ = model.model.instruct(seen.nodes.features)
        found.append(torch.cat([model.head(model.model.reader(seen.content, token, each)) for each in prompts], 1))
    return torch.cat(found).numpy()


def probes(tokenizer: PreTrainedTokenizerBase, left_out: Sequence[str], labelled: Sequence[str]) -> dict[str, str]:
    """What other people are asked for, by the name of its column, as "AU4 description"."""
    asked = {f"{name} number": name for name in labelled}
    for unit in left_out:
        number, description, both = wordings(unit)
        asked |= {f"{unit} number": number, f"{unit} description": description, f"{unit} both": both}
        for kind, like in (("number", number), ("description", description)):
            texts = random_texts(tokenizer, like, RANDOM_TEXTS, seed=int(unit[2:]))
            asked |= {f"{unit} random {kind} {index}": text for index, text in enumerate(texts)}
    return asked


def run_fit(
    recipe: Recipe,
    train: ClipSet,
    test: ClipSet,
    left_out: Sequence[str],
    seed: int,
    folder: Path,
    language_model: str = "bundled",
) -> None:
    """Train without some units, ask other people for them, and write logits and labels to answers.parquet.

    Raises:
        ValueError: somebody is learnt from and tested.
    """
    refuse_shared_people(train, test, " ".join(left_out))
    labelled = [name for name in train.action_units if name not in left_out]
    clips, started = train.select(labelled), time.perf_counter()
    model = new_model(recipe, labelled, language_model, seed)
    args = recipe.training_arguments(folder / "scratch", seed)
    trainer = NamesTrainer(model=model, args=args, train_dataset=clips, callbacks=[])
    trainer.tokenizer = new_processor(recipe.preset, labelled, language_model, recipe.template).tokenizer
    for printing in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(printing)
    trainer.train()
    seconds, asked = time.perf_counter() - started, probes(trainer.tokenizer, left_out, labelled)
    told = pd.DataFrame(answers(model, trainer.tokenizer, test, list(asked.values())), columns=list(asked))
    known = pd.DataFrame(test.labels.numpy(), columns=[f"{name} label" for name in test.action_units])
    facts = pd.DataFrame({"person": test.subjects, "seconds": round(seconds)})
    with whole_file(folder / "answers.parquet") as unfinished:
        pd.concat([facts, known, told], axis=1).to_parquet(unfinished, index=False)


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


def unit_draws(table: pd.DataFrame, unit: str, left_out: Sequence[str]) -> dict[str, np.ndarray]:
    """AUC draws (2001,) of every way to answer for a unit that was left out."""

    def auc_of(answer: pd.Series, truth: str = unit) -> np.ndarray:
        return auc_draws(answer.to_numpy(), table[f"{truth} label"].to_numpy(), table["person"].to_numpy())

    units = [name.removesuffix(" label") for name in table if name.endswith(" label")]
    labelled = [name for name in units if name not in left_out]
    found = {way: auc_of(table[f"{unit} {way}"]) for way in ("number", "description", "both")}
    for kind in ("number", "description"):
        texts = [name for name in table if name.startswith(f"{unit} random {kind}")]
        found[f"random_{kind}"] = np.mean([auc_of(table[name]) for name in texts], axis=0)
    found["nearest"] = auc_of(table[f"{NEAREST[unit]} number"])
    found["moves"] = auc_of(table[[f"{name} number" for name in labelled]].mean(axis=1))
    return found | {"labelled": np.nanmean([auc_of(table[f"{name} number"], name) for name in labelled], axis=0)}


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


def summarise(tables: Sequence[pd.DataFrame]) -> tuple[list[dict], list[dict]]:
    """Rows of the table of units, and of the table of differences.

    Args:
        tables: answers of the first fits of `LEFT_OUT`, in its order.
    """
    rows, draws = [], []
    for left_out, table in zip(LEFT_OUT, tables, strict=False):
        for unit in left_out:
            draws.append(unit_draws(table, unit, left_out))
            facts = {"positives": int((table[f"{unit} label"] == 1).sum()), "seconds": int(table["seconds"].iloc[0])}
            rows.append({"unit": unit} | facts | {name: interval(each) for name, each in draws[-1].items()})
    compared = [("number", "random_number"), ("description", "random_description"), ("description", "number")]
    compared += [(first, second) for first in ("description", "both") for second in ("nearest", "moves")]
    differences = [
        {"difference": f"{first} - {second}"} | over_units([each[first] - each[second] for each in draws])
        for first, second in compared
    ]
    return rows, differences


def main(
    fits: Annotated[int, typer.Option(min=1, max=len(LEFT_OUT), help="Pairs of units to leave out.")] = len(LEFT_OUT),
    out: Annotated[Path, typer.Option(help="Folder of answers and measured clips.")] = Path("runs/names"),
) -> None:
    """Run the fits that are not there yet, then print the tables."""
    domain, cross, tables = DOMAINS[0], AU_SETS["cross"], []
    test = development_clips(domain, TEST_SEED, TESTED_PEOPLE[domain], out / "clips", cross)
    for draw, left_out in enumerate(tqdm(LEFT_OUT[:fits], desc="left out", unit="pair")):
        folder = out / "-".join(left_out)
        record = {"recipe": RECIPE, "start": START, "asked": ASKED, "draw": draw, "random": RANDOM_TEXTS}
        check_record(folder / "made_with.json", record, f"delete {folder} or choose another --out")
        if not (folder / "answers.parquet").exists():
            train = development_clips(domain, TRAINING_SEEDS[draw], ALL_PEOPLE, out / "clips", cross)
            run_fit(RECIPE, train, test, left_out, draw, folder)
        tables.append(pd.read_parquet(folder / "answers.parquet"))
    rows, differences = summarise(tables)
    for content, columns in ((rows, COLUMNS), (differences, DIFFERENCES)):
        Console(width=200).print(result_table(content, columns, "AUC for units that were never labelled"))
        print(markdown_table(content, columns), end="\n\n")
    print(json_line({"benchmark": "names", "units": rows, "differences": differences}))


if __name__ == "__main__":
    typer.run(main)
