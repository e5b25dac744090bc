"""Protocols: no subject on both sides, every sample tested once, own splits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_aullm.score.protocols import cross_domain, leave_one_subject_out, own_split, subject_folds


def check_partition(splits, subjects):
    subjects = np.asarray(subjects)
    assert sorted(np.concatenate([fold.test for fold in splits])) == list(range(len(subjects)))
    for fold in splits:
        assert not set(subjects[fold.train]) & set(subjects[fold.test])
        assert len(fold.train) + len(fold.test) == len(subjects) and len(fold.train) and len(fold.test)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=5, max_size=80), st.integers(0, 5), st.integers(2, 4))
def test_folds_are_subject_exclusive_and_complete(numbers, seed, folds):
    subjects = [f"s{number:02d}" for number in numbers] + ["x", "y", "z", "w"]
    check_partition(subject_folds(subjects, folds, seed), subjects)
    check_partition(leave_one_subject_out(subjects), subjects)


def test_folds_are_of_about_equal_size_and_depend_on_the_seed():
    generator = np.random.default_rng(0)
    subjects = np.repeat([f"s{i:02d}" for i in range(26)], generator.integers(2, 37, 26))
    sizes = [len(fold.test) for fold in subject_folds(subjects, 5, 0)]
    assert max(sizes) - min(sizes) < 0.1 * len(subjects)
    same, other = subject_folds(subjects, 5, 0), subject_folds(subjects, 5, 1)
    assert all(np.array_equal(a.test, b.test) for a, b in zip(subject_folds(subjects, 5, 0), same, strict=True))
    assert any(not np.array_equal(a.test, b.test) for a, b in zip(same, other, strict=True))


def test_cross_domain_keeps_the_common_units_in_training_order():
    assert cross_domain(["AU1", "AU12", "AU4"], ["AU4", "AU12"]) == ["AU12", "AU4"]
    with pytest.raises(ValueError, match="in common"):
        cross_domain(["AU1"], ["AU4"])


def test_too_many_folds_are_refused():
    with pytest.raises(ValueError, match="3 folds of 2 subjects"):
        subject_folds(["a", "b"], 3)


@pytest.mark.parametrize("name", ["train", "Training"])
def test_a_training_part_is_trained_on_and_all_others_are_tested(name):
    (fold,) = own_split([name, "test", name, "validation"], ["a", "b", "c", "d"])
    assert (fold.name, fold.train.tolist(), fold.test.tolist()) == ("test", [0, 2], [1, 3])


def test_parts_without_a_training_part_are_tested_in_turn():
    subjects = ["a", "b", "a", "c"]
    folds = own_split(["1", "2", "1", "3"], subjects)
    assert [fold.name for fold in folds] == ["1", "2", "3"]
    check_partition(folds, subjects)
    assert folds[0].test.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("parts", "subjects", "said"),
    [
        ([None, None], "ab", "no clip says in column `split`"),
        (["train", None, "test"], "abc", "1 of 3 clips do not say"),
        (["train", "train"], "ab", "all clips belong to part .'train'."),
        (["train", "training"], "ab", "nothing to test"),
        (["train", "test", "test"], "aab", "1 people .a .... are in the training and in the testing part"),
        (["1", "2", "2"], "aab", "people unseen: choose --protocol"),
    ],
)
def test_what_is_no_split_is_told(parts, subjects, said):
    with pytest.raises(ValueError, match=said):
        own_split(parts, list(subjects))
