"""A small tree in BP4D's layout: `AU_OCC/F001_T1.csv` with a header of unit numbers and a row a frame, 0, 1 or 9.

Occurrences are invented. Coding starts in the middle of the pictures, as in the real set, and AU38 is 9 throughout.
"""

from pathlib import Path

import numpy as np

from tests.dataset_scripts.trees.videos import write_frames

UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 23, 24, 38)
FIRST, FRAMES = 5, 60
RUNS = {
    ("F001", "T1"): {12: (20, 12), 6: (22, 8), 38: (0, 0)},
    ("F001", "T8"): {9: (30, 20)},
    ("M002", "T1"): {4: (15, 10), 7: (40, 10)},
}


def write_bp4d(root: Path, runs: dict = RUNS, labels: str = "AUCoding/AU_OCC", pictures: str = "") -> Path:
    """Write codes and pictures; frames FIRST to FIRST + FRAMES - 1 are coded, pictures begin at 1."""
    for (subject, task), units in runs.items():
        zeros = 4 if task == "T1" else 3  # the number of digits differs between sequences
        folder = root / pictures / subject / task
        write_frames(folder, range(1, FIRST + FRAMES), name=f"{{:0{zeros}d}}.jpg", size=16)
        occurrence = np.zeros((FRAMES, len(UNITS)), dtype=int)
        occurrence[:, UNITS.index(38)] = 9
        for unit, (first, length) in units.items():
            occurrence[first : first + length, UNITS.index(unit)] = 1
        lines = [",".join(map(str, (0, *UNITS)))]
        lines += [",".join(map(str, (frame, *row))) for frame, row in enumerate(occurrence, start=FIRST)]
        write_codes(root, subject, task, lines, labels)
    return root


def write_codes(root: Path, subject: str, task: str, lines: list[str], labels: str = "AUCoding/AU_OCC") -> Path:
    """Write one file of occurrence codes."""
    path = root / labels / f"{subject}_{task}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path
