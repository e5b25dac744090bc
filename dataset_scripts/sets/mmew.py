"""MMEW: 300 micro-expressions at 90 frames a second; a clip is named person-emotion-sample, as in S03-01-002.

Copies come with folders EMOTION/CLIP or SUBJECT/EMOTION/CLIP, and the emotion of a folder is not always the sheet's
("others" lie under "repression"). Clip names are unique, so a clip is looked for by its name.

Source: Ben et al., "Video-based facial micro-expression analysis", TPAMI 44(9), 2022; http://www.dpailab.com/database.html
(file directory); names of sheet and folders as others' readers have them (tvaranka/meb), which also mends 16 rows
without a usable apex and offset, by row and by eye: here such rows are repaired and told like any other.
"""

import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from dataset_scripts.frames.frame_files import plain_name
from dataset_scripts.layout import FrameFolder, Layout, Release
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow

_NAMES = ("Micro_Expression", "Micro-Expression")
_ROOTS = (*(f"{box}{name}" for box in ("", "MMEW_Final/", "MMEW/") for name in _NAMES), ".")
_DEPTH = 3
_MACRO = "macro"


def locate_clips(rows: list[ClipRow], data_dir: Path, report: Report) -> list[ClipRow]:
    """Look up under which folder each clip really lies.

    Args:
        rows: as read.
        data_dir: the user's copy.
        report: told of clips under another emotion than the sheet's, and of names that lie in several places.

    Returns:
        The rows; `folder` is the path below the root that was found, or the sheet's name where there is none.
    """
    root = next((data_dir / name for name in _ROOTS if (data_dir / name).is_dir()), data_dir)
    places = _folders_by_name(root)
    return [_located(row, places.get(plain_name(row.folder), []), root, report) for row in rows]


def _located(row: ClipRow, places: list[Path], root: Path, report: Report) -> ClipRow:
    of_emotion = [place for place in places if plain_name(place.parent.name) == plain_name(row.emotion or "")]
    if len(of_emotion or places) != 1:
        if places:
            listed = ", ".join(place.relative_to(root).as_posix() for place in places)
            report.add(
                "doubtful", row.place, f"{row.clip} lies in several folders: {listed}", "the sheet's emotion decides"
            )
        return replace(row, folder=f"{row.emotion or ''}/{row.folder}")
    (place,) = of_emotion or places
    relative = place.relative_to(root).as_posix()
    if not of_emotion:
        what = f"{row.clip} is {row.emotion!r} in the sheet and lies in {relative}"
        report.add("doubtful", row.place, what, "the sheet's emotion was kept, the folder's frames were taken")
    return replace(row, folder=relative)


def _folders_by_name(root: Path) -> dict[str, list[Path]]:
    """Every folder up to three levels down, by its plain name; macro-expressions are passed over."""
    found = defaultdict(list)
    for place, folders, _ in os.walk(root):
        depth = len(Path(place).relative_to(root).parts)
        folders[:] = sorted(name for name in folders if depth < _DEPTH and _MACRO not in name.lower())
        for name in folders:
            found[plain_name(name)].append(Path(place) / name)
    return found


LAYOUT = Layout(
    name="mmew",
    title="MMEW",
    releases=(
        Release(
            name="1",
            sheets=("*MMEW*Micro*Exp*", "*MMEW*"),
            columns={
                "subject": ("Subject",),
                "clip": ("Filename",),
                "onset": ("OnsetFrame",),
                "apex": ("ApexFrame",),
                "offset": ("OffsetFrame",),
                "units": ("Action Units",),
                "emotion": ("Estimated Emotion",),
            },
            frames={"raw": FrameFolder("{clip}", fps=90, roots=_ROOTS)},
            not_sheets=("*macro*",),
        ),
    ),
    mend_rows=locate_clips,
    unchecked=("folders Micro_Expression/EMOTION/CLIP/1.jpg or Micro_Expression/SUBJECT/EMOTION/CLIP/1.jpg",),
)
