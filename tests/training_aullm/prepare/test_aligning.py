"""A clip is cut to its movement and held still; what cannot be used says why."""

import numpy as np
import pytest

from tests.training_aullm.clip_tables import BrightFaces, clip_row
from training_aullm.clips.stored_frames import EncodedFrames
from training_aullm.prepare.aligning import ClipForm, prepare_clip

SMALL = ClipForm(size=32)
WHOLE = ClipForm(size=32, whole=True)


def levels_of(row: dict) -> list[int]:
    """The frames' grey levels, to the ten."""
    frames = EncodedFrames(row["frames"], "prepared")
    return [round(float(frames[index].mean()) / 10) * 10 for index in range(len(frames))]


def marks(row: dict) -> tuple:
    return row["onset"], row["apex"], row["offset"]


def test_a_clip_is_cut_from_onset_to_offset_and_its_marks_move_along():
    row = clip_row("s1", "c1", (50, 60, 70, 80, 90, 100, 110), onset=2, apex=4, offset=5)
    prepared, findings = prepare_clip(row, SMALL, BrightFaces())
    assert levels_of(prepared) == [70, 80, 90, 100] and marks(prepared) == (0, 2, 3) and not findings
    assert EncodedFrames(prepared["frames"], "")[0].shape == (32, 32)


def test_a_whole_clip_is_held_on_its_onset_frame_to_both_sides():
    row = clip_row("s1", "c1", (50, 60, 70, 80, 90), onset=2, apex=3, offset=4)
    aligner = BrightFaces()
    prepared, _ = prepare_clip(row, WHOLE, aligner)
    assert levels_of(prepared) == [50, 60, 70, 80, 90] and marks(prepared) == (2, 3, 4)
    assert len(aligner.names) == 2  # forward and backward from the onset


def test_without_alignment_frames_are_kept_byte_for_byte():
    row = clip_row("s1", "c1", (50, 60, 70, 80), onset=1, apex=2, offset=3)
    prepared, findings = prepare_clip(row, ClipForm(align=False), None)
    assert [frame["bytes"] for frame in prepared["frames"]] == [frame["bytes"] for frame in row["frames"][1:]]
    assert marks(prepared) == (0, 1, 2) and not findings


def test_crops_are_kept_without_loss():
    prepared, _ = prepare_clip(clip_row("s1", "c1"), ClipForm(size=40), BrightFaces())
    original, kept = (EncodedFrames(row["frames"], "")[0] for row in (clip_row("s1", "c1"), prepared))
    assert np.array_equal(original, kept)


def test_no_face_at_the_onset_leaves_the_clip_out_by_name():
    prepared, (finding,) = prepare_clip(clip_row("s1", "c1", (0, 90, 90)), SMALL, BrightFaces())
    assert prepared is None
    assert (finding.kind, finding.where) == ("dropped", "tiny/s1/c1") and "frame 0 shows no face" in finding.what


def test_where_no_onset_is_known_the_clip_begins_with_the_face():
    row = clip_row("s1", "c1", (0, 0, 70, 80, 90), onset=None, apex=None, offset=None)
    prepared, (finding,) = prepare_clip(row, SMALL, BrightFaces())
    assert levels_of(prepared) == [70, 80, 90] and marks(prepared) == (None, None, None)
    assert finding.kind == "repaired" and "frame 2" in finding.what


def test_a_face_lost_after_the_apex_ends_the_clip_there():
    prepared, (finding,) = prepare_clip(clip_row("s1", "c1", (90, 90, 90, 90, 0, 90), apex=2), SMALL, BrightFaces())
    assert len(prepared["frames"]) == 4 and marks(prepared) == (0, 2, 3)
    assert finding.kind == "repaired" and "lost at frame 4" in finding.what and "frame 3" in finding.why


def test_a_face_lost_before_the_apex_leaves_the_clip_out():
    prepared, (finding,) = prepare_clip(clip_row("s1", "c1", (90, 90, 0, 90, 90, 90), apex=4), SMALL, BrightFaces())
    assert prepared is None and finding.kind == "dropped" and "apex at frame 4" in finding.what


@pytest.mark.parametrize("ends", [{"onset": None}, {"offset": None}, {"onset": None, "offset": None}])
def test_a_face_lost_before_the_apex_leaves_the_clip_out_where_an_end_is_open(ends):
    row = clip_row("s1", "c1", (90, 90, 0, 90, 90, 90), apex=4, **ends)
    prepared, (finding,) = prepare_clip(row, SMALL, BrightFaces())
    assert prepared is None and finding.kind == "dropped" and "apex at frame 4" in finding.what


def test_where_no_apex_is_known_a_lost_face_makes_the_clip_shorter():
    row = clip_row("s1", "c1", (90, 90, 90, 0, 90, 90), onset=0, apex=None, offset=None)
    prepared, (finding,) = prepare_clip(row, SMALL, BrightFaces())
    assert len(prepared["frames"]) == 3 and finding.kind == "repaired"


def test_a_lead_in_without_a_face_is_shortened():
    row = clip_row("s1", "c1", (60, 0, 80, 90, 100, 110), onset=3, apex=4, offset=5)
    prepared, (finding,) = prepare_clip(row, WHOLE, BrightFaces())
    assert levels_of(prepared) == [80, 90, 100, 110] and marks(prepared) == (1, 2, 3)
    assert "lead-in begins with frame 2" in finding.why


def test_an_apex_outside_is_left_open_and_doubtful():
    row = clip_row("s1", "c1", (90,) * 8, onset=2, apex=7, offset=5)
    prepared, (finding,) = prepare_clip(row, SMALL, BrightFaces())
    assert marks(prepared) == (0, None, 3) and finding.kind == "doubtful" and "7" in finding.what


@pytest.mark.parametrize(("onset", "offset"), [(3, 3), (4, 2), (0, 6), (-1, 3)])
def test_marks_that_cannot_be_leave_the_clip_out(onset, offset):
    prepared, (finding,) = prepare_clip(clip_row("s1", "c1", onset=onset, offset=offset), SMALL, BrightFaces())
    assert prepared is None and str(offset) in finding.what and "0 to 5" in finding.what


@pytest.mark.parametrize("form", [SMALL, ClipForm(align=False)])
def test_a_broken_image_leaves_the_clip_out_and_names_the_frame(form):
    row = clip_row("s1", "c1")
    row["frames"][3] = {"bytes": row["frames"][3]["bytes"][:60], "path": None}
    prepared, (finding,) = prepare_clip(row, form, BrightFaces())
    assert prepared is None and finding.what.startswith("frame 3 is not a readable image")


def test_a_crop_has_a_sensible_size():
    with pytest.raises(ValueError, match="size is 8"):
        ClipForm(size=8)
