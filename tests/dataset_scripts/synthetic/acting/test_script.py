"""What happens in a take."""

from itertools import pairwise

import numpy as np
import pytest

from dataset_scripts.synthetic.acting.script import KINDS, write_script
from dataset_scripts.synthetic.config import DOMAINS

DOMAIN = DOMAINS["casme3-like"]
TIMES = np.arange(30 * 30) / 30


def script(number=0, times=TIMES, **counts):
    return write_script(DOMAIN, times, counts, (0, number))


def of(kind, script):
    return [event for event in script.events if event.kind == kind]


def test_takes_hold_none_to_six_micro_expressions_in_the_published_combinations():
    scripts = [script(number) for number in range(60)]
    counts = [len(of("micro", each)) for each in scripts]
    assert set(counts) == set(range(7))
    units = [unit for each in scripts for event in of("micro", each) for unit in event.amplitude_px]
    assert 0.15 < units.count("AU4") / len(units) < 0.4  # 274 of 1074 in the sheet


def test_events_are_ordered_and_lie_within_the_take():
    for number in range(20):
        events = script(number).events
        assert [event.start for event in events] == sorted(event.start for event in events)
        assert all(0 <= event.start < event.apex < event.end <= TIMES[-1] + 2 for event in events)
        assert all(event.kind in KINDS for event in events)


def test_expressions_and_speech_do_not_overlap():
    for number in range(20):
        loud = [event for event in script(number).events if event.kind in ("micro", "macro", "speech")]
        assert all(later.start - early.end > 0.5 for early, later in pairwise(loud))


def test_counts_asked_for_are_met():
    counts = {
        "micro": 3,
        "macro": 2,
        "speech": 1,
        "gaze": 4,
        "turn": 2,
        "blink": 0,
        "closure": 1,
        "wink": 2,
        "mouth": 0,
    }
    written = script(7, **counts)
    found = {kind: len(of(kind, written)) for kind in KINDS}
    parted = sum(bool(movement.company) for movement in written.large)  # with a smile
    assert found == counts | {"mouth": parted}


def test_a_kind_does_not_change_another():
    """Every kind has its own stream: more blinks leave the gaze where it was."""
    quiet = {"micro": 1, "macro": 0, "speech": 0, "closure": 0, "wink": 0}
    few, many = script(3, **quiet, blink=0), script(3, **quiet, blink=9)
    assert of("gaze", few) == of("gaze", many) and of("turn", few) == of("turn", many)
    assert few.lids.max() < 0.4 < many.lids.max()


def test_macro_expressions_are_larger_and_longer_than_micro():
    micro = [event for number in range(20) for event in of("micro", script(number))]
    macro = [event for number in range(20) for event in of("macro", script(number))]
    assert max(event.end - event.start for event in micro) <= 0.5 + 1e-9
    assert min(event.end - event.start for event in macro) > 0.5
    assert max(px for event in micro for px in event.amplitude_px.values()) <= 2.5
    assert min(px for event in macro for px in event.amplitude_px.values()) >= 1.5


def test_courses_are_at_rest_outside_of_events():
    written = script(1, micro=2, macro=1, speech=1, blink=0, gaze=0, turn=0, closure=0, wink=0, mouth=0)
    busy = np.zeros(len(TIMES), bool)
    for event in written.events:
        busy |= (event.start - 0.01 <= TIMES) & (event.end + 0.05 >= TIMES)
    assert not written.lids.any() and not written.turn.any()
    assert any(np.abs(course[busy]).max() > 0.3 for course in written.pixels.values())
    leftover = [np.abs(course[~busy]).max() for course in written.pixels.values()]
    assert np.mean(np.array(leftover) < 1e-9) > 0.3  # some expressions do not return to neutral, most do


def test_blinks_shut_the_eyes_and_keep_apart():
    written = script(2, blink=12, closure=0, wink=0)
    starts = [event.start for event in of("blink", written)]
    assert np.diff(starts).min() >= 0.6
    assert 0.9 < written.lids.max() <= 1.5


def test_too_much_for_the_time_is_said():
    with pytest.raises(ValueError, match=r"do not fit into 2\.0 s"):
        script(0, np.arange(61) / 30, micro=6)


def test_drawn_events_always_fit():
    for number in range(40):
        times = np.arange(30 * (2 + number % 9)) / 30
        assert all(event.end <= times[-1] for event in script(number, times).events if event.kind in ("micro", "macro"))


def test_closed_eyes_are_told_from_blinks():
    written = script(4, blink=0, closure=2, wink=0, gaze=0)
    for event in of("closure", written):
        inside = (event.apex + 0.05 < TIMES) & (event.release - 0.05 > TIMES)
        assert written.lids[:, inside].min() > 0.99 and event.release - event.apex >= 0.4
    blinks = [event for number in range(9) for event in of("blink", script(number))]
    assert max(event.end - event.start for event in blinks) < 0.5


def test_lids_do_one_thing_at_a_time():
    for number in range(6):
        written = script(number, blink=20, closure=2, wink=2)
        spans = sorted((event.start, event.end) for kind in ("blink", "closure", "wink") for event in of(kind, written))
        kept = [span for span in spans if span not in [(each.start, each.end) for each in of("closure", written)]]
        closures = [(event.start, event.end) for event in of("closure", written)]
        assert kept and not any(start < end_ and start_ < end for start, end in kept for start_, end_ in closures)


def test_a_wink_shuts_one_eye_and_names_it():
    for number in range(5):
        written = script(number, blink=0, closure=0, wink=1, gaze=0)
        (event,) = of("wink", written)
        left, right = written.lids.max(axis=1)
        assert event.sides == {"AU46": "L" if left > right else "R"}
        assert max(left, right) > 0.6 and min(left, right) < 0.3


def test_mouths_do_things_that_are_no_expression():
    mouths = [event for number in range(30) for event in of("mouth", script(number))]
    units = {unit for event in mouths for unit in event.amplitude_px}
    assert units == {"AU23", "AU24", "AU25", "AU26", "AU28"}


def test_a_smile_parts_the_lips_without_naming_it():
    scripts = [script(number, macro=2) for number in range(40)]
    smiles = [movement for each in scripts for movement in each.large if movement.company]
    assert len(smiles) > 8 and max(smile.amplitude_px["AU12"] for smile in smiles) > 15
    named = [event for each in scripts for event in of("macro", each) if "AU12" in event.amplitude_px]
    assert not any("AU26" in event.amplitude_px for event in named)
    parted = [(event.start, event.end) for each in scripts for event in of("mouth", each)]
    assert all((smile.start, smile.end) in parted for smile in smiles)


def test_jaws_open_as_far_as_real_ones():
    largest = [script(number, speech=1, macro=0, mouth=0).pixels["AU26"].max() for number in range(40)]
    assert 4 < np.median(largest) < 12 and 14 < max(largest) <= 20


def test_held_expressions_say_when_they_go_back():
    macro = [event for number in range(30) for event in of("macro", script(number))]
    held = [event for event in macro if event.release - event.apex > 0.9]
    assert len(held) > 0.15 * len(macro)
    assert all(event.apex <= event.release < event.end for event in macro)
