"""Bootstrap: resampling by subject, averaging over seeds, paired differences."""

import numpy as np
import pytest

from training_aullm.score.bootstrap import bootstrap_difference, bootstrap_f1, bootstrap_mean
from training_aullm.score.metrics import score


def make(subjects=20, clips=10, quality=0.35, seed=0):
    generator = np.random.default_rng(seed)
    names = np.repeat([f"s{i:02d}" for i in range(subjects)], clips)
    labels = (generator.random((subjects * clips, 3)) < 0.4).astype(int)
    return np.clip(labels * quality + generator.random(labels.shape) * 0.7, 0, 1), labels, names


def test_the_value_is_the_pooled_score_and_lies_inside():
    probabilities, labels, subjects = make()
    result = bootstrap_f1(labels, [probabilities], subjects)
    assert result["f1"].value == pytest.approx(score(probabilities, labels, "abc").mean_f1)
    assert result["macro_f1"].value == pytest.approx(score(probabilities, labels, "abc").mean_macro_f1)
    assert result["f1"].low < result["f1"].value < result["f1"].high
    assert [each.value for each in result["per_action_unit"]] == pytest.approx(
        list(score(probabilities, labels, "abc").f1)
    )


def test_seeds_are_averaged():
    probabilities, labels, subjects = make()
    other = make(seed=0, quality=0.1)[0]
    both = bootstrap_f1(labels, [probabilities, other], subjects)["f1"].value
    alone = [bootstrap_f1(labels, [each], subjects)["f1"].value for each in (probabilities, other)]
    assert both == pytest.approx(np.mean(alone))


def test_subjects_are_resampled_not_clips():
    """Half of the subjects are read perfectly and half never: the interval must be far wider than over clips."""
    _, labels, subjects = make()
    good = np.isin(subjects, np.unique(subjects)[::2])[:, None]
    probabilities = np.where(good, labels, 1 - labels).astype(float)
    by_subject = bootstrap_f1(labels, [probabilities], subjects)["f1"]
    by_clip = bootstrap_f1(labels, [probabilities], np.arange(len(labels)).astype(str))["f1"]
    assert by_subject.high - by_subject.low > 2 * (by_clip.high - by_clip.low)


def test_a_paired_difference_of_equal_methods_is_exactly_zero_and_a_real_one_is_not():
    probabilities, labels, subjects = make()
    same = bootstrap_difference(labels, [probabilities], [probabilities], subjects)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    worse = bootstrap_difference(labels, [probabilities], [1 - probabilities], subjects)
    assert worse.low > 0


def test_the_same_seed_gives_the_same_interval():
    probabilities, labels, subjects = make()
    assert bootstrap_f1(labels, [probabilities], subjects, seed=3) == bootstrap_f1(
        labels, [probabilities], subjects, seed=3
    )
    assert bootstrap_f1(labels, [probabilities], subjects, seed=3) != bootstrap_f1(
        labels, [probabilities], subjects, seed=4
    )


def test_a_mean_is_taken_over_values_and_its_interval_over_people():
    same = bootstrap_mean([1.0] * 9 + [0.0], ["a"] * 9 + ["b"])
    assert same.value == pytest.approx(0.9) and (same.low, same.high) == (0, 1)


def test_one_person_has_no_interval():
    """All that is drawn is that person again: the interval would be a point, and every difference beyond chance."""
    probabilities, labels, subjects = make(subjects=1, clips=40)
    found = bootstrap_f1(labels, [probabilities], subjects)
    for each in (found["f1"], found["macro_f1"], *found["per_action_unit"]):
        assert each.value > 0 and np.isnan([each.low, each.high]).all() and "one person: no interval" in str(each)
    worse = bootstrap_difference(labels, [probabilities], [1 - probabilities], subjects)
    assert worse.value > 0 and not (worse.low > 0 or worse.high < 0)
    assert np.isnan(bootstrap_mean([1.0, 0.5], ["a", "a"]).low)


def test_a_unit_that_one_person_alone_says_something_of_has_none_either():
    probabilities, labels, subjects = make()
    labels[subjects != "s00", 1] = -1
    first, second, _ = bootstrap_f1(labels, [probabilities], subjects)["per_action_unit"]
    assert first.low < first.high and second.value > 0 and np.isnan(second.low)
