"""A small tree in DISFA's layout: one video a subject, one text file a unit, `frame,intensity` from frame 1.

Runs of intensity are invented. SN001: AU4 rises to 4 and falls, later AU12 and AU6 together; SN002: AU1 and AU25.
"""

from pathlib import Path

import numpy as np

from tests.dataset_scripts.trees.videos import write_video

UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
FRAMES = 50
FPS = 20
RUNS = {
    "SN001": {4: (10, [1, 2, 4, 4, 4, 2, 1]), 12: (32, [2, 3, 3, 3, 2]), 6: (34, [2, 2, 2]), 26: (12, [1, 1])},
    "SN002": {1: (8, [2, 2, 2, 2]), 25: (30, [5] * 20)},
}


def write_disfa(root: Path, runs: dict = RUNS, frames: int = FRAMES) -> Path:
    """Write labels and videos of some subjects; returns the root."""
    for subject, units in runs.items():
        write_video(root / "Videos_LeftCamera" / f"LeftVideo{subject}_comp.avi", frames=frames, fps=FPS)
        for unit in UNITS:
            intensity = np.zeros(frames, dtype=int)
            first, values = units.get(unit, (0, []))
            intensity[first : first + len(values)] = values
            write_labels(root, subject, unit, [f"{frame},{value}" for frame, value in enumerate(intensity, start=1)])
    return root


def label_file(root: Path, subject: str, unit: int) -> Path:
    """Where the labels of one unit stand."""
    return root / "ActionUnit_Labels" / subject / f"{subject}_au{unit}.txt"


def write_labels(root: Path, subject: str, unit: int, lines: list[str]) -> None:
    """Write one label file, with the line ends that the set is shipped with."""
    path = label_file(root, subject, unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode())
