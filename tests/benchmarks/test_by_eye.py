"""Scores against what two coders saw: who agrees, what counts, and what is left out."""

import pytest

from benchmarks import by_eye
from benchmarks.by_eye import (
    COUNTS,
    PAIRS,
    Coded,
    agreed,
    agreement,
    apart_s,
    at_rest,
    neutral,
    pairs,
    pairs_at_rest,
    pairs_of_pictures,
    read_coded,
    score,
    score_pair,
    spotted_in,
    together,
)


def seen(onset: float, apex: float, *units: str, sure: float = 3.0) -> Coded:
    return Coded(onset, apex, apex + 0.5, frozenset(units), sure)


def test_the_coders_marks_are_whole():
    coded = read_coded()
    assert set(coded) == {"blink", "d0", "d18", "d19", "d20", "d9", "single_face"}
    for coders in coded.values():
        assert len(coders) == 2 and all(each.onset < each.apex for coder in coders for each in coder)
        assert all(1 <= each.sure <= 3 and each.units for coder in coders for each in coder)
    assert coded["d20"] == ([], []), "somebody who speaks"


def test_movements_are_paired_with_the_nearest_one():
    first = [seen(1.0, 1.4, "AU12"), seen(1.5, 1.8, "AU12"), seen(5.0, 5.5, "AU4")]
    second = [seen(1.45, 1.8, "AU12", "AU6"), seen(5.0, 5.5, "AU12")]
    assert pairs(first, second) == [(first[1], second[0])]
    assert agreement({"a": (first, second)})["both"] == 1
    (both,) = agreed(first, second)
    assert both.units == {"AU12"} and both.onset == 1.475


def test_found_named_and_alarms():
    smile, frown = seen(1.0, 1.4, "AU12", "AU6"), seen(4.0, 4.4, "AU4")
    said = [seen(1.1, 1.5, "AU12", sure=0.9), seen(1.2, 1.5, "AU6", sure=0.5), seen(3.9, 4.3, "AU2"), seen(8, 9, "AU1")]
    video = score(said, ([smile, frown], [smile, frown]), {"AU12", "AU4"})
    assert video.counts == {"true": 2, "found": 2, "named": 1, "alarms": 1, "uncounted": 1}
    assert [round(late, 2) for late in video.late["onset"]] == [-0.1, 0.1]
    assert apart_s(together({"one": video, "other": video}).late)["onset"] == (0.1, 0.1)


def test_what_is_in_doubt_or_unknown_is_neither_hit_nor_alarm():
    doubtful, pout = seen(1.0, 1.4, "AU12", sure=1.0), seen(4.0, 4.4, "AU18")
    said = [seen(1.0, 1.4, "AU12"), seen(4.0, 4.4, "AU12")]
    counts = score(said, ([doubtful, pout], [doubtful, pout]), {"AU12"}).counts
    assert counts == {"true": 0, "found": 0, "named": 0, "alarms": 0, "uncounted": 2}
    alone = score(said[:1], ([seen(1.0, 1.4, "AU12")], []), {"AU12"}).counts
    assert (alone["true"], alone["uncounted"]) == (0, 1)


def test_movements_of_a_reading_are_taken_in_seconds():
    movement = {"onset": 30, "apex": 45, "offset": 60, "action_units": {"AU12": 0.9}, "score": 0.8}
    (said,) = spotted_in({"fps": 30.0, "faces": [{"movements": [movement]}]})
    assert (said.onset, said.apex, said.offset, said.units, said.sure) == (1.0, 1.5, 2.0, {"AU12"}, 0.8)


def test_rest_is_what_no_coder_saw_move_and_no_blink():
    doubtful = Coded(1.0, 1.2, 1.5, frozenset({"AU4"}), 1.0)
    rest = at_rest(30, 10.0, ([doubtful], []), [{"onset": 20, "offset": 24}])
    assert rest == [*range(9), *range(17, 20), *range(25, 30)]


def test_a_movement_is_shown_from_its_onset_and_from_rest():
    rest = [*range(9), *range(20, 25)]
    smile, late = seen(1.0, 1.4, "AU12"), seen(2.6, 9.0, "AU12")
    told = list(pairs_of_pictures([smile, late], rest, 10.0, 29))
    assert [each[:3] for each in told] == [
        (PAIRS[0], 10, 14),
        (PAIRS[1], 4, 14),
        (PAIRS[0], 26, 29),
        (PAIRS[1], 22, 29),
    ]
    assert neutral(rest, 3) == 4, "the first stretch, where a film begins in the middle of it"


def test_pictures_at_rest_are_paired_with_the_next_one_a_second_later():
    rest = [*range(12), *range(25, 30)]
    assert list(pairs_at_rest(rest, 10.0)) == [(0, 10), (2, 25), (5, 25), (8, 25), (10, 25)]


def reading(*named: str, **sure: float) -> dict:
    return {"probabilities": sure, "movements": [{"action_units": {name: 0.9}} for name in named]}


def test_pairs_are_scored_by_what_is_first_sure_and_named():
    alone, both = reading("AU12", AU12=0.6, AU4=0.7), reading("AU4", "AU18", AU12=0.6, AU4=0.7)

    def counts(units: frozenset | None) -> list[int]:
        return [int(score_pair(alone, both, units)[name]) for name in COUNTS]

    assert counts(frozenset({"AU12"})) == [1, 0, 1, 1, 0] and counts(frozenset({"AU4"})) == [1, 1, 1, 0, 1]
    assert counts(frozenset({"AU18"})) == [1, 0, 0, 0, 1] and counts(None) == [1, 0, 1, 1, 1]
    assert [score_pair(reading(AU4=0.4), reading(AU4=0.4), None)[name] for name in COUNTS] == [1, 0, 0, 0, 0]


@pytest.mark.slow
def test_the_program_reads_the_coded_videos(run_program, watched, monkeypatch):
    monkeypatch.setattr(by_eye, "read_coded", lambda: {"smile": ([seen(1.4, 1.6, "AU12")], [seen(1.4, 1.6, "AU12")])})
    told = run_program(by_eye, watched)
    who = ["model alone", "with second opinion", "reference of real_faces"]
    assert list(told["scores"]) == list(told["alarms_a_minute"]) == who
    assert all(counts["true"] == 1 for counts in told["scores"].values())
    assert list(told["pictures"]) == list(PAIRS) and all(
        list(counts) == list(COUNTS) for counts in told["pictures"].values()
    )
    assert told["pictures"]["rest and apex"]["pairs"] == 1 and told["pictures"]["both at rest"]["pairs"] > 0
