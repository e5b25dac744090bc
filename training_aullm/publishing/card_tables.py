"""Tables of a model card, made from recorded predictions."""

from collections.abc import Mapping

from dataset_scripts.labels import ACTION_UNITS, AU_MEANINGS
from training_aullm.runs.scoring import Result
from training_aullm.score.metrics import always_present_f1
from training_aullm.score.report import markdown_table

OVERVIEW = {
    "test": "tested on",
    "people": "people",
    "clips": "clips",
    "units": "units",
    "f1": "mean F1 (95%)",
    "always": "always present",
    "macro_f1": "macro F1",
    "auc": "AUC",
    "average_precision": "AP",
}

SPOTTING = {
    "domain": "rendered domain",
    "micro": "F1, micro (found)",
    "macro": "F1, macro (found)",
    "alarms": "false alarms a minute",
    "blink": "F1, blinks",
}


def overview_table(results: Mapping[str, Result], tested_on: Mapping[str, str]) -> str:
    """One row a test set.

    Args:
        results: name -> result.
        tested_on: name -> words.

    Returns:
        Markdown.
    """
    rows = [{"test": tested_on[name]} | _row(result) for name, result in results.items()]
    return markdown_table(rows, OVERVIEW)


def fold_table(results: Mapping[str, Result]) -> str:
    """One row a protocol that trains models of its own; empty text where there is none.

    Args:
        results: name -> result.

    Returns:
        Markdown.
    """
    rows = [{"test": f"{result.predictions.data_set}, {name}"} | _row(result) for name, result in results.items()]
    return markdown_table(rows, OVERVIEW) if rows else ""


def unit_table(results: Mapping[str, Result]) -> str:
    """One row an action unit: F1 with its interval, and in how many clips it is present, for each test set.

    Args:
        results: name -> result; all of the same model.

    Returns:
        Markdown.
    """
    columns = {"unit": "unit", "meaning": "movement"}
    rows: dict[str, dict] = {}
    for name, result in results.items():
        data_set = result.predictions.data_set
        columns |= {f"{name} f1": f"F1, {data_set}", f"{name} positives": "present in"}
        for k, unit in enumerate(result.scores.action_units):
            row = rows.setdefault(unit, {"unit": unit, "meaning": AU_MEANINGS[unit]})
            row[f"{name} f1"] = result.intervals["per_action_unit"][k]
            row[f"{name} positives"] = f"{result.scores.positives[k]} of {result.scores.known[k]}"
    order = sorted(rows, key=ACTION_UNITS.index)
    return markdown_table([rows[unit] for unit in order], columns)


def spotting_table(measured: dict) -> str:
    """One row a domain, and one for all: movements found in long takes.

    Args:
        measured: the JSON line of `python -m benchmarks.spotting`.

    Returns:
        Markdown, with what was tested above it.

    Raises:
        ValueError: it is not such a line.
    """
    try:
        rows = [{"domain": domain} | _spotted(scores) for domain, scores in measured["scores"].items()]
        about = f"{measured['subjects']} takes of {measured['seconds']:g} s of each domain, seed {measured['seed']}"
    except (KeyError, TypeError) as error:
        raise ValueError(f"measured/spotting.json is no line of benchmarks.spotting ({error} is missing)") from error
    about += "; an interval counts as found where it overlaps a true one by half."
    return f"{about}\n\n{markdown_table(rows, SPOTTING)}"


def _spotted(scores: dict) -> dict:
    kinds = {
        kind: f"{scores[kind]['f1']} ({scores[kind]['hits']} of {scores[kind]['true']})" for kind in ("micro", "macro")
    }
    return kinds | {"alarms": scores["false_alarms_per_minute"], "blink": scores["blink"]["f1"]}


def _row(result: Result) -> dict:
    scores, predictions = result.scores, result.predictions
    counts = {"people": len(set(predictions.subjects)), "clips": len(predictions.labels)}
    counts |= {"units": len(scores.action_units) - len(scores.undefined), "always": always_present_f1(scores)}
    return counts | scores.summary() | {"f1": result.intervals["f1"]}
