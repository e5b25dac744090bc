"""SAMM Long Videos: whole recordings at 200 frames a second with their micro- and macro-expressions, for spotting.

A row is an expression, `006_1_1`; its recording is `SAMM_longvideos/006_1/006_1_0001.jpg`. Its micro-expressions are
those of SAMM.

Source: Yap, Kendrick and Yap, "SAMM Long Videos: A spontaneous facial micro- and macro-expressions dataset", FG 2020;
names of columns and folders as others' readers have them.
"""

from dataclasses import replace
from pathlib import Path

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow

_RECORDINGS = FrameFolder("{subject}_{clip}", fps=200, roots=(".", "SAMM_longvideos"), prefix="{subject}_{clip}_")


def name_recordings(rows: list[ClipRow], data_dir: Path, report: Report) -> list[ClipRow]:
    """Say in which of its subject's recordings each clip lies: 1 for 006_1_4.

    Args:
        rows: as read. data_dir, report: not used.

    Returns:
        The rows; `folder` is the number of the recording.
    """
    return [replace(row, folder=_recording(row)) for row in rows]


def _recording(row: ClipRow) -> str:
    return row.clip.removeprefix(f"{row.subject}_").rpartition("_")[0] or row.clip


_SHEET = Release(
    name="unnumbered",
    sheets=("*SAMM*Long*", "*SAMM*"),
    columns={
        "subject": ("Subject",),
        "clip": ("Filename",),
        "onset": ("Onset", "Onset Frame"),
        "apex": ("Apex", "Apex Frame"),
        "offset": ("Offset", "Offset Frame"),
        "units": ("Action Units",),
        "expression": ("Type",),
    },
    frames={"raw": _RECORDINGS},
    required=("subject", "clip", "onset", "offset", "units", "expression"),
    only=("Type",),
    takes=_RECORDINGS,
)

LAYOUT = Layout(
    name="samm_long",
    title="SAMM Long Videos",
    releases=(
        *(replace(_SHEET, name=name, sheets=(f"*SAMM*Long*{name}*",), only=()) for name in ("V3", "V2", "V1")),
        _SHEET,
    ),
    subject=numbered("{:03d}"),
    shared_folders=True,
    mend_rows=name_recordings,
    unchecked=("folders SAMM_longvideos/006_1/006_1_0001.jpg, one a recording",),
)
