"""From predictions on disk to the rows of the table: pooled scores, intervals over people, paired differences.

Tested in tests/training_aullm/comparing/test_comparison.py.
"""

from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np
from scipy.linalg import block_diag

from training_aullm.comparing.comparison import Comparison
from training_aullm.comparing.work import Piece
from training_aullm.score.bootstrap import bootstrap_difference, bootstrap_f1
from training_aullm.score.label_free import LabelFree
from training_aullm.score.metrics import UNKNOWN, oracle_threshold, score
from training_aullm.score.predictions import Predictions, pool


@dataclass(frozen=True)
class MethodPredictions:
    """What one method said.

    Attributes:
        groups: data set or direction -> its pooled predictions, one a seed.
        overall: all groups as one table, one a seed.
        free: as `groups`, but decisions (0 or 1) that follow each group's own prevalence, without its labels; None
            where a method says the same of every clip.
        free_overall: all of these as one table, one a seed.
    """

    groups: dict[str, list[Predictions]]
    overall: list[Predictions]
    free: dict[str, list[Predictions]] | None
    free_overall: list[Predictions] | None


def collect(comparison: Comparison, method: str) -> MethodPredictions:
    """Read and pool what a method predicted.

    Args:
        comparison: all of whose pieces are done.
        method: name.

    Returns:
        Its predictions.

    Raises:
        ValueError: a clip was tested twice or not at all.
    """
    groups: dict[str, list[Predictions]] = {}
    for seed in range(comparison.seeds):
        pieces = [piece for piece in comparison.pieces if (piece.method, piece.seed) == (method, seed)]
        for name, folds in groupby(pieces, attrgetter("split.group")):
            groups.setdefault(name, []).append(_pooled(comparison, list(folds)))
    if any(part.evidence is None for parts in groups.values() for part in parts):
        return MethodPredictions(groups, _overall(groups), None, None)
    free = {name: [_label_free(part) for part in parts] for name, parts in groups.items()}
    return MethodPredictions(groups, _overall(groups), free, _overall(free))


def _overall(groups: dict[str, list[Predictions]]) -> list[Predictions]:
    seeds = zip(*groups.values(), strict=True)
    return [stacked(dict(zip(groups, parts, strict=True))) for parts in seeds]


def _label_free(part: Predictions) -> Predictions:
    """The clips of one group decided by how often they seem to show each unit: no label is looked at."""
    return replace(part, probabilities=LabelFree.of(part, {}).present.astype(float))


def _pooled(comparison: Comparison, folds: list[Piece]) -> Predictions:
    """The folds of one group and seed in the order of their clips."""
    clips = comparison.inputs.clips("labels")
    tested = np.sort(np.concatenate([piece.split.fold.test for piece in folds]))
    parts = [Predictions.load(piece.path(comparison.out)).select(piece.split.scored_units) for piece in folds]
    return pool(parts, [clips.sample_ids[row] for row in tested])


def stacked(groups: dict[str, Predictions]) -> Predictions:
    """Several groups as one table: a column for each group's unit, unknown for the clips of the others.

    Scores of it are means over all groups and units, and a person who is tested in several groups is drawn by the
    bootstrap into all of them or into none.
    """
    parts = list(groups.values())
    if len(parts) == 1:
        return parts[0]
    known = [np.full(part.labels.shape, True) for part in parts]
    return replace(
        parts[0],
        sample_ids=tuple(f"{name}: {sample}" for name, part in groups.items() for sample in part.sample_ids),
        subjects=sum((part.subjects for part in parts), ()),
        fold=sum((part.fold for part in parts), ()),
        action_units=tuple(f"{name}: {unit}" for name, part in groups.items() for unit in part.action_units),
        probabilities=block_diag(*(part.probabilities for part in parts)),
        evidence=None,
        labels=np.where(block_diag(*known), block_diag(*(part.labels for part in parts)), UNKNOWN),
    )


def result_rows(comparison: Comparison, manifest: dict, old_scoring: bool = False) -> list[dict]:
    """One row a method, the first of which the others are held against.

    Args:
        comparison: all of whose pieces are done.
        manifest: from `Comparison.write_manifest`.
        old_scoring: also give what scripts report that choose thresholds by the test clips.

    Returns:
        Numbers, Intervals and texts by column name; AUC and AP are means over seeds, seconds of a fit are whole.
    """
    rows, reference = [], None
    for name, method in comparison.methods.items():
        found = collect(comparison, name)
        records = [record for record in manifest["done"] if record["method"] == name]
        row = {"method": name, "source": method.source} | _scores(found.overall)
        row |= {"tries": records[0]["tries"]["number"]}
        row |= {"seconds": round(float(np.mean([record["seconds"] for record in records])))}
        row |= {f"f1 {group}": _f1(parts) for group, parts in found.groups.items()}
        if found.free is not None:
            row |= {"free_f1": _f1(found.free_overall)}
            row |= {f"free {group}": _f1(parts) for group, parts in found.free.items()}
        if reference is None:
            reference = found
        else:
            row["minus_first"] = _difference(found.overall, reference.overall)
            if found.free is not None and reference.free is not None:
                row["free_minus_first"] = _difference(found.free_overall, reference.free_overall)
        rows.append(row | (_old_scores(found.overall) if old_scoring else {}))
    return rows


def _scores(parts: list[Predictions]) -> dict:
    each = [score(part.probabilities, part.labels, part.action_units).summary() for part in parts]
    spread = bootstrap_f1(parts[0].labels, [part.probabilities for part in parts], parts[0].subjects)
    means = {key: float(np.mean([scores[key] for scores in each])) for key in ("auc", "average_precision")}
    return {
        "f1": spread["f1"],
        "macro_f1": spread["macro_f1"],
        "f1_seeds": [scores["f1"] for scores in each],
        "f1_per_action_unit": dict(zip(parts[0].action_units, spread["per_action_unit"], strict=True)),
    } | means


def _f1(parts: list[Predictions]):
    return bootstrap_f1(parts[0].labels, [part.probabilities for part in parts], parts[0].subjects)["f1"]


def _difference(first: list[Predictions], second: list[Predictions]):
    """Paired over people: both tables hold the same clips in the same order."""
    probabilities = ([part.probabilities for part in parts] for parts in (first, second))
    return bootstrap_difference(first[0].labels, *probabilities, first[0].subjects)


def _old_scores(parts: list[Predictions]) -> dict[str, float]:
    each = [oracle_threshold(part.probabilities, part.labels, part.action_units).summary() for part in parts]
    return {f"old_{key}": float(np.mean([scores[key] for scores in each])) for key in ("f1", "macro_f1")}
