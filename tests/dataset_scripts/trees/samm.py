"""A small SAMM: thirteen rows of preamble, subjects as text, `006/006_1_2/006_05562.jpg`, its odd cells."""

from pathlib import Path

from .common import write_frames, write_workbook

HEADINGS = [
    *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro"),
    *("Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
]
PREAMBLE = [["Micro-movements"], [None, "A to E are intensities"], ["/", "or"], ["?", "unclear"], *[[]] * 9]
ROWS = [
    ["006", "006_1_2", 1, 5562, 5565, 5570, 9, "Micro", "12B", "Happiness", "I", None],
    ["006", "006_1_3", 1, 95, 99, 104, 10, "Micro", "(R6 or R12) + R15", "Other", "VI", None],
    ["013", "013_1_8", 3, 10, 12, 15, 6, "Micro", "R14+17+soft focus", "Contempt", "V", "see notes"],
    ["013", "013_1_12", 3, 40, 90, 46, 7, "Micro", "A/L12", "Happiness", "I", None],
    ["037", "037_7_1", 7, 200, 203, 206, 7, "Micro", "ref(7B)+43", "Anger", "III", None],
]


def write_samm(root: Path, rows=ROWS, side: int = 800) -> Path:
    """The tree, its pictures of so many pixels; frames of 013_1_8 carry the name of clip 013_1_7, as in the set."""
    write_workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx", [*PREAMBLE, HEADINGS, *rows], "MICRO ONLY")
    for subject, clip, _, onset, _, offset, *_ in rows:
        name = "013_1_7_{:05d}.jpg" if clip == "013_1_8" else subject + "_{:05d}.jpg"
        write_frames(root / subject / clip, range(onset, offset + 1), name, side)
    return root
