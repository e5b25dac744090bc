"""The experiment table: every variant on subject-exclusive folds and across domains, several seeds, with intervals.

    python -m benchmarks.folds                                     # everything
    python -m benchmarks.folds --variants base,base-mlp --seeds 1

Each (variant, seed, fold) is one job that writes its predictions whole or not at all; a broken run goes on where it
stopped. Epochs are fixed, and nothing is chosen by a test score. Prints tables (terminal and markdown), then one JSON
line.
"""

import json
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from tqdm.auto import tqdm

from benchmarks.folds_data import load_clips
from benchmarks.folds_table import summarise
from benchmarks.variants import VARIANTS
from dataset_scripts.labels import AU_SETS
from training_aullm.clips.clip_set import ClipSet
from training_aullm.files import check_record
from training_aullm.learn.fitting import as_predictions
from training_aullm.score.protocols import Fold, subject_folds
from training_aullm.score.report import json_line, markdown_table, result_table

CROSS = "cross"
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
    scratch = job.folder / "scratch"
    (probabilities,) = variant.run(variant.recipe, train, [test], job.seed, job.language_model, scratch)
    seconds = {"seconds": round(time.perf_counter() - started, 2), "clips": len(train)}
    job.path.parent.mkdir(parents=True, exist_ok=True)
    job.path.with_suffix(".json").write_text(json.dumps(seconds))
    as_predictions(probabilities, test, CROSS if job.fold is None else job.fold.name, job.seed).save(job.path)


def start_worker(clips: dict[str, tuple[ClipSet, ClipSet]]) -> None:
    """One thread per worker, and the clips in its memory."""
    import torch

    torch.set_num_threads(1)
    _worker_clips.update(clips)


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
    protocol |= {"language_model": language_model}
    compared = ["base"] if (out / "base").exists() else []  # rows are paired with it, so it must be of these settings
    for name in dict.fromkeys([*names, *compared]):
        settings = VARIANTS[name].with_epochs(epochs).settings() | {"protocol": protocol}
        check_record(out / name / "settings.json", settings, "delete it or choose another --out")
    splits = [*subject_folds(some.subjects, folds, seed=0), *([None] if cross else [])]
    runs = [(name, seed, fold) for seed in range(seeds) for name in names for fold in splits]
    jobs = [Job(*run, out, language_model, epochs) for run in runs]
    run_all([job for job in jobs if not job.path.exists()], data, workers)
    units = AU_SETS[cross] if cross else ()
    results = [summarise(out / name, name, out, seeds, data[VARIANTS[name].clips], units) for name in names]
    show(results, COLUMNS, f"{domain}, {len(some)} clips, {folds} subject-exclusive folds, {seeds} seeds")
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
