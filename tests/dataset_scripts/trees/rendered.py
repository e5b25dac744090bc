"""Rendered clips written as a copy of CASME II, so that the way from a licensed folder to scores can be walked."""

from pathlib import Path

from datasets import Dataset

from .casme2 import HEADINGS, SHEETS
from .common import write_workbook


def write_rendered_casme2(root: Path, clips: Dataset, first: int = 46) -> Path:
    """The tree with the clips' own JPEGs and labels; in the sheet the subjects take turns.

    Args:
        root: of the copy. clips: rows of the schema with undecoded frames of equal length. first: number of the onset.
    """
    rows = []
    for clip in clips.with_format("arrow")[:].to_pylist():
        subject, name = f"{int(clip['subject'][1:]) + 1:02d}", f"EP{int(clip['clip'][1:]) + 1:02d}_01f"
        folder = root / "CASME2_RAW_selected" / f"sub{subject}" / name
        folder.mkdir(parents=True)
        for index, frame in enumerate(clip["frames"]):
            (folder / f"img{first + index}.jpg").write_bytes(frame["bytes"])
        times = [first + clip["onset"], first + clip["apex"], first + clip["offset"]]
        units = "+".join(str(unit["number"]) for unit in clip["coded"])
        units = int(units) if units.isdigit() else units
        rows.append([subject, name, None, *times, None, units, "others", 7])
    rows.sort(key=lambda row: (row[1], row[0]))
    write_workbook(root / SHEETS["2019-07-01"], [[*HEADINGS, "Estimated Emotion", "Objective Class"], *rows])
    return root
