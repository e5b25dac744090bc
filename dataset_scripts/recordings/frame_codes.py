"""Codes of long recordings, frame by frame, as shipped with DISFA and BP4D.

    codes = read_disfa_codes(folder / "SN001", report)    # a text file a unit: lines "frame,intensity"
    codes = read_bp4d_codes(folder / "F001_T1.csv", report)  # a header of unit numbers, a row a frame

What cannot be read is unknown in the result and told in the report; nothing is guessed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataset_scripts.cells.coding import FACS_CODES
from dataset_scripts.report import Report

UNKNOWN = -1
BP4D_UNKNOWN = 9
DISFA_UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


@dataclass(frozen=True)
class FrameCodes:
    """Codes of one recording.

    Attributes:
        units: K numbers of action units.
        first: number of the first coded frame, as the set counts.
        values: (T, K) int8; -1 where not coded. Row t is frame `first + t`.
    """

    units: tuple[int, ...]
    first: int
    values: np.ndarray


class NoCodes(ValueError):
    """Codes of a recording that cannot be used at all. The message names the file."""


def read_disfa_codes(folder: Path, report: Report) -> FrameCodes:
    """Read the intensities of one DISFA recording.

    Args:
        folder: `ActionUnit_Labels/SN001`; its files are `SN001_au4.txt` with lines `frame,intensity`, 0 to 5.
        report: told of missing files, lines that cannot be read or contradict each other, frames without a line.

    Returns:
        Codes of DISFA_UNITS; the columns of missing files are unknown.

    Raises:
        NoCodes: not one file can be read.
    """
    columns: dict[int, dict[int, list[int]]] = {}
    for unit in DISFA_UNITS:
        path = folder / f"{folder.name}_au{unit}.txt"
        if path.is_file():
            columns[unit] = _by_frame(_disfa_lines(path, report), f"{folder.name}/{path.name}", report)
        else:
            report.add("doubtful", f"{folder.name}/{path.name}", "no such file", f"AU{unit} is unknown throughout")
    frames = sorted({frame for column in columns.values() for frame in column})
    if not frames:
        raise NoCodes(f"{folder}: looked for {folder.name}_au4.txt and its like, found {_listing(folder)}")
    values = np.full((frames[-1] - frames[0] + 1, len(DISFA_UNITS)), UNKNOWN, np.int8)
    for at, unit in enumerate(DISFA_UNITS):
        column = columns.get(unit, {})
        if column:
            values[np.array(list(column)) - frames[0], at] = [code for (code,) in column.values()]
            _tell_gaps(f"{folder.name}/{folder.name}_au{unit}.txt", len(values) - len(column), report)
    return FrameCodes(DISFA_UNITS, frames[0], values)


def read_bp4d_codes(path: Path, report: Report) -> FrameCodes:
    """Read the occurrence codes of one BP4D task.

    Args:
        path: `AU_OCC/F001_T1.csv`: a header of unit numbers after one cell for the frame, rows of 0, 1 and 9.
        report: told of rows that cannot be read or contradict each other, and of frames without a row.

    Returns:
        Codes of the units in the header; 9 and every other value than 0 and 1 are unknown.

    Raises:
        NoCodes: no header of unit numbers, each once; or no row below it.
    """
    lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    header = [cell.strip().upper().removeprefix("AU") for cell in (lines[0] if lines else "").split(",")]
    if len(header) < 2 or not all(cell.isdecimal() and int(cell) for cell in header[1:]):
        raise NoCodes(
            f"{path}, line 1: looked for unit numbers as in 0,1,2,4,5; found {(lines or ['nothing'])[0][:60]!r}"
        )
    units, lines_read = tuple(int(cell) for cell in header[1:]), []
    for column, unit in enumerate(units, start=2):
        if unit not in FACS_CODES or unit in units[: column - 2]:
            wrong = "stands there twice" if unit in FACS_CODES else "is no number of FACS"
            raise NoCodes(f"{path}, line 1, column {column}: AU{unit} {wrong}; mend the header")
    for number, line in enumerate(lines[1:], start=2):
        cells = _whole_numbers(line.split(","))
        if cells is not None and len(cells) == len(header):
            lines_read.append((cells[0], cells[1:]))
        elif line.strip(", "):
            report.add("dropped", f"{path.name}, line {number}", f"{line[:60]!r} is no row of codes", "frame unknown")
    if not lines_read:
        raise NoCodes(f"{path}: a header and no row of codes below it")
    rows = _by_frame(lines_read, path.name, report)
    first = min(rows)
    values = np.full((max(rows) - first + 1, len(units)), UNKNOWN, np.int8)
    for frame, codes in rows.items():
        values[frame - first] = [code if code in (0, 1) else UNKNOWN for code in codes]
    strange = sorted({code for _, codes in lines_read for code in codes} - {0, 1, BP4D_UNKNOWN})
    if strange:
        report.add("doubtful", path.name, f"codes {strange} beside 0, 1 and 9", "taken as unknown")
    _tell_gaps(path.name, len(values) - len(rows), report)
    return FrameCodes(units, first, values)


def _by_frame(lines: Iterable[tuple[int, Sequence[int]]], where: str, report: Report) -> dict[int, list[int]]:
    """Codes by frame. Where lines of one frame differ nobody can say which is right: unknown."""
    rows: dict[int, list[int]] = {}
    contradicting = set()
    for frame, codes in lines:
        before = rows.setdefault(frame, list(codes))
        if before != list(codes):
            contradicting.add(frame)
            rows[frame] = [old if old == new else UNKNOWN for old, new in zip(before, codes, strict=True)]
    if contradicting:
        shown = ", ".join(map(str, sorted(contradicting)[:5])) + (", ..." if len(contradicting) > 5 else "")
        what = f"lines of one frame contradict each other in {len(contradicting)} frames ({shown})"
        report.add("doubtful", where, what, "unknown where they do")
    return rows


def _disfa_lines(path: Path, report: Report) -> Iterable[tuple[int, list[int]]]:
    where = f"{path.parent.name}/{path.name}"
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").splitlines(), start=1):
        cells = _whole_numbers(re.split(r"[,\s]+", line.strip(", \t")))
        if cells is not None and len(cells) == 2 and 0 <= cells[1] <= 5:
            yield cells[0], cells[1:]
        elif line.strip():
            report.add("dropped", f"{where}, line {number}", f"{line[:60]!r} is no frame,intensity", "frame unknown")


def _whole_numbers(cells: list[str]) -> list[int] | None:
    try:
        return [int(cell) for cell in cells]
    except ValueError:
        return None


def _tell_gaps(where: str, missing: int, report: Report) -> None:
    if missing:
        report.add("doubtful", where, f"{missing} frames have no code", "unknown in these frames")


def _listing(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return ", ".join(names[:6]) or "nothing"
