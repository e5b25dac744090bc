"""A small SMIC-E: `HS_long/SMIC_HS_E/s03/s3_ne_03/image000123.jpg`, a sheet of onsets and offsets."""

from pathlib import Path

from tests.dataset_scripts.trees.common import write_frames, write_workbook

HEADINGS = ["Subject", "Filename", "FirstF", "LastF", "TotalVL", "OnsetF", "OffsetF", "Onset2F", "Offset2F", "Onset3F"]
HEADINGS += ["Offset3F", "TotalMF1", "TotalMF2", "TotalMF3", "Emotion"]
ROWS = [
    [3, "s3_ne_03", 100, 150, 51, 120, 130, *[None] * 4, 11, None, None, "negative"],
    [11, "s11_po_01", 10, 40, 31, 20, 28, *[None] * 4, 9, None, None, "positive"],
]


def write_smic_e(root: Path, rows=ROWS) -> Path:
    """The sheet and the clips, which begin before the onset and end after the offset."""
    write_workbook(root / "SMIC-HS-E_annotation.xlsx", [HEADINGS, *rows])
    for subject, clip, first, last, *_ in rows:
        folder = root / "SMIC-E_raw image" / "HS_long" / "SMIC_HS_E" / f"s{subject:02d}" / clip
        write_frames(folder, range(first, last + 1), "image{:06d}.jpg")
    return root
