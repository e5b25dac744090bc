"""Protocols: who is trained on, who is tested, for which units."""

import numpy as np
import pytest

from training_aullm.comparing.splits import CROSS, KFOLD, LEAVE_SET_OUT, LOSO, PROTOCOLS, divide

DATA_SETS = ["one"] * 6 + ["two"] * 4 + ["three"] * 2
SUBJECTS = [f"one/s{k % 3}" for k in range(6)] + [f"two/s{k % 2}" for k in range(4)] + ["three/s0", "three/s1"]
UNITS = {"one": ("AU1", "AU4", "AU12"), "two": ("AU4", "AU12"), "three": ("AU9", "AU4")}


def people(rows):
    return {SUBJECTS[row] for row in rows}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_is_on_both_sides_and_every_clip_of_a_group_is_tested_once(protocol):
    splits = divide(protocol, DATA_SETS, SUBJECTS, UNITS, folds=2)
    tested = {}
    for split in splits:
        assert not people(split.fold.train) & people(split.fold.test)
        tested.setdefault(split.group, []).extend(split.fold.test)
    sets = {name: {row for row, each in enumerate(DATA_SETS) if each == name} for name in UNITS}
    for group, rows in tested.items():
        assert len(rows) == len(set(rows)) and set(rows) == sets[group.split(" to ")[-1]]


def test_within_a_data_set_training_stays_in_it():
    for protocol, number in ((LOSO, 7), (KFOLD, 6)):
        splits = divide(protocol, DATA_SETS, SUBJECTS, UNITS, folds=2)
        assert len(splits) == number
        for split in splits:
            rows = np.concatenate([split.fold.train, split.fold.test])
            assert {DATA_SETS[row] for row in rows} == {split.group} and split.scored_units == UNITS[split.group]


def test_cross_has_every_direction_and_scores_what_both_code():
    splits = {split.group: split for split in divide(CROSS, DATA_SETS, SUBJECTS, UNITS)}
    assert len(splits) == 6
    assert splits["one to two"].trained_units == UNITS["one"] and splits["one to two"].scored_units == ("AU4", "AU12")
    assert splits["two to three"].scored_units == ("AU4",)


def test_a_data_set_left_out_is_learnt_from_all_others():
    splits = {split.group: split for split in divide(LEAVE_SET_OUT, DATA_SETS, SUBJECTS, UNITS)}
    assert {DATA_SETS[row] for row in splits["two"].fold.train} == {"one", "three"}
    assert splits["two"].trained_units == ("AU1", "AU4", "AU9", "AU12")
    assert splits["two"].scored_units == ("AU4", "AU12")


@pytest.mark.parametrize("protocol", [CROSS, LEAVE_SET_OUT])
def test_one_data_set_is_not_enough_to_go_across(protocol):
    with pytest.raises(ValueError, match="needs two data sets"):
        divide(protocol, ["one"] * 6, SUBJECTS[:6], {"one": UNITS["one"]})


def test_data_sets_without_a_common_unit_are_refused():
    with pytest.raises(ValueError, match="no action unit in common"):
        divide(CROSS, DATA_SETS[:10], SUBJECTS[:10], {"one": ("AU1",), "two": ("AU4",)})


def test_people_whose_names_differ_in_case_alone_have_folds_of_their_own():
    """On macOS and Windows the files of `anna` and `Anna` would be one, and one of the two never fitted."""
    subjects = ["one/anna", "one/Anna", "one/ben", "one/anna"]
    splits = divide(LOSO, ["one"] * 4, subjects, {"one": ("AU4",)})
    names = [split.fold.name for split in splits]
    assert len({name.casefold() for name in names}) == 3 and "one/ben" in names
    assert sorted(len(split.fold.test) for split in splits) == [1, 1, 2]
