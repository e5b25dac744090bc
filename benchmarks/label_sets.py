"""Several data sets, each labelled for other units, in one model: is it worth reading every unit at its name?

    python -m benchmarks.label_sets
    python -m benchmarks.label_sets --models rows,names --draws 1

People of two domains are trained on together, each domain labelled for the units of its protocol only; the rest is
unknown there. Other people of each domain are asked for all the units that any of them is labelled for. `rows`: a row
of the head for each unit. `names`: one row, read at each unit's name in the prompt. `unit-vectors`: no language model
but an MLP of equal trained size that is asked with a learned vector for each unit. `rows-mlp`: an MLP with a row for
each unit. None of them has the skip, so that the reader has to answer. Each fit is kept. Prints a table, then one JSON
line. All synthetic.

Tested in tests/benchmarks/test_label_sets.py.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from tqdm.auto import tqdm

from benchmarks.development import TEST_SEED, TRAINING_SEEDS, development_clips, first_people
from benchmarks.language import run_draw, smallest_seen
from benchmarks.names import auc_draws, interval
from dataset_scripts.labels import ACTION_UNITS, AU_SETS
from training_aullm.clips.clip_set import ClipSet
from training_aullm.files import check_record
from training_aullm.peers.aullm import NO_CCR, base_with
from training_aullm.score.predictions import Predictions
from training_aullm.score.report import json_line, markdown_table, result_table

SIZES = {"casme2-like": (26, 12, 52), "samm-like": (12, 12, 58)}
"""Domain: how many people are rendered (as many as other studies render, where there are any), how many of them are
trained on, how many others are tested."""
UNITS = tuple(unit for unit in ACTION_UNITS if any(unit in AU_SETS[domain] for domain in SIZES))
RANKED = NO_CCR | {"calibration_rounds": 0}
"""Only the ranking is looked at, so decisions need not be set."""
MODELS = {
    "rows": base_with({"evidence_skip": False}, **RANKED),
    "names": base_with({"evidence_skip": False, "readout": "au"}, **RANKED),
    "unit-vectors": base_with({"evidence_skip": False, "readout": "au", "reader": "mlp"}, **RANKED),
    "rows-mlp": base_with({"evidence_skip": False, "reader": "mlp"}, **RANKED),
}
COLUMNS = {
    "model": "model",
    "labelled": "AUC, labelled in that set (95% over people)",
    "unlabelled": "labelled in another set only",
    "labelled_difference": "labelled: minus the first",
    "labelled_draws": "each draw",
    "labelled_seen": "smallest seen",
    "unlabelled_difference": "in another only: minus the first",
    "unlabelled_draws": "each draw",
    "unlabelled_seen": "smallest seen",
    "seconds": "s a fit",
}


def masked(clips: ClipSet, domain: str) -> ClipSet:
    """The clips with labels for the units of the domain's protocol only; the others are unknown."""
    return clips.select(AU_SETS[domain]).select(UNITS)


def training_clips(seed: int, cache_dir: Path) -> ClipSet:
    """People of all domains, each labelled as its domain is."""
    sets = []
    for domain, (rendered, people, _) in SIZES.items():
        clips = development_clips(domain, seed, rendered, cache_dir, UNITS)
        sets.append(masked(first_people(clips, people), domain))
    return ClipSet.joined(sets, " and ".join(SIZES))


def cell_draws(folders: Sequence[Path], labelled: bool) -> np.ndarray:
    """AUC (fits, 2001) of all people and of draws of them, mean over pairs of domain and unit.

    Args:
        folders: of the fits of one model.
        labelled: pairs where the domain is labelled for the unit; else those where another domain is.
    """
    fits = []
    for folder in folders:
        cells = []
        for domain in SIZES:
            told = Predictions.load(folder / f"{domain}.parquet")
            people = np.asarray(told.subjects)
            for k, unit in enumerate(told.action_units):
                if (unit in AU_SETS[domain]) == labelled and (told.labels[:, k] == 1).any():
                    cells.append(auc_draws(told.probabilities[:, k], told.labels[:, k], people))
        fits.append(np.nanmean(cells, axis=0))
    return np.stack(fits)


def row_of(name: str, folders: Sequence[Path], reference: Sequence[Path] | None) -> dict:
    """One row: mean AUC over fits, and paired differences to the reference."""
    seconds = [json.loads((folder / "seconds.json").read_text("utf-8"))["seconds"] for folder in folders]
    row = {"model": name, "seconds": round(float(np.mean(seconds)))}
    for kind in ("labelled", "unlabelled"):
        draws = cell_draws(folders, kind == "labelled")
        row[kind] = interval(draws.mean(0))
        if reference is not None:
            apart = draws - cell_draws(reference, kind == "labelled")
            row[f"{kind}_difference"] = found = interval(apart.mean(0))
            row[f"{kind}_draws"] = each = apart[:, 0].tolist()
            row[f"{kind}_seen"] = smallest_seen((found.high - found.low) / 2, each)
    return row


def main(
    models: Annotated[
        str, typer.Option(help="Names with commas between; the others are held against the first.")
    ] = "rows,names,unit-vectors",
    draws: Annotated[int, typer.Option(min=1, max=5, help="Draws of training people.")] = 3,
    out: Annotated[Path, typer.Option(help="Folder of predictions and measured clips.")] = Path("runs/label_sets"),
) -> None:
    """Run the fits that are not there yet, then print the table."""
    names, cache_dir = models.split(","), out / "clips"
    tests = {
        name: development_clips(name, TEST_SEED, tested, cache_dir, UNITS) for name, (_, _, tested) in SIZES.items()
    }
    folders = {name: [] for name in names}
    for draw, seed in enumerate(tqdm(TRAINING_SEEDS[:draws], desc="draws", unit="draw")):
        train = training_clips(seed, cache_dir)
        for name in names:
            folder = out / name / f"draw{draw}"
            record = MODELS[name].settings() | {"sizes": SIZES, "units": UNITS}
            check_record(folder / "made_with.json", record, f"delete {folder} or choose another --out")
            if not (folder / "seconds.json").exists():
                run_draw(MODELS[name], train, tests, draw, folder)
            folders[name].append(folder)
    results = [row_of(name, each, folders[names[0]] if name != names[0] else None) for name, each in folders.items()]
    Console(width=200).print(result_table(results, COLUMNS, f"{draws} draws, mean AUC over pairs of domain and unit"))
    print(markdown_table(results, COLUMNS), end="\n\n")
    print(json_line({"benchmark": "label_sets", "draws": draws, "results": results}))


if __name__ == "__main__":
    typer.run(main)
