"""Spotted intervals against true ones, kind by kind."""

from collections import Counter

import pytest

from training_aullm.score.spotting import count_hits, match, overlap, spotting_scores


def interval(onset, offset, kind="micro", score=0.5):
    return {"onset": onset, "offset": offset, "kind": kind, "score": score}


def event(onset, offset, kind="micro"):
    return {"onset": onset, "apex": onset + 1, "offset": offset, "kind": kind}


@pytest.mark.parametrize(("a", "b", "share"), [((0, 9), (0, 9), 1), ((0, 9), (5, 14), 1 / 3), ((0, 9), (10, 19), 0)])
def test_overlap_counts_frames(a, b, share):
    assert overlap(interval(*a), interval(*b)) == pytest.approx(share)


def test_each_true_interval_is_found_once_by_the_surest():
    sure, unsure = interval(0, 9, score=0.9), interval(1, 10, score=0.4)
    assert match([unsure, sure], [event(0, 9)]) == [(sure, event(0, 9))]


def test_each_kind_hits_its_own_and_both_is_their_sum():
    truth = [event(0, 9), event(100, 140, "macro"), event(200, 220, "speech")]
    found = [interval(0, 8), interval(101, 138), interval(205, 215, "macro")]
    scores = spotting_scores(count_hits(found, truth))
    assert [scores["micro"][name] for name in ("hits", "found", "true", "f1")] == [1, 2, 1, 0.667]
    assert [scores["macro"][name] for name in ("hits", "found", "true", "f1")] == [0, 1, 1, 0.0]
    assert [scores["both"][name] for name in ("hits", "found", "true", "f1")] == [1, 3, 2, 0.4]
    assert (scores["both"]["precision"], scores["both"]["recall"]) == (0.333, 0.5)


def test_videos_without_an_expression_count_with_their_false_alarms():
    counts = count_hits([interval(0, 9)], [event(0, 9)])
    assert spotting_scores(counts)["micro"]["f1"] == 1.0
    quiet = count_hits([interval(3, 12), interval(40, 49)], [])
    assert spotting_scores(counts + quiet)["micro"]["f1"] == 0.5


def test_half_is_enough_and_less_is_not():
    assert count_hits([interval(0, 9)], [event(0, 19)])["micro hits"] == 1
    assert count_hits([interval(0, 9)], [event(0, 20)])["micro hits"] == 0


def test_nothing_to_divide_by_is_undefined():
    assert spotting_scores(Counter())["both"] == {
        **dict.fromkeys(("f1", "precision", "recall")),
        **dict.fromkeys(("hits", "found", "true"), 0),
    }
