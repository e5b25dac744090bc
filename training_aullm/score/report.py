"""Scores as tables: for the terminal (rich), for documents (markdown, LaTeX) and for programs (JSON)."""

import json
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from rich.table import Table

from training_aullm.score.bootstrap import ONE_PERSON, Interval
from training_aullm.score.label_free import LabelFree
from training_aullm.score.metrics import Scores

MINUS = re.compile(r"(?<![\w.])-(?=\d)")  # before a number, and no hyphen of a name


def score_table(
    scores: Scores, intervals: Sequence[Interval] | None = None, title: str = "", label_free: LabelFree | None = None
) -> Table:
    """One row per action unit, and a last row of means.

    Args:
        scores: of pooled predictions.
        intervals: K intervals of F1; None: no interval column.
        title: above the table.
        label_free: the same clips decided by their own prevalence; None: no columns for it.

    Returns:
        A rich table. Undefined action units are shown as "undefined" and are in no mean.
    """
    table = Table(title=title, title_justify="left")
    columns = _score_columns(scores, intervals, label_free)
    table.add_column("action unit")
    for heading in columns:
        table.add_column(heading, justify="right")
    for k, name in enumerate(scores.action_units):
        table.add_row(name, *(cells[k] for cells, _ in columns.values()))
    table.add_section()
    left_out = f" ({len(scores.undefined)} undefined)" if scores.undefined else ""
    table.add_row(f"mean{left_out}", *(mean for _, mean in columns.values()), style="bold")
    return table


def _score_columns(
    scores: Scores, intervals: Sequence[Interval] | None, label_free: LabelFree | None
) -> dict[str, tuple[list[str], str]]:
    """Heading -> a cell for each action unit, and one for their mean."""
    columns = {"positive": ([str(count) for count in scores.positives], "")}
    columns["known"] = ([str(count) for count in scores.known], "")
    columns["F1"] = ([_number(value) for value in scores.f1], _number(scores.mean_f1))
    if intervals:
        columns["95% interval"] = ([_span(interval) for interval in intervals], "")
    if label_free is not None:
        free = label_free.scores
        columns["label-free F1"] = ([_number(value) for value in free.f1], _number(free.mean_f1))
        shares = zip(scores.action_units, label_free.shares, strict=True)
        columns["taken share"] = ([_share(share, name in label_free.given) for name, share in shares], "")
    columns["macro F1"] = ([_number(value) for value in scores.macro_f1], _number(scores.mean_macro_f1))
    columns["AUC"] = ([_number(value) for value in scores.auc], _number(scores.mean_auc))
    ranked = [_number(value) for value in scores.average_precision]
    return columns | {"AP": (ranked, _number(scores.mean_average_precision))}


def _share(share: float, given: bool) -> str:
    return f"{share:.2f} given" if given else f"{share:.2f}"


def label_notes(scores: Scores, clips: int) -> list[str]:
    """What must be said beside a table where labels are unknown: who is in no mean, and whose score rests on few clips.

    Args:
        scores: of pooled predictions.
        clips: how many were tested.

    Returns:
        Sentences; none where every unit is known in every clip and shown at least once.
    """
    notes, rows = [], list(zip(scores.action_units, scores.positives, scores.known, strict=True))
    never = [name for name, _, known in rows if known == 0]
    unshown = [name for name, positives, known in rows if known and not positives]
    partly = [f"{name} in {known}" for name, positives, known in rows if positives and known < clips]
    if never:
        notes.append(f"Undefined, in no mean, because no clip is coded for it: {', '.join(never)}.")
    if unshown:
        notes.append(f"Undefined, in no mean, because no clip shows it: {', '.join(unshown)}.")
    if partly:
        notes.append(f"Known in a part of the {clips} clips only, and scored on these: {', '.join(partly)}.")
    return notes


def result_table(results: Sequence[dict], columns: dict[str, str], title: str = "") -> Table:
    """One row per method.

    Args:
        results: dictionaries of numbers, lists of them, Intervals and texts.
        columns: key of a result to the heading of its column, in order.
        title: above the table.

    Returns:
        A rich table.
    """
    table = Table(title=title, title_justify="left")
    for index, heading in enumerate(columns.values()):
        table.add_column(heading, justify="right" if index else "left")
    for result in results:
        table.add_row(*(_cell(result.get(key)) for key in columns))
    return table


def markdown_table(results: Sequence[dict], columns: dict[str, str]) -> str:
    """The same rows as `result_table` in markdown.

    Args:
        results: dictionaries of numbers, lists of them, Intervals and texts.
        columns: key of a result to the heading of its column.

    Returns:
        The table, one line per row.
    """
    lines = [list(columns.values()), ["---", *["---:"] * (len(columns) - 1)]]
    lines += [[_cell(result.get(key)) for key in columns] for result in results]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def latex_table(results: Sequence[dict], columns: dict[str, str], caption: str) -> str:
    """The same rows as `result_table` for a paper, with the rules of the package booktabs.

    Args:
        results: dictionaries of numbers, lists of them, Intervals and texts.
        columns: key of a result to the heading of its column.
        caption: above the table.

    Returns:
        A `table` environment.
    """
    rows = [[_cell(result.get(key)) for key in columns] for result in results]
    styled = pd.DataFrame(rows, columns=list(columns.values())).style.hide(axis="index")
    styled = styled.format(_set, escape="latex").format_index(_set, escape="latex", axis="columns")
    escaped = caption.replace("%", r"\%").replace("_", r"\_").replace("&", r"\&")
    return styled.to_latex(hrules=True, column_format="l" + "r" * (len(columns) - 1), caption=escaped, position="t")


def _set(text: str) -> str:
    """A cell as any LaTeX engine sets it: minus signs are no hyphens, en dashes are typed."""
    return MINUS.sub("$-$", text).replace("–", "--")


def json_line(content: dict) -> str:
    """One line of JSON; NaN becomes null, intervals become [value, low, high], of one person [value, null, null].

    Args:
        content: numbers, texts, Intervals, arrays, lists and dictionaries of them.

    Returns:
        The line, without a line end.
    """
    return json.dumps(_plain(content), allow_nan=False)


def _plain(value):
    if isinstance(value, Interval):
        return [_plain(each) for each in (value.value, value.low, value.high)]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else round(float(value), 4)
    return value.item() if isinstance(value, np.generic) else value


def _cell(value) -> str:
    if value is None:
        return "–"
    if isinstance(value, Interval):
        return f"{_number(value.value)} {_span(value)}"
    if isinstance(value, list):
        return " ".join(_cell(each) for each in value)
    return _number(value) if isinstance(value, float | np.floating) else str(value)


def _number(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:.3f}"


def _span(interval: Interval) -> str:
    """The interval in round brackets: rich would read square ones as markup."""
    if interval.alone:
        return f"({ONE_PERSON})"
    return "" if np.isnan(interval.value) else f"({interval.low:.2f}–{interval.high:.2f})"
