"""4DME: layout, doubtful units, columns that contradict the cell, damage."""

import pytest

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.report import NotAsPublished
from tests.dataset_scripts.trees.fourdme import ROWS, SHEET, write_fourdme


@pytest.fixture
def load(tmp_path):
    """A function that loads a tree; clips by name."""

    def load_tree(root, **options):
        table, report = load_dataset_from("fourdme", root, out=tmp_path / "out", progress=False, **options)
        return {f"{row['subject']}/{row['clip']}": row for row in table}, report

    return load_tree


def states(row):
    """Units by number that are present and unknown."""
    by_state = {1: [], -1: []}
    for name, state in zip(ACTION_UNITS, row["action_units"], strict=True):
        by_state.get(state, []).append(int(name[2:]))
    return by_state[1], by_state[-1]


def test_the_whole_tree_loads(tmp_path, load):
    clips, report = load(write_fourdme(tmp_path / "4dme"))
    assert list(clips) == ["s01/pos_1", "s01/neg_2", "s02/neg_1", "s02/sur_4", "s10/oth_1"]
    row = clips["s01/pos_1"]
    assert states(row) == ([6, 12], []) and row["emotion"] == "Positive" and row["coded_text"] == "AU6+AU12"
    assert (row["onset"], row["apex"], row["offset"], len(row["frames"]), row["fps"]) == (0, 3, 8, 9, 60)
    assert row["data_set"] == "fourdme" and row["label_release"] == "1"
    assert (report.clips, report.subjects) == (5, 3)
    assert any("gray_micro" in text for text in report.unchecked)


def test_k_means_doubt_and_doubt_means_unknown(tmp_path, load):
    clips, report = load(write_fourdme(tmp_path / "4dme"))
    assert states(clips["s01/neg_2"]) == ([4], [7])
    assert not any("disagree" in finding.what and "neg_2" in finding.where for finding in report.findings)


def test_where_cell_and_column_disagree_the_unit_is_unknown(tmp_path, load):
    clips, report = load(write_fourdme(tmp_path / "4dme"))
    assert states(clips["s02/neg_1"]) == ([1], [2])  # AU2 in the cell, 0 in its column
    assert states(clips["s02/sur_4"]) == ([1], [4])  # AU4 in its column, not in the cell
    disputes = [finding for finding in report.of_kind("doubtful") if "disagree" in finding.what]
    assert [finding.where for finding in disputes] == [f"{SHEET}, sheet Sheet1, row {row}" for row in (4, 5)]
    assert disputes[0].what == "'AU1+AU2' and the columns of single units disagree on AU2"


def test_an_apex_outside_is_no_apex(tmp_path, load):
    clips, report = load(write_fourdme(tmp_path / "4dme"))
    assert clips["s02/neg_1"]["apex"] is None
    assert any("apex 40 is outside 5 to 11" in finding.what for finding in report.of_kind("repaired"))
    with pytest.raises(NotAsPublished, match="apex 40"):
        load(write_fourdme(tmp_path / "4dme"), strict=True)


def test_missing_frames_and_an_unreadable_picture(tmp_path, load):
    root = write_fourdme(tmp_path / "4dme")
    (root / "gray_micro" / "s01" / "pos_1" / "0014.jpg").unlink()
    (root / "gray_micro" / "s01" / "pos_1" / "0017.jpg").write_bytes(b"\xff\xd8torn")
    for picture in (root / "gray_micro" / "s10" / "oth_1").iterdir():
        picture.unlink()
    clips, report = load(root)
    assert "s10/oth_1" not in clips and len(clips["s01/pos_1"]["frames"]) == 7
    told = [f"{finding.kind}: {finding}" for finding in report.findings]
    assert any("missing" in text and "14" in text for text in told)
    assert any("cut off" in text and "17" in text for text in told)
    assert any(text.startswith("dropped: s10/oth_1") for text in told)


def test_cropped_frames_lie_elsewhere(tmp_path, load):
    root = write_fourdme(tmp_path / "4dme", frames="gray_micro_crop")
    clips, report = load(root, frames="cropped")
    assert len(clips) == 5 and report.frames == "cropped"


def test_another_folder_says_what_was_looked_for(tmp_path, load):
    root = write_fourdme(tmp_path / "4dme", rows=ROWS[:1])
    (root / SHEET).unlink()
    with pytest.raises(FileNotFoundError, match=r"4DME.*Found gray_micro/"):
        load(root)


@pytest.mark.parametrize("folder", ["S13_{clip}", "{clip}"])
def test_clips_may_lie_beside_each_other(tmp_path, load, folder):
    rows = [("S13", "1st_001_01_1", "Positive", 12, 15, 20, "12", (12,))]
    root = write_fourdme(tmp_path / "4dme", rows)
    flat = root / "gray_micro" / folder.format(clip="1st_001_01_1")
    (root / "gray_micro" / "S13" / "1st_001_01_1").rename(flat)
    (root / "gray_micro" / "S13").rmdir()
    clips, report = load(root, strict=True)
    assert list(clips) == ["S13/1st_001_01_1"] and not report.findings
