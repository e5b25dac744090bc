"""SMIC: micro-expressions with an emotion and no action units, in three parts: HS (100 frames a second), VIS, NIR (25).

There is no coding sheet to read: the folders tell subject, emotion and clip, and a clip runs from its first frame to
its last. The part is the release: `release="VIS"`.

Source: Li et al., "A spontaneous micro-expression database: inducement, collection and baseline", FG 2013;
https://www.oulu.fi/cmvs/node/41319 (HS: 164 clips of 16 subjects; VIS and NIR: the latter 10 subjects).
"""

import os
from pathlib import Path

from dataset_scripts.cells.facs import Coding
from dataset_scripts.layout import FrameFolder, Layout, Release, what_is_in
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow

PARTS = {"HS": 100, "VIS": 25, "NIR": 25}
EMOTIONS = ("negative", "positive", "surprise")
_KINDS = ("SMIC_all_raw", "SMIC_all_cropped")
_BOXES = (
    "",
    "SMIC",
    *(f"{outer}{box}" for outer in ("", "SMIC/") for kind in _KINDS for box in (kind, f"{kind}/{kind}")),
)
_UNKNOWN = Coding(rest_unknown=True)


def read_folders(data_dir: Path, release: Release, report: Report) -> list[ClipRow]:
    """Clips out of the folders of one part: SUBJECT/micro/EMOTION/CLIP.

    Args:
        data_dir: the user's copy, or the folder of one part.
        release: the part.
        report: told of folders that are no clip.

    Returns:
        One row a clip, subjects and clips in order; none has an onset or apex, whole folders are clips.

    Raises:
        FileNotFoundError: no folder of that part; says what was looked for and what was found.
    """
    roots = [data_dir / root for root in _roots(release.name, data_dir.name) if (data_dir / root).is_dir()]
    rows: dict[tuple[str, str], ClipRow] = {}
    for root in roots:
        for folder in sorted(root.glob("*/micro/*/*")):
            row = _row(folder, release.name, report)
            if row is not None:
                rows.setdefault((row.subject, row.clip), row)
    if not rows:
        raise FileNotFoundError(
            f"no clip of SMIC {release.name} below {data_dir}. Looked for {release.name}/s1/micro/negative/s1_ne_01 "
            f"and its like. Found {what_is_in(data_dir)}. For another part pass release={' or '.join(map(repr, PARTS))}"
        )
    return list(rows.values())


def _row(folder: Path, part: str, report: Report) -> ClipRow | None:
    subject, emotion = folder.parts[-4], folder.parts[-2].lower()
    where = f"{part}/{'/'.join(folder.parts[-4:])}"
    if not folder.is_dir() or folder.name.startswith("."):
        report.add("doubtful", where, "no folder of frames", "passed over")
        return None
    if emotion not in EMOTIONS:
        report.add("doubtful", where, f"{emotion!r} is none of {', '.join(EMOTIONS)}", "kept as it is written")
    return ClipRow(subject, folder.name, _UNKNOWN, None, None, None, None, emotion, None, sheet=where, row=0)


def _roots(part: str, data_dir_name: str) -> tuple[str, ...]:
    """Where a part may lie below data_dir; data_dir itself only where it bears the part's name."""
    here = (".",) if data_dir_name.upper() == part else ()
    return here + tuple(os.path.join(box, part) for box in _BOXES)


def _release(part: str, fps: int) -> Release:
    roots = _roots(part, part)
    return Release(
        name=part,
        sheets=(),
        columns={},
        frames={
            "raw": FrameFolder(
                "{subject}/micro/{emotion}/{clip}", fps, _of_kind(roots, "cropped"), "image", only_prefix=True
            ),
            "cropped": FrameFolder(
                "{subject}/micro/{emotion}/{clip}", fps, _of_kind(roots, "raw"), "reg_image", only_prefix=True
            ),
        },
        split=part,
    )


def _of_kind(roots: tuple[str, ...], other: str) -> tuple[str, ...]:
    return tuple(root for root in roots if root.split(os.sep)[-2:-1] != [f"SMIC_all_{other}"])


LAYOUT = Layout(
    name="smic",
    title="SMIC",
    releases=tuple(_release(part, fps) for part, fps in PARTS.items()),
    has_units=False,
    optional_times=True,
    read_rows=read_folders,
    unchecked=(
        "folders HS/SUBJECT/micro/EMOTION/CLIP, raw frames image000123.jpg, cropped ones reg_image000123.bmp",
        "folders of archives around HS, VIS and NIR (SMIC_all_raw, SMIC_all_cropped)",
    ),
)
