"""4DME: 267 micro-expressions coded with 22 action units; the grey videos of its four kinds of recording.

A unit is written twice in the sheet, in the cell `AUs` ("AU4+AU7(k)", where "(k)" is doubt) and as 0 or 1 in a column
of its own. Where the two disagree the unit is unknown.

Source: Li et al., "4DME: A spontaneous 4D micro-expression dataset with multimodalities", IEEE Transactions on
Affective Computing 2022; names of sheet and folders as others' readers have them (tvaranka/meb). That reader swaps the
codes of two neighbouring rows; as it names them by row only and not by clip, it is not done here.
"""

import re
from dataclasses import replace
from pathlib import Path

from dataset_scripts.cells.facs import CodedUnit
from dataset_scripts.layout import FrameFolder, Layout, Release
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow

_UNIT_COLUMN = re.compile(r"au\s*0*(\d+)", re.IGNORECASE)


def compare_columns(rows: list[ClipRow], data_dir: Path, report: Report) -> list[ClipRow]:
    """Make a unit unknown where the sheet's cell and its column of that unit disagree.

    Args:
        rows: as read; `others` holds the columns of single units.
        data_dir: not used.
        report: told of every disagreement.

    Returns:
        The rows; units in dispute are coded as unclear.
    """
    return [_compared(row, report) for row in rows]


def _compared(row: ClipRow, report: Report) -> ClipRow:
    named = {unit.number for unit in row.coding.units}
    sure = {unit.number for unit in row.coding.units if unit.certainty == "sure"}
    columns = {}
    for heading, text in row.others.items():
        if (match := _UNIT_COLUMN.fullmatch(heading.strip())) and text in ("0", "1"):
            columns[int(match.group(1))] = text == "1"
    marked = {number for number, on in columns.items() if on}
    dispute = sorted((marked - named) | (sure & columns.keys() - marked))
    if not dispute:
        return row
    names = ", ".join(f"AU{number}" for number in dispute)
    what = f"{row.coded_text!r} and the columns of single units disagree on {names}"
    report.add("doubtful", row.place, what, "unknown in this clip")
    kept = tuple(unit for unit in row.coding.units if unit.number not in dispute)
    unclear = tuple(CodedUnit(number, certainty="unclear") for number in dispute)
    return replace(row, coding=replace(row.coding, units=kept + unclear))


def _frames(folder: str) -> FrameFolder:
    """Clips in folders of their subject, or all beside each other, named S13_1st_001_01_1."""
    roots = (folder, f"4DMicro/{folder}", ".")
    return FrameFolder("{subject}/{clip}", 60, roots, also=("{subject}_{clip}", "{clip}"))


LAYOUT = Layout(
    name="fourdme",
    title="4DME",
    releases=(
        Release(
            name="1",
            sheets=("*4DME*Label*Micro*", "*4DME*Label*", "*4DME*"),
            columns={
                "subject": ("sub_ID", "Subject"),
                "clip": ("fold_name", "Filename"),
                "onset": ("Onset",),
                "apex": ("Apex",),
                "offset": ("Offset",),
                "units": ("AUs",),
                "emotion": ("Emotion",),
            },
            frames={"raw": _frames("gray_micro"), "cropped": _frames("gray_micro_crop")},
            not_sheets=("*macro*",),
        ),
    ),
    mend_rows=compare_columns,
    unchecked=(
        "folders gray_micro/SUBJECT/FOLD and gray_micro_crop/SUBJECT/FOLD, or gray_micro/SUBJECT_FOLD",
        "frame numbers at the end of file names",
        "60 frames a second of the grey videos",
        "a reader by others swaps the codes of rows 144 and 145 (counted from 0); not done here, look at them",
    ),
)
