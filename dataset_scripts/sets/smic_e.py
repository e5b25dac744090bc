"""SMIC-E: the micro-expressions of SMIC HS in longer clips at 100 frames a second, for spotting. Emotions only.

A clip's frames are `HS_long/SMIC_HS_E/s03/s3_ne_03/image000123.jpg`; the sheet says where in them the movements are, up
to three a row. They are those of SMIC: never count both sets in one score.

Source: Li et al., "Towards reading hidden emotions: a comparative study of spontaneous micro-expression spotting and
recognition methods", IEEE Transactions on Affective Computing 9(4), 2018; names of columns and folders as others'
readers have them.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered
from dataset_scripts.rows import SheetRow
from dataset_scripts.sheets.sheets import read_sheet

_NAMES = ("SMIC_HS_E", "SMIC-HS-E")
_BOXES = ("", "HS_long/", "SMIC-E_raw image/HS_long/", "SMIC-E/HS_long/")
_CLIPS = FrameFolder(
    "{subject}/{clip}", 100, (*(f"{box}{name}" for box in _BOXES for name in _NAMES), "."), prefix="image"
)


def read_movements(path: Path, release: Release) -> list[SheetRow]:
    """The rows of the sheet, one a movement.

    Args:
        path: of the sheet. release: names its columns.

    Returns:
        Rows in order; the second and third movement of a clip follow its first.

    Raises:
        ValueError: no sheet with the columns the release asks for.
    """
    return [movement for row in read_sheet(path, release.columns, release.required) for movement in _movements(row)]


def _movements(row: SheetRow) -> Iterator[SheetRow]:
    yield row
    for number in "23":
        names = {end: f"{end}{number}" for end in ("onset", "offset")}
        times = {end: row.get(name) for end, name in names.items()}
        if any(times.values()):
            headings = {end: row.headings.get(name, end) for end, name in names.items()}
            yield replace(row, cells={**row.cells, **times, "apex": ""}, headings={**row.headings, **headings})


LAYOUT = Layout(
    name="smic_e",
    title="SMIC-E",
    releases=(
        Release(
            name="HS",
            sheets=("*SMIC*E*anno*", "*SMIC*E*spot*", "*SMIC*E*"),
            columns={
                "subject": ("Subject",),
                "clip": ("Filename",),
                "onset": ("OnsetF", "Onset"),
                "apex": ("ApexF", "Apex"),
                "offset": ("OffsetF", "Offset"),
                "emotion": ("Emotion",),
                **{f"{end}{number}": (f"{end.title()}{number}F",) for end in ("onset", "offset") for number in "23"},
            },
            frames={"raw": _CLIPS},
            required=("subject", "clip", "onset", "offset"),
            split="HS",
            takes=_CLIPS,
        ),
    ),
    subject=numbered("s{:02d}"),
    has_units=False,
    shared_folders=True,
    read_sheet=read_movements,
    unchecked=("folders HS_long/SMIC_HS_E/s03/s3_ne_03/image000123.jpg",),
)
