"""From a copy's folder to a plan: which sheet, which rows, which frames, and everything that does not fit.

The sheet is read first, and only the folders that it names are listed. No picture is decoded here, so a wrong folder or
a strict build fails within seconds.

Tested in tests/dataset_scripts/test_builder.py.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from dataset_scripts.frames.frame_files import FolderFinder, FolderFrames, Found, find_base, list_frames, plain_name
from dataset_scripts.frames.reconcile import ClipPlan, Notes, Rules, plan_clip
from dataset_scripts.layout import EXPRESSIONS, FrameFolder, Layout, Release, what_is_in
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow
from dataset_scripts.sheets.errata import accepted, apply_errata
from dataset_scripts.sheets.finding import find_release, sheets_beside
from dataset_scripts.sheets.sheet_rows import read_rows

BOTH = "both"
_KEPT_LISTINGS = 8
_LOOKED_AT = 5
"""Pictures whose size is looked at to tell raw frames from cropped ones."""


@dataclass(frozen=True)
class BuildPlan:
    """Everything decided before pictures are read.

    Attributes:
        layout, release: the data set. clips: in the sheet's order. report: findings so far.
        sheet: the sheet that was read, or the copy's folder where labels are no sheet.
    """

    layout: Layout
    release: Release
    clips: list[ClipPlan]
    report: Report
    sheet: Path


def make_plan(
    layout: Layout,
    data_dir: Path,
    release: str | None,
    frames: str,
    sheet: Path | None,
    whole: bool,
    expressions: str | None = None,
) -> BuildPlan:
    """Read the sheet and look up every clip.

    Args:
        layout: of the set. data_dir: the user's copy. release: its name, or None for the one whose sheet is there.
        frames: "raw" or "cropped". sheet: path of the sheet where it is not in `data_dir`.
        whole: keep whole recordings. expressions: as for `read_clips`.
    Returns:
        The plan.
    Raises:
        FileNotFoundError: no such folder, no sheet, or no clip; says what was looked for and what was found.
        ValueError: a release or a choice of frames the set does not have, or a sheet with other columns.
    """
    chosen, path = open_copy(layout, data_dir, release, sheet)
    if frames not in chosen.frames:
        known = " and ".join(repr(choice) for choice in chosen.frames)
        raise ValueError(f"{layout.title} has no {frames!r} frames; there are {known}")
    report = Report(layout.name, chosen.name, frames, unchecked=layout.unchecked)
    rows = read_clips(layout, chosen, data_dir, path, expressions, report)
    finder = _finder(layout, chosen, frames, rows, places_of(data_dir, path), path)
    rules = Rules(whole, layout.shared_folders, _optional(layout, rows, report), layout.longest)
    known = accepted(rows, layout.name, chosen.name)
    clips = _look_up(layout, finder, chosen, frames, rows, rules, known, report)
    _judge_frames(layout, clips, report)
    return BuildPlan(layout, chosen, clips, report, path or data_dir)


def open_copy(layout: Layout, data_dir: Path, release: str | None, sheet: Path | None) -> tuple[Release, Path | None]:
    """The release of a copy and its sheet; arguments and errors as for `make_plan`."""
    if not data_dir.is_dir():
        raise FileNotFoundError(f"{data_dir} is no folder: pass the one that holds your copy of {layout.title}")
    return find_release(layout, data_dir, release, sheet)


def read_clips(
    layout: Layout, release: Release, data_dir: Path, sheet: Path | None, expressions: str | None, report: Report
) -> list[ClipRow]:
    """The rows of the sheet, mended, with errata applied, of the kinds of expression that are wanted.

    Args:
        layout, release: the set. data_dir: the copy. sheet: None for sets whose labels are no sheet.
        expressions: "micro", "macro" or "both"; None for what the set is about, "micro" for nearly all.
        report: told what was found, and how many there are of each kind.
    Returns:
        At least one row.
    Raises:
        ValueError: no row, or none of the wanted kind; names the sheet.
    """
    wanted = expressions or layout.expression or BOTH
    if layout.read_rows is not None:
        rows = layout.read_rows(data_dir, release, report)
    else:
        beside = sheets_beside(layout, release, sheet) if wanted != layout.expression else []
        rows = read_rows(layout, [(release, sheet), *beside], report)
        report.sheet = " and ".join(_below(path, data_dir) for path in (sheet, *(path for _, path in beside)))
    if not rows:
        raise ValueError(f"{sheet or data_dir} names no clip of {layout.title}")
    rows = [replace(row, expression=row.expression or layout.expression) for row in rows]
    rows = _select(rows, wanted, f"{sheet or data_dir}", report)
    if layout.mend_rows is not None:
        rows = layout.mend_rows(rows, data_dir, report)
    _tell_lookalikes(rows, report)
    return apply_errata(rows, layout.name, release.name, report)


def _below(path: Path, data_dir: Path) -> str:
    """Where a sheet lies in the copy; its name where it lies elsewhere: folders of a machine go into no report."""
    return path.relative_to(data_dir).as_posix() if data_dir in path.parents else path.name


def _tell_lookalikes(rows: list[ClipRow], report: Report) -> None:
    """People whose names differ so little that they may be one person, who would be learnt from and tested."""
    spellings: dict[str, dict[str, str]] = {}
    for row in rows:
        spellings.setdefault(plain_name("".join(row.subject.split())), {}).setdefault(row.subject, row.place)
    for first, *others in (list(names.items()) for names in spellings.values()):
        for name, place in others:
            what = f"subjects {first[0]!r} and {name!r} differ only in letter case, blanks or leading zeros"
            why = "taken as two people; if they are one, give that person one name, or scores are not of people unseen"
            report.add("doubtful", place, what, why, strict=True)


def _select(rows: list[ClipRow], wanted: str, source: str, report: Report) -> list[ClipRow]:
    """The rows of the wanted kind; the report is told how many there are of each."""
    if wanted not in (*EXPRESSIONS, BOTH):
        raise ValueError(f"expressions must be one of {', '.join((*EXPRESSIONS, BOTH))}, not {wanted!r}")
    counts = Counter(row.expression for row in rows)
    report.selected, report.expressions = wanted, {kind: counts[kind] for kind in EXPRESSIONS if counts[kind]}
    kept = [row for row in rows if wanted in (row.expression, BOTH)]
    if not kept:
        there = " and ".join(f"{count} {kind or 'unnamed'} expressions" for kind, count in counts.items())
        other = next((kind for kind in EXPRESSIONS if counts[kind]), BOTH)
        raise ValueError(
            f"{source} names no {wanted}-expression, but {there}: pass another sheet, or expressions={other!r} "
            f"(`aullm prepare ... --expressions {other}`, then --data) to read them as what they are"
        )
    if wanted != BOTH and counts[None]:
        place = next(row.place for row in rows if row.expression is None)
        what = f"no kind of expression is named: {counts[None]} clips, this one and others"
        report.add("dropped", place, what, f"{wanted}-expressions were asked for; --expressions both reads these too")
    return kept


def _finder(
    layout: Layout, release: Release, frames: str, rows: list[ClipRow], places: list[Path], sheet: Path | None
) -> FolderFinder:
    """Where the frames lie; an error says what was looked for and found, and whether the other choice is there."""
    folder = release.frames[frames]
    finder = find_base(places, folder, rows)
    if finder is not None:
        return finder
    example = folder.pattern.format(**rows[0].pattern_fields())
    named = f"the {len(rows)} clips of {sheet}" if sheet else f"{len(rows)} clips"
    others = [
        f". Its {choice} frames are there: pass frames={choice!r} (`aullm prepare ... --frames {choice}`, then --data)"
        for choice, other in release.frames.items()
        if choice != frames and find_base(places, other, rows) is not None
    ]
    raise FileNotFoundError(
        f"no clip of {layout.title} is below {places[0]}. Looked for folders such as {example} ({named}) in: "
        f"{', '.join(folder.roots)}. Found {what_is_in(places[0])}{''.join(others)}"
    )


def _optional(layout: Layout, rows: list[ClipRow], report: Report) -> frozenset[str]:
    """Times that may be left out without a word for each clip; a set without any apex gets one for all."""
    if layout.optional_times:
        return frozenset({"onset", "apex", "offset"})
    if any(row.apex is not None for row in rows):
        return frozenset()
    report.add("doubtful", rows[0].sheet, "no clip has an apex", "apex is null in all")
    return frozenset({"apex"})


def places_of(data_dir: Path, sheet: Path | None) -> list[Path]:
    """Where clips may lie: the copy, and the folder of the sheet where it is further down in it."""
    beside = [] if sheet is None or data_dir not in sheet.parents else [sheet.parent]
    return list(dict.fromkeys([data_dir, *beside]))


def _look_up(
    layout: Layout,
    finder: FolderFinder,
    release: Release,
    choice: str,
    rows: list[ClipRow],
    rules: Rules,
    known: Mapping[tuple[str, str, str], str],
    report: Report,
) -> list[ClipPlan]:
    frames, plans = release.frames[choice], []
    others = [other for other in release.frames if other != choice]
    listed = lru_cache(_KEPT_LISTINGS)(list_frames)
    for row in rows:
        notes = Notes(row, known)
        place = _place_of(finder, frames, row, notes)
        if place is not None:
            if layout.open_frames is not None:
                found = layout.open_frames(place.path, row)
            else:
                prefix = None if frames.prefix is None else frames.prefix.format(**row.pattern_fields())
                found = listed(place.path, prefix, frames.only_prefix)
                _note_names(found, frames, row, others, notes)
            plan = plan_clip(row, found, frames.fps, notes, replace(rules, shared=rules.shared and not place.own))
            if plan is not None and isinstance(found, FolderFrames):
                plan = replace(plan, frames=found.only(plan.numbers))
            plans += [plan] if plan else []
        report.findings += notes.findings
    return plans


def _place_of(finder: FolderFinder, frames: FrameFolder, row: ClipRow, notes: Notes) -> Found | None:
    found = finder.find(frames, row)
    expected = frames.pattern.format(**row.pattern_fields())
    if found is None:
        notes.add("dropped", f"no folder {expected}", "its frames are not in this copy")
    elif not found.exact:
        notes.add("repaired", f"no folder {expected}", f"{found.path.relative_to(finder.base)} was taken")
    return found


def _note_names(found: FolderFrames, frames: FrameFolder, row: ClipRow, others: list[str], notes: Notes) -> None:
    if found.foreign:
        names = ", ".join(repr(head) for head in found.foreign)
        expected = frames.prefix.format(**row.pattern_fields())
        what = f"frames are named {names} and not {expected!r}"
        notes.add("doubtful", what, "accepted: the folder decides", "frame_names")
    if found.twice:
        notes.add("repaired", f"several files have one frame number: {', '.join(found.twice[:3])}", "left out")
    if found.others and not found.files:
        what = f"pictures have other names: {', '.join(found.others[:3])}"
        hint = "".join(
            f"; perhaps pass frames={other!r} (`aullm prepare ... --frames {other}`, then --data)" for other in others
        )
        notes.add("doubtful", what, f"expected {frames.prefix or ''}<number>{hint}")


def _judge_frames(layout: Layout, clips: list[ClipPlan], report: Report) -> None:
    """Say "raw" or "cropped" by the size of the pictures: crops may lie where raw frames are looked for."""
    if layout.raw_side is None:
        return
    looked_at = clips[:: max(1, len(clips) // _LOOKED_AT)]
    sides = [side for clip in looked_at if (side := clip.frames.side(clip.numbers[0])) is not None]
    if not sides:
        return
    side = sorted(sides)[len(sides) // 2]
    found = "raw" if side >= layout.raw_side else "cropped"
    if found != report.frames:
        what = f"{report.frames} frames were asked for, and these pictures are {side} pixels wide or high"
        why = f"these are {found} ones ({layout.raw_side} pixels and more are raw), and are called so"
        report.add("doubtful", f"{clips[0].row.subject}/{clips[0].row.clip} and others", what, why)
        report.frames = found
