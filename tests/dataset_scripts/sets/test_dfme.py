"""DFME: frames per second of each clip, action descriptors, clips beside each other."""

import pytest

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.labels import ACTION_UNITS
from tests.dataset_scripts.trees.casme2 import write_casme2
from tests.dataset_scripts.trees.dfme import ROWS, write_dfme


def load(copy, **options):
    return load_dataset_from("dfme", copy, out=copy.parent / "out", progress=False, **options)


@pytest.mark.parametrize("box", ["", "train"])
def test_every_clip_has_its_own_speed(tmp_path, box):
    table, report = load(write_dfme(tmp_path / "DFME", box=box), strict=True)
    assert table["sample_id"] == [f"dfme/{row[0]}/{row[1]}" for row in ROWS]
    assert table["fps"] == [500, 200, 300] and [len(row["frames"]) for row in table] == [12, 8, 6]
    assert report.findings == []


def test_an_action_descriptor_leaves_the_others_known(tmp_path):
    table, report = load(write_dfme(tmp_path / "DFME"))
    states = dict(zip(ACTION_UNITS, table[0]["action_units"], strict=True))
    assert {name for name, state in states.items() if state == 1} == {"AU4"} and -1 not in states.values()
    assert [(unit["number"], unit["mark"]) for unit in table[0]["coded"]] == [(4, None), (38, "AD")]
    assert report.units == {4: 1, 12: 1, 25: 1, 30: 1, 38: 1}


def test_a_speed_that_cannot_be_read_is_told(tmp_path):
    rows = [ROWS[0], [*ROWS[1][:7], "fast", "L12"], [*ROWS[2][:7], "", "25"]]
    table, report = load(write_dfme(tmp_path / "DFME", rows))
    assert table["fps"] == [500, 500, 500]
    assert [finding.what for finding in report.findings] == ["cannot read 'fast' as frames a second"]


def test_the_sheet_of_another_set_is_not_taken(tmp_path):
    with pytest.raises(ValueError, match=r"has no heading row with the columns .*Fps, EmotionId"):
        load(write_casme2(tmp_path / "CASME2"))
