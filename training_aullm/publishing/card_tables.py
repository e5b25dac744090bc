"""Tables of a model card, in markdown, made from recorded predictions.

Tested in tests/training_aullm/publishing/test_card.py.
"""

from collections.abc import Mapping, Sequence

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


def overview_table(results: Sequence[tuple[str, Result]]) -> str:
    """One row a test set, given what it was tested on in words and the result; empty text where there is none."""
    rows = []
    for test, result in results:
        scores, predictions = result.scores, result.predictions
        counts = {"test": test, "people": len(set(predictions.subjects)), "clips": len(predictions.labels)}
        counts |= {"units": len(scores.action_units) - len(scores.undefined), "always": always_present_f1(scores)}
        rows.append(counts | scores.summary() | {"f1": result.intervals["f1"]})
    return markdown_table(rows, OVERVIEW) if rows else ""


def unit_table(results: Mapping[str, Result]) -> str:
    """One row an action unit: F1 with its interval, and in how many clips it is present, for each test set by name."""
    columns = {"unit": "unit", "meaning": "movement"}
    rows: dict[str, dict] = {}
    for name, result in results.items():
        columns |= {f"{name} f1": f"F1, {result.predictions.data_set}", f"{name} positives": "present in"}
        for k, unit in enumerate(result.scores.action_units):
            row = rows.setdefault(unit, {"unit": unit, "meaning": AU_MEANINGS[unit]})
            row[f"{name} f1"] = result.intervals["per_action_unit"][k]
            row[f"{name} positives"] = f"{result.scores.positives[k]} of {result.scores.known[k]}"
    return markdown_table([rows[unit] for unit in sorted(rows, key=ACTION_UNITS.index)], columns)


def spotting_table(measured: dict) -> str:
    """One row a domain, and one for all: movements found in long takes, with what was tested above it.

    Args:
        measured: the JSON line of `python -m benchmarks.spotting`.

    Raises:
        ValueError: it is not such a line.
    """
    try:
        about = f"{measured['subjects']} takes of {measured['seconds']:g} s of each domain, seed {measured['seed']}"
        rows = [
            {"domain": domain, "alarms": scores["false_alarms_per_minute"], "blink": scores["blink"]["f1"]}
            | {kind: "{f1} ({hits} of {true})".format_map(scores[kind]) for kind in ("micro", "macro")}
            for domain, scores in measured["scores"].items()
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"measured/spotting.json is no line of benchmarks.spotting ({error} is missing)") from error
    about += "; an interval counts as found where it overlaps a true one by half."
    return f"{about}\n\n{markdown_table(rows, SPOTTING)}"
