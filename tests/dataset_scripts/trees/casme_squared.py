"""A small CAS(ME)^2: a workbook of three sheets without headings, `rawpic/s15/15_0401girlcrashing/img557.jpg`."""

from pathlib import Path

from openpyxl import Workbook

from tests.dataset_scripts.trees.common import write_frames

SHEET = "CAS(ME)^2code_final.xlsx"
ROWS = [
    [1, "anger1_1", 10, 14, 20, "4", "negative", "macro-expression", "anger"],
    [1, "anger1_2", 31, 34, 0, "4+7", "negative", "micro-expression", "anger"],
    [2, "happy2_1", 5, 8, 12, "6+12", "positive", "micro-expression", "happiness"],
]
SUBJECTS = [["s15", "15", 1], ["s16", "16", 2]]
FILMS = [["0401", "anger1"], [502, "happy2"]]
FOLDERS = {"s15/15_0401girlcrashing": 60, "s16/16_0502funny": 40, "s16/16_0401girlcrashing": 30}
"""Recordings and how many frames each has; of the last the sheet names no expression."""


def write_casme_squared(root: Path, rows=ROWS) -> Path:
    """The workbook and all recordings."""
    book = Workbook()
    book.remove(book.active)
    for title, body in {"CASFEcode_final": rows, "naming rule1": SUBJECTS, "naming rule2": FILMS}.items():
        sheet = book.create_sheet(title)
        for row in body:
            sheet.append(row)
    root.mkdir(parents=True, exist_ok=True)
    book.save(root / SHEET)
    for folder, frames in FOLDERS.items():
        write_frames(root / "rawpic" / folder, range(1, frames + 1))
    return root
