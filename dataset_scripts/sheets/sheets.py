"""Coding sheets as text: every cell as the coder saw it, with the place it stands in.

    rows = read_sheet("coding.xlsx", {"subject": ("Subject",), "clip": ("Filename",)}, required=("subject", "clip"))
    rows[0].cells["subject"], rows[0].place("subject")  # "006", "coding.xlsx, sheet Sheet1, row 15, column Subject"

An integer is "4", never "4.0"; "006" stays so. The heading row is the first one that has all required columns, so a
preamble above it needs no counting. A day that a spreadsheet program made out of "4/7" cannot be undone: it is given as
"date 2014-04-07", and `is_date` tells such cells, also as they stand in a text file that the program wrote. Nor is a
formula that it made out of "4-7": action units are given as "formula =4-7", and `is_formula` tells such cells. The sum
that it made of "=6+12" is "6+12" again; in other columns a formula's value counts.
"""

import csv
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import date, datetime
from pathlib import Path

from dataset_scripts.rows import SheetRow

SUFFIXES = (".xlsx", ".xlsm", ".csv", ".tsv", ".txt")
_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",\t;|"
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"date .*|\d{{4}}[-/.]\d\d?[-/.]\d\d?( [\d:.]+)?|\d\d?[/.]\d\d?[/.]\d{{4}}( [\d:.]+)?"
    rf"|\d\d?[- ]{_MONTH}([- ]\d+)?|{_MONTH}[- ]\d+|(\d{{4}}年)?\d\d?月\d\d?日",
    re.IGNORECASE,
)

_SUM = re.compile(r"=\+*\d+(\+\d+)*")

Columns = Mapping[str, tuple[str, ...]]


def read_sheet(
    path: Path | str,
    columns: Columns,
    required: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    never: tuple[str, ...] = (),
) -> list[SheetRow]:
    """Read a workbook or a text table.

    Args:
        path: .xlsx, .csv, .tsv or .txt. Of a workbook the first sheet that has the required columns is read.
        columns: {field: headings it may stand under}; letter case, blanks and signs of a heading do not matter.
        required: fields without which a sheet is not the right one; all by default.
        only: headings it must have besides. never: headings that the sheet of another set has.
    Returns:
        Rows with at least one cell that is not empty, in order.
    Raises:
        FileNotFoundError: no such file.
        ValueError: a kind of file that is not read, or no sheet with the required columns.
    """
    path = Path(path)
    required = required or tuple(columns)
    seen = []
    for sheet, grid in read_grids(path):
        start = next((at for at, row in enumerate(grid) if _fits(row, columns, required, only, never)), None)
        if start is not None:
            return list(_rows(path.name, sheet, grid, start, columns))
        seen.append(f"{sheet or path.name}: {_widest(grid)}")
    wanted = ", ".join([*(" or ".join(columns[name]) for name in required), *only])
    found = "; ".join(seen) or "nothing"
    raise ValueError(f"{path} has no heading row with the columns {wanted}. Found {found}")


def heading_key(heading: str) -> str:
    """A heading without letter case, blanks and signs: "Onset Frame" and "OnsetFrame" are one."""
    return "".join(letter for letter in heading.lower() if letter.isalnum())


def cell_text(value: object, number_format: str = "General") -> str:
    """A cell's value as a reader of the sheet sees it.

    Args:
        value: as openpyxl gives it.
        number_format: of the cell; "000" shows 6 as 006.
    Returns:
        Text without blanks at its ends.
    """
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return f"date {value:%Y-%m-%d}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and number_format and not number_format.strip("0"):
        return str(value).zfill(len(number_format))
    return str(value).strip()


def is_date(text: str) -> bool:
    """Whether a cell's text is a day, as `cell_text` or a spreadsheet program writes it."""
    return _DATE.fullmatch(text) is not None


class Computed(str):
    """What a cell shows whose value was computed to a number; `formula` is what stands in it."""

    formula = ""


def as_coded(text: str) -> str:
    """A cell of action units as the coder typed it: of a formula its text where that is a sum, else "formula =...".

    Args:
        text: of the cell, as `read_grids` gives it.
    """
    formula = text.formula if isinstance(text, Computed) else ""
    if _SUM.fullmatch(formula):
        return formula.lstrip("=+")
    return f"formula {formula}" if formula else text


def is_formula(text: str) -> bool:
    """Whether the text of a cell of action units is a formula in which nobody can find them again."""
    return text.startswith("formula =")


def _fits(
    row: list[str], columns: Columns, required: tuple[str, ...], only: tuple[str, ...], never: tuple[str, ...]
) -> bool:
    keys = {heading_key(cell) for cell in row}
    needed = [columns[name] for name in required] + [(heading,) for heading in only]
    forbidden = {heading_key(heading) for heading in never}
    return not keys & forbidden and all(any(heading_key(each) in keys for each in headings) for headings in needed)


def _rows(file: str, sheet: str, grid: list[list[str]], start: int, columns: Columns) -> Iterator[SheetRow]:
    keys = [heading_key(cell) for cell in grid[start]]
    places = {}
    for name, headings in columns.items():
        found = [keys.index(heading_key(heading)) for heading in headings if heading_key(heading) in keys]
        if found:
            places[name] = found[0]
    headings = {name: grid[start][place] for name, place in places.items()}
    rest = [place for place, key in enumerate(keys) if key and place not in places.values()]
    for number, row in enumerate(grid[start + 1 :], start + 2):
        row = row + [""] * (len(keys) - len(row))
        if any(row):
            cells = {name: as_coded(row[place]) if name == "units" else row[place] for name, place in places.items()}
            others = {grid[start][place]: row[place] for place in rest}
            yield SheetRow(file, sheet, number, cells, others, headings)


def _widest(grid: list[list[str]]) -> str:
    """The row most likely meant as headings, for messages."""
    widest = max(grid[:40], key=lambda row: sum(map(bool, row)), default=[])
    return ", ".join(filter(None, widest)) or "empty"


def read_grids(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """The cells of each sheet of a file, as text.

    Args:
        path: .xlsx, .csv, .tsv or .txt.
    Yields:
        (name of the sheet, "" in a text file; its rows).
    Raises:
        FileNotFoundError: no such file.
        ValueError: a kind of file that is not read.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    if path.suffix.lower() == ".xls":
        raise ValueError(f"{path} is in the old .xls format: open it and save it as .xlsx or .csv")
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path} is no sheet: one of {', '.join(SUFFIXES)} is read")
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        yield from _workbook(path)
    else:
        yield "", _text_table(path)


def _workbook(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of styles and drop-down lists that are not read here
        try:
            book, typed = (load_workbook(path, read_only=True, data_only=values) for values in (True, False))
        except Exception as error:
            raise ValueError(f"{path} is no readable workbook: {error}") from error
        with closing(book), closing(typed):
            for pair in zip(book.worksheets, typed.worksheets, strict=True):
                for sheet in pair:
                    sheet.reset_dimensions()  # some writers state too small an extent
                rows = zip(*(sheet.iter_rows() for sheet in pair), strict=True)
                yield pair[0].title, [list(map(_shown, *row)) for row in rows]


def _shown(cell, typed) -> str:
    """A cell as one sees it; `typed` is the same cell with its formula."""
    if getattr(typed, "data_type", "n") == "f" and not isinstance(cell.value, str):
        shown = Computed(cell_text(cell.value))
        shown.formula = str(getattr(typed.value, "text", typed.value))
        return shown
    return cell_text(cell.value, getattr(cell, "number_format", "General")) if cell.value is not None else ""


def _decoded(raw: bytes) -> str:
    """Text in the encodings that spreadsheet programs write, Western and Chinese ones."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    for encoding in _ENCODINGS:
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return raw.decode("latin-1")


def _text_table(path: Path) -> list[list[str]]:
    text = _decoded(path.read_bytes())
    head = text.splitlines()[:40]
    delimiter = max(_DELIMITERS, key=lambda sign: sum(line.count(sign) for line in head))
    table = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in table]
