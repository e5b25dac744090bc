"""CASME II: both releases, raw and cropped frames, labels, damage, strictness."""

import shutil

import numpy as np
import pytest
from datasets import Dataset

from dataset_scripts.cells.facs import Policy
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.report import NotAsPublished, Report
from dataset_scripts.schema import FEATURES
from tests.dataset_scripts.trees.casme2 import ROWS, clip_folder, found, load, write_casme2
from tests.dataset_scripts.trees.common import grey_jpeg, write_frames
from tests.dataset_scripts.trees.rendered import write_rendered_casme2


@pytest.fixture
def copy(tmp_path):
    return write_casme2(tmp_path / "CASME2")


def test_rows_follow_the_schema_and_the_sheet(copy):
    table, report = load(copy)
    assert isinstance(table, Dataset) and table.features == FEATURES
    assert table["sample_id"] == [f"casme2/sub{subject}/{clip}" for subject, clip, *_ in ROWS]
    first = table[0]
    assert (first["data_set"], first["label_release"], first["fps"]) == ("casme2", "2019-07-01", 200)
    assert (first["onset"], first["apex"], first["offset"], len(first["frames"])) == (0, 4, 8, 9)
    assert (first["emotion"], first["objective_class"], first["split"]) == ("disgust", "5", None)
    assert (report.clips, report.subjects) == (6, 3)


def test_frames_are_the_bytes_on_disk_in_order(copy):
    table, _ = load(copy)
    stored = table.with_format("arrow")[1:2].to_pylist()[0]["frames"]
    assert [frame["bytes"] for frame in stored] == [grey_jpeg(number) for number in (8, 9, 10, 11)]
    assert abs(int(np.asarray(table[1]["frames"][2])[0, 0]) - 10) <= 2


def test_labels_and_detail_come_from_the_cell(copy):
    table, _ = load(copy)
    states = dict(zip(ACTION_UNITS, table[1]["action_units"], strict=True))
    assert {name for name, state in states.items() if state == 1} == {"AU4", "AU7", "AU10"}
    assert set(states.values()) == {0, 1}
    assert table[1]["coded_text"] == "4+7+L10"
    assert [(unit["number"], unit["side"]) for unit in table[1]["coded"]] == [(4, "both"), (7, "both"), (10, "L")]
    assert set(table[3]["action_units"]) == {-1} and table[3]["coded_text"] == "?"


def test_units_beyond_the_vector_are_kept_in_the_detail_and_counted(copy):
    table, report = load(copy)
    assert [unit["number"] for unit in table[4]["coded"]] == [2, 26, 38]
    assert report.units[38] == 1 and "AU38" not in ACTION_UNITS


@pytest.mark.parametrize(("release", "cell"), [("2014-05-08", "4"), ("2019-07-01", "4+5"), (None, "4+5")])
def test_releases_differ_in_the_coding(copy, release, cell):
    table, report = load(copy, release=release)
    assert table[0]["coded_text"] == cell
    assert report.release == table[0]["label_release"] == (release or "2019-07-01")


def test_the_release_whose_sheet_is_there_is_taken(tmp_path):
    copy = write_casme2(tmp_path / "CASME2", releases=("2014-05-08",))
    assert load(copy)[1].release == "2014-05-08"


def test_cropped_frames_are_another_choice(tmp_path):
    copy = write_casme2(tmp_path / "CASME2", cropped=True)
    (copy / "Cropped" / "sub01" / "EP02_01f" / "reg_img47.jpg").unlink()
    table, report = load(copy, frames="cropped")
    assert len(table[0]["frames"]) == 8
    assert found(report, "repaired") == ["1 of 9 frames are missing: 47"]


def test_the_raw_folder_itself_and_a_sheet_elsewhere_will_do(copy):
    sheet = copy / "CASME2-coding-20140508.xlsx"
    table, report = load(copy / "CASME2_RAW_selected", sheet=sheet)
    assert (len(table), report.release) == (6, "2014-05-08")


def test_frames_without_videos_lie_a_folder_deeper(copy):
    (copy / "CASME2-RAW-NoVideo").mkdir()
    (copy / "CASME2_RAW_selected").rename(copy / "CASME2-RAW-NoVideo" / "CASME2-RAW")
    assert len(load(copy, strict=True)[0]) == 6


def test_the_folder_around_the_copy_will_do(copy):
    table, _ = load(copy.parent, out=copy.parent.parent / f"{copy.parent.name}-out")
    assert len(table) == 6


def test_another_policy_changes_the_states(copy):
    table, _ = load(copy, policy=Policy(unnamed=-1))
    assert set(table[0]["action_units"]) == {1, -1}


def test_the_whole_recording_on_request(copy):
    write_frames(clip_folder(copy, 0), range(1, 101))
    short, _ = load(copy)
    whole, _ = load(copy, out=copy.parent / "whole", whole=True)
    assert len(short[0]["frames"]) == 9 and len(whole[0]["frames"]) == 100
    assert (whole[0]["onset"], whole[0]["apex"], whole[0]["offset"]) == (45, 49, 53)


def test_damage_is_repaired_dropped_and_reported(copy):
    (clip_folder(copy, 0) / "img47.jpg").unlink()
    shutil.rmtree(clip_folder(copy, 1))
    (clip_folder(copy, 4) / "img6.jpg").write_bytes(b"")
    (clip_folder(copy, 4) / "img7.jpg").write_bytes(grey_jpeg(7)[:60])
    clip_folder(copy, 5).rename(clip_folder(copy, 5).with_name("ep08_01"))
    table, report = load(copy)
    assert len(table) == report.clips == 5
    assert found(report, "dropped") == ["no folder sub01/EP03_02"]
    assert found(report, "repaired") == [
        "1 of 9 frames are missing: 47",
        "no folder sub17/EP08_1",
        "pictures that are empty or cut off: 2 (6, 7)",
    ]
    damaged = table[3]
    assert (damaged["clip"], len(damaged["frames"]), damaged["apex"], damaged["offset"]) == ("EP09f", 6, 1, 5)


def test_a_clip_of_damaged_pictures_only_is_dropped(copy):
    for path in clip_folder(copy, 1).iterdir():
        path.write_bytes(b"")
    table, report = load(copy)
    assert len(table) == report.clips == 5
    assert found(report, "dropped") == ["whole pictures from onset to offset: 0"]


def test_a_copy_without_any_whole_clip_is_an_error_that_tells_why(copy):
    for number in range(len(ROWS)):
        for path in clip_folder(copy, number).iterdir():
            path.write_bytes(b"")
    message = r"could be kept\. The first findings:\n(.*\n)+  dropped: sub01/EP02_01f .*: 0 "
    with pytest.raises(ValueError, match=message):
        load(copy)


def test_the_report_is_kept_beside_the_table(copy):
    _, report = load(copy)
    assert Report.load(copy.parent / "out") == report
    assert "sub02/EP01_2 (CASME2-coding-20190701.xlsx, sheet Sheet1, row 4): no apex is given" in str(report)


@pytest.mark.parametrize("streaming", [False, True])
def test_strict_raises_before_anything_is_written(copy, streaming):
    shutil.rmtree(clip_folder(copy, 1))
    (clip_folder(copy, 0) / "img47.jpg").unlink()
    with pytest.raises(
        NotAsPublished, match=r"in 2 places\n.*no folder sub01/EP03_02.*\n.*1 of 9 frames are missing: 47"
    ):
        load(copy, strict=True, streaming=streaming)
    assert not (copy.parent / "out").exists()


def test_strict_raises_for_damaged_pictures_too(copy):
    (clip_folder(copy, 0) / "img47.jpg").write_bytes(b"")
    with pytest.raises(NotAsPublished, match="empty or cut off"):
        load(copy, strict=True)


def test_strict_passes_a_sound_copy(copy):
    assert len(load(copy, strict=True)[0]) == 6


def test_rendered_clips_come_back_from_a_copy_as_they_were(tmp_path, small_set):
    copy = write_rendered_casme2(tmp_path / "CASME2", small_set)
    table, report = load(copy, strict=True)
    before, after = (clips.with_format("arrow")[:].to_pylist() for clips in (small_set, table))
    assert len(after) == len(before) and report.findings == []
    for old, new in zip(before, after, strict=True):
        assert [frame["bytes"] for frame in new["frames"]] == [frame["bytes"] for frame in old["frames"]]
        assert new["action_units"] == old["action_units"]
        assert (new["onset"], new["apex"], new["offset"]) == (old["onset"], old["apex"], old["offset"])
