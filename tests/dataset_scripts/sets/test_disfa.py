"""DISFA: intensities and videos cut into clips; missing label files, short and torn videos."""

import pytest

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.sets.disfa import SPLITS
from tests.dataset_scripts.trees.disfa import UNITS, label_file, write_disfa
from tests.dataset_scripts.trees.videos import number_of


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The undamaged tree; tests that damage it write their own."""
    return write_disfa(tmp_path_factory.mktemp("trees") / "DISFA")


@pytest.fixture
def load(tmp_path):
    """A function that loads a tree; clips by subject and name."""

    def load_tree(root, **options):
        table, report = load_dataset_from("disfa", root, out=tmp_path / "out", progress=False, **options)
        return {f"{row['subject']}/{row['clip']}": row for row in table}, report

    return load_tree


def states(row):
    return dict(zip(ACTION_UNITS, row["action_units"], strict=True))


def test_a_movement_becomes_a_clip_that_begins_at_rest(whole, load):
    clips, report = load(whole, strict=True)
    row = clips["SN001/SN001_00010"]
    assert [number_of(frame) for frame in row["frames"]] == list(range(9, 17))  # frame 10 of the labels is the tenth
    assert (row["onset"], row["apex"], row["offset"], row["fps"]) == (0, 4, 7, 20)
    coded = states(row)
    assert [name for name, state in coded.items() if state == 1] == ["AU4"]
    assert coded["AU26"] == 0, "intensity 1 is below what counts as present"
    assert {name for name, state in coded.items() if state == -1} == set(ACTION_UNITS) - {f"AU{unit}" for unit in UNITS}
    assert [(unit["number"], unit["intensity"]) for unit in row["coded"]] == [(4, "D")]
    assert row["split"] == "part 1" and row["emotion"] is None and not report.of_kind("dropped")


def test_units_that_come_on_together_share_a_clip(whole, load):
    clips, report = load(whole)
    together = [row for row in clips.values() if states(row)["AU12"] == 1]
    assert len(together) == 1 and states(together[0])["AU6"] == 1
    assert (report.subjects, report.units[12], report.units[25]) == (2, 1, 1)


def test_the_parts_hold_every_subject_once():
    assert len(SPLITS) == 27 and sorted(map(list(SPLITS.values()).count, set(SPLITS.values()))) == [9, 9, 9]


def test_a_missing_label_file_and_a_missing_video(tmp_path, load):
    root = write_disfa(tmp_path / "DISFA")
    label_file(root, "SN001", 12).unlink()
    (root / "Videos_LeftCamera" / "LeftVideoSN002_comp.avi").unlink()
    clips, report = load(root)
    assert {row["subject"] for row in clips.values()} == {"SN001"}
    assert all(states(row)["AU12"] == -1 for row in clips.values())
    assert any("SN001_au12.txt: no such file" in str(finding) for finding in report.of_kind("doubtful"))
    assert any("LeftVideoSN002_comp.avi" in finding.what for finding in report.of_kind("dropped"))


def test_a_subject_without_labels_and_a_torn_video(tmp_path, load):
    root = write_disfa(tmp_path / "DISFA")
    for unit in UNITS:
        label_file(root, "SN002", unit).unlink()
    video = root / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi"
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 8 // 10])
    clips, report = load(root)
    assert "SN001/SN001_00010" in clips
    assert any("looked for SN002_au4.txt" in finding.what for finding in report.of_kind("dropped"))
    assert any("cut off" in finding.what or "whole pictures" in finding.what for finding in report.findings)


def test_a_file_that_is_no_video_drops_its_subject(tmp_path, load):
    root = write_disfa(tmp_path / "DISFA")
    (root / "Videos_LeftCamera" / "LeftVideoSN002_comp.avi").write_bytes(b"nothing")
    clips, report = load(root)
    assert {row["subject"] for row in clips.values()} == {"SN001"}
    assert any("SN002" in finding.where for finding in report.of_kind("dropped"))


def test_the_other_camera_is_another_release(tmp_path, load):
    root = write_disfa(tmp_path / "DISFA")
    (root / "Videos_LeftCamera").rename(root / "Video_RightCamera")
    for path in (root / "Video_RightCamera").iterdir():
        path.rename(path.with_name(path.name.replace("Left", "Right").replace("comp", "Comp")))
    clips, _ = load(root, release="right")
    assert clips["SN001/SN001_00010"]["label_release"] == "right"


def test_another_folder(tmp_path, load):
    (tmp_path / "x").mkdir()
    with pytest.raises(
        FileNotFoundError, match=r"no labels of DISFA .*Looked for ActionUnit_Labels/SN001.*empty folder"
    ):
        load(tmp_path / "x")
