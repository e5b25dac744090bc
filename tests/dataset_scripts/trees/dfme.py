"""A small DFME: `sub0003_01/00109.png`, a sheet that tells the frames per second of each clip."""

from pathlib import Path

from tests.dataset_scripts.trees.common import write_frames, write_table

HEADINGS = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU"]
ROWS = [
    ["sub0003", "sub0003_01", 109, 112, 120, "happiness", 1, 500, "4+AD38"],
    ["sub0003", "sub0003_02", 5, 8, 12, "disgust", 3, 200, "L12"],
    ["sub0021", "sub0021_01", 1, 2, 6, "fear", 5, 300, "AD30+25"],
]


def write_dfme(root: Path, rows=ROWS, box: str = "") -> Path:
    """The tree; frames of all clips lie beside each other."""
    write_table(root / "annotation.csv", [HEADINGS, *rows])
    for _, clip, onset, _, offset, *_ in rows:
        write_frames(root / box / clip, range(onset, offset + 1), "{:05d}.png")
    return root
