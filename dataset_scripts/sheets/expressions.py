"""Which rows of a sheet are micro-expressions and which macro-expressions: by its column, else by its name."""

from itertools import groupby
from pathlib import Path
from statistics import median

from dataset_scripts.report import Report
from dataset_scripts.rows import SheetRow

_MACRO_NAMES = ("macro", "_mae_", "_mae.")


def read_expressions(rows: list[SheetRow], path: Path, report: Report) -> list[str | None]:
    """What kind of expression each row is.

    Args:
        rows: of one sheet. path: of the sheet. report: told where codes had to be guessed.
    Returns:
        "micro" or "macro" a row; None where neither column nor file name says; "" where the column says something else.
    """
    if not rows or "expression" not in rows[0].cells:
        return ["macro" if any(part in path.name.lower() for part in _MACRO_NAMES) else None] * len(rows)
    codes = _meaning_of_codes(rows, path, report)
    return [_word(row.get("expression")) or codes.get(row.get("expression"), "") for row in rows]


def _word(text: str) -> str | None:
    """The kind that a cell such as "Micro-expression", "Macro", "Micro - 1/2" or "MaE" names."""
    text = text.lower()
    return {"me": "micro", "mae": "macro"}.get(text) or next(
        (k for k in ("micro", "macro") if text.startswith(k)), None
    )


def _meaning_of_codes(rows: list[SheetRow], path: Path, report: Report) -> dict[str, str]:
    """Of two bare numbers, as in part C of CAS(ME)^3, the one whose expressions are shorter means micro."""
    coded = sorted((row for row in rows if row.get("expression").isdigit()), key=lambda row: row.get("expression"))
    lengths = {
        code: median(lasting)
        for code, group in groupby(coded, key=lambda row: row.get("expression"))
        if (lasting := [length for row in group if (length := _length(row)) is not None])
    }
    if len(lengths) == 1:
        (code,) = lengths
        report.add("doubtful", path.name, f"the only kind of expression is {code!r}, without a word", "taken as micro")
        return {code: "micro"}
    if len(lengths) != 2:
        return {}
    micro, macro = sorted(lengths, key=lengths.get)
    what = f"the kinds of expression are {micro!r} and {macro!r}, without a word for either"
    why = f"{micro!r} was taken as micro: {lengths[micro]:g} frames at the median, the other {lengths[macro]:g}"
    report.add("doubtful", path.name, what, why)
    return {micro: "micro", macro: "macro"}


def _length(row: SheetRow) -> int | None:
    ends = [row.get(name).removesuffix(".0") for name in ("onset", "offset")]
    return int(ends[1]) - int(ends[0]) if all(end.isdigit() for end in ends) else None
