"""A small SAMM Long Videos: preamble, a type column, `SAMM_longvideos/006_1/006_1_0001.jpg`."""

from pathlib import Path

from tests.dataset_scripts.trees.common import write_frames, write_workbook

HEADINGS = [
    "Subject",
    "Filename",
    "Inducement Code",
    "Onset",
    "Apex",
    "Offset",
    "Duration",
    "Type",
    "Action Units",
    "Notes",
]
ROWS = [
    ["006", "006_1_1", 1, 10, 14, 20, 11, "Micro - 1/2", "12B", None],
    ["006", "006_1_2", 1, 40, -1, 90, 51, "Macro", "6+12", None],
    ["006", "006_2_1", 2, 5, 9, 15, 11, "Micro", "4", None],
    ["011", "011_1_1", 1, 7, 12, 30, 24, "Macro", "14", None],
]
FRAMES = {"006_1": 100, "006_2": 30, "011_1": 40, "011_2": 50}
"""Recordings and how many frames each has; of the last the sheet names no expression."""


def write_samm_long(root: Path, rows=ROWS) -> Path:
    """The sheet and all recordings."""
    write_workbook(root / "SAMM_LongVideos_V2_Release.xlsx", [["SAMM Long Videos"], *[[]] * 8, HEADINGS, *rows])
    for recording, frames in FRAMES.items():
        write_frames(root / "SAMM_longvideos" / recording, range(1, frames + 1), recording + "_{:04d}.jpg")
    return root
