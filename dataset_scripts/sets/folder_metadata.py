"""metadata.csv of a folder of clips, read and checked against the disk before anything is decoded.

    rows = read_metadata("my_clips")

Mistakes are gathered and told at once, those of a kind together, each with file, line, column and value.
"""

import csv
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path, PurePosixPath

from dataset_scripts.cells.coding import MADE_A_NUMBER
from dataset_scripts.cells.facs import Coding, parse_cell
from dataset_scripts.frames.video_clips import VIDEO_SUFFIXES
from dataset_scripts.layout import EXPRESSIONS, PICTURES

METADATA = "metadata.csv"
REQUIRED = ("file_name", "subject", "action_units")
OPTIONAL = ("onset", "apex", "offset", "fps", "emotion", "coded_units", "expression")
_MAX_TOLD = 20
_MAX_OF_A_KIND = 5
MAX_MISTAKES = 1000
"""Mistakes after which nobody reads on: somebody wrote the whole sheet otherwise."""
_NEW_LINE = re.compile(r"\r\n|\r|\n")
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_SIGNS = re.compile(r"[\W_]+")


class MetadataError(ValueError):
    """Mistakes in metadata.csv, or between it and the disk. The message lists them."""


@dataclass(frozen=True)
class MetadataRow:
    """One line of a metadata.csv.

    Attributes:
        path: the video file or the folder of frames.
        file_name: as written, relative to the metadata.csv.
        subject: as written, in Unicode's composed form: one name for one person, however it was typed; "006" stays
            "006".
        coding: the parsed action units.
        cell: the action units as written.
        onset, apex, offset: frame numbers as written, None where empty.
        fps: frames per second, None where empty.
        emotion: as written, None where empty.
        coded_units: numbers of the units that were looked for; None for all.
        expression: "micro" or "macro", None where empty.
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
    expression: str | None
    split: str | None
    where: str


def read_metadata(data_dir: str | Path, unread: list[tuple[str, str]] | None = None) -> list[MetadataRow]:
    """Read the metadata.csv of a folder, or those of its subfolders (train/metadata.csv, test/metadata.csv).

    Args:
        data_dir: the folder.
        unread: told of columns that are of no use here, each as (where, name).

    Returns:
        One row a clip, in the order written.

    Raises:
        FileNotFoundError: no such folder, or no metadata.csv; the message says what was found instead.
        MetadataError: the mistakes, with file, line, column and value; after the first MAX_MISTAKES reading stops.
    """
    data_dir = Path(data_dir)
    problems: list[str] = []
    rows, unread = [], [] if unread is None else unread
    for sheet in _find(data_dir):
        rows += _read_sheet(sheet, sheet.relative_to(data_dir).as_posix(), problems, unread)
    problems += islice(_across(rows), MAX_MISTAKES)
    if not rows and not problems:
        problems.append(f"{METADATA}: has a header and no line below it")
    refuse(data_dir, problems)
    return rows


def refuse(data_dir: Path, problems: list[str]) -> None:
    """Raise where there are problems.

    Args:
        data_dir: the folder. problems: each with its file, line and column.

    Raises:
        MetadataError: with the first of each kind, twenty at most.
    """
    if not problems:
        return
    kinds, told = Counter(), []
    for problem in problems:
        kind = _VALUES.sub("", problem)
        kinds[kind] += 1
        if kinds[kind] <= _MAX_OF_A_KIND and len(told) < _MAX_TOLD:
            told.append((kind, problem))
    last = {kind: place for place, (kind, _) in enumerate(told)}
    lines = [
        f"{problem} (and {kinds[kind] - _MAX_OF_A_KIND} like this)"
        if place == last[kind] and kinds[kind] > _MAX_OF_A_KIND
        else problem
        for place, (kind, problem) in enumerate(told)
    ]
    if left := len(kinds) - len(last):
        lines.append(f"and {left} other kinds of mistakes")
    count = f"{len(problems)}, and perhaps more behind them," if len(problems) >= MAX_MISTAKES else len(problems)
    told = "\n  ".join(lines)
    raise MetadataError(f"{data_dir}: {count} to be mended before the clips can be read:\n  {told}")


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


def _read_sheet(sheet: Path, name: str, problems: list[str], unread: list[tuple[str, str]]) -> Iterator[MetadataRow]:
    try:
        # Not splitlines(): that cuts at signs, too, that are no end of a line for a spreadsheet.
        header, *lines = _NEW_LINE.split(sheet.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        problems.append(f"{name}: not UTF-8 (byte {error.start}); save the sheet as CSV UTF-8")
        return
    delimiter = ";" if "," not in header and ";" in header else ","
    columns = [column.strip() for column in next(csv.reader([header], delimiter=delimiter), [])]
    if wrong := list(_wrong_columns(columns)):
        problems += [f"{name}, line 1: {what}" for what in wrong]
        return
    unread += [(f"{name}, line 1", column) for column in columns if column and column not in (*REQUIRED, *OPTIONAL)]
    for number, text in enumerate(lines, 2):
        if len(problems) >= MAX_MISTAKES:
            return
        line = _Line(f"{name}, line {number}", sheet.parent, problems)
        cells = line.cells(text, delimiter, len(columns))
        if any(cells):
            values = dict(zip(columns, cells, strict=True))
            row = line.row({column: values.get(column, "") for column in (*REQUIRED, *OPTIONAL)})
            if row is not None:
                yield row


def _wrong_columns(columns: list[str]) -> Iterator[str]:
    """What is wrong with a heading line: columns that are missing, doubled, or almost have the name of a known one."""
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        yield f"columns {', '.join(missing)} are missing; there are {', '.join(columns)}"
    for column in sorted({column for column in columns if column and columns.count(column) > 1}):
        yield f"column {column} stands there {columns.count(column)} times; leave one"
    known = {_SIGNS.sub("", column): column for column in (*REQUIRED, *OPTIONAL) if column not in columns}
    for column in columns:
        near = get_close_matches(_SIGNS.sub("", column.lower()), known, 1, 0.8) if column else []
        if near and column not in (*REQUIRED, *OPTIONAL) and known[near[0]] not in missing:
            yield f"column {column} is not known; is {known[near[0]]} meant?"


class _Line:
    """One line: turns cells into values and notes what is wrong with them."""

    def __init__(self, where: str, folder: Path, problems: list[str]) -> None:
        self.where, self.folder, self.problems = where, folder, problems
        self.fine = True

    def wrong(self, column: str, what: str) -> None:
        self.fine = False
        self.problems.append(f"{self.where}{', ' + column if column else ''}: {what}")

    def cells(self, text: str, delimiter: str, count: int) -> list[str]:
        """The cells of a line; none where it is empty or wrong."""
        try:
            cells = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, strict=True), [])]
        except csv.Error:
            self.wrong("", 'a cell in quotes must end in its own line; write " inside it as ""')
            return []
        if not any(cells):
            return []
        if len(cells) > count:
            self.wrong("", f"{len(cells)} cells for {count} columns; write units as 4+7, or quote the cell")
            return []
        if len(cells) < count:
            self.wrong("", f"{len(cells)} cells for {count} columns; leave a cell empty, but do not leave it out")
            return []
        return cells

    def row(self, cells: dict[str, str]) -> MetadataRow | None:
        try:
            path = self.path(cells["file_name"])
        except OSError as error:  # a name of more bytes than the system knows, a folder that nobody may look into
            self.wrong("file_name", f"{cells['file_name'][:60]!r}: {error.strerror}")
            return None
        if not cells["subject"]:
            self.wrong("subject", "is empty; scores need to know who is in a clip")
        onset, apex, offset = (self.frame(column, cells[column]) for column in ("onset", "apex", "offset"))
        self.order(onset, apex, offset)
        coding = self.coding("action_units", cells["action_units"])
        row = MetadataRow(
            path=path,
            file_name=cells["file_name"],
            subject=unicodedata.normalize("NFC", cells["subject"]),
            coding=coding,
            cell=cells["action_units"],
            onset=onset,
            apex=apex,
            offset=offset,
            fps=self.fps(cells["fps"]),
            emotion=cells["emotion"] or None,
            coded_units=self.coded(cells["coded_units"], coding),
            expression=self.expression(cells["expression"]),
            split=None if "/" not in self.where.partition(",")[0] else self.folder.name,
            where=self.where,
        )
        return row if self.fine else None

    def path(self, name: str) -> Path:
        """Where a clip lies; like `videofolder`, nothing outside the folder of its metadata.csv."""
        relative = PurePosixPath(name.replace("\\", "/"))
        path = self.folder / relative
        if not path.exists():  # systems differ in how they write an accent in a name
            forms = [self.folder / unicodedata.normalize(form, str(relative)) for form in ("NFC", "NFD")]
            path = next((form for form in forms if form.exists()), path)
        if not name:
            self.wrong("file_name", "is empty")
        elif "://" in name or relative.is_absolute() or ".." in relative.parts or _DRIVE.match(name):
            self.wrong("file_name", f"{name!r} must be a path inside the folder of {METADATA}")
        elif path.is_dir():
            if not any(each.suffix.lower() in PICTURES for each in path.iterdir()):
                self.wrong("file_name", f"the folder {name!r} holds no image ({', '.join(PICTURES)})")
        elif not path.is_file():
            self.wrong("file_name", f"{name!r} is no file and no folder{_lookalike(path)}")
        elif path.suffix.lower() not in VIDEO_SUFFIXES:
            self.wrong("file_name", f"{name!r} is no video ({', '.join(VIDEO_SUFFIXES)}) and no folder of frames")
        return path

    def coding(self, column: str, cell: str) -> Coding:
        coding = _parse(cell)
        if coding.unread:
            pieces = ", ".join(map(repr, coding.unread))
            what = f"{cell!r} {MADE_A_NUMBER}" if coding.spoilt else f"{cell!r}: cannot read {pieces}"
            self.wrong(column, f"{what}; write units as 4+7, L12, 14B, 4?, or leave it empty")
        return coding

    def coded(self, cell: str, coding: Coding) -> tuple[int, ...] | None:
        """The units that were looked for; one that was found without would be unknown without a word."""
        if not cell:
            return None
        numbers = tuple(unit.number for unit in self.coding("coded_units", cell).units)
        if lacking := sorted({unit.number for unit in coding.units} - set(numbers)):
            named = ", ".join(map(str, lacking))
            self.wrong("coded_units", f"{cell!r} lacks {named} of action_units; add what was looked for")
        return numbers

    def expression(self, cell: str) -> str | None:
        if cell and cell.lower() not in EXPRESSIONS:
            self.wrong(
                "expression", f"{cell!r} is none of {', '.join(EXPRESSIONS)}; leave it empty where nobody has said"
            )
        return cell.lower() or None

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


_parse = lru_cache(10_000)(parse_cell)


def _lookalike(path: Path) -> str:
    """A hint where a file of that stem or another case is there."""
    if not path.parent.is_dir():
        return f": there is no folder {path.parent.name!r}"
    near = _by_stem(path.parent, path.parent.stat().st_mtime_ns).get(path.stem.lower(), [])
    return f"; there is {', '.join(near)}" if near else ""


@lru_cache(8)
def _by_stem(folder: Path, changed: int) -> dict[str, list[str]]:
    """Names in a folder by stem, listed once; `changed` is its time, so that no old list is taken for it."""
    names = defaultdict(list)
    for path in sorted(folder.iterdir()):
        names[path.stem.lower()].append(path.name)
    return names


def _across(rows: Iterable[MetadataRow]) -> Iterator[str]:
    """Mistakes between lines: a clip listed twice, or one film of two subjects."""
    by_path, spans = defaultdict(list), {}
    for row in rows:
        by_path[row.path].append(row)
        span = (row.path, row.onset, row.offset)
        if span in spans:
            yield f"{row.where}, file_name: {row.file_name!r} with these frames is in {spans[span]} already"
        spans.setdefault(span, row.where)
    for same in by_path.values():
        for row in same[1:]:
            if row.subject != same[0].subject:
                first = f"{same[0].subject!r} in {same[0].where}"
                yield f"{row.where}, subject: {row.file_name!r} is of {row.subject!r} here and of {first}"
