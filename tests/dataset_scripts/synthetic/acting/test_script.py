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
    counts = {"micro": 3, "macro": 2, "speech": 1, "gaze": 4, "turn": 2, "blink": 0}
    written = script(7, **counts)
    assert {kind: len(of(kind, written)) for kind in KINDS} == counts


def test_a_kind_does_not_change_another():
    """Every kind has its own stream: more blinks leave the gaze where it was."""
    few, many = script(3, micro=1, macro=0, speech=0, blink=0), script(3, micro=1, macro=0, speech=0, blink=9)
    assert of("gaze", few) == of("gaze", many) and of("turn", few) == of("turn", many)
    assert few.lids.max() < 0.4 < many.lids.max()


def test_macro_expressions_are_larger_and_longer_than_micro():
    micro = [event for number in range(20) for event in of("micro", script(number))]
    macro = [event for number in range(20) for event in of("macro", script(number))]
    assert max(event.end - event.start for event in micro) <= 0.5 + 1e-9
    assert min(event.end - event.start for event in macro) > 0.5
    assert max(px for event in micro for px in event.amplitude_px.values()) <= 2.5
    assert min(px for event in macro for px in event.amplitude_px.values()) >= 2.0


def test_courses_are_at_rest_outside_of_events():
    written = script(1, micro=2, macro=1, speech=1, blink=0, gaze=0, turn=0)
    busy = np.zeros(len(TIMES), bool)
    for event in written.events:
        busy |= (event.start - 0.01 <= TIMES) & (event.end + 0.05 >= TIMES)
    assert not written.lids.any() and not written.turn.any()
    assert any(np.abs(course[busy]).max() > 0.3 for course in written.pixels.values())
    leftover = [np.abs(course[~busy]).max() for course in written.pixels.values()]
    assert np.mean(np.array(leftover) < 1e-9) > 0.3  # some expressions do not return to neutral, most do


def test_blinks_shut_the_eyes_and_keep_apart():
    written = script(2, blink=12)
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
