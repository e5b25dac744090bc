"""From a copy's folder to a plan: which sheet, which rows, which frames, and everything that does not fit.

Only listings are read here, no picture, so a wrong folder or a strict build fails within seconds.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from dataset_scripts.frames.frame_files import FolderFinder, FolderFrames, find_base, list_frames, what_is_in
from dataset_scripts.frames.reconcile import ClipPlan, Notes, Rules, plan_clip
from dataset_scripts.layout import FrameFolder, Layout, Release
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow
from dataset_scripts.sheets.errata import accepted, apply_errata
from dataset_scripts.sheets.sheet_rows import read_rows
from dataset_scripts.sheets.sheets import SUFFIXES, read_sheet

_SHEETS = (*SUFFIXES, ".xls")
_DEPTHS = ("*", "*/*", "*/*/*")


@dataclass(frozen=True)
class BuildPlan:
    """Everything decided before pictures are read.

    Attributes:
        layout, release: the data set. clips: in the sheet's order. report: findings so far.
    """

    layout: Layout
    release: Release
    clips: list[ClipPlan]
    report: Report


def make_plan(
    layout: Layout, data_dir: Path, release: str | None, frames: str, sheet: Path | None, whole: bool
) -> BuildPlan:
    """Read the sheet and look up every clip.

    Args:
        layout: of the set. data_dir: the user's copy. release: its name, or None for the one whose sheet is there.
        frames: "raw" or "cropped". sheet: path of the sheet where it is not in `data_dir`.
        whole: keep whole recordings.
    Returns:
        The plan.
    Raises:
        FileNotFoundError: no such folder, no sheet, or no clip; says what was looked for and what was found.
        ValueError: a release or a choice of frames the set does not have, or a sheet with other columns.
    """
    if not data_dir.is_dir():
        raise FileNotFoundError(f"{data_dir} is no folder: pass the one that holds your copy of {layout.title}")
    chosen, path = _find_release(layout, data_dir, release, sheet)
    if frames not in chosen.frames:
        known = " and ".join(repr(choice) for choice in chosen.frames)
        raise ValueError(f"{layout.title} has no {frames!r} frames; there are {known}")
    report = Report(layout.name, chosen.name, frames, unchecked=layout.unchecked)
    if layout.read_rows is not None:
        rows = layout.read_rows(data_dir, chosen, report)
    else:
        rows = read_rows(layout, chosen, path, report)
    if not rows:
        raise ValueError(f"{path or data_dir} names no clip of {layout.title}")
    if layout.mend_rows is not None:
        rows = layout.mend_rows(rows, data_dir, report)
    rows = apply_errata(rows, layout.name, chosen.name, report)
    known = accepted(layout.name, chosen.name)
    rules = Rules(whole, layout.shared_folders, _optional(layout, rows, report))
    finder = find_base(_places(data_dir, path), chosen.frames[frames], rows, layout.title)
    clips = _look_up(layout, finder, chosen.frames[frames], rows, rules, known, report)
    return BuildPlan(layout, chosen, clips, report)


def find_sheets(data_dir: Path, release: Release) -> list[Path]:
    """Files that may be a release's sheet, the likeliest first.

    Args:
        data_dir: searched with two levels below. release: its patterns.
    Returns:
        Paths; lock files of open workbooks ("~$...") are passed over.
    """
    found = [path for depth in _DEPTHS for path in sorted(data_dir.glob(depth)) if path.suffix.lower() in _SHEETS]
    sheets = [path for path in found if path.is_file() and not path.name.startswith(("~$", "._"))]
    likely = [path for pattern in release.sheets for path in sheets if _named(path, pattern)]
    return list(dict.fromkeys(likely))


def _find_release(layout: Layout, data_dir: Path, name: str | None, sheet: Path | None) -> tuple[Release, Path | None]:
    """The release to build and its sheet."""
    wanted = layout.releases if name is None else (layout.release(name),)
    if layout.read_rows is not None:
        return wanted[0], sheet
    if sheet is not None:
        return _release_of_sheet(layout, wanted, Path(sheet)), Path(sheet)
    for release in wanted:
        if paths := find_sheets(data_dir, release):
            return release, _first_fitting(paths, release)
    patterns = ", ".join(pattern for release in wanted for pattern in release.sheets)
    raise FileNotFoundError(
        f"no coding sheet of {layout.title} in {data_dir} or two levels below. Looked for {patterns}. "
        f"Found {what_is_in(data_dir)}. If the sheet lies elsewhere or has another name, pass its path as `sheet`"
    )


def _first_fitting(paths: list[Path], release: Release) -> Path:
    """The first sheet that has the release's columns; the first of all where none has, for the reader to complain."""
    for path in paths:
        with suppress(ValueError):
            read_sheet(path, release.columns, release.required)
            return path
    return paths[0]


def _release_of_sheet(layout: Layout, wanted: tuple[Release, ...], sheet: Path) -> Release:
    if len(wanted) == 1:
        return wanted[0]
    for release in wanted:
        if any(_named(sheet, pattern) for pattern in release.sheets):
            return release
    names = " or ".join(repr(release.name) for release in wanted)
    raise ValueError(f"cannot tell from its name which release of {layout.title} {sheet} is: pass release={names}")


def _named(path: Path, pattern: str) -> bool:
    return fnmatchcase(path.name.lower(), pattern.lower())


def _optional(layout: Layout, rows: list[ClipRow], report: Report) -> frozenset[str]:
    """Times that may be left out without a word for each clip; a set without any apex gets one for all."""
    if layout.optional_times:
        return frozenset({"onset", "apex", "offset"})
    if any(row.apex is not None for row in rows):
        return frozenset()
    report.add("doubtful", rows[0].sheet, "no clip has an apex", "apex is null in all")
    return frozenset({"apex"})


def _places(data_dir: Path, sheet: Path | None) -> list[Path]:
    """Where clips may lie: the copy, and the folder of the sheet where it is further down in it."""
    beside = [] if sheet is None or data_dir not in sheet.parents else [sheet.parent]
    return list(dict.fromkeys([data_dir, *beside]))


def _look_up(
    layout: Layout,
    finder: FolderFinder,
    frames: FrameFolder,
    rows: list[ClipRow],
    rules: Rules,
    known: Mapping[tuple[str, str, str], str],
    report: Report,
) -> list[ClipPlan]:
    listed: dict[Path, FolderFrames] = {}
    plans = []
    for row in rows:
        notes = Notes(row, known)
        path = _folder_of(finder, frames, row, notes)
        if path is not None:
            if layout.open_frames is not None:
                found = layout.open_frames(path, row)
            else:
                found = _list_once(listed, path, frames, row)
                _note_names(found, frames, row, notes)
            plan = plan_clip(row, found, frames.fps, notes, rules)
            plans += [plan] if plan else []
        report.findings += notes.findings
    return plans


def _folder_of(finder: FolderFinder, frames: FrameFolder, row: ClipRow, notes: Notes) -> Path | None:
    path, exact = finder.find(frames, row)
    expected = frames.pattern.format(**row.pattern_fields())
    if path is None:
        notes.add("dropped", f"no folder {expected}", "its frames are not in this copy")
    elif not exact:
        notes.add("repaired", f"no folder {expected}", f"{path.relative_to(finder.base)} was taken")
    return path


def _list_once(listed: dict[Path, FolderFrames], path: Path, frames: FrameFolder, row: ClipRow) -> FolderFrames:
    if path not in listed:
        prefix = None if frames.prefix is None else frames.prefix.format(**row.pattern_fields())
        listed[path] = list_frames(path, prefix, frames.only_prefix)
    return listed[path]


def _note_names(found: FolderFrames, frames: FrameFolder, row: ClipRow, notes: Notes) -> None:
    if found.foreign:
        names = ", ".join(repr(head) for head in found.foreign)
        expected = frames.prefix.format(**row.pattern_fields())
        what = f"frames are named {names} and not {expected!r}"
        notes.add("doubtful", what, "accepted: the folder decides", "frame_names")
    if found.twice:
        notes.add("repaired", f"several files have one frame number: {', '.join(found.twice[:3])}", "left out")
    if found.others and not found.files:
        what = f"pictures have other names: {', '.join(found.others[:3])}"
        notes.add("doubtful", what, f"expected {frames.prefix or ''}<number>; perhaps ask for the other frames")
