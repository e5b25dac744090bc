"""Folders of numbered pictures: found by pattern, listed, ordered by frame number and not by name.

Folder names are matched exactly first, then without regard to letter case and leading zeros ("EP01_02" for "ep1_2").
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from PIL import Image

from dataset_scripts.layout import PICTURES, FrameFolder
from dataset_scripts.rows import ClipRow


@dataclass(frozen=True)
class FolderFrames:
    """The pictures of one folder. Fulfils `layout.Frames`.

    Attributes:
        folder: where they lie.
        files: {frame number: file name}, ascending.
        foreign: what file names begin with where that is not the prefix expected.
        twice: names of files left out because another one has their number.
        others: names of pictures that are not of this choice or have no number; hidden files, such as macOS puts
            beside pictures ("._006_1_0001.jpg"), are none.
    """

    folder: Path
    files: dict[int, str]
    foreign: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    numbers: tuple[int, ...] = field(default=())

    def __post_init__(self):
        object.__setattr__(self, "numbers", tuple(self.files))

    def read(self, numbers: Sequence[int]) -> list[bytes]:
        """The encoded pictures of these frames."""
        return [(self.folder / self.files[number]).read_bytes() for number in numbers]

    def signature(self, numbers: Sequence[int]) -> str:
        """Names, sizes and times of the files of these frames."""
        states = ((self.files[number], (self.folder / self.files[number]).stat()) for number in numbers)
        return " ".join(f"{name}:{state.st_size}:{state.st_mtime_ns}" for name, state in states)

    def only(self, numbers: Sequence[int]) -> "FolderFrames":
        """These frames alone: of an hour of frames a clip remembers its own."""
        return FolderFrames(self.folder, {number: self.files[number] for number in numbers})

    def side(self, number: int) -> int | None:
        """Width or height of a picture in pixels, whichever is less; None where it is no readable picture."""
        try:
            with Image.open(self.folder / self.files[number]) as picture:
                return min(picture.size)
        except OSError:
            return None


def list_frames(folder: Path, prefix: str | None, only_prefix: bool) -> FolderFrames:
    """List a clip's folder.

    Args:
        folder: an existing folder. prefix: what file names have before the frame number; None for anything.
        only_prefix: leave out pictures with another prefix.
    Returns:
        The frames by number. Of two files with one number the one with the expected prefix is kept, else the first by
        name.
    """
    names = [name for name in os.listdir(folder) if name.lower().endswith(PICTURES) and not name.startswith(".")]
    wanted = None if prefix is None else prefix.lower()
    found, foreign, twice, others = {}, set(), [], []
    for name in sorted(names, key=lambda name: (wanted is not None and split_name(name)[0].lower() != wanted, name)):
        head, number = split_name(name)
        expected = wanted is None or head.lower() == wanted
        if number is None or (only_prefix and not expected):
            others.append(name)
        elif number in found:
            twice.append(name)
        else:
            found[number] = name
            foreign |= set() if expected else {head}
    files = {number: found[number] for number in sorted(found)}
    return FolderFrames(folder, files, tuple(sorted(foreign)), tuple(twice), tuple(others))


def split_name(name: str) -> tuple[str, int | None]:
    """What stands before the frame number in a file name, and the number: "006_05562.jpg" gives ("006_", 5562)."""
    stem = os.path.splitext(name)[0]
    head = stem.rstrip("0123456789")
    digits = stem[len(head) :]
    return head, int(digits) if digits else None


@dataclass(frozen=True)
class Found:
    """Where a clip lies.

    Attributes:
        path: its folder or file. exact: whether the name is written as expected.
        own: the folder is named after the clip's onset, so no other clip shares it.
    """

    path: Path
    exact: bool
    own: bool


class FolderFinder:
    """Finds clip folders below one base, keeping the listings it made."""

    def __init__(self, base: Path):
        self.base = base
        self._listings: dict[Path, dict[str, list[str]]] = {}

    def find(self, frames: FrameFolder, row: ClipRow) -> "Found | None":
        """The folder (or file) of a clip.

        Args:
            frames: with the pattern. row: fills it.
        Returns:
            What was found, or None.
        """
        rows = [row] if row.typed_onset is None else [row, replace(row, onset=row.typed_onset)]
        patterns = [
            (pattern, pattern.format(**each.pattern_fields()))
            for each in rows
            for pattern in (frames.pattern, *frames.also)
        ]
        for pattern, relative in patterns:
            if (exact := self.base / relative).exists():
                return Found(exact, True, "{onset}" in pattern)
        for pattern, relative in patterns:
            if (path := self._find_loosely(relative)) is not None:
                return Found(path, False, "{onset}" in pattern)
        return None

    def _find_loosely(self, relative: str) -> Path | None:
        path = self.base
        for part in Path(relative).parts:
            names = self._names(path).get(plain_name(part), [])
            names = [part] if part in names else names
            if len(names) != 1:
                return None
            path = path / names[0]
        return path

    def _names(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._listings:
            listing: dict[str, list[str]] = {}
            for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
                listing.setdefault(plain_name(name), []).append(name)
            self._listings[folder] = listing
        return self._listings[folder]


def plain_name(name: str) -> str:
    """A name without letter case and leading zeros of its numbers."""
    pieces, digits = [], ""
    for letter in name.lower() + " ":
        if letter.isdigit():
            digits += letter
            continue
        if digits:
            pieces.append(digits.lstrip("0") or "0")
        digits = ""
        pieces.append(letter)
    return "".join(pieces).strip()


def find_base(places: list[Path], frames: FrameFolder, rows: list[ClipRow]) -> FolderFinder | None:
    """The folder below which the clips of a set lie.

    Args:
        places: the user's copy, and where else to try the roots. frames: roots and pattern.
        rows: clips to look for.
    Returns:
        A finder at the base with most of the clips, the first of the roots where several have as many; None where none
        of the clips lies anywhere.
    """
    counts = []
    for finder in map(FolderFinder, _bases(places, frames.roots)):
        counts.append((sum(finder.find(frames, row) is not None for row in rows), finder))
    most = max((count for count, _ in counts), default=0)
    return next(finder for count, finder in counts if count == most) if most else None


def _bases(places: list[Path], roots: tuple[str, ...]) -> list[Path]:
    """Existing roots; each also one level into a folder of the same name, as some archives unpack."""
    found = []
    for place, root, doubled in product(places, roots, (False, True)):
        base = place / root
        base = base / base.name if doubled else base
        if base.is_dir() and base not in found:
            found.append(base)
    return found
