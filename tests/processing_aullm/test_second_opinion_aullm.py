"""Movements by blendshapes: when, which units, what is no movement, and how they stand beside our model's."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from processing_aullm import second_opinion_aullm
from processing_aullm.blinks_aullm import EyesClosed
from processing_aullm.second_opinion_aullm import SecondOpinion, SeenMovement, begun, stands
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor, blendshapes_of

FPS = 30.0
SMILE = (60, 75, 120, 0.8, "mouthSmileLeft")


def opinion(*shows: tuple, frames: int = 240, every: int = 1, chunk: int | None = None) -> SecondOpinion:
    """Of a face that shows (onset, apex, offset, rise, blendshape), read in some of its frames."""
    shapes = np.stack([blendshapes_of(shows, n) for n in range(frames)])
    shapes[np.arange(frames) % every != 0] = np.nan
    second, chunk = SecondOpinion(FPS), chunk or frames
    for first in range(0, frames, chunk):
        new_from = min(first, 10)
        part = shapes[first - new_from : first + chunk]
        second.add(SimpleNamespace(shapes=part, first=first - new_from, new_from=new_from))
    return second


def movement(units: list[str], size: float = 8.0, onset: int = 60, apex: int = 75) -> dict:
    return {"onset": onset, "apex": apex, "action_units": dict.fromkeys(units, 0.9), "size_px": size}


@pytest.mark.parametrize("every", [1, 3])
def test_a_rise_is_timed_and_named(every):
    (seen,) = opinion(SMILE, every=every).movements([])
    assert abs(seen.onset - 61) <= 3 and abs(seen.apex - 74) <= 3 and 100 <= seen.offset <= 120
    assert seen.units == {"AU12": pytest.approx(0.8, abs=0.05)}


def test_chunks_are_joined():
    whole, parts = opinion(SMILE), opinion(SMILE, chunk=37)
    assert parts.movements([]) == whole.movements([])
    parts.forget(50)
    (seen,) = parts.movements([])
    assert seen == whole.movements([])[0]


@pytest.mark.parametrize("shows", [(60, 75, 120, 0.3, "mouthSmileLeft"), (60, 130, 200, 0.8, "mouthSmileLeft")])
def test_small_and_slow_rises_are_none(shows):
    assert opinion(shows).movements([]) == []


def test_a_shape_that_is_up_when_a_film_begins_has_not_risen():
    assert opinion((-30, 8, 40, 0.9, "mouthSmileLeft")).movements([]) == []


def test_shapes_of_speech_are_none():
    assert opinion((60, 75, 90, 0.9, "jawOpen"), (60, 75, 90, 0.9, "mouthPucker")).movements([]) == []


def test_what_a_mouth_does_in_speaking_is_none():
    press, brow = (60, 75, 90, 0.5, "mouthPressLeft"), (60, 75, 90, 0.5, "browInnerUp")
    jaw, less = (60, 75, 90, 0.8, "jawOpen"), (60, 75, 90, 0.2, "mouthPucker")
    assert opinion(press, jaw).movements([]) == []
    assert [list(seen.units) for seen in opinion(press, less).movements([])] == [["AU24"]]
    assert [list(seen.units) for seen in opinion(brow, jaw).movements([])] == [["AU1"]]


POUT = (60, 70, 110, 0.9, "mouthPucker")


def test_lips_that_pucker_and_stay_shut_pout():
    shut_over_the_jaw = ((60, 70, 110, 0.5, "jawOpen"), (60, 70, 110, 0.45, "mouthClose"))
    assert [list(seen.units) for seen in opinion(POUT).movements([])] == [["AU18"]]
    assert [list(seen.units) for seen in opinion(POUT, *shut_over_the_jaw).movements([])] == [["AU18"]]


@pytest.mark.parametrize(
    "speaks", [(60, 70, 110, 0.3, "mouthFunnel"), (60, 70, 110, 0.3, "jawOpen"), (45, 50, 55, 0.4, "jawOpen")]
)
def test_lips_that_funnel_or_part_about_it_speak(speaks):
    aside = (60, 70, 110, 0.9, "mouthLeft")
    assert opinion(POUT, speaks).movements([]) == [] and opinion(aside, speaks).movements([]) == []


def test_a_little_pucker_is_none():
    assert opinion((60, 70, 110, 0.5, "mouthPucker")).movements([]) == []


def test_a_mouth_that_is_pulled_aside_has_that_side():
    pulled, smile = (60, 70, 110, 0.8, "mouthRight"), (60, 70, 110, 0.6, "mouthSmileRight")
    (alone,), (smiles,) = opinion(pulled).movements([]), opinion(pulled, smile).movements([])
    assert (list(alone.units), alone.side) == (["AU14"], "right")
    assert (list(smiles.units), smiles.side) == (["AU12"], "right")
    (even,) = opinion(pulled, smile, (60, 70, 110, 0.6, "mouthSmileLeft")).movements([])
    assert even.side == "both", "of what is named"
    (told,) = FakeProcessor().read(FakeFace(frames=140, shows=((30, 36, 60, 0.8, "mouthRight"),)), second_opinion=True)[
        "faces"
    ][0]["movements"]
    assert told["side"] == "right"


def test_a_rise_on_both_sides_has_none():
    left, right, less = (
        (60, 75, 120, rise, f"mouthSmile{side}") for rise, side in ((0.8, "Left"), (0.7, "Right"), (0.3, "Right"))
    )
    assert [opinion(left, other).movements([])[0].side for other in (right, less)] == ["both", "left"]
    assert opinion((60, 75, 120, 0.8, "browInnerUp")).movements([])[0].side == "both", "it has no halves"


def test_a_movement_that_is_made_once_more_ends_before():
    first, second = opinion((60, 70, 220, 0.9, "mouthSmileLeft"), (80, 100, 110, -0.55, "mouthSmileLeft")).movements([])
    assert first.offset <= 101 and second.onset >= 95


def test_a_unit_that_another_shape_shows_once_more_ends_before():
    first, second = opinion((60, 70, 130, 0.9, "mouthLeft"), (100, 108, 140, 0.9, "mouthRight")).movements([])
    assert (list(first.units), list(second.units)) == (["AU14"], ["AU14"])
    assert first.offset == second.onset < 108


def test_rises_that_touch_are_one_movement():
    (seen,) = opinion(SMILE, (70, 85, 120, 0.5, "mouthUpperUpRight")).movements([])
    assert list(seen.units) == ["AU12", "AU10"] and seen.apex >= 83
    assert len(opinion(SMILE, (130, 140, 160, 0.5, "browInnerUp")).movements([])) == 2


def test_brows_and_eyes_that_move_with_the_lids_are_no_movement():
    frown, blink = opinion((60, 66, 72, 0.5, "browDownLeft")), EyesClosed(59, 64, 70)
    assert [list(seen.units) for seen in frown.movements([])] == [["AU4"]]
    assert frown.movements([blink]) == []
    assert len(opinion(SMILE).movements([blink])) == 1


@pytest.mark.parametrize("blinks", [[(59, 64, 70)], [(40, 50, 58), (59, 64, 70)]])
def test_brows_that_are_still_up_when_the_lids_are_open_have_moved(blinks):
    blinks = [EyesClosed(*each) for each in blinks]
    (seen,) = opinion((60, 66, 140, 0.8, "browInnerUp")).movements(blinks)
    assert list(seen.units) == ["AU1"] and abs(seen.onset - 61) <= 3


@pytest.mark.parametrize(
    ("shows", "blinks"),
    [
        ((60, 66, 74, 0.5, "browInnerUp"), [(59, 64, 70)]),  # down again a moment after
        ((60, 66, 115, 0.55, "browInnerUp"), [(59, 64, 67), (72, 76, 82)]),  # a double blink: up while lids move
        ((70, 74, 90, 0.8, "browInnerUp"), [(70, 73, 74)]),  # the film ends before anybody could know
        ((60, 66, 140, 0.8, "eyeSquintLeft"), [(59, 64, 70)]),  # eyes are narrow for long after some blinks
    ],
)
def test_what_brows_and_eyes_do_about_a_blink_is_none_otherwise(shows, blinks):
    second = opinion(shows, frames=76 if shows[0] == 70 else 240)
    assert second.movements([EyesClosed(*each) for each in blinks]) == []


def test_a_large_movement_of_which_nothing_is_seen_does_not_stand():
    nothing, smile = opinion(), opinion(SMILE)
    assert not weighed(nothing, ["AU12"])
    assert weighed(nothing, ["AU12"], size=2.0)  # pictures show no small ones
    assert weighed(nothing, ["AU6"])  # nor ever this one
    assert weighed(smile, ["AU12"]) and not weighed(smile, ["AU17"])
    assert stands(movement(["AU12"]) | {"second_opinion": None}, [], FPS)
    assert smile.units(60, 75) == {"AU12": pytest.approx(0.8, abs=0.05)}


def test_a_small_one_does_not_stand_where_pictures_show_another_one_of_its_half():
    pout, late = opinion(POUT), opinion((120, 130, 150, 0.9, "mouthPucker"))
    assert not weighed(pout, ["AU12"], size=2.0) and weighed(late, ["AU12"], size=2.0)
    assert weighed(pout, ["AU4"], size=2.0) and weighed(pout, ["AU4", "AU12"], size=2.0)
    speaks = opinion(POUT, (60, 70, 110, 0.9, "jawOpen"))
    assert weighed(speaks, ["AU12"], size=2.0), "what is no movement refutes none"
    blinks = opinion((60, 66, 72, 0.6, "eyeSquintLeft"))
    assert weighed(blinks, ["AU1"], [EyesClosed(59, 64, 70)], size=2.0)


def weighed(second: SecondOpinion, units: list[str], blinks: tuple = (), size: float = 8.0) -> bool:
    """Whether a movement stands."""
    rated = movement(units, size) | {"second_opinion": second.units(60, 75)}
    return stands(rated, second.movements(blinks), FPS)


def test_a_mouth_that_goes_aside_tells_nothing_of_other_units():
    aside, little = (60, 70, 110, 0.9, "mouthLeft"), (60, 70, 110, 0.15, "mouthUpperUpLeft")
    assert list(opinion(aside, little).units(60, 75)) == ["AU14", "AU10"]
    assert weighed(opinion(aside, little), ["AU14"]) and not weighed(opinion(aside), ["AU12"])


def test_a_movement_stands_where_no_shapes_could_be_read():
    blind = opinion(every=1000)
    assert blind.units(60, 75) is None and blind.movements([]) == []
    assert weighed(blind, ["AU12"])


def test_units_that_cannot_be_told_apart_are_the_same_movement():
    (seen,) = opinion(SMILE).movements([])
    assert seen.is_among([movement(["AU6"])], FPS)
    assert not seen.is_among([movement(["AU4"])], FPS)
    assert not seen.is_among([movement(["AU12"], onset=100, apex=110)], FPS)


def test_what_it_alone_sees_is_marked_as_its_own():
    face = FakeFace(frames=140, shows=((30, 36, 60, 0.7, "mouthSmileLeft"),))
    (seen,) = FakeProcessor().read(face, second_opinion=True)["faces"][0]["movements"]
    assert seen["named_by"] == "blendshapes" and list(seen["action_units"]) == ["AU12"]
    assert seen["score"] == pytest.approx(0.7, abs=0.1) and seen["kind"] == "macro"
    assert FakeProcessor().read(face, second_opinion=False)["faces"][0]["movements"] == []


def test_what_both_see_is_told_once_and_says_so():
    moves, shows = ((30, 33, 37, 4.0, "AU4"),), ((30, 33, 37, 0.6, "browDownLeft"),)
    (both,) = FakeProcessor().read(FakeFace(moves=moves, shows=shows), second_opinion=True)["faces"][0]["movements"]
    assert both["named_by"] == "aullm" and list(both["second_opinion"]) == ["AU4"]
    (alone,) = FakeProcessor().read(FakeFace(moves=moves), second_opinion=False)["faces"][0]["movements"]
    assert alone["second_opinion"] is None and alone["onset"] == both["onset"]


def test_a_rise_over_the_end_of_chunks_is_told_once():
    shows = tuple((at, at + 9, at + 14, 0.8, "mouthSmileRight") for at in range(20, 380, 29))
    face = FakeProcessor().read(FakeFace(frames=400, shows=shows), second_opinion=True)["faces"][0]
    assert len(face["movements"]) == len(shows)


def test_a_movement_begins_where_pictures_show_it_if_the_skin_sets_out_long_before():
    """Skin goes where the head goes, too."""
    moves = ((30, 42, 60, 6.0, "AU12"),)
    onsets = {}
    for at in (30, 37):
        face = FakeFace(frames=140, moves=moves, shows=((at, 42, 60, 0.9, "mouthSmileLeft"),))
        (movement,) = FakeProcessor().read(face, second_opinion=True)["faces"][0]["movements"]
        onsets[at] = movement["onset"]
    (alone,) = FakeProcessor().read(FakeFace(frames=140, moves=moves))["faces"][0]["movements"]
    assert onsets[30] == alone["onset"] < 34 and 36 <= onsets[37] <= 38


SEEN = SeenMovement(40, 50, 90, {"AU12": 0.9}, frozenset({"AU12", "AU6"}), "both")


@pytest.mark.parametrize(
    ("seen", "onset"),
    [
        ([SEEN], 40),
        ([], 30),
        ([replace(SEEN, onset=35)], 30),  # not long after
        ([replace(SEEN, kin=frozenset({"AU17"}))], 30),  # another movement
        ([replace(SEEN, apex=60)], 30),  # a larger one, of which ours is a part
        ([replace(SEEN, onset=56, apex=58)], 30),  # after ours
        ([replace(SEEN, onset=32, apex=36), SEEN], 30),  # the first of several set out on time
    ],
)
def test_onsets_by_shapes(seen, onset):
    ours = movement(["AU12"], onset=30, apex=52) | {"offset": 54, "kind": "macro"}
    told = begun(ours, seen, FPS)
    assert (told["onset"], told["apex"]) == (onset, 52)
    assert told["kind"] == ("micro" if onset == 40 else "macro"), "24 frames last 0.8 s, 14 less than half a second"


@pytest.mark.parametrize("onset", [14, 30, 44])
def test_what_our_model_finds_a_chunk_later_is_not_told_before(onset):
    """Shapes are up before the skin has gone all the way; between lies the frame up to which a chunk is settled."""
    moves, shows = (
        ((onset, onset + 8, onset + 16, 6.0, "AU4"),),
        ((onset - 1, onset + 3, onset + 16, 0.6, "browDownLeft"),),
    )
    (both,) = FakeProcessor().read(FakeFace(frames=160, moves=moves, shows=shows), second_opinion=True)["faces"][0][
        "movements"
    ]
    assert both["named_by"] == "aullm"


def test_a_movement_that_begins_before_another_one_peaks_is_told():
    shows = ((40, 53, 70, 0.8, "mouthSmileLeft"), (51, 59, 70, 0.6, "browInnerUp"))  # too long for one movement
    movements = FakeProcessor().read(FakeFace(frames=160, shows=shows), second_opinion=True)["faces"][0]["movements"]
    assert [list(each["action_units"]) for each in movements] == [["AU12"], ["AU1"]]


def test_only_its_units_have_a_meaning_where_it_is_asked():
    asked, not_asked = (FakeProcessor().read(FakeFace(), second_opinion=each) for each in (True, False))
    assert list(not_asked["meanings"]) == ["AU4", "AU12"]
    assert asked["meanings"]["AU24"] == "lip pressor" and asked["action_units"] == ["AU4", "AU12"]


def test_a_reading_tells_a_pout_and_no_small_smile():
    moves, shows = ((30, 38, 48, 6.0, "AU12"),), ((30, 38, 48, 0.9, "mouthPucker"),)
    (alone,) = FakeProcessor().read(FakeFace(moves=moves))["faces"][0]["movements"]
    (told,) = FakeProcessor().read(FakeFace(moves=moves, shows=shows), second_opinion=True)["faces"][0]["movements"]
    assert list(alone["action_units"]) == ["AU12"] and alone["size_px"] < second_opinion_aullm.LARGE_PX
    assert list(told["action_units"]) == ["AU18"] and told["named_by"] == "blendshapes"


def test_a_reading_leaves_out_what_does_not_stand(monkeypatch):
    monkeypatch.setattr(second_opinion_aullm, "LARGE_PX", 2.0)  # the coarse field of fakes measures 3 px of 9
    moves, shows = ((30, 38, 48, 9.0, "AU12"),), ((30, 38, 48, 0.8, "mouthSmileLeft"),)
    faces = FakeFace(moves=moves), FakeFace(moves=moves, shows=shows)
    refuted, seen = (FakeProcessor().read(face, second_opinion=True)["faces"][0]["movements"] for face in faces)
    (alone,) = FakeProcessor().read(faces[0])["faces"][0]["movements"]
    assert alone["size_px"] >= 2 and refuted == []
    assert [each["named_by"] for each in seen] == ["aullm"]
