"""MMEW: both folder layouts, emotions that differ between sheet and folder, apex and offset of 0."""

import shutil

import pytest

from dataset_scripts.builder import load_dataset_from
from tests.dataset_scripts.trees.mmew import write_mmew


@pytest.fixture
def load(tmp_path):
    """A function that loads a tree; clips by name."""

    def load_tree(root, out="out"):
        table, report = load_dataset_from("mmew", root, out=tmp_path / out, progress=False)
        return {row["clip"]: row for row in table}, report

    return load_tree


@pytest.mark.parametrize("by_subject", [False, True])
def test_both_layouts_load(tmp_path, load, by_subject):
    clips, report = load(write_mmew(tmp_path / "mmew", by_subject=by_subject))
    assert list(clips) == ["S01-01-001", "S01-06-002", "S03-02-001", "S12-03-001"]
    row = clips["S01-01-001"]
    assert (row["onset"], row["apex"], row["offset"], len(row["frames"]), row["fps"]) == (0, 11, 19, 20, 90)
    assert [unit["number"] for unit in row["coded"]] == [6, 12] and row["emotion"] == "happiness"
    assert clips["S12-03-001"]["coded"][0]["certainty"] == "unclear"
    assert report.subjects == 3


def test_a_clip_under_another_emotion_is_found_and_told(tmp_path, load):
    clips, report = load(write_mmew(tmp_path / "mmew"))
    assert clips["S01-06-002"]["emotion"] == "others" and len(clips["S01-06-002"]["frames"]) == 9
    (finding,) = [finding for finding in report.findings if "lies in" in finding.what]
    assert finding.what == "S01-06-002 is 'others' in the sheet and lies in repression/S01-06-002"


def test_an_apex_and_offset_of_zero_are_repaired(tmp_path, load):
    clips, report = load(write_mmew(tmp_path / "mmew"))
    row = clips["S03-02-001"]
    assert row["apex"] is None and row["offset"] == len(row["frames"]) - 1
    told = [finding.what for finding in report.of_kind("repaired") if "S03-02-001" in finding.where]
    assert told == ["offset 0 is not after onset 4", "apex 0 is outside 4 to 12"]


def test_a_clip_in_two_places_goes_by_the_emotion_of_the_sheet(tmp_path, load):
    root = write_mmew(tmp_path / "mmew")
    place = root / "Micro_Expression"
    shutil.copytree(place / "happiness" / "S01-01-001", place / "sadness" / "S01-01-001")
    shutil.copytree(place / "repression" / "S01-06-002", place / "sadness" / "S01-06-002")
    clips, report = load(root)
    assert "S01-01-001" in clips and "S01-06-002" not in clips
    assert any("lies in several folders: repression" in finding.what for finding in report.of_kind("doubtful"))
    assert any("S01-06-002" in finding.where for finding in report.of_kind("dropped"))


def test_a_missing_clip_is_dropped_with_its_place_in_the_sheet(tmp_path, load):
    root = write_mmew(tmp_path / "mmew")
    shutil.rmtree(root / "Micro_Expression" / "disgust")
    clips, report = load(root)
    assert "S12-03-001" not in clips
    (finding,) = report.of_kind("dropped")
    assert "row 5" in finding.where and "disgust/S12-03-001" in finding.what


def test_the_folder_of_micro_expressions_is_written_in_two_ways(tmp_path, load):
    clips, _ = load(write_mmew(tmp_path / "mmew", box="Micro-Expression"))
    assert len(clips) == 4
