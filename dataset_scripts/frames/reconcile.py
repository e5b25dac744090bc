"""A clip's row against the frames on disk: which frames it gets, and what had to be repaired for that.

Rules: frames from onset to offset, as far as they are on disk. What is missing at the ends shortens the clip, a gap
stays a gap; an apex that no frame of the clip can stand for becomes null; a clip with fewer than two frames is dropped.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from statistics import median_low

from dataset_scripts.layout import Frames
from dataset_scripts.report import Finding, Kind
from dataset_scripts.rows import ClipRow

MIN_FRAMES = 2
MAX_FRAMES = 500
"""Of a micro-expression that is doubtful for its length, no more frames are kept: 3,456 of them are a wrong offset, and
would need a gigabyte of memory."""
_TOLD_GAPS = 5
_TIMES, _TIMES_APART = 4, 4
"""From so many pictures on, of which half lie so far apart, their names are taken for times: our choice. A recording
that somebody thinned keeps every second frame, or every third."""
ABOUT = 2
"""A folder with half to twice the frames that a clip should have is that clip's."""


@dataclass(frozen=True)
class ClipPlan:
    """What goes into the table for one clip, before any picture is read.

    Attributes:
        row: of the sheet. frames: where its pictures are. numbers: of the frames kept, ascending.
        onset, offset: frame numbers among `numbers`. apex: one too, or None.
        fps: frames a second.
    """

    row: ClipRow
    frames: Frames
    numbers: Sequence[int]
    onset: int
    apex: int | None
    offset: int
    fps: float


class Notes:
    """Findings about one clip; those of an accepted oddity are marked as known."""

    def __init__(self, row: ClipRow, accepted: Mapping[tuple[str, str, str], str]):
        self.row, self.accepted = row, accepted
        self.findings: list[Finding] = []

    def add(self, kind: Kind, what: str, why: str, oddity: str = "") -> None:
        reason = self.accepted.get((self.row.subject, self.row.clip, oddity))
        where = f"{self.row.subject}/{self.row.clip} ({self.row.place})"
        known = f"{why}; known: {reason}" if reason else why
        self.findings.append(Finding(kind, where, what, known, known=reason is not None))


@dataclass(frozen=True)
class Rules:
    """How clips are cut.

    Attributes:
        whole: keep the whole recording instead of onset to offset.
        shared: several clips are cut from one folder, so only the sheet can tell where each begins and ends.
        optional: which of "onset", "apex" and "offset" may be left out without a finding.
        longest: seconds; a micro-expression that lasts longer is doubtful. None: as long as it may.
    """

    whole: bool = False
    shared: bool = False
    optional: frozenset[str] = frozenset()
    longest: float | None = None


def plan_clip(row: ClipRow, frames: Frames, fps: float, notes: Notes, rules: Rules) -> ClipPlan | None:
    """Decide which frames a clip gets.

    Args:
        row: of the sheet. frames: on disk. fps: of the frames, where they do not say it themselves.
        notes: receives what does not fit. rules: how to cut.
    Returns:
        The plan, or None where the clip is dropped.
    """
    numbers = frames.numbers
    if rules.shared and (row.onset is None or row.offset is None or row.offset <= row.onset):
        what = f"onset {row.onset}, offset {row.offset}"
        notes.add("dropped", what, "its frames share a folder with other clips and cannot be told apart")
        return None
    if len(numbers) < MIN_FRAMES:
        notes.add("dropped", f"frames on disk: {len(numbers)}", f"a clip needs {MIN_FRAMES}")
        return None
    row, shift = (row, 0) if rules.shared else _met(row, numbers, notes)
    onset, offset = _ends(row, numbers, shift, notes, rules)
    inside = numbers[bisect_left(numbers, onset) : bisect_right(numbers, offset)]
    if len(inside) < MIN_FRAMES:
        what = f"frames from onset {row.onset} to offset {row.offset}: {len(inside)}; on disk are {_span(numbers)}"
        notes.add("dropped", what, f"a clip needs {MIN_FRAMES}", "frames_missing")
        return None
    _note_missing(onset, offset, inside, notes)
    apex = _apex(row, inside, shift, notes, rules)
    fps = row.fps or getattr(frames, "fps", None) or fps
    step = _step(row, len(inside), fps, notes, rules)
    inside = inside[::step]
    apex = None if apex is None else _nearest(inside, apex)
    kept = numbers if rules.whole else inside
    return ClipPlan(row, frames, kept, inside[0], apex, inside[-1], fps / step)


def _met(row: ClipRow, numbers: Sequence[int], notes: Notes) -> tuple[ClipRow, int]:
    """A row whose range meets its folder, and what to add to its numbers.

    Where no frame is within the range, the folder decides if it can hold nothing but this clip: just as many frames
    were numbered anew, so all numbers are shifted; about as many are taken from the first to the last.
    """
    if row.onset is None or row.offset is None or not (numbers[-1] < row.onset or numbers[0] > row.offset):
        return row, 0
    expected, what = row.offset - row.onset + 1, f"frames are numbered {_span(numbers)}"
    if len(numbers) == expected:
        notes.add("repaired", what, f"as many as {row.onset} to {row.offset}: shifted")
        return row, numbers[0] - row.onset
    if expected / ABOUT <= len(numbers) <= ABOUT * expected:
        notes.add("repaired", f"{what}, the sheet says {row.onset} to {row.offset}", "the folder decides")
        return replace(row, onset=numbers[0], offset=numbers[-1]), 0
    return row, 0


def _ends(row: ClipRow, numbers: Sequence[int], shift: int, notes: Notes, rules: Rules) -> tuple[int, int]:
    onset = numbers[0] if row.onset is None else row.onset + shift
    offset = numbers[-1] if row.offset is None else row.offset + shift
    if row.onset is None and "onset" not in rules.optional:
        notes.add("repaired", "no onset is given", f"the first frame on disk, {onset}, was taken")
    if row.offset is None and "offset" not in rules.optional:
        notes.add("repaired", "no offset is given", f"the last frame on disk, {offset}, was taken")
    if row.offset is not None and offset <= onset:
        notes.add("repaired", f"offset {row.offset} is not after onset {row.onset}", "the last frame on disk was taken")
        offset = numbers[-1]
    return onset, offset


def _note_missing(onset: int, offset: int, inside: Sequence[int], notes: Notes) -> None:
    if inside[0] > onset:
        notes.add(
            "repaired", f"no frames before {inside[0]}, onset is {onset}", "the clip starts later", "frames_missing"
        )
    if inside[-1] < offset:
        what = f"no frames after {inside[-1]}, offset is {offset}"
        notes.add("repaired", what, "the clip ends earlier", "frames_missing")
    missing = inside[-1] - inside[0] + 1 - len(inside)
    if len(inside) >= _TIMES and median_low(later - earlier for earlier, later in pairwise(inside)) >= _TIMES_APART:
        what = f"{len(inside)} pictures are numbered {_span(inside)}, as times are"
        notes.add("doubtful", what, "taken one after the other, the frames per second as they are given")
    elif missing:
        gaps = list(islice(_gaps(inside), _TOLD_GAPS + 1))
        first = ", ".join(map(str, gaps[:_TOLD_GAPS])) + (", ..." if len(gaps) > _TOLD_GAPS else "")
        what = f"{missing} of {inside[-1] - inside[0] + 1} frames are missing: {first}"
        notes.add("repaired", what, "the clip goes on without them", "frames_missing")


def _gaps(numbers: Sequence[int]) -> Iterator[int]:
    """The numbers that are missing, one by one: there may be billions."""
    for earlier, later in pairwise(numbers):
        yield from range(earlier + 1, later)


def _step(row: ClipRow, count: int, fps: float, notes: Notes, rules: Rules) -> int:
    """Which frames are kept: all (1), or every so many of a clip that is far too long. Tells of times hardly true."""
    if row.apex is not None and row.apex == row.onset and "apex" not in rules.optional:
        notes.add("doubtful", f"apex {row.apex} is the onset", "kept as it is written: no movement leads to it")
    if None in (rules.longest, row.onset, row.offset) or row.expression == "macro":
        return 1
    seconds = (row.offset - row.onset) / fps
    if seconds <= rules.longest:
        return 1
    step = 1 if rules.whole else -(-count // MAX_FRAMES)
    kept = "kept" if step == 1 else f"of every {step} frames one is kept"
    what = f"onset {row.onset} to offset {row.offset} lasts {seconds:.1f} s"
    notes.add("doubtful", what, f"{kept}; hardly a micro-expression, which lasts {rules.longest:g} s at most")
    return step


def _apex(row: ClipRow, inside: Sequence[int], shift: int, notes: Notes, rules: Rules) -> int | None:
    if row.apex is None:
        if "apex" not in rules.optional:
            notes.add("doubtful", "no apex is given", "apex is null")
        return None
    apex = row.apex + shift
    onset, offset = inside[0], inside[-1]
    if not onset <= apex <= offset:
        what = f"apex {row.apex} is outside {onset - shift} to {offset - shift}"
        notes.add("repaired", what, "apex is null", "apex_outside")
        return None
    nearest = _nearest(inside, apex)
    if nearest != apex:
        notes.add("repaired", f"frame {apex} of the apex is missing", f"{nearest} is nearest", "frames_missing")
    return nearest


def _nearest(numbers: Sequence[int], wanted: int) -> int:
    return min(numbers, key=lambda number: (abs(number - wanted), number))


def _span(numbers: Sequence[int]) -> str:
    return f"{numbers[0]} to {numbers[-1]}"
