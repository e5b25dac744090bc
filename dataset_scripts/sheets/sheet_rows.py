"""What a sheet says about each clip, read and checked, before anything is looked up on disk.

Tested in tests/dataset_scripts/test_rows.py.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from dataset_scripts.cells.coding import MADE_A_NUMBER
from dataset_scripts.cells.facs import Coding, parse_cell
from dataset_scripts.layout import Layout, Release
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow, SheetRow, unique_names
from dataset_scripts.sheets.expressions import read_expressions
from dataset_scripts.sheets.sheets import is_date, is_formula, read_sheet

_NOT_GIVEN = ("", "/", "\\", "-", "--", "-1", "?", "n/a", "na", "nan", "none")


def read_rows(layout: Layout, sheets: Sequence[tuple[Release, Path]], report: Report) -> list[ClipRow]:
    """Read a coding sheet, and what others name beside it.

    Args:
        layout: of the set.
        sheets: the sheet, with its release, and those that name the other kind of expression, where it names one.
        report: receives what is missing, unreadable or doubtful.
    Returns:
        One row per clip, in the sheets' order, with names that are unique.
    Raises:
        ValueError: no sheet with the columns the release asks for.
    """
    rows: list[ClipRow] = []
    for release, path in sheets:
        known = {row.expression or layout.expression for row in rows}
        rows += [row for row in _rows_of(layout, release, path, report) if row.expression not in known]
    return unique_names(rows, layout.shared_folders, report)


def _rows_of(layout: Layout, release: Release, path: Path, report: Report) -> list[ClipRow]:
    """One row per clip of one sheet, named as there."""
    rows, subject = [], ""
    sheet_rows = cells_of(layout, release, path)
    expressions = read_expressions(sheet_rows, path, report)
    if layout.has_units and sheet_rows and "units" not in sheet_rows[0].cells:
        report.add("doubtful", path.name, "no column of action units", "all units of all clips are unknown")
    for row, expression in zip(sheet_rows, expressions, strict=True):
        if not row.get("subject") and subject and row.get("onset"):
            report.add("repaired", row.place("subject"), "no subject", f"that of the row above, {subject}, was taken")
        elif row.get("subject"):
            subject = _whole(row.get("subject"))
        name = _whole(row.get("clip")) or release.clip
        if not subject or not name:
            report.add("dropped", row.place(), "no subject or no file name", "a clip cannot be found without them")
            continue
        if expression == "":
            report.add(
                "dropped", row.place("expression"), f"{row.get('expression')!r} is neither micro nor macro", "left out"
            )
            continue
        rows.append(_clip_row(layout, release, row, subject, name, expression, report))
    _tell_lost(sheet_rows, path, report, is_date, "days", "text such as 4/7")
    _tell_lost(sheet_rows, path, report, is_formula, "formulas", "text such as =4-7")
    return rows


def cells_of(layout: Layout, release: Release, path: Path) -> list[SheetRow]:
    """The rows of a sheet as text.

    Args:
        layout, release: the set and the release of its sheet. path: the sheet.
    Returns:
        Its rows.
    Raises:
        ValueError: no sheet with the columns the release asks for.
    """
    if layout.read_sheet is not None:
        return layout.read_sheet(path, release)
    return read_sheet(path, release.columns, release.required, release.only, release.never)


def frame_number(row: SheetRow, name: str, report: Report) -> int | None:
    """A cell with a frame number.

    Args:
        row: of the sheet. name: the field. report: receives cells that are neither a number nor empty.
    Returns:
        The number; None where the cell is empty or says that there is none ("/").
    """
    text = row.get(name).lower()
    if text in _NOT_GIVEN or is_date(text):
        return None
    digits = _whole(text)
    if digits.isascii() and digits.isdigit():
        return int(digits)
    report.add("doubtful", row.place(name), f"cannot read {row.get(name)!r} as a frame number", "taken as not given")
    return None


def coding_of(row: SheetRow, layout: Layout, report: Report) -> Coding:
    """The cell of action units, parsed.

    Args:
        row: of the sheet. layout: says what an empty cell means. report: receives what cannot be read.
    Returns:
        The coding.
    """
    text = row.get("units")
    if not layout.has_units or "units" not in row.cells:
        return Coding(rest_unknown=True)
    if not text and layout.empty_cell == "unknown":
        report.add("doubtful", row.place("units"), "no action units are written", "all are taken as unknown")
        return Coding(rest_unknown=True)
    if is_date(text) or is_formula(text):
        return Coding(rest_unknown=True)
    coding = parse_cell(text)
    if coding.rest_unknown and not coding.units:
        report.add("doubtful", row.place("units"), f"{text!r} names no action unit", "all are unknown")
    if coding.spoilt:
        why = "all are unknown; write the cell as the coder did to have them"
        report.add("doubtful", row.place("units"), f"{text!r} {MADE_A_NUMBER}", why)
        return coding
    for piece in coding.unread:
        effect = "what is not named is unknown" if coding.hides_units else "the rest of the cell counts"
        report.add("doubtful", row.place("units"), f"cannot read {piece!r} in {text!r}", f"column coded_text; {effect}")
    return coding


def _whole(text: str) -> str:
    """A whole number without the ".0" that a program gives it in a column with empty cells; other text as it is."""
    digits = text.removesuffix(".0")
    return digits if digits.isascii() and digits.isdigit() else text


def _fps(row: SheetRow, report: Report) -> float | None:
    """Frames a second, where the sheet has a column of them."""
    text = row.get("fps")
    if not text:
        return None
    try:
        fps = float(text)
    except ValueError:
        fps = 0
    if not 0 < fps <= 10_000:
        report.add("doubtful", row.place("fps"), f"cannot read {text!r} as frames a second", "the set's own was taken")
        return None
    return fps


def _tell_lost(
    rows: list[SheetRow], path: Path, report: Report, is_lost: Callable[[str], bool], what: str, text: str
) -> None:
    """One finding for all cells that are days, or formulas: nobody can say what stood in them."""
    cells = {name: [row for row in rows if is_lost(row.get(name))] for name in ("units", "onset", "apex", "offset")}
    told = [
        f"{len(found)} in column {found[0].headings[name]} (row {', '.join(str(row.row) for row in found[:5])}"
        + (", ...)" if len(found) > 5 else ")")
        for name, found in cells.items()
        if found
    ]
    if told:
        why = f"a spreadsheet program made them out of {text}; taken as not given. Mend the sheet to have them"
        report.add("doubtful", path.name, f"cells that are {what}: {'; '.join(told)}", why)


def _clip_row(
    layout: Layout, release: Release, row: SheetRow, subject: str, name: str, expression: str | None, report: Report
) -> ClipRow:
    return ClipRow(
        subject=(release.subject or layout.subject)(subject),
        clip=name,
        coding=coding_of(row, layout, report),
        coded_text=row.get("units") if "units" in row.cells else None,
        onset=frame_number(row, "onset", report),
        apex=frame_number(row, "apex", report),
        offset=frame_number(row, "offset", report),
        emotion=row.get("emotion") or None,
        objective_class=row.get("objective_class") or None,
        sheet=row.file + (f", sheet {row.sheet}" if row.sheet else ""),
        row=row.row,
        split=release.split,
        others=row.others,
        expression=expression,
        fps=_fps(row, report),
    )
