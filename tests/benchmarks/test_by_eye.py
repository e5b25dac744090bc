"""Scores against what two coders saw: who agrees, what counts, and what is left out."""

import pytest

from benchmarks import by_eye
from benchmarks.by_eye import Coded, agreed, agreement, apart_s, pairs, read_coded, score, spotted_in, together


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


@pytest.mark.slow
def test_the_program_reads_the_coded_videos(run_program, watched, monkeypatch):
    monkeypatch.setattr(by_eye, "read_coded", lambda: {"smile": ([seen(1.4, 1.6, "AU12")], [seen(1.4, 1.6, "AU12")])})
    told = run_program(by_eye, watched)
    who = ["model alone", "with second opinion", "reference of real_faces"]
    assert list(told["scores"]) == list(told["alarms_a_minute"]) == who
    assert all(counts["true"] == 1 for counts in told["scores"].values())
