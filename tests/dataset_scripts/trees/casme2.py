"""A small CASME II: `sub01/EP02_01f/img46.jpg`, sheets of both releases with the blank columns of the real ones."""

from pathlib import Path

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.report import Report

from .common import write_frames, write_workbook

HEADINGS = ["Subject", "Filename", "", "OnsetFrame", "ApexFrame", "OffsetFrame", "", "Action Units"]
ROWS = [
    ["01", "EP02_01f", None, 46, 50, 54, None, 4, "disgust", 5],
    ["01", "EP03_02", None, 8, 9, 11, None, "4+7+L10", "others", 7],
    ["02", "EP01_2", None, 98, "/", 103, None, "R1+R2", "surprise", 2],
    ["02", "EP06_02_01", None, 1, 3, 6, None, "?", "others", 7],
    ["17", "EP09f", None, 5, 7, 12, None, "L2+26+38", "repression", 7],
    ["17", "EP08_1", None, 20, 22, 25, None, "12", "happiness", 1],
]
SHEETS = {"2014-05-08": "CASME2-coding-20140508.xlsx", "2019-07-01": "CASME2-coding-20190701.xlsx"}


def write_casme2(root: Path, releases=tuple(SHEETS), cropped: bool = False, rows=ROWS) -> Path:
    """The tree; the 2019 sheet has objective classes and another coding of the first clip."""
    for release in releases:
        newer = release == "2019-07-01"
        headings = [*HEADINGS, "Estimated Emotion", *(["Objective Class"] if newer else [])]
        body = [row[: len(headings)] for row in rows]
        if newer and rows:
            body[0] = [*body[0][:7], "4+5", *body[0][8:]]
        write_workbook(root / SHEETS[release], [headings, *body])
    for subject, clip, _, onset, _, offset, *_ in rows:
        folder = root / "CASME2_RAW_selected" / f"sub{subject}" / clip
        write_frames(folder, range(onset, offset + 1))
        if cropped:
            write_frames(root / "Cropped" / f"sub{subject}" / clip, range(onset, offset + 1), "reg_img{}.jpg")
    return root


def clip_folder(copy: Path, number: int) -> Path:
    """The folder of raw frames of one of ROWS."""
    subject, clip, *_ = ROWS[number]
    return copy / "CASME2_RAW_selected" / f"sub{subject}" / clip


def load(copy: Path, **options):
    """Build the copy into the folder "out" beside it."""
    return load_dataset_from("casme2", copy, **{"out": copy.parent / "out", "progress": False} | options)


def found(report: Report, kind: str) -> list[str]:
    """What the findings of one kind say."""
    return [finding.what for finding in report.of_kind(kind)]
