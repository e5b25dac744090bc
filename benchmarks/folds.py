"""The experiment table: every variant on subject-exclusive folds and across domains, several seeds, with intervals.

    python -m benchmarks.folds                                     # everything
    python -m benchmarks.folds --variants base,base-mlp --seeds 1
    python -m benchmarks.folds --variants whole-no-moe --old-scoring    # beside it, what older scripts would report

Each (variant, seed, fold) is one job that writes its predictions whole or not at all; a broken run goes on where it
stopped. Epochs are fixed, and nothing is chosen by a test score. Prints tables (terminal and markdown), then one JSON
line.
"""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from tqdm.auto import tqdm

from dataset_scripts.labels import AU_SETS
from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.config import SOURCE_VERSION
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.inputs import form_clips
from training_aullm.files import check_record
from training_aullm.learn.fitting import as_predictions
from training_aullm.peers.aullm import OWN
from training_aullm.peers.method import Setup
from training_aullm.peers.methods import PEERS
from training_aullm.score.bootstrap import bootstrap_difference, bootstrap_f1
from training_aullm.score.metrics import oracle_threshold, score
from training_aullm.score.predictions import Predictions, pool
from training_aullm.score.protocols import Fold, cross_domain, subject_folds
from training_aullm.score.report import json_line, markdown_table, result_table

CROSS = "cross"
VARIANTS = OWN | {name: PEERS[name] for name in ("led-network", "flow-lr", "flow-cnn")}
"""For all other methods there is `aullm compare`."""
COLUMNS = {
    "variant": "variant",
    "f1": "mean F1 (95%)",
    "f1_seeds": "F1 per seed",
    "minus_base": "F1 minus base (95%)",
    "macro_f1": "macro F1 (95%)",
    "auc": "AUC",
    "average_precision": "AP",
    "seconds": "s a fold",
}
CROSS_COLUMNS = {"variant": "variant"} | {
    f"cross_{key}": COLUMNS[key] for key in ("f1", "f1_seeds", "macro_f1", "auc", "average_precision")
}
OLD_COLUMNS = {
    "variant": "variant",
    "f1": "mean F1 (95%)",
    "old_f1": "F1 at the best threshold of the test clips: no result",
    "old_macro_f1": "two-class F1 there: what older tables report",
}
_worker_clips: dict[str, tuple[ClipSet, ClipSet]] = {}


@dataclass(frozen=True)
class Job:
    """One training run. `fold` is None for training on the whole domain and testing on the other."""

    variant: str
    seed: int
    fold: Fold | None
    folder: Path
    language_model: str
    epochs: int | None = None

    @property
    def path(self) -> Path:
        """Where the predictions go."""
        name = CROSS if self.fold is None else self.fold.name
        return self.folder / self.variant / f"seed{self.seed}" / f"{name}.parquet"


def run_job(job: Job) -> None:
    """Fit one variant and write its predictions on the clips held out."""
    variant = VARIANTS[job.variant].with_epochs(job.epochs)
    own, other = _worker_clips[variant.clips]
    train, test = (own, other) if job.fold is None else (own.subset(job.fold.train), own.subset(job.fold.test))
    started = time.perf_counter()
    setup = Setup(job.seed, job.language_model, job.folder / "scratch")
    (probabilities,) = variant.run(variant.recipe, train, [test], setup)
    seconds = {"seconds": round(time.perf_counter() - started, 2), "clips": len(train)}
    job.path.parent.mkdir(parents=True, exist_ok=True)
    job.path.with_suffix(".json").write_text(json.dumps(seconds))
    as_predictions(probabilities, test, CROSS if job.fold is None else job.fold.name, job.seed).save(job.path)


def start_worker(clips: dict[str, tuple[ClipSet, ClipSet]]) -> None:
    """One thread per worker, and the clips in its memory."""
    import torch

    torch.set_num_threads(1)
    _worker_clips.update(clips)


def load_clips(
    domain: str, cross: str, subjects: int, clips: int | None, kinds: set[str], cache_dir: Path
) -> dict[str, tuple[ClipSet, ClipSet]]:
    """Render (or read from the cache) both domains and measure what is needed.

    Args:
        domain: domain to train on; its set of action units is used throughout.
        cross: other domain, or "".
        subjects: subjects of the training domain.
        clips: clips of the training domain; None: as many as the domain has.
        kinds: of "motion", "frames", "apex-flow", "clip-flow".
        cache_dir: where measured clips are kept.

    Returns:
        Kind to (clips of the domain, clips of the other domain); without another domain both are the same.
    """
    action_units = AU_SETS[domain]
    tables = [load_synthetic(domain, subjects=subjects, clips=clips)]
    if cross:
        tables.append(load_synthetic(cross))
    sets = {kind: [form_clips(kind, table, action_units, cache_dir) for table in tables] for kind in sorted(kinds)}
    return {kind: (each[0], each[-1]) for kind, each in sets.items()}


def summarise(
    folder: Path,
    name: str,
    out: Path,
    seeds: int,
    clips: tuple[ClipSet, ClipSet],
    cross_units: Sequence[str],
    old_scoring: bool = False,
) -> dict:
    """One row: scores on the folds, against `base`, and on the other domain.

    Args:
        folder: predictions of the variant.
        name: of the variant.
        out: folder of all variants.
        seeds: number of training seeds.
        clips: the domain and the other domain.
        cross_units: action units scored on the other domain, if the domain has them.
        old_scoring: also give what scripts report that choose thresholds by the test clips.

    Returns:
        Numbers and Intervals by column name; AUC and AP are means over seeds.
    """
    own, other = clips
    parts = [pooled(folder, seed, own) for seed in range(seeds)]
    row = {"variant": name} | _scores(parts) | {"f1_seeds": _per_seed(parts), "seconds": _seconds(folder)}
    if name != "base" and _complete(out / "base", seeds, own):
        base = [pooled(out / "base", seed, own) for seed in range(seeds)]
        first, second = ([each.probabilities for each in group] for group in (parts, base))
        row["minus_base"] = bootstrap_difference(parts[0].labels, first, second, parts[0].subjects)
    if old_scoring:
        row |= _old_scores(parts)
    if other is not own:
        crossed = [Predictions.load(folder / f"seed{seed}" / "cross.parquet") for seed in range(seeds)]
        common = [each.select(cross_domain(each.action_units, cross_units)) for each in crossed]
        row |= {f"cross_{key}": value for key, value in (_scores(common) | {"f1_seeds": _per_seed(common)}).items()}
    return row


def _complete(folder: Path, seeds: int, clips: ClipSet) -> bool:
    """Whether every clip has been predicted with every seed."""
    tested = [set() for _ in range(seeds)]
    for seed, found in enumerate(tested):
        for file in (folder / f"seed{seed}").glob("fold*.parquet"):
            found.update(Predictions.load(file).sample_ids)
    return all(found == set(clips.sample_ids) for found in tested)


def pooled(folder: Path, seed: int, clips: ClipSet) -> Predictions:
    """The folds of one seed, pooled by sample id."""
    files = sorted((folder / f"seed{seed}").glob("fold*.parquet"))
    return pool([Predictions.load(file) for file in files], expected=clips.sample_ids)


def _scores(parts: list[Predictions]) -> dict:
    each = [score(part.probabilities, part.labels, part.action_units) for part in parts]
    spread = bootstrap_f1(parts[0].labels, [part.probabilities for part in parts], parts[0].subjects)
    means = {key: float(np.mean([scores.summary()[key] for scores in each])) for key in ("auc", "average_precision")}
    per_unit = dict(zip(parts[0].action_units, spread["per_action_unit"], strict=True))
    return {"f1": spread["f1"], "macro_f1": spread["macro_f1"], "f1_per_action_unit": per_unit} | means


def _old_scores(parts: list[Predictions]) -> dict[str, float]:
    each = [oracle_threshold(part.probabilities, part.labels, part.action_units) for part in parts]
    return {f"old_{key}": float(np.mean([scores.summary()[key] for scores in each])) for key in ("f1", "macro_f1")}


def _per_seed(parts: list[Predictions]) -> list[float]:
    return [score(part.probabilities, part.labels, part.action_units).mean_f1 for part in parts]


def _seconds(folder: Path) -> float:
    """Mean seconds of training and prediction per fold."""
    return float(np.mean([json.loads(file.read_text())["seconds"] for file in folder.glob("seed*/fold*.json")]))


def main(
    variants: Annotated[str, typer.Option(help="Names with commas between, or 'all'.")] = "all",
    seeds: Annotated[int, typer.Option(help="Training seeds 0, 1, ...")] = 3,
    folds: Annotated[int, typer.Option(help="Subject-exclusive folds.")] = 5,
    domain: Annotated[str, typer.Option(help="Domain to train on.")] = "casme2-like",
    cross: Annotated[str, typer.Option(help="Domain to test on as a whole; '' for none.")] = "samm-like",
    subjects: Annotated[int, typer.Option(help="Subjects of the training domain.")] = 26,
    clips: Annotated[int | None, typer.Option(help="Clips of the training domain; default: as the domain.")] = None,
    language_model: Annotated[str, typer.Option(help="Hub id, folder or 'bundled'.")] = "bundled",
    epochs: Annotated[int | None, typer.Option(help="Replaces the epochs of every recipe: for a quick look.")] = None,
    workers: Annotated[int, typer.Option(help="Processes, one thread each.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder of predictions.")] = Path("runs/folds"),
    old_scoring: Annotated[
        bool, typer.Option("--old-scoring", help="Also what scripts report that choose thresholds by the test clips.")
    ] = False,
) -> None:
    """Run the jobs that have no predictions yet, then print the tables."""
    names = list(VARIANTS) if variants == "all" else variants.split(",")
    unknown = [name for name in names if name not in VARIANTS]
    if unknown:
        raise typer.BadParameter(f"{unknown} are no variants; choose from {list(VARIANTS)}")
    kinds = {VARIANTS[name].clips for name in names}
    data = load_clips(domain, cross, subjects, clips, kinds, out / "clips")
    some = next(iter(data.values()))[0]
    protocol = {"domain": domain, "cross": cross, "folds": folds, "clips": some.sample_ids}
    protocol |= {"language_model": language_model, "source": SOURCE_VERSION}
    compared = ["base"] if (out / "base").exists() else []  # rows are paired with it, so it must be of these settings
    for name in dict.fromkeys([*names, *compared]):
        settings = VARIANTS[name].with_epochs(epochs).settings() | {"protocol": protocol}
        check_record(out / name / "settings.json", settings, "delete it or choose another --out")
    splits = [*subject_folds(some.subjects, folds, seed=0), *([None] if cross else [])]
    runs = [(name, seed, fold) for seed in range(seeds) for name in names for fold in splits]
    jobs = [Job(*run, out, language_model, epochs) for run in runs]
    run_all([job for job in jobs if not job.path.exists()], data, workers)
    units = AU_SETS[cross] if cross else ()
    results = [
        summarise(out / name, name, out, seeds, data[VARIANTS[name].clips], units, old_scoring) for name in names
    ]
    show(results, COLUMNS, f"{domain}, {len(some)} clips, {folds} subject-exclusive folds, {seeds} seeds")
    if old_scoring:
        show(results, OLD_COLUMNS, "the old literature's scoring, beside ours: thresholds chosen by the test clips")
    if cross:
        show(results, CROSS_COLUMNS, f"trained on all of {domain}, tested on {cross}: {' '.join(units)}")
    summary = {"benchmark": "folds", "domain": domain, "cross": cross, "folds": folds, "seeds": seeds}
    print(json_line(summary | {"results": results}))


def show(results: list[dict], columns: dict[str, str], title: str) -> None:
    """Print one table for the terminal and the same in markdown."""
    Console(width=160).print(result_table(results, columns, title))
    print(markdown_table(results, columns), end="\n\n")


def run_all(jobs: list[Job], data: dict[str, tuple[ClipSet, ClipSet]], workers: int) -> None:
    """Run jobs in spawned processes of one thread each.

    Raises:
        RuntimeError: jobs failed; the others are finished and kept.
    """
    if not jobs:
        return
    os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}  # before the workers import torch
    failed = []
    pool = ProcessPoolExecutor(workers, get_context("spawn"), start_worker, (data,))
    with pool, tqdm(total=len(jobs), desc="jobs", unit="job") as bar:
        futures = {pool.submit(run_job, job): job for job in jobs}
        for future in as_completed(futures):
            if future.exception() is not None:
                failed.append(f"{futures[future].path}: {future.exception()!r}")
            bar.set_postfix_str(f"{futures[future].variant} seed {futures[future].seed}")
            bar.update()
    if failed:
        raise RuntimeError(f"{len(failed)} jobs failed, run again to repeat them: " + "; ".join(failed[:3]))


if __name__ == "__main__":
    typer.run(main)
