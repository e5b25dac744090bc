"""Movements by motion alone: which ways of the skin are movements, and from when to when."""

from dataclasses import replace

import numpy as np
import pytest

from processing_aullm.rises_aullm import SkinMotion, find_rises, turning_points
from processing_aullm.skin_traces_aullm import HEAD, SkinTraces
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, unit_fields

FPS, LEAST = 30.0, 0.35


def motion(*moves: tuple, frames: int = 300, noise: float = 0.03) -> SkinMotion:
    """Skin that moves: (frames, shares, px, action unit)."""
    traces = SkinTraces(FPS)
    rng = np.random.default_rng(0)
    traces.skin = rng.normal(scale=noise, size=(frames, len(HEAD), 2)).astype(np.float32)
    for at, shares, px, unit in moves:
        share = np.interp(np.arange(frames), at, shares)
        traces.skin += (px * share**2 * (3 - 2 * share))[:, None, None] * unit_fields([unit])
    return SkinMotion.of(traces, [])


def rises(*moves: tuple, **options) -> list:
    """Those that are not found by being brief: what is, may be found as well."""
    return [rise for rise in all_rises(*moves, **options) if not rise.brief]


def briefs(*moves: tuple, **options) -> list:
    return [rise for rise in all_rises(*moves, **options) if rise.brief]


def all_rises(*moves: tuple, **options) -> list:
    made = motion(*moves, **options)
    return find_rises(made, np.zeros_like(made.course), LEAST)


def unit_of(rise) -> str:
    return list(UNIT_TEMPLATES)[int(rise.along.argmax())]


@pytest.mark.parametrize(
    ("at", "px", "unit"),
    [
        ((150, 155, 162), 0.9, "AU4"),  # a micro-expression
        ((150, 156, 166), 2.0, "AU1"),
        ((120, 140, 170), 5.0, "AU12"),
        ((120, 150, 200), 20.0, "AU12"),
    ],
)
def test_a_movement_is_one_rise_from_its_first_to_its_last_frame(at, px, unit):
    (rise,) = rises((at, (0, 1, 0), px, unit))
    marks = np.array([rise.onset, rise.apex, rise.offset])
    assert np.abs(marks - at).max() <= 0.15 * (at[2] - at[0]) + 2
    assert rise.onset < rise.top <= rise.apex + 2
    assert unit_of(rise) == unit and rise.along.max() == pytest.approx(px, rel=0.35)


def test_skin_at_rest_has_no_rise():
    assert rises() == []
    assert rises(noise=0.1) == []


def test_a_held_movement_is_one_and_lasts_until_it_is_back():
    (rise,) = rises(((60, 72, 180, 200), (0, 1, 1, 0), 8.0, "AU12"))
    assert abs(rise.onset - 60) <= 3 and abs(rise.offset - 200) <= 5


def test_a_face_that_stands_off_its_rest_still_moves_and_comes_back():
    """What a turn of the head leaves in the course may be larger than a movement, and lie against it."""
    standing = ((0, 299), (1, 1), 8.0, "AU1")
    (rise,) = rises(standing, ((150, 160, 175), (0, 1, 0), 3.0, "AU4"))
    assert abs(rise.onset - 150) <= 3 and abs(rise.offset - 175) <= 5
    assert rise.along[list(UNIT_TEMPLATES).index("AU4")] == pytest.approx(3.0, rel=0.35)


def test_a_small_movement_before_a_grin_is_not_the_grin():
    """Both go the same way; the apex of the first is not that of the second."""
    small, grin = rises(((60, 70, 100, 112, 200, 220), (0, 0.25, 0.25, 1, 1, 0), 12.0, "AU12"))
    assert abs(small.onset - 60) <= 3 and small.apex <= 102
    assert abs(grin.onset - 100) <= 3 and abs(grin.offset - 220) <= 8


def test_a_way_back_in_two_steps_is_no_movement():
    (rise,) = rises(((60, 72, 120, 130, 180, 190), (0, 1, 1, 0.55, 0.55, 0), 8.0, "AU12"))
    assert abs(rise.onset - 60) <= 3


def test_a_way_back_may_bend_where_it_leads_to_rest():
    """A brow is lowered on a face that stands off its rest; while it comes back, the mouth smiles a bit."""
    standing = ((0, 299), (1, 1), 3.0, "AU4")
    frown, corners = ((60, 72, 120, 130), (0, 1, 1, 0), 4.0, "AU4"), ((120, 130), (0, 1), 4.0, "AU12")
    (rise,) = rises(standing, frown, corners)
    assert abs(rise.onset - 60) <= 3 and unit_of(rise) == "AU4"
    towards_mouth = ((120, 130), (0, 1), 8.0, "AU12")
    assert len(rises(standing, frown, towards_mouth)) == 2, "what mostly goes elsewhere is a movement of its own"


def test_what_was_undone_may_come_again():
    first, second = rises(
        ((60, 70, 100, 110), (0, 1, 1, 0), 6.0, "AU4"), ((160, 170, 200, 210), (0, 1, 1, 0), 6.0, "AU1")
    )
    assert (unit_of(first), unit_of(second)) == ("AU4", "AU1"), "a brow that rises is no return of one that was lowered"


def test_what_is_made_once_more_before_it_is_quite_back_is_two():
    first, second = rises(((60, 70, 85, 150, 160, 200, 215), (0, 0.65, 0.5, 0.5, 1, 1, 0), 8.0, "AU1"))
    assert abs(first.onset - 60) <= 3 and first.apex <= 75
    assert first.offset == second.onset and abs(second.onset - 150) <= 3
    growing, _ = rises(((60, 70, 150, 160, 200, 215), (0, 0.8, 0.8, 1, 1, 0), 8.0, "AU1"))
    assert growing.offset >= 200, "a raised brow that is raised a bit more is still the same"


def test_a_brief_movement_shows_while_a_slow_one_goes_on():
    slow, quick = ((120, 180), (0, 1), 3.0, "AU1"), ((150, 156, 163), (0, 1, 0), 0.9, "AU12")
    (whole,), (part,) = rises(slow, quick), briefs(slow, quick)
    assert unit_of(whole) == "AU1" and whole.onset < part.onset < part.apex < whole.top
    assert unit_of(part) == "AU12" and part.stands_out > 5
    assert abs(part.onset - 150) <= 2 and abs(part.apex - 156) <= 1 and abs(part.offset - 163) <= 2
    assert part.along.max() == pytest.approx(0.9, rel=0.35), "the slow one does not count"


@pytest.mark.parametrize("at", [150, 296])
def test_a_brief_movement_is_one_although_all_frames_around_it_stand_out(at):
    found = briefs(((at - 6, at, at + 6), (0, 1, 0), 0.9, "AU12"))
    assert [abs(rise.apex - at) <= 1 for rise in found] == ([True] if at < 296 else []), "but at the end nobody knows"


def test_brief_movements_are_looked_for_along_the_units_that_are_asked_for():
    made = motion(((150, 156, 163), (0, 1, 0), 0.9, "AU12"))
    level, names = np.zeros_like(made.course), list(UNIT_TEMPLATES)
    found = {
        unit: [rise for rise in find_rises(made, level, LEAST, [names.index(unit)]) if rise.brief]
        for unit in ("AU12", "AU1")
    }
    assert len(found["AU12"]) == 1 and found["AU1"] == []


@pytest.mark.parametrize(("place", "unit", "found"), [(7, "AU12", 1), (6, "AU12", 0), (7, "AU1", 0)])
def test_a_brief_movement_has_its_top_where_both_sides_are_known_and_moves_its_own_unit(place, unit, found):
    """The first place of which the brief motion is known is the clearest of those before it in any case."""
    made, names = motion(frames=60, noise=0.0), list(UNIT_TEMPLATES)
    brief, along = np.zeros_like(made.brief), np.zeros_like(made.along)
    brief[place, names.index("AU12")], along[place, names.index(unit)] = 9.0, 1.0
    given = replace(made, brief=brief, along=along)
    rises = find_rises(given, np.zeros_like(made.course), LEAST, [names.index("AU12")])
    assert sum(rise.brief for rise in rises) == found


def test_a_step_is_not_brief_whichever_way_it_goes():
    for step in (((150, 156), (0, 1), 0.9, "AU12"), ((60, 72, 120, 140), (0, 1, 1, 0), 4.0, "AU4")):
        assert briefs(step) == []


def test_one_that_does_not_come_back_lasts_to_the_end():
    (rise,) = rises(((60, 72), (0, 1), 8.0, "AU12"))
    assert rise.offset == 299


def test_a_release_is_no_movement_although_it_goes_along_the_opposite_unit():
    made = motion(((60, 80), (1, 0), 6.0, "AU12"))  # held when the film begins
    down = made.along[-1] - made.along[0]
    assert down.max() > LEAST, "some unit's template sees it as its own"
    assert find_rises(made, np.zeros_like(made.course), LEAST) == []
    from_there = np.tile(made.course[:1], (len(made), 1))
    assert len(find_rises(made, from_there, LEAST)) == 1, "with rest elsewhere it is one"


def test_two_movements_stay_two_although_the_first_is_held():
    first, second = rises(
        ((60, 72, 200, 215), (0, 1, 1, 0), 6.0, "AU12"), ((120, 130, 160, 175), (0, 1, 1, 0), 4.0, "AU1")
    )
    assert (unit_of(first), unit_of(second)) == ("AU12", "AU1")
    assert abs(second.onset - 120) <= 3 and abs(second.offset - 175) <= 6 and first.offset >= 205


def test_a_movement_in_two_steps_is_one():
    assert len(rises(((60, 66, 69, 76, 120, 130), (0, 0.5, 0.5, 1, 1, 0), 8.0, "AU12"))) == 1


def test_turning_points_are_lows_and_highs_in_turn():
    curve = np.interp(np.arange(60), [0, 10, 20, 30, 40, 59], [0, 1, 0.2, 0.25, 0.2, 2])
    assert turning_points(curve, 0.5) == [0, 10, 20, 59] or turning_points(curve, 0.5) == [0, 10, 40, 59]
    assert turning_points(curve[::-1], 0.5)[0] == 0, "the first is a low, even where the curve begins high"
    assert turning_points(np.zeros(5), 0.5) == []
