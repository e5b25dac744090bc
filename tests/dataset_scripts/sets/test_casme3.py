"""CAS(ME)^3: clips cut out of shared recordings, names made unique, two parts."""

import pytest

from dataset_scripts.builder import load_dataset_from
from tests.dataset_scripts.trees.casme3 import ROWS, write_casme3
from tests.dataset_scripts.trees.common import grey_jpeg


def load(tmp_path, rows=ROWS, kind="recordings", **options):
    copy = write_casme3(tmp_path / "CASME3", rows, kind)
    return load_dataset_from("casme3", copy, out=tmp_path / "out", progress=False, **options)


@pytest.mark.parametrize("kind", ["recordings", "clips", "extracted"])
def test_clips_are_cut_by_frame_range_and_named_apart(tmp_path, kind):
    table, report = load(tmp_path, kind=kind)
    assert table["sample_id"] == [f"casme3/{name}" for name in ("spNO.1/a2@3", "spNO.1/a2@21", "spNO.1/b", "spNO.12/a")]
    assert [(row["onset"], row["apex"], row["offset"]) for row in table] == [(0, 2, 6), (0, 2, 5), (0, 0, 4), (0, 3, 5)]
    stored = table.with_format("arrow")[1:2].to_pylist()[0]["frames"]
    assert [frame["bytes"] for frame in stored] == [grey_jpeg(number) for number in range(21, 27)]
    assert report.findings == []


def test_a_comma_of_full_width_parts_two_units(tmp_path):
    table, _ = load(tmp_path)
    assert [unit["number"] for unit in table[0]["coded"]] == [4, 7]
    assert table[0]["coded_text"] == "4，7"


def test_parts_have_their_own_sheets_folders_and_split(tmp_path):
    part_a, _ = load(tmp_path)
    part_c, report = load(tmp_path / "again", release="part C")
    assert set(part_a["split"]) == {"A"} and set(part_c["split"]) == {"C"}
    assert part_c["sample_id"] == ["casme3/01/1", "casme3/01/2", "casme3/07/1"]
    assert [[unit["number"] for unit in row["coded"]] for row in part_c] == [[4, 7], [14], [1, 2]]
    assert [len(row["frames"]) for row in part_c] == [6, 7, 4]
    assert [finding.what for finding in report.findings] == ["no clip has an apex"]


def test_a_clip_of_unknown_end_is_dropped_and_not_the_whole_recording_taken(tmp_path):
    rows = [*ROWS, ["spNO.1", "b", 10, 12, 0, "4", "others", 7]]
    table, report = load(tmp_path, rows)
    assert max(len(row["frames"]) for row in table) == 7
    assert [finding.what for finding in report.of_kind("dropped")] == ["onset 10, offset 0"]


def test_the_same_name_and_onset_twice_is_told(tmp_path):
    _, report = load(tmp_path, [*ROWS, ROWS[0]])
    assert [finding.why for finding in report.of_kind("repaired")] == ["renamed 'a2@3.2'"]


def test_there_are_no_cropped_frames(tmp_path):
    with pytest.raises(ValueError, match=r"CAS\(ME\)\^3 has no 'cropped' frames; there are 'raw'"):
        load(tmp_path, frames="cropped")
