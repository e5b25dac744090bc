"""CASME: a text table in a Chinese encoding, two apex columns, frames numbered anew."""

from dataset_scripts.builder import load_dataset_from
from tests.dataset_scripts.trees.casme import write_casme


def load(tmp_path):
    copy = write_casme(tmp_path / "CASME")
    return load_dataset_from("casme", copy, out=tmp_path / "out", progress=False)


def test_rows_come_from_the_text_table(tmp_path):
    table, report = load(tmp_path)
    assert table["sample_id"] == ["casme/sub01/EP01_5", "casme/sub01/EP03_1", "casme/sub12/EP02_1"]
    assert table["emotion"] == ["disgust", "惊讶", "tense"]
    assert table["coded_text"] == ["4", "1+2", "L14"]
    assert set(table["fps"]) == {60}
    assert report.published.clips == 189


def test_the_first_apex_counts(tmp_path):
    table, _ = load(tmp_path)
    assert [(row["onset"], row["apex"], row["offset"]) for row in table] == [(0, 4, 7), (0, 2, 6), (0, 3, 7)]


def test_frames_numbered_anew_are_shifted_and_told(tmp_path):
    _, report = load(tmp_path)
    assert [finding.what for finding in report.of_kind("repaired")] == ["frames are numbered 101 to 108"]


def test_what_nobody_checked_is_said(tmp_path):
    assert "not checked against a copy: the sheet's file name" in str(load(tmp_path)[1])
