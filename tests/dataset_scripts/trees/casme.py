"""A small CASME: two apex columns, `sub01/EP01_5/`, as a text table in a Chinese encoding."""

from pathlib import Path

from .common import write_frames, write_table

HEADINGS = ["Subject", "Filename", "Emotion", "OnsetF", "ApexF1", "ApexF2", "OffsetF", "AU"]
ROWS = [
    ["1", "EP01_5", "disgust", "98", "102", "0", "105", "4"],
    ["1", "EP03_1", "惊讶", "7", "9", "10", "13", "1+2"],
    ["12", "EP02_1", "tense", "1", "4", "0", "8", "L14"],
]


def write_casme(root: Path, rows=ROWS) -> Path:
    """The tree; frames of the last clip are numbered anew from 101."""
    write_table(root / "CASME-code.csv", [HEADINGS, *rows], ";", "gb18030")
    for subject, clip, _, onset, _, _, offset, _ in rows:
        start = 101 if clip == "EP02_1" else int(onset)
        numbers = range(start, start + int(offset) - int(onset) + 1)
        write_frames(root / f"sub{int(subject):02d}" / clip, numbers, f"{clip}-{{:03d}}.jpg", 400)
    return root
