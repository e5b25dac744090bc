"""A small MMEW: `Micro_Expression/happiness/S03-01-002/1.jpg`, or a subject's folder around; macro ones beside."""

from pathlib import Path

from tests.dataset_scripts.trees.common import write_frames, write_workbook

SHEET = "MMEW_Micro_Exp.xlsx"
HEADINGS = [
    "Subject",
    "Filename",
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    "Action Units",
    "Estimated Emotion",
    "remarks",
]
ROWS = [
    ["01", "S01-01-001", 1, 12, 20, "6+12", "happiness", None],
    ["01", "S01-06-002", 1, 5, 9, 4, "others", "blink"],
    ["03", "S03-02-001", 4, 0, 0, "1+2", "surprise", None],
    ["12", "S12-03-001", 2, 6, 9, "4?+9", "disgust", None],
]
FOLDERS = {"others": "repression"}
"""What the folder of an emotion is called where it is not the sheet's word."""


def write_mmew(root: Path, rows=ROWS, by_subject: bool = False, box: str = "Micro_Expression") -> Path:
    """The tree, as it unpacks (emotion/clip) or as the data set's page draws it (subject/emotion/clip)."""
    write_workbook(root / SHEET, [HEADINGS, *rows])
    for subject, clip, onset, _, offset, _, emotion, _ in rows:
        place = root / box / (f"S{subject}" if by_subject else "") / FOLDERS.get(emotion, emotion)
        write_frames(place / clip, range(1, max(onset + 8, offset) + 1), "{}.jpg")
        write_frames(root / "Macro_Expression" / f"S{subject}" / emotion, [1], f"{clip}-{{}}.jpg")
    return root
