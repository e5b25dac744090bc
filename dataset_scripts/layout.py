"""How a data set lies on disk: one `Layout` per set, everything that differs between sets in one place.

A folder pattern is filled from the clip's row: {subject}, {clip} (the name in the sheet), {onset}, {repeat} ("2" where
a name stands in the sheet a second time, else nothing), {emotion}, {objective_class}, {split}. It is looked for below
each root in turn; a root that an archive doubled ("Cropped/Cropped") is found too.

Tested in tests/dataset_scripts/test_rows.py.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow, SheetRow

FrameChoice = Literal["raw", "cropped"]
Expression = Literal["micro", "macro"]
PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
EXPRESSIONS: tuple[str, ...] = get_args(Expression)
PATTERN_FIELDS = ("subject", "clip", "onset", "repeat", "emotion", "objective_class", "split")


class Frames(Protocol):
    """The pictures of one clip, or of the recording it is cut from, wherever they lie.

    Frames that know better than the layout how many there are a second have an attribute `fps`.
    """

    numbers: Sequence[int]
    """Frame numbers there are, ascending, as the sheet counts them."""

    def read(self, numbers: Sequence[int]) -> list[bytes]:
        """Encoded pictures (JPEG, PNG, BMP) of these frames, in this order."""

    def signature(self, numbers: Sequence[int]) -> str:
        """Text that changes when any of these pictures does; cheap to get."""


@dataclass(frozen=True)
class FrameFolder:
    """Where frames of one choice lie.

    Attributes:
        pattern: of a clip's folder, such as "{subject}/{clip}".
        fps: frames a second.
        roots: folders that hold the pattern, tried in order; "." is `data_dir` itself.
        prefix: what a frame's file name has before its number, with the fields of a pattern; None for anything.
        also: further patterns, for copies laid out in another way; of all patterns the first that exists is taken.
        only_prefix: frames with another prefix are not of this choice; else they are accepted and reported.
    """

    pattern: str
    fps: float
    roots: tuple[str, ...] = (".",)
    prefix: str | None = None
    only_prefix: bool = False
    also: tuple[str, ...] = ()

    def __post_init__(self):
        if self.fps <= 0:
            raise ValueError(f"fps must be positive, not {self.fps}")
        for text in (self.pattern, *self.also, self.prefix or ""):
            text.format(**dict.fromkeys(PATTERN_FIELDS, ""))  # a KeyError names a field there is not


@dataclass(frozen=True)
class Release:
    """One release of the coding, or one part of the set with a sheet of its own.

    Attributes:
        name: goes to column `label_release`.
        sheets: glob patterns of the sheet's file name, tried in order, in `data_dir` and two levels below.
        not_sheets: patterns of file names that belong to another set, or to another release.
        columns: {field: headings}. Fields: subject, clip, onset, apex, offset, units, emotion, objective_class,
            expression (micro or macro), fps.
        frames: where frames lie, by choice.
        takes: where whole recordings lie, for spotting; None for a set that has none.
        beside: sheets that name the other kind of expression, where this one names micro- or macro-expressions alone;
            the first of them that lies in its folder is read with it.
        required: fields without which a sheet is not the right one.
        only: headings that only this release's sheets have. never: headings that tell the sheet of another set.
        split: goes to column `split`.
        clip: the name of clips whose row has none (CAS(ME)^3 part C: one folder a subject).
        subject: takes the place of `Layout.subject`.
    """

    name: str
    sheets: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    frames: Mapping[FrameChoice, FrameFolder]
    required: tuple[str, ...] = ("subject", "clip", "onset", "units")
    not_sheets: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    split: str | None = None
    clip: str = ""
    subject: Callable[[str], str] | None = None
    takes: FrameFolder | None = None
    beside: tuple["Release", ...] = ()


@dataclass(frozen=True)
class Layout:
    """A data set.

    Attributes:
        name: goes to column `data_set`.
        title: as its authors write it.
        releases: the first is taken where `data_dir` has sheets of several and none is asked for.
        subject: writes a sheet's subject as the folders do.
        coded_units: numbers that coders looked for; all others stay unknown. None: coded with the whole of FACS.
        has_units: False for sets coded by emotion only; every unit is unknown then.
        empty_cell: what an empty cell of action units means: "unknown" (not coded, reported) or "none" (no unit seen).
        shared_folders: several clips are cut from one folder, so clip names repeat in the sheet and get the onset.
        optional_times: onset, apex and offset may be left out; that is no finding then.
        expression: what clips are whose sheet does not say; also what is read by default. None: not known.
        longest: seconds; a micro-expression that lasts longer is doubtful.
        raw_side: pixels; raw frames are at least that wide and high, cropped ones are not.
        open_ends: an onset or offset that is left out is not known, null; else it is the first or last frame.
        unchecked: what about folders and sheets nobody has checked against a copy.
        read_rows: takes the place of the sheet reader (for sets whose labels are no sheet).
        read_sheet: takes the place of the reader of headings (for sheets without any): (path, release) -> SheetRows.
        mend_rows: goes over the rows that were read, for what one row cannot know: (rows, data_dir, report) -> rows.
        open_frames: takes the place of the folder reader: (found folder or file, row) -> Frames.
    """

    name: str
    title: str
    releases: tuple[Release, ...]
    subject: Callable[[str], str] = str
    coded_units: tuple[int, ...] | None = None
    has_units: bool = True
    empty_cell: Literal["unknown", "none"] = "unknown"
    shared_folders: bool = False
    optional_times: bool = False
    open_ends: bool = False
    expression: Expression | None = "micro"
    longest: float | None = 2.0
    raw_side: int | None = None
    unchecked: tuple[str, ...] = ()
    read_rows: Callable[[Path, Release, Report], list[ClipRow]] | None = None
    read_sheet: Callable[[Path, Release], list[SheetRow]] | None = None
    mend_rows: Callable[[list[ClipRow], Path, Report], list[ClipRow]] | None = None
    open_frames: Callable[[Path, ClipRow], Frames] | None = None

    def named(self, name: str) -> tuple[Release, ...]:
        """The releases that a name means: "part A" stands for "part A v2" and "part A v1".

        Raises:
            ValueError: there is none.
        """
        found = tuple(
            release for release in self.releases if release.name == name or release.name.startswith(f"{name} ")
        )
        if not found:
            known = ", ".join(dict.fromkeys(repr(release.name) for release in self.releases))
            raise ValueError(f"{self.title} has no release {name!r}; there are {known}")
        return found


def numbered(pattern: str) -> Callable[[str], str]:
    """A `Layout.subject` that writes a number as folders do; other text stays as it is.

    Args:
        pattern: such as "sub{:02d}".
    Returns:
        "3", "03" and "sub3" become "sub03".
    """
    head = pattern.split("{")[0].lower()

    def write(text: str) -> str:
        digits = text.strip().lower().removeprefix(head)
        return pattern.format(int(digits)) if digits.isascii() and digits.isdigit() else text.strip()

    return write


def what_is_in(folder: Path, most: int = 8) -> str:
    """The first entries of a folder in words, for messages."""
    names = sorted(entry.name + "/" * entry.is_dir() for entry in os.scandir(folder))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}" if names else "an empty folder"
