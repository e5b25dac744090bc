"""Which of a copy's files is the coding sheet, and of which release.

A sheet is recognised by its name, by what its headings must hold and by what they must not, so that two sets on one
shelf are never taken for each other.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from dataset_scripts.layout import PICTURES, Layout, Release, what_is_in
from dataset_scripts.sheets.sheet_rows import cells_of
from dataset_scripts.sheets.sheets import SUFFIXES

_SUFFIXES = (*SUFFIXES, ".xls")
_LEVELS = 3
_ONLY_PICTURES = 64
"""A folder that begins with so many pictures holds frames and no sheet: the rest of it is not listed."""


def find_release(layout: Layout, data_dir: Path, name: str | None, sheet: Path | None) -> tuple[Release, Path | None]:
    """The release to build and its sheet.

    Args:
        layout: of the set. data_dir: the user's copy.
        name: of a release, or what several begin with; None for the first whose sheet is there.
        sheet: path of the sheet, where the user names it.
    Returns:
        The release and its sheet; None for sets whose labels are no sheet.
    Raises:
        FileNotFoundError: no sheet; says what was looked for and what was found.
        ValueError: no such release, a sheet that may be of several, several sheets that may be a release's, or a sheet
            of a set whose labels are none.
    """
    wanted = layout.releases if name is None else layout.named(name)
    if layout.read_rows is not None:
        if sheet is not None:
            raise ValueError(
                f"{layout.title} has no coding sheet to choose, {sheet} would not be read: leave `sheet` (--sheet) "
                f"out; its labels lie in {data_dir} (of clips of your own: metadata.csv)"
            )
        return wanted[0], None
    if sheet is not None:
        return _release_of_sheet(layout, wanted, sheet), sheet
    files = list(_sheets_in(data_dir))
    unfit = []
    for release in wanted:
        fitting = _sheet_among(files, layout, release)
        if fitting is not None:
            return release, fitting
        unfit += [(release, path) for path in _matching(files, release)[:1]]
    if unfit:
        return min(unfit, key=lambda pair: bool(pair[0].only))  # its reader will say what it lacks
    patterns = ", ".join(dict.fromkeys(pattern for release in wanted for pattern in release.sheets))
    which = f", and as `release` (--release) which it is: {names}" if " or " in (names := _names(wanted)) else ""
    raise FileNotFoundError(
        f"no coding sheet of {layout.title} in {data_dir} or two levels below. Looked for {patterns}. "
        f"Found {what_is_in(data_dir)}. If the sheet lies elsewhere or has another name, pass its path as `sheet` "
        f"(--sheet){which}"
    )


def sheets_beside(layout: Layout, release: Release, sheet: Path) -> list[tuple[Release, Path]]:
    """The sheet in the same folder that names the other kind of expression, with its release; none where there is none.

    Args:
        layout, release: the set and the release of `sheet`.
    """
    files = [path for path in _sheets_in(sheet.parent) if path.parent == sheet.parent and path != sheet]
    found = ((other, _sheet_among(files, layout, other)) for other in release.beside)
    return list(islice(((other, path) for other, path in found if path is not None), 1))


def _sheet_among(files: list[Path], layout: Layout, release: Release) -> Path | None:
    """The file that is a release's sheet, of those with the likeliest name; None where there is none.

    Raises:
        ValueError: there are several, and they are no copies of one.
    """
    for pattern in release.sheets:
        paths = _matching(files, replace(release, sheets=(pattern,)))
        fitting = [path for path in paths if _fits(path, layout, release)]
        if len({path.read_bytes() for path in fitting}) > 1:
            raise ValueError(
                f"any of these may be the sheet of {layout.title}, release {release.name}: "
                f"{', '.join(map(str, fitting))}. Pass the one to read as `sheet` (--sheet), or move the others away"
            )
        if fitting:
            return fitting[0]
    return None


def _matching(files: list[Path], release: Release) -> list[Path]:
    """Files whose names may be those of a release's sheet, the likeliest first."""
    likely = [path for pattern in release.sheets for path in files if _named(path, pattern)]
    return [path for path in dict.fromkeys(likely) if not any(_named(path, other) for other in release.not_sheets)]


def _fits(path: Path, layout: Layout, release: Release) -> bool:
    """Whether a file can be read as a release's sheet and has its headings."""
    with suppress(ValueError):
        cells_of(layout, release, path)
        return True
    return False


def _release_of_sheet(layout: Layout, wanted: tuple[Release, ...], sheet: Path) -> Release:
    """The release of a sheet that the user names: by its name, else by its headings."""
    if len(wanted) == 1 or not sheet.is_file():
        return wanted[0]
    by_name = [release for release in wanted if _matching([sheet], release)]
    by_heading = [release for release in wanted if release.only]
    alike = wanted if len({release.name for release in wanted}) == 1 else ()  # nobody can say more than their name
    for release in [*by_name, *by_heading, *alike]:
        if _fits(sheet, layout, release):
            return release
    if by_name or alike:
        return [*by_name, *alike][0]  # its reader will say what it lacks
    raise ValueError(
        f"cannot tell from its name which release of {layout.title} {sheet} is: pass it as `release` (--release), "
        f"{_names(wanted)}"
    )


def _names(releases: tuple[Release, ...]) -> str:
    return " or ".join(dict.fromkeys(repr(release.name) for release in releases))


def _sheets_in(data_dir: Path) -> Iterator[Path]:
    """Sheets in a folder and two levels below, upper levels first; lock files of open workbooks are passed over."""
    folders = [data_dir]
    for _ in range(_LEVELS):
        entries = [entry for folder in folders for entry in _entries(folder)]
        for entry in entries:
            named = entry.name.lower().endswith(_SUFFIXES) and not entry.name.startswith(("~$", "._"))
            if named and entry.is_file():
                yield Path(entry.path)
        folders = [Path(entry.path) for entry in entries if entry.is_dir()]


def _entries(folder: Path) -> list[os.DirEntry]:
    """What lies in a folder, sorted; nothing where it begins with pictures only, or where it may not be opened."""
    try:
        with os.scandir(folder) as entries:
            first = list(islice(entries, _ONLY_PICTURES))
            if len(first) == _ONLY_PICTURES and all(entry.name.lower().endswith(PICTURES) for entry in first):
                return []
            return sorted([*first, *entries], key=lambda entry: entry.name)
    except PermissionError:  # lost+found; of the copy itself it is told by whoever says what was found there
        return []


def _named(path: Path, pattern: str) -> bool:
    return fnmatchcase(path.name.lower(), pattern.lower())
