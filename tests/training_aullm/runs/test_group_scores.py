"""Groups of people: counts checked by hand, intervals over people, and figures that belong to the weights."""

import json

import numpy as np
import pytest

from benchmarks.groups import THIRDS, TONES, Person, everybody, make_groups, typology_angle
from training_aullm.runs.group_scores import AMPLITUDE, Group, Groups, score_groups, weights_hash

UNITS = 2


def answers(people=20, worse=()):
    """Four clips a person; of those in `worse` every movement is missed."""
    subjects = np.repeat(np.arange(people), 4)
    labels = np.tile([[1, 0], [0, 1], [1, 1], [0, 0]], (people, 1))
    probabilities = np.where(labels == 1, 0.9, 0.1).astype(float)
    probabilities[np.isin(subjects, worse)] = 0.1
    probabilities[3, 1] = 0.7  # one false alarm
    return probabilities, labels, [f"s{each}" for each in subjects], [f"c{each}" for each in range(len(subjects))]


def rows(worse=(), people=20):
    probabilities, labels, subjects, clips = answers(people, worse)
    first = np.repeat(np.arange(people) < people // 2, 4)[:, None] & np.ones((1, UNITS), bool)
    groups = [Group("sex", "first", first, ~first), Group(AMPLITUDE, "weak", first & (labels == 1), ~first)]
    return score_groups(probabilities, labels, subjects, clips, groups)


def test_counts_are_those_that_one_can_count_by_hand():
    row, weak = rows()
    assert (row.people, row.clips) == (10, 40)
    assert row.found.value == 1 and row.false_alarms.value == pytest.approx(1 / 40)
    assert row.f1.value == pytest.approx(2 * 40 / (2 * 40 + 1)) and row.false_alarms.low == 0
    assert weak.found.value == 1 and weak.false_alarms is None and weak.f1 is None and weak.difference is None


def test_a_group_that_is_read_worse_is_told():
    row, _ = rows(worse=range(5))
    assert row.found.value == 0.5 and row.found.low < 0.5 < row.found.high
    assert row.difference.value < -0.3 and row.difference.high < 0
    same, _ = rows()
    assert same.difference.low <= 0 <= same.difference.high


def test_few_people_say_nothing_about_a_difference():
    row, _ = rows(people=10, worse=range(5))
    assert row.people == 5 and row.difference is None


def test_one_person_is_no_group(tmp_path):
    probabilities, labels, subjects, clips = answers()
    first = np.repeat(np.arange(20) < 1, 4)[:, None] & np.ones((1, UNITS), bool)
    (row,) = score_groups(probabilities, labels, subjects, clips, [Group("sex", "first", first, ~first)])
    assert row.people == 1 and (row.found, row.false_alarms, row.f1, row.difference) == (None,) * 4


def test_a_table_belongs_to_the_weights_that_were_measured(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"first")
    (tmp_path / "model" / "face_networks.safetensors").write_bytes(b"others")
    assert Groups.of_run(tmp_path) is None
    groups = Groups("casme2-like", 7000, 20, 80, weights_hash(tmp_path / "model"), rows(worse=range(5)))
    groups.save(tmp_path)
    json.loads((tmp_path / "measured" / "groups.json").read_text())
    read = Groups.of_run(tmp_path)
    assert read == groups and "| sex | first | 10 | 40 | 0.500 (" in read.markdown()
    assert "sex first: -0." in read.reading() and "20 people" in read.about()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"second")
    assert Groups.of_run(tmp_path) is None


def test_skin_is_sorted_by_the_individual_typology_angle():
    white, pale, dark = np.ones(3), np.array([0.7, 0.5, 0.4]), np.array([0.06, 0.03, 0.02])
    assert typology_angle(pale) > 40 and typology_angle(dark) < -40 and typology_angle(white) > typology_angle(pale)


def test_everybody_belongs_to_one_group_of_each_kind():
    people = [Person(60, 0.1, 0.9), Person(20, 0.5, 0.2), Person(0, 0.99, 0.6), Person(-60, 1.0, 0.1)]
    owner = np.repeat(np.arange(4), 2)
    glasses = np.tile([False, True], 4)
    amplitudes = np.tile([[0.4, 0.0], [0.4, 0.0]], (4, 1))
    groups = make_groups(people, owner, glasses, amplitudes)
    for by in ("skin tone", "age", "sex"):
        covered = sum(group.inside.astype(int) for group in groups if group.by == by)
        assert (covered == ~glasses[:, None]).all(), by
    assert [group.group for group in groups if group.by == "skin tone"] == [name for name, _ in TONES]
    assert [group.group for group in groups if group.by == AMPLITUDE] == ["0 to 0.5 px"]
    assert {group.group for group in groups if group.by == "age"} == set(THIRDS)


def test_everybody_is_of_all_ancestries_and_has_as_many_clips():
    domain = everybody("casme2-like", 6)
    assert domain.variety.everybody and domain.clips_per_subject == (6, 6) and domain.name == "casme2-like"


def test_no_weights_have_no_hash(tmp_path):
    with pytest.raises(FileNotFoundError, match="no weights"):
        weights_hash(tmp_path)
