"""A small 4DME: `gray_micro/s01/fold_1/0012.jpg`, a sheet with the cell AUs and a column for every unit."""

from pathlib import Path

from tests.dataset_scripts.trees.common import write_frames, write_workbook

SHEET = "4DME_Labelling_Micro_release v1.xlsx"
UNITS = (1, 2, 4, 6, 7, 12, 45)
HEADINGS = ["sub_ID", "fold", "fold_name", "Emotion", "Onset", "Apex", "Offset", "eye blink", "Total", "AUs"]
HEADINGS += [f"AU{unit}" for unit in UNITS]
ROWS = [  # subject, clip, emotion, onset, apex, offset, cell, units whose column says 1
    ("s01", "pos_1", "Positive", 12, 15, 20, "AU6+AU12", (6, 12)),
    ("s01", "neg_2", "Negative+Surprise", 3, 6, 9, "AU4+AU7(k)", (4, 7)),
    ("s02", "neg_1", "Repression", 5, 40, 11, "AU1+AU2", (1,)),
    ("s02", "sur_4", "Surprise", 1, 2, 6, "AU1", (1, 4)),
    ("s10", "oth_1", "Others", 2, 4, 8, "12", (12,)),
]


def write_fourdme(root: Path, rows=ROWS, frames: str = "gray_micro", name: str = "{:04d}.jpg") -> Path:
    """The tree; every folder has three frames before the onset and none after the offset."""
    body = []
    for subject, clip, emotion, onset, apex, offset, cell, on in rows:
        columns = [int(unit in on) for unit in UNITS]
        body.append([subject, 1, clip, emotion, onset, apex, offset, 0, len(on), cell, *columns])
        write_frames(root / frames / subject / clip, range(max(1, onset - 3), offset + 1), name)
    write_workbook(root / SHEET, [HEADINGS, *body])
    return root
