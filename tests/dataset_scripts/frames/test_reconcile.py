"""Rows against the frames on disk: what is kept, shifted, cut, dropped, and what is said about it."""

import tracemalloc
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts.cells.facs import Coding
from dataset_scripts.frames.reconcile import Notes, Rules, plan_clip
from dataset_scripts.rows import ClipRow


@dataclass(frozen=True)
class Numbers:
    """Frames of which only the numbers matter."""

    numbers: tuple[int, ...]
    fps: float | None = None


def planned(on_disk, onset, apex, offset, accepted=None, **options):
    row = ClipRow("s1", "c1", Coding(), "4", onset, apex, offset, None, None, "sheet.xlsx", 2)
    notes = Notes(row, accepted or {})
    return plan_clip(row, Numbers(tuple(on_disk)), 200, notes, Rules(**options)), notes.findings


def test_a_clip_as_the_sheet_says_needs_no_word():
    plan, findings = planned(range(40, 60), 46, 50, 55)
    assert (plan.numbers, plan.onset, plan.apex, plan.offset) == (tuple(range(46, 56)), 46, 50, 55)
    assert findings == []


def test_the_whole_recording_is_kept_on_request():
    plan, _ = planned(range(1, 101), 46, 50, 55, whole=True)
    assert len(plan.numbers) == 100
    assert (plan.onset, plan.apex, plan.offset) == (46, 50, 55)


@pytest.mark.parametrize(
    ("on_disk", "sheet", "expected", "kind", "words"),
    [
        (range(48, 60), (46, 50, 55), (48, 50, 55), "repaired", "no frames before 48, onset is 46"),
        (range(40, 53), (46, 50, 55), (46, 50, 52), "repaired", "no frames after 52, offset is 55"),
        (range(46, 56), (46, 90, 55), (46, None, 55), "repaired", "apex 90 is outside 46 to 55"),
        (range(46, 56), (46, None, 55), (46, None, 55), "doubtful", "no apex is given"),
        (range(46, 56), (None, 50, 55), (46, 50, 55), "repaired", "no onset is given"),
        (range(46, 56), (46, 50, None), (46, 50, 55), "repaired", "no offset is given"),
        (range(46, 56), (46, 50, 0), (46, 50, 55), "repaired", "offset 0 is not after onset 46"),
        (range(1, 11), (46, 50, 55), (1, 5, 10), "repaired", "frames are numbered 1 to 10"),
        ([46, 47, 49, 50, 51], (46, 49, 51), (46, 49, 51), "repaired", "1 of 6 frames are missing: 48"),
    ],
)
def test_what_does_not_fit_is_repaired_and_told(on_disk, sheet, expected, kind, words):
    plan, (finding,) = planned(on_disk, *sheet)
    assert (plan.onset, plan.apex, plan.offset) == expected
    assert (finding.kind, finding.what) == (kind, words)
    assert finding.where == "s1/c1 (sheet.xlsx, row 2)"


@pytest.mark.parametrize(("count", "kept"), [(4, False), (5, True), (8, True), (20, True), (21, False)])
def test_a_folder_with_about_as_many_frames_is_the_clips_own(count, kept):
    plan, findings = planned(range(1, count + 1), 46, 50, 55)
    assert (plan is not None) == kept
    if kept:
        assert (plan.onset, plan.apex, plan.offset) == (1, None, count)
        assert findings[0].what == f"frames are numbered 1 to {count}, the sheet says 46 to 55"


@pytest.mark.parametrize("second", [1000, 10**6, 10**9])
def test_pictures_named_by_times_are_told_so_and_nothing_is_missing(second):
    """At 60 frames a second, with a camera's jitter, on one day of 2023."""
    times = [1_700_000_000 * second + second * frame // 60 + frame % 3 for frame in range(60)]
    tracemalloc.start()
    plan, (finding,) = planned(times, None, None, None, optional=frozenset({"onset", "apex", "offset"}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert plan.numbers == tuple(times) and peak < 100_000
    assert finding.kind == "doubtful"
    assert finding.what == f"60 pictures are numbered {times[0]} to {times[-1]}, as times are"


def test_a_thinned_recording_and_a_long_gap_are_no_times():
    _, (thinned,) = planned(range(0, 300, 3), 0, 150, 297)
    assert (thinned.kind, thinned.what) == ("repaired", "198 of 298 frames are missing: 1, 2, 4, 5, 7, ...")
    _, (gap,) = planned([*range(10), *range(10**9, 10**9 + 10)], 0, 5, 10**9 + 9)
    assert gap.what == f"{10**9 - 10} of {10**9 + 10} frames are missing: 10, 11, 12, 13, 14, ..."


def test_a_missing_apex_frame_gives_way_to_the_nearest():
    plan, findings = planned([46, 47, 50, 51], 46, 49, 51)
    assert plan.apex == 50
    assert [finding.what for finding in findings] == [
        "2 of 6 frames are missing: 48, 49",
        "frame 49 of the apex is missing",
    ]


@pytest.mark.parametrize(
    ("on_disk", "words"),
    [
        ([], "frames on disk: 0"),
        ([46], "frames on disk: 1"),
        (range(1, 30), "frames from onset 46 to offset 55: 0; on disk are 1 to 29"),
        ([1, 2, 46], "frames from onset 46 to offset 55: 1; on disk are 1 to 46"),
    ],
)
def test_a_clip_without_frames_is_dropped_and_told(on_disk, words):
    plan, findings = planned(on_disk, 46, 50, 55)
    assert plan is None
    assert (findings[-1].kind, findings[-1].what) == ("dropped", words)


@pytest.mark.parametrize(("onset", "offset"), [(None, 55), (46, None), (46, 0)])
def test_a_clip_of_a_shared_folder_needs_both_ends(onset, offset):
    plan, (finding,) = planned(range(1, 3000), onset, 50, offset, shared=True)
    assert plan is None
    assert (finding.kind, finding.what) == ("dropped", f"onset {onset}, offset {offset}")


def test_times_that_may_be_left_out_are_no_finding():
    plan, findings = planned(range(7, 12), None, None, None, optional=frozenset({"onset", "apex", "offset"}))
    assert (plan.onset, plan.apex, plan.offset) == (7, None, 11)
    assert findings == []


def test_frames_that_know_their_rate_keep_it():
    row = ClipRow("s1", "c1", Coding(), "4", 1, 2, 3, None, None, "sheet.xlsx", 2)
    frames = Numbers((1, 2, 3), fps=29.97)
    assert plan_clip(row, frames, 200, Notes(row, {}), Rules()).fps == 29.97


def test_frames_of_a_shared_folder_are_never_shifted():
    assert planned(range(1, 11), 46, 50, 55, shared=True)[0] is None


TIMES = st.one_of(st.none(), st.integers(0, 40))


@settings(deadline=None, max_examples=150)
@given(st.sets(st.integers(0, 40), max_size=20), TIMES, TIMES, TIMES, st.booleans(), st.booleans())
def test_every_plan_is_consistent_and_every_drop_is_told(on_disk, onset, apex, offset, whole, shared):
    plan, findings = planned(sorted(on_disk), onset, apex, offset, whole=whole, shared=shared)
    if plan is None:
        assert [finding.kind for finding in findings].count("dropped") == 1
        return
    assert {plan.onset, plan.offset} | ({plan.apex} - {None}) <= set(plan.numbers) <= on_disk
    assert plan.onset < plan.offset and list(plan.numbers) == sorted(plan.numbers)
    assert plan.apex is None or plan.onset <= plan.apex <= plan.offset
    as_written = (plan.onset, plan.apex, plan.offset) == (onset, apex, offset)
    complete = set(range(plan.onset, plan.offset + 1)) <= on_disk
    assert bool(findings) != (as_written and apex is not None and complete)


def test_an_accepted_oddity_is_marked_as_known():
    _, (finding,) = planned(range(46, 56), 46, 90, 55, accepted={("s1", "c1", "apex_outside"): "as shipped"})
    assert finding.known and "as shipped" in finding.why
