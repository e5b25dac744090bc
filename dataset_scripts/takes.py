"""Whole recordings of a licensed copy, with all their micro- and macro-expressions as intervals: what spotting is
scored on.

    takes, report = load_takes_from("samm_long", "SAMMLV")
    takes[0]["video"], takes[0]["events"]

Recordings of which the sheet names no expression are takes too: what is spotted in them is a false alarm.
"""

import os
import re
from bisect import bisect_left, bisect_right
from itertools import pairwise
from math import gcd
from pathlib import Path

from datasets import Dataset

from dataset_scripts.cells.facs import Coding, states
from dataset_scripts.frames.frame_files import FolderFinder, find_base, list_frames
from dataset_scripts.layout import FrameFolder, Layout, Release, what_is_in
from dataset_scripts.planning import BOTH, open_copy, places_of, read_clips
from dataset_scripts.registry import MODULES, find_layout
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow
from dataset_scripts.subject_files import natural
from dataset_scripts.synthetic.tables.take_table import TAKE_FEATURES
from processing_aullm.video_aullm import ImageFolder

_FIELD = re.compile(r"\{(\w+)\}")


def load_takes_from(
    name: str,
    data_dir: str | os.PathLike,
    *,
    release: str | None = None,
    sheet: str | os.PathLike | None = None,
) -> tuple[Dataset, Report]:
    """The recordings of a copy; frames are listed and not read.

    Args:
        name: of a set that has whole recordings: "casme3", "casme_squared", "samm_long" or "smic_e".
        data_dir: the folder that holds the copy.
        release: of the coding sheet; by default the first whose sheet is there.
        sheet: the coding sheet, where it is not in `data_dir`.
    Returns:
        Rows of `TAKE_FEATURES` whose `video` is a folder of frames, subjects in natural order; what was found.
    Raises:
        FileNotFoundError: no sheet or no recording; says what was looked for and what was found.
        ValueError: a set without whole recordings, or no recording could be kept; names the first findings.
    """
    layout, data_dir = find_layout(name), Path(data_dir)
    chosen, path = open_copy(layout, data_dir, release, None if sheet is None else Path(sheet))
    if chosen.takes is None:
        known = [each for each in MODULES if any(other.takes for other in find_layout(each).releases)]
        raise ValueError(f"{layout.title} holds no whole recordings to spot in; {', '.join(known)} do")
    report = Report(layout.name, chosen.name, unchecked=layout.unchecked)
    rows = read_clips(layout, chosen, data_dir, path, BOTH, report)
    _tell_one_kind(chosen, path, report)
    finder = find_base(places_of(data_dir, path), chosen.takes, rows)
    if finder is None:
        example = chosen.takes.pattern.format(**rows[0].pattern_fields())
        raise FileNotFoundError(
            f"no recording of {layout.title} is below {data_dir}. Looked for folders such as {example} ({path}) in: "
            f"{', '.join(chosen.takes.roots)}. Found {what_is_in(data_dir)}"
        )
    by_folder = _by_folder(finder, chosen.takes, rows, report)
    takes = [_take(layout, chosen, finder.base, folder, own, report) for folder, own in by_folder.items()]
    kept = [take for take in takes if take]
    if not kept:
        raise ValueError(f"no recording of {layout.title} below {finder.base} could be kept. {report.first()}")
    return Dataset.from_list(kept, features=TAKE_FEATURES), report


def _tell_one_kind(release: Release, sheet: Path, report: Report) -> None:
    """A sheet of one kind alone says nothing of the other: what is spotted of it may be right."""
    if len(report.expressions) == 1:
        (kind,) = report.expressions
        missing = f", and no sheet like {release.beside[0].sheets[0]} lies beside it" if release.beside else ""
        why = "when the other kind is spotted rightly nobody can say: neither it nor both together are scored"
        report.add("doubtful", sheet.name, f"names {kind}-expressions alone{missing}", why)


def _by_folder(
    finder: FolderFinder, takes: FrameFolder, rows: list[ClipRow], report: Report
) -> dict[Path, list[ClipRow]]:
    """The rows of each recording there is, also of those that no row names."""
    folders: dict[Path, list[ClipRow]] = {}
    for row in rows:
        found = finder.find(takes, row)
        if found is None:
            expected = takes.pattern.format(**row.pattern_fields())
            report.add("dropped", row.place, f"no folder {expected}", "its recording is not in this copy")
        else:
            folders.setdefault(found.path, []).append(row)
    for path in finder.base.glob(_FIELD.sub("*", takes.pattern)):
        if path.is_dir():
            folders.setdefault(path, [])
    order = sorted(folders, key=lambda path: natural(path.relative_to(finder.base).as_posix()))
    return {path: folders[path] for path in order}


def _take(
    layout: Layout, release: Release, base: Path, folder: Path, rows: list[ClipRow], report: Report
) -> dict | None:
    """One recording; None where its frames cannot be counted as the sheet counts."""
    place = folder.relative_to(base).as_posix()
    frames = list_frames(folder, None, False)
    odd = (*frames.others, *frames.twice)
    if odd or len(frames.numbers) < 2:
        what = f"pictures without a number of their own: {', '.join(odd[:3])}" if odd else "fewer than two frames"
        report.add("dropped", place, what, "its frames cannot be counted as the sheet counts them")
        return None
    reader = ImageFolder(folder)
    shown = dict(zip((path.name for path in reader.paths), map(int, reader.numbers), strict=True))
    places = [shown[name] for name in frames.files.values()]
    if places != sorted(places):
        what = "pictures whose names sort otherwise than their numbers"
        report.add("dropped", place, what, "its frames cannot be counted as the sheet counts them")
        return None
    _tell_gaps(place, frames.numbers, len(reader), report)
    named = _named(release.takes.pattern, place)
    subject = rows[0].subject if rows else named.get("subject", place)
    take = rows[0].folder if rows else named.get("clip", folder.name)
    events = [event for row in rows if (event := _event(row, frames.numbers, places, report)) is not None]
    return {
        "sample_id": f"{layout.name}/{subject}/{take}",
        "data_set": layout.name,
        "label_release": release.name,
        "subject": subject,
        "take": take,
        "video": str(folder),
        "fps": (rows[0].fps if rows else None) or release.takes.fps,
        "frames": len(reader),
        "size": None,
        "events": sorted(events, key=lambda event: event["onset"]),
    }


def _tell_gaps(place: str, numbers: tuple[int, ...], length: int, report: Report) -> None:
    """Frames that a recording lacks, and what the reader, for whom it has `length` frames, makes of them."""
    step = gcd(*(later - earlier for earlier, later in pairwise(numbers)))
    expected = (numbers[-1] - numbers[0]) // step + 1
    if missing := expected - len(numbers):
        why = "the one before each stands for it" if length == expected else "what is there is counted one by one"
        report.add("doubtful", place, f"{missing} of {expected} frames are missing", why)


def _named(pattern: str, place: str) -> dict[str, str]:
    """Subject and clip of a folder that no row names, read out of its path."""
    regex = _FIELD.sub(r"(?P<\1>[^/]+?)", re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}"))
    match = re.fullmatch(regex, place)
    return match.groupdict() if match else {}


def _event(row: ClipRow, numbers: tuple[int, ...], places: list[int], report: Report) -> dict | None:
    """An expression, its frames counted as the reader counts them (`places`, one for each of the sheet's `numbers`
    there are); None where it has no two of them."""
    if row.onset is not None and row.offset is not None:
        first, last = bisect_left(numbers, row.onset), bisect_right(numbers, row.offset) - 1
        if first < last:
            sure = [number for number, state in states(row.coding).items() if state == 1]
            apex = None if row.apex is None else bisect_left(numbers, row.apex)
            return {
                "kind": row.expression,
                "onset": places[first],
                "apex": places[apex] if apex is not None and first <= apex <= last else None,
                "release": None,
                "offset": places[last],
                "action_units": [f"AU{number}" for number in sure],
                "amplitude_px": [],
                "sides": [_side(row.coding, number) for number in sure],
            }
    what = f"onset {row.onset} to offset {row.offset}; on disk are {numbers[0]} to {numbers[-1]}"
    report.add("dropped", row.place, what, "an interval needs two frames")
    return None


def _side(coding: Coding, number: int) -> str:
    """The side that is coded for a unit; "both" where its mentions differ."""
    sides = {unit.side for unit in coding.units if unit.number == number and unit.certainty == "sure"}
    return sides.pop() if len(sides) == 1 else "both"
