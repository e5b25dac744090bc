"""Folds in lockstep against one fold after the other: how much faster, and how much the results differ.

    OMP_NUM_THREADS=1 python -m benchmarks.folds_at_once
    python -m benchmarks.folds_at_once --device cuda

The recipe is `base`; clips are random fields and random labels, because neither changes what a step costs: as many
clips and people as `casme2-like`, one person left out of each fold. Both sides train the same steps, `fit` and
`fit_at_once` whole; models are built, and what a process does once (the kernels of a graphics card) is done, before.
Then come what a step at once is spent on, and how far the probabilities of both sides are apart after a few steps
without dropout and in full precision (a graphics card draws other masks, and rounds as its kernels like).
Prints a table, then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console

from dataset_scripts.labels import AU_SETS
from modeling_aullm import AullmForActionUnitDetection
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import fit, new_model, predict_probabilities
from training_aullm.learn.folds_at_once import FoldsAtOnce, fit_at_once
from training_aullm.learn.recipes import Recipe, recipe_base
from training_aullm.score.report import json_line, result_table

CLIPS, PEOPLE = 255, 26
NO_DROPOUT = dict.fromkeys(("encoder_dropout", "projector_dropout", "graph_dropout", "head_dropout"), 0.0)
COLUMNS = {"way": "way", "seconds": "s", "processor": "s of the processor", "steps": "ms a fold's step"}


class Clock:
    """Seconds on the clock and of this process's processors, summed over what ran under it."""

    def __init__(self):
        self.seconds = self.processor = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within, time counts. A graphics card is waited for."""
        started, used = time.perf_counter(), time.process_time()
        yield
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.seconds += time.perf_counter() - started
        self.processor += time.process_time() - used


def noise_clips(units: Sequence[str], seed: int = 0) -> ClipSet:
    """Fields and labels that mean nothing, of as many clips and people as CASME II has."""
    generator = torch.Generator().manual_seed(seed)
    fields = torch.randn(CLIPS, 3, 5, 28, 28, generator=generator)
    fields[:, 2] = 1.0
    labels = (torch.rand(CLIPS, len(units), generator=generator) < 0.2).long()
    people = tuple(f"s{index % PEOPLE:02}" for index in range(CLIPS))
    names = tuple(f"clip{index:03}" for index in range(CLIPS))
    return ClipSet(fields, "motion_values", labels, tuple(units), names, people, "noise")


def left_out(clips: ClipSet, folds: int) -> list[ClipSet]:
    """The clips without one person, for each of so many people."""
    people = sorted(set(clips.subjects))[:folds]
    return [clips.subset([row for row, name in enumerate(clips.subjects) if name != person]) for person in people]


class Ways:
    """Both ways of training the same folds."""

    def __init__(self, recipe: Recipe, folds: Sequence[ClipSet], language_model: str, device: str):
        self.recipe, self.folds, self.language_model = recipe, folds, language_model
        self.options = {"use_cpu": device == "cpu", "disable_tqdm": True}
        self.scratch = TemporaryDirectory()

    def one_by_one(self, clips: ClipSet | None = None) -> tuple[Clock, list[np.ndarray]]:
        """Each fold by `fit`: time spent, and what it then says of some clips."""
        clock, told = Clock(), []
        for fold in self.folds:
            model = self._model()
            with clock.running():
                fit(model, self.recipe, fold, self.scratch.name, callbacks=[], **self.options)
            told += [] if clips is None else [predict_probabilities(model, clips)]
        return clock, told

    def at_once(self, clips: ClipSet | None = None) -> tuple[Clock, list[np.ndarray]]:
        """All folds by `fit_at_once`: the same."""
        clock, told, model = Clock(), [], self._model()
        folds = fit_at_once(model, self.recipe, self.folds, self.scratch.name, progress=False, **self.options)
        for _ in self.folds:
            with clock.running():
                model = next(folds)
            told += [] if clips is None else [predict_probabilities(model, clips)]
        return clock, told

    def parts_of_a_step(self, steps: int = 5) -> dict[str, float]:
        """Milliseconds of a step of all folds, on the clock: preparing batches, both passes, updating weights."""
        clocks = {"preparing": Clock(), "passes": Clock(), "updating": Clock()}
        args = self.recipe.training_arguments(self.scratch.name, **self.options)
        together, numbers = FoldsAtOnce(self._model(), args, self.folds), range(len(self.folds))
        with together.training():
            for _ in range(steps):
                with clocks["preparing"].running():
                    batches = together.prepare(numbers)
                with clocks["passes"].running():
                    together.backward(numbers, batches)
                with clocks["updating"].running():
                    together.update(numbers)
        return {name: 1000 * clock.seconds / steps for name, clock in clocks.items()}

    def _model(self) -> AullmForActionUnitDetection:
        return new_model(self.recipe, self.folds[0].action_units, self.language_model)


def main(
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    folds: Annotated[int | None, typer.Option(help="Folds, at most 26; default: 4 on a CPU, else 26.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Of both sides; default: 1 on a CPU, else 4.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Times that both sides are measured, in turn.")] = 1,
    language_model: Annotated[str, typer.Option(help="Hub id, folder or 'bundled'.")] = "bundled",
) -> None:
    """Measure both sides, compare what they say, print."""
    slow = device == "cpu"
    folds, epochs = folds or (4 if slow else PEOPLE), epochs or (1 if slow else 4)
    clips, recipe = noise_clips(AU_SETS["casme2"]), recipe_base().but(epochs=epochs, calibration_rounds=0)
    sides = left_out(clips, folds)
    Ways(recipe.but(epochs=0.1), sides, language_model, device).at_once()
    Ways(recipe.but(epochs=0.1), sides[:1], language_model, device).one_by_one()
    ways = Ways(recipe, sides, language_model, device)
    measured = [(ways.one_by_one()[0], ways.at_once()[0]) for _ in range(repeats)]
    parts = ways.parts_of_a_step()
    torch.backends.cudnn.allow_tf32 = False
    still = Ways(recipe.but(epochs=0.25, model=NO_DROPOUT), sides[:3], language_model, device)
    pairs = zip(still.one_by_one(clips)[1], still.at_once(clips)[1], strict=True)
    difference = max(float(np.abs(alone - together).max()) for alone, together in pairs)
    steps = sum(-(-len(side) // recipe.batch_size) for side in sides) * epochs
    rows = [_row(name, [pair[at] for pair in measured], steps) for at, name in enumerate(("one by one", "at once"))]
    ratios = {name: rows[0][name] / rows[1][name] for name in ("seconds", "processor")}
    title = f"{folds} folds of {CLIPS} clips, {epochs:g} epochs, {device}, {torch.get_num_threads()} threads"
    Console(width=120).print(result_table(rows, COLUMNS, title))
    summary = {"benchmark": "folds_at_once", "device": _named(device), "folds": folds, "epochs": epochs}
    summary |= {"repeats": repeats, "threads": torch.get_num_threads(), "load": round(os.getloadavg()[0], 1)}
    summary |= {"ratio": ratios["seconds"], "ratio_processor": ratios["processor"], "difference": f"{difference:.1e}"}
    summary["ms_of_a_step_at_once"] = parts
    if not slow:
        summary["gibibytes"] = torch.cuda.max_memory_allocated() / 2**30
    print(json_line(summary | {"results": rows}))


def _row(name: str, spent: list[Clock], steps: float) -> dict[str, str | float]:
    """Medians over repeats."""
    seconds, processor = (float(np.median([getattr(each, field) for each in spent])) for field in vars(spent[0]))
    return {"way": name, "seconds": seconds, "processor": processor, "steps": 1000 * seconds / steps}


def _named(device: str) -> str:
    return torch.cuda.get_device_name() if device != "cpu" else device


if __name__ == "__main__":
    typer.run(main)
