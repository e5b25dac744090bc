"""From predictions on disk to rows of the experiment table."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training_aullm.clips.clip_set import ClipSet
from training_aullm.score.bootstrap import bootstrap_difference, bootstrap_f1
from training_aullm.score.metrics import score
from training_aullm.score.predictions import Predictions, pool
from training_aullm.score.protocols import cross_domain


def summarise(
    folder: Path, name: str, out: Path, seeds: int, clips: tuple[ClipSet, ClipSet], cross_units: Sequence[str]
) -> dict:
    """One row: scores on the folds, against `base`, and on the other domain.

    Args:
        folder: predictions of the variant.
        name: of the variant.
        out: folder of all variants.
        seeds: number of training seeds.
        clips: the domain and the other domain.
        cross_units: action units scored on the other domain, if the domain has them.

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


def _per_seed(parts: list[Predictions]) -> list[float]:
    return [score(part.probabilities, part.labels, part.action_units).mean_f1 for part in parts]


def _seconds(folder: Path) -> float:
    """Mean seconds of training and prediction per fold."""
    return float(np.mean([json.loads(file.read_text())["seconds"] for file in folder.glob("seed*/fold*.json")]))
