"""BP4D-Spontaneous: 41 people, eight tasks each; units present or absent in every coded frame. Macro-expressions.

9 is unknown. The sequences are cut into clips: `episodes` tells how. Which units a file codes is read from its header.

Source: Zhang et al., "BP4D-Spontaneous: a high-resolution spontaneous 3D dynamic facial expression database", Image and
Vision Computing 32(10), 2014. The split is the three groups of subjects of most papers, as in the lists of
CVI-SZU/ME-GraphAU.
"""

import re
from pathlib import Path

from dataset_scripts.layout import FrameFolder, Layout, Release, what_is_in
from dataset_scripts.recordings.episodes import Cutting
from dataset_scripts.recordings.frame_codes import NoCodes, read_bp4d_codes
from dataset_scripts.recordings.recordings import episode_rows
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow

FPS = 25
CUTTING = Cutting(present=1)
LABELS = ("AU_OCC", "AUCoding/AU_OCC", "AUCoding/AUCoding", "AUCoding")
_PARTS = {
    "part 1": "F001 F002 F008 F009 F010 F016 F018 F023 M001 M004 M007 M008 M012 M014",
    "part 2": "F003 F005 F011 F013 F020 F022 M002 M005 M010 M011 M013 M016 M017 M018",
    "part 3": "F004 F006 F007 F012 F014 F015 F017 F019 F021 M003 M006 M009 M015",
}
SPLITS = {subject: part for part, subjects in _PARTS.items() for subject in subjects.split()}
"""Subject -> part; each part is the test set of one fold."""

_FILE = re.compile(r"([FM]\d{3})_(T\d+)\.csv", re.IGNORECASE)


def read_codes(data_dir: Path, release: Release, report: Report) -> list[ClipRow]:
    """Cut every task of every subject by its codes.

    Args:
        data_dir: the user's copy.
        release: not used, there is one.
        report: told of files and rows that cannot be read.

    Returns:
        One row an episode.

    Raises:
        FileNotFoundError: no codes; says what was looked for and what was found.
    """
    files = next((found for name in LABELS if (found := _code_files(data_dir / name))), [])
    if not files:
        raise FileNotFoundError(
            f"no codes of BP4D below {data_dir}. Looked for F001_T1.csv in {', '.join(LABELS)}. "
            f"Found {what_is_in(data_dir)}"
        )
    rows = []
    for subject, task, path in files:
        try:
            codes = read_bp4d_codes(path, report)
        except NoCodes as error:
            report.add("dropped", f"{subject}/{task}", str(error), "without codes there is nothing to cut")
            continue
        rows += episode_rows(subject, task, codes, FPS, CUTTING, path.name, SPLITS.get(subject))
    return rows


def _code_files(folder: Path) -> list[tuple[str, str, Path]]:
    if not folder.is_dir():
        return []
    found = ((_FILE.fullmatch(path.name), path) for path in sorted(folder.iterdir()))
    return [(match.group(1).upper(), match.group(2).upper(), path) for match, path in found if match]


LAYOUT = Layout(
    name="bp4d",
    title="BP4D-Spontaneous",
    releases=(
        Release(
            name="1",
            sheets=(),
            columns={},
            frames={
                "raw": FrameFolder("{subject}/{clip}", FPS, roots=(".", "2D+3D", "BP4D-training", "BP4D", "Sequences")),
            },
        ),
    ),
    optional_times=True,
    expression="macro",
    longest=None,
    shared_folders=True,
    read_rows=read_codes,
    unchecked=(
        "all folders and file names: AU_OCC/F001_T1.csv and F001/T1/0001.jpg",
        "the number in a picture's name is the frame that the codes name",
        "folders of archives around F001 (2D+3D, BP4D-training, BP4D, Sequences)",
    ),
)
