"""metadata.csv of a folder of clips, read and checked against the disk before anything is decoded.

    rows = read_metadata("my_clips")

All mistakes are gathered and told at once, each with file, line, column and value.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from dataset_scripts.cells.facs import Coding, parse_cell
from dataset_scripts.frames.video_clips import VIDEO_SUFFIXES

METADATA = "metadata.csv"
REQUIRED = ("file_name", "subject", "action_units")
OPTIONAL = ("onset", "apex", "offset", "fps", "emotion", "coded_units")
IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
_MOST_TOLD = 20


class MetadataError(ValueError):
    """Mistakes in metadata.csv, or between it and the disk. The message lists them."""


@dataclass(frozen=True)
class MetadataRow:
    """One line of a metadata.csv.

    Attributes:
        path: the video file or the folder of frames.
        file_name: as written, relative to the metadata.csv.
        subject: as written; "006" stays "006".
        coding: the parsed action units.
        cell: the action units as written.
        onset, apex, offset: frame numbers as written, None where empty.
        fps: frames per second, None where empty.
        emotion: as written, None where empty.
        coded_units: numbers of the units that were looked for; None for all.
        split: name of the folder that the metadata.csv stands in, None in the top folder.
        where: "metadata.csv, line 4", for messages.
    """

    path: Path
    file_name: str
    subject: str
    coding: Coding
    cell: str
    onset: int | None
    apex: int | None
    offset: int | None
    fps: float | None
    emotion: str | None
    coded_units: tuple[int, ...] | None
    split: str | None
    where: str


def read_metadata(data_dir: str | Path) -> list[MetadataRow]:
    """Read the metadata.csv of a folder, or those of its subfolders (train/metadata.csv, test/metadata.csv).

    Args:
        data_dir: the folder.

    Returns:
        One row a clip, in the order written.

    Raises:
        FileNotFoundError: no such folder, or no metadata.csv; the message says what was found instead.
        MetadataError: every mistake, with file, line, column and value.
    """
    data_dir = Path(data_dir)
    problems: list[str] = []
    rows = [
        row for sheet in _find(data_dir) for row in _read_sheet(sheet, sheet.relative_to(data_dir).as_posix(), problems)
    ]
    problems += _across(rows)
    if not rows and not problems:
        problems.append(f"{METADATA}: has a header and no line below it")
    refuse(data_dir, problems)
    return rows


def refuse(data_dir: Path, problems: list[str]) -> None:
    """Raise where there are problems.

    Args:
        data_dir: the folder. problems: each with its file, line and column.

    Raises:
        MetadataError: with the first twenty of them.
    """
    if problems:
        told = "\n  ".join(problems[:_MOST_TOLD])
        more = f"\n  and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        raise MetadataError(f"{data_dir}: {len(problems)} to be mended before the clips can be read:\n  {told}{more}")


def _find(data_dir: Path) -> list[Path]:
    """The metadata files: of the folder itself, else of the folders in it."""
    if not data_dir.is_dir():
        raise FileNotFoundError(f"{data_dir}: no such folder")
    sheets = [data_dir / METADATA] if (data_dir / METADATA).is_file() else sorted(data_dir.glob(f"*/{METADATA}"))
    if not sheets:
        found = sorted(path.name for path in data_dir.iterdir())
        raise FileNotFoundError(
            f"{data_dir}: looked for {METADATA} here and one folder down, found {', '.join(found[:8]) or 'nothing'}"
            f"{' ...' if len(found) > 8 else ''}. Write one with the columns {', '.join(REQUIRED)}: docs/folder.md"
        )
    return sheets


def _read_sheet(sheet: Path, name: str, problems: list[str]) -> Iterator[MetadataRow]:
    try:
        text = sheet.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(f"{name}: not UTF-8 (byte {error.start}); save the sheet as CSV UTF-8")
        return
    header = text.partition("\n")[0]
    lines = csv.reader(text.splitlines(), delimiter=";" if "," not in header and ";" in header else ",")
    columns = [column.strip() for column in next(lines, [])]
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        problems.append(f"{name}, line 1: columns {', '.join(missing)} are missing; there are {', '.join(columns)}")
        return
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        line = _Line(f"{name}, line {lines.line_num}", sheet.parent, problems)
        if len(cells) > len(columns):
            line.wrong("", f"{len(cells)} cells for {len(columns)} columns; write units as 4+7, or quote the cell")
            continue
        values = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        row = line.row({column: values.get(column) or "" for column in (*REQUIRED, *OPTIONAL)})
        if row is not None:
            yield row


class _Line:
    """One line: turns cells into values and notes what is wrong with them."""

    def __init__(self, where: str, folder: Path, problems: list[str]) -> None:
        self.where, self.folder, self.problems = where, folder, problems
        self.fine = True

    def wrong(self, column: str, what: str) -> None:
        self.fine = False
        self.problems.append(f"{self.where}{', ' + column if column else ''}: {what}")

    def row(self, cells: dict[str, str]) -> MetadataRow | None:
        path = self.path(cells["file_name"])
        if not cells["subject"]:
            self.wrong("subject", "is empty; scores need to know who is in a clip")
        onset, apex, offset = (self.frame(column, cells[column]) for column in ("onset", "apex", "offset"))
        self.order(onset, apex, offset)
        row = MetadataRow(
            path=path,
            file_name=cells["file_name"],
            subject=cells["subject"],
            coding=self.coding("action_units", cells["action_units"]),
            cell=cells["action_units"],
            onset=onset,
            apex=apex,
            offset=offset,
            fps=self.fps(cells["fps"]),
            emotion=cells["emotion"] or None,
            coded_units=self.coded(cells["coded_units"]),
            split=None if "/" not in self.where.partition(",")[0] else self.folder.name,
            where=self.where,
        )
        return row if self.fine else None

    def path(self, name: str) -> Path:
        """Where a clip lies; like `videofolder`, nothing outside the folder of its metadata.csv."""
        relative = PurePosixPath(name.replace("\\", "/"))
        path = self.folder / relative
        if not name:
            self.wrong("file_name", "is empty")
        elif "://" in name or relative.is_absolute() or ".." in relative.parts or ":" in name.partition("/")[0]:
            self.wrong("file_name", f"{name!r} must be a path inside the folder of {METADATA}")
        elif path.is_dir():
            if not any(each.suffix.lower() in IMAGE_SUFFIXES for each in path.iterdir()):
                self.wrong("file_name", f"the folder {name!r} holds no image ({', '.join(IMAGE_SUFFIXES)})")
        elif not path.is_file():
            self.wrong("file_name", f"{name!r} is no file and no folder{_lookalike(path)}")
        elif path.suffix.lower() not in VIDEO_SUFFIXES:
            self.wrong("file_name", f"{name!r} is no video ({', '.join(VIDEO_SUFFIXES)}) and no folder of frames")
        return path

    def coding(self, column: str, cell: str) -> Coding:
        coding = parse_cell(cell)
        if coding.unread:
            pieces = ", ".join(map(repr, coding.unread))
            self.wrong(column, f"{cell!r}: cannot read {pieces}; write units as 4+7, L12, 14B, 4?, or leave it empty")
        return coding

    def coded(self, cell: str) -> tuple[int, ...] | None:
        return tuple(unit.number for unit in self.coding("coded_units", cell).units) if cell else None

    def frame(self, column: str, cell: str) -> int | None:
        value = _number(cell)
        if cell and (value is None or value < 0 or value != int(value)):
            self.wrong(column, f"{cell!r} is no frame number (0, 1, 2, ...)")
            return None
        return None if value is None else int(value)

    def fps(self, cell: str) -> float | None:
        value = _number(cell)
        if cell and (value is None or not 0 < value <= 10_000):
            self.wrong("fps", f"{cell!r} is no number of frames per second")
        return value

    def order(self, onset: int | None, apex: int | None, offset: int | None) -> None:
        given = [(name, at) for name, at in (("onset", onset), ("apex", apex), ("offset", offset)) if at is not None]
        for (earlier, first), (later, second) in pairwise(given):
            if first > second:
                self.wrong(later, f"{second} lies before the {earlier}, {first}")
        if onset is not None and onset == offset:
            self.wrong("offset", f"{offset} is also the onset; a clip needs two frames at least")


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _lookalike(path: Path) -> str:
    """A hint where a file of that stem or another case is there."""
    if not path.parent.is_dir():
        return f": there is no folder {path.parent.name!r}"
    near = [each.name for each in sorted(path.parent.iterdir()) if each.stem.lower() == path.stem.lower()]
    return f"; there is {', '.join(near)}" if near else ""


def _across(rows: list[MetadataRow]) -> list[str]:
    """Mistakes between lines: a clip listed twice, or one film of two subjects."""
    problems, by_path, spans = [], defaultdict(list), {}
    for row in rows:
        by_path[row.path].append(row)
        span = (row.path, row.onset, row.offset)
        if span in spans:
            problems.append(f"{row.where}, file_name: {row.file_name!r} with these frames is in {spans[span]} already")
        spans.setdefault(span, row.where)
    for same in by_path.values():
        for row in same[1:]:
            if row.subject != same[0].subject:
                first = f"{same[0].subject!r} in {same[0].where}"
                problems.append(f"{row.where}, subject: {row.file_name!r} is of {row.subject!r} here and of {first}")
    return problems
