"""Names, sets and the schema."""

import pytest

from dataset_scripts.labels import ACTION_UNITS, AU_MEANINGS, AU_SETS, label_vector
from dataset_scripts.synthetic.people.muscles import LEAKAGE, MAKEHUMAN, RENDERED_UNITS


def test_sets_are_made_of_known_units_and_have_no_doubles():
    for units in (*AU_SETS.values(), RENDERED_UNITS, tuple(MAKEHUMAN), tuple(LEAKAGE)):
        assert set(units) <= set(ACTION_UNITS)
        assert len(set(units)) == len(units)


def test_every_unit_has_a_meaning():
    assert tuple(AU_MEANINGS) == ACTION_UNITS
    assert AU_MEANINGS["AU12"] == "lip corner puller"


def test_domains_score_the_units_of_the_sets_they_resemble():
    assert AU_SETS["casme2-like"] == ("AU1", "AU2", "AU4", "AU7", "AU12", "AU14", "AU15", "AU17")
    assert AU_SETS["samm-like"] == AU_SETS["samm"] == ("AU2", "AU4", "AU7", "AU12")


def test_label_vector_marks_present_absent_and_unknown():
    coded, doubtful = label_vector(["AU4", "AU7"]), label_vector(["AU4"], absent=None)
    assert [name for name, value in zip(ACTION_UNITS, coded, strict=True) if value == 1] == ["AU4", "AU7"]
    assert coded.count(0) == len(ACTION_UNITS) - 2
    assert doubtful.count(-1) == len(ACTION_UNITS) - 1


def test_label_vector_names_the_unknown_unit():
    with pytest.raises(ValueError, match="AU612"):
        label_vector(["AU4", "AU612"])
