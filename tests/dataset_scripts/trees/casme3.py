"""A small CAS(ME)^3: whole recordings `spNO.1/a2/color/{n}.jpg`, clips cut by range; part C in folders `01/a/color`."""

from pathlib import Path

from .common import write_frames, write_workbook

HEADINGS = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "emotion", "Objective class"]
ROWS = [
    ["spNO.1", "a2", 3, 5, 9, "4，7", "disgust", 4],
    ["spNO.1", "a2", 21, 23, 26, 14, "others", 7],
    ["spNO.1", "b", 2, 3, 6, "1+2", "surprise", 2],
    ["spNO.12", "a", 8, 11, 13, "R14", "others", 7],
]
SHEET = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
PART_C = [["sub", "count", "onset", "offset", "au"], [1, 1, 4, 9, "4,7"], [1, 2, 12, 18, 14], [7, 1, 2, 5, "1,2"]]


def write_casme3(root: Path, rows=ROWS, kind: str = "recordings", sheet: str = SHEET, headings=HEADINGS) -> Path:
    """Parts A and C below one folder.

    Args:
        root: of the copy. rows: of part A, in a sheet of that name with those headings.
        kind: of part A's frames: "recordings", "clips" (`Part_A_ME_clip/frame/spNO.1_a2_3`) or "extracted" by others
            (`ME_A/spNO.1/a22/color`).
    """
    write_workbook(root / "annotation" / sheet, [headings, *rows], "label")
    write_workbook(root / "annotation" / "cas(me)3_part_A_MaE_label.xlsx", [["sub", "seq"], ["spNO.1", "a"]])
    write_workbook(root / "annotation" / "CAS(ME)3_part_C_ME.xlsx", PART_C)
    {"recordings": _write_recordings, "clips": _write_clips, "extracted": _write_extracted}[kind](root, rows)
    for subject in (1, 7):
        write_frames(root / "part_C" / f"{subject:02d}" / "a" / "color", range(1, 21), "{}.jpg")
    return root


def write_macro(root: Path, *rows: list) -> Path:
    """The sheet of macro-expressions beside the other, without action units; gives its path."""
    headings = ["sub", "seq", "onset", "apex", "offset", "emotion"]
    sheet = root / "annotation" / "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
    return write_workbook(sheet, [headings, *rows])


def _write_recordings(root: Path, rows: list) -> None:
    for subject, clip in {(row[0], row[1]) for row in rows}:
        last = max(30, *(row[4] for row in rows if (row[0], row[1]) == (subject, clip)))
        write_frames(root / "part_A" / subject / clip / "color", range(1, last + 1), "{}.jpg")
        write_frames(root / "part_A" / subject / clip / "depth", range(1, 3), "{}.png")


def _write_clips(root: Path, rows: list) -> None:
    for subject, clip, onset, _, offset, *_ in rows:
        folder = root / "Part_A_ME_clip" / "frame" / f"{subject}_{clip}_{onset}"
        write_frames(folder, range(onset, (offset or onset + 6) + 1), "{}.jpg")


def _write_extracted(root: Path, rows: list) -> None:
    seen = []
    for subject, clip, onset, _, offset, *_ in rows:
        seen.append((subject, clip))
        times = seen.count((subject, clip))
        folder = root / "ME_A" / subject / f"{clip}{times if times > 1 else ''}" / "color"
        write_frames(folder, range(onset, offset + 1), "{}.jpg")
