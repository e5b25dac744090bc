"""From the motion of a movement, and the model's answers to its clips, to its name, its kind and its score."""

from dataclasses import replace

import numpy as np
import pytest

from processing_aullm.movement_templates_aullm import TemplateFit
from processing_aullm.spotting_aullm import MICRO_S, MovementSpotter, Spotted, apart
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES

FPS, UNITS = 30.0, ["AU1", "AU2", "AU17", "AU4", "AU12"]
KNOWN = list(UNIT_TEMPLATES)


def spotted(
    onset=100, offset=112, turn=0.0, talk=0.0, lids=0.0, parted=0.0, stands_out=0.0, speed=0.0, **px
) -> Spotted:
    """A movement by so many pixels along the named units."""
    along = np.zeros(len(KNOWN))
    for name, size in (px or {"AU4": 0.8}).items():
        along[KNOWN.index(name)] = size
    middle = (onset + offset) // 2
    return Spotted(onset, middle, middle, offset, along, turn, talk, lids, parted, stands_out, speed)


def said(**probabilities) -> list[float]:
    return [probabilities.get(name, 0.05) for name in UNITS]


def movement(motion: Spotted, answer: list[float] | None = None, threshold=0.5, explained=1.0, later=0):
    """A movement whose template has the marks of its motion, or later ones, and explains a share of it."""

    def timed(name):
        return TemplateFit(motion.onset + later, motion.apex + later, motion.offset + later, 1.0, explained)

    return MovementSpotter(FPS, threshold, UNITS).movement(motion, answer or said(AU4=0.9), timed)


def test_a_movement_has_the_marks_of_its_motion_and_the_name_of_its_reading():
    found = movement(spotted(), said(AU4=0.9))
    assert (found["onset"], found["apex"], found["offset"]) == (100, 106, 112)
    assert found["action_units"] == {"AU4": 0.9} and 0.45 <= found["score"] <= 1


def test_a_template_says_when_if_it_explains_the_course_and_is_of_the_same_movement():
    by_motion, by_template = (100, 112), (103, 115)

    def marks(**fit) -> tuple[int, int]:
        found = movement(spotted(), **fit)
        return found["onset"], found["offset"]

    assert marks(later=3) == by_template
    assert marks(later=3, explained=0.4) == by_motion
    assert marks(later=20) == by_motion, "it begins elsewhere"
    assert marks(later=8) == by_motion, "it begins when this one is at its top"


@pytest.mark.parametrize(("frames", "kind"), [(15, "micro"), (16, "macro"), (90, "macro")])
def test_kinds_follow_the_duration(frames, kind):
    assert movement(spotted(offset=100 + frames))["kind"] == kind
    assert (kind == "micro") == (frames / FPS <= MICRO_S)


def test_units_that_are_as_sure_belong_together():
    found = movement(spotted(AU4=0.8, AU1=0.6), said(AU4=0.9, AU1=0.8, AU12=0.3))
    assert list(found["action_units"]) == ["AU4", "AU1"]


def test_a_unit_along_which_the_skin_does_not_go_is_not_believed():
    found = movement(spotted(AU12=6.0), said(AU4=0.9, AU12=0.7))
    assert list(found["action_units"]) == ["AU12"]
    assert movement(spotted(AU12=6.0), said(AU4=0.9)) is None


def test_what_the_model_doubts_is_no_movement_unless_the_threshold_is_lower():
    doubted = said(AU4=0.3)
    assert movement(spotted(), doubted) is None
    assert movement(spotted(), doubted, threshold=0.2) is not None


@pytest.mark.parametrize(("threshold", "bar"), [(0.0, 0.0), (0.5, 0.6), (0.9, 0.931), (1.0, 1.0)])
def test_the_bar_is_above_the_threshold_and_never_out_of_reach(threshold, bar):
    assert MovementSpotter(FPS, threshold, UNITS).min_score == pytest.approx(bar, abs=5e-4)


@pytest.mark.parametrize(
    "against",
    [{"turn": 20.0}, {"talk": 0.6}, {"AU4": 0.1}, {"AU4": 0.7, "lids": 1.0}, {"AU4": 1, "AU26": 5}],
)
def test_head_speech_lids_jaw_and_a_small_size_speak_against_it(against):
    px = {name: size for name, size in against.items() if name.startswith("AU")}
    rest = {name: value for name, value in against.items() if not name.startswith("AU")}
    assert movement(spotted()) is not None
    assert movement(spotted(**rest, **px)) is None


def test_a_brief_movement_is_explained_by_less():
    for little in ({"turn": 4.5}, {"talk": 0.05}):
        assert movement(spotted(**little)) is not None
        assert movement(spotted(**little, stands_out=6.0)) is None
    assert movement(spotted(stands_out=6.0)) is not None


def test_a_brief_movement_needs_less_of_the_model_the_clearer_it_is():
    assert movement(spotted(stands_out=4.5), said(AU4=0.2)) is not None
    assert movement(spotted(stands_out=3.2), said(AU4=0.2)) is None
    assert movement(spotted(stands_out=3.2), said(AU4=0.9)) is not None
    assert movement(spotted(stands_out=1.0), said(AU4=1.0)) is None, "one that does not stand out is none at all"
    weak, strong = (movement(spotted(stands_out=6.0), said(AU4=sure))["action_units"]["AU4"] for sure in (0.2, 0.9))
    assert (weak, strong) == (0.2, 0.9), "what the model says is told as it is"


@pytest.mark.parametrize("against", [{"speed": 50.0}, {"lids": 0.8}, {"AU4": 0.05}])
def test_what_else_moves_speaks_against_a_brief_movement(against):
    assert movement(spotted(stands_out=4.0)) is not None
    assert movement(spotted(stands_out=4.0, **against)) is None


def test_no_template_moves_the_marks_of_a_brief_movement():
    assert movement(spotted(stands_out=6.0), later=3)["onset"] == 100


def test_a_chin_that_goes_down_with_the_jaw_was_not_raised():
    """What a field makes of skin that an opening mouth takes out of the picture may look like a chin that rises."""
    answer, size = said(AU17=0.9, AU12=0.7), {"AU17": 8.0, "AU12": 6.0}
    assert list(movement(spotted(**size), answer)["action_units"]) == ["AU17", "AU12"]
    assert list(movement(spotted(**size, parted=0.3), answer)["action_units"]) == ["AU12"], "a laugh stays one"
    assert movement(spotted(AU17=8.0, parted=0.3), said(AU17=0.9)) is None


def test_a_large_movement_is_there_although_the_eyes_blink_meanwhile():
    assert movement(spotted(lids=1.0, AU4=4.0)) is not None


def pair(motion: Spotted, score: float, *units: str):
    marks = {"onset": motion.onset, "apex": motion.apex, "offset": motion.offset}
    return motion, {**marks, "score": score, "action_units": dict.fromkeys(units, 0.9)}


def test_of_two_parts_of_a_movement_the_larger_stays():
    """Whatever is said of the smaller one."""
    whole, growth = pair(spotted(100, 200, AU12=6.0), 0.7, "AU12"), pair(spotted(130, 190, AU12=5.0), 0.6, "AU12")
    assert apart([whole, growth], []) == [whole]
    assert apart([growth], [whole]) == [], "what was reported before stays"
    small = pair(spotted(130, 140, AU4=0.5), 0.9, "AU4")
    assert apart([whole, small], []) == [whole]


def test_a_brief_movement_on_top_of_a_slow_one_is_its_own():
    slow = pair(spotted(100, 200, AU4=1.0), 0.6, "AU4")
    quick, steady = (pair(spotted(160, 172, stands_out=out, AU4=0.4), 0.7, "AU4") for out in (5.0, 0.0))
    assert apart([slow, quick], []) == [slow, quick]
    assert apart([slow, steady], []) == [slow]
    for unit in ("AU4", "AU1"):
        rising = pair(spotted(120, 132, stands_out=5.0, AU4=0.4), 0.7, unit)
        assert apart([slow, rising], []) == [slow], "on its way there a movement goes unevenly"


@pytest.mark.parametrize(("sooner", "later"), [(1, 0), (0, 0), (0, 4)])
def test_a_movement_rises_to_its_apex_by_its_motion_or_by_its_template(sooner, later):
    """A template may have it a frame sooner, and at 10 frames a second one smile was two."""
    slow, brief = pair(spotted(100, 200, AU12=4.0), 0.9, "AU12"), spotted(144, 156, stands_out=5.0, AU12=1.0)
    slow[1]["apex"] += later - sooner
    rising = pair(replace(brief, apex=slow[0].apex + later), 0.8, "AU12")
    behind = pair(replace(brief, apex=slow[0].apex + later + 1), 0.8, "AU12")
    assert apart([slow, rising], []) == [slow] and apart([slow, behind], []) == [slow, behind]


def test_one_that_is_found_both_ways_is_one():
    whole, brief = pair(spotted(100, 112, AU4=1.0), 0.6, "AU4"), pair(spotted(102, 114, stands_out=5.0), 0.7, "AU1")
    assert apart([whole, brief], []) == [whole]


def test_what_is_made_once_more_after_its_apex_is_another():
    first, again = pair(spotted(100, 200, AU1=6.0), 0.7, "AU1"), pair(spotted(160, 190, AU1=5.0), 0.6, "AU1")
    assert apart([first, again], []) == [first, again]


@pytest.mark.parametrize(("onset", "apex", "parts"), [(140, 150, True), (140, 130, False)])
def test_a_part_is_one_by_the_marks_that_are_told_too(onset, apex, parts):
    """Templates time movements anew: the skin of the second set out when the first one's was back."""
    first, again = pair(spotted(100, 120, AU1=6.0), 0.7, "AU1"), pair(spotted(160, 190, AU1=5.0), 0.6, "AU1")
    first[1].update(apex=apex, offset=170)
    again[1].update(onset=onset)
    assert (again not in apart([first, again], [])) == parts
    other = (again[0], again[1] | {"action_units": {"AU12": 0.9}})
    assert other in apart([first, other], [])


def test_movements_of_their_own_stay():
    smile, brow = pair(spotted(100, 200, AU12=6.0), 0.7, "AU12"), pair(spotted(130, 160, AU1=4.0), 0.6, "AU1")
    later = pair(spotted(220, 260, AU12=6.0), 0.8, "AU12")
    assert apart([later, brow, smile], []) == [smile, brow, later]


@pytest.mark.parametrize("stands_out", [0.0, 5.0])
def test_a_score_lies_between_0_and_1_wherever_the_skin_goes(stands_out):
    """The traces that a movement is measured by are not those that it was found by: it may go the other way there."""
    spotter = MovementSpotter(FPS, 0.5, UNITS)
    for px in (-9.0, -0.1, 0.0, 0.1, 9.0):
        assert 0 <= spotter.score(0.9, px, spotted(AU4=px, stands_out=stands_out)) <= 1
