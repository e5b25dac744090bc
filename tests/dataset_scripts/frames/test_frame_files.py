"""Folders of frames: order, names, doubles, and finding them."""

import pytest

from dataset_scripts.cells.facs import Coding
from dataset_scripts.frames.frame_files import FolderFinder, Found, find_base, list_frames, plain_name, split_name
from dataset_scripts.layout import FrameFolder
from dataset_scripts.rows import ClipRow
from tests.dataset_scripts.trees.common import grey_jpeg, write_frames

FOLDER = FrameFolder("{subject}/{clip}", fps=200, roots=(".", "Raw"))


def row(subject="sub01", clip="EP01_2"):
    return ClipRow(subject, clip, Coding(), "", 1, 2, 3, None, None, "sheet.xlsx", 2)


def test_frames_come_in_order_of_number_not_of_name(tmp_path):
    write_frames(tmp_path, [10, 9, 100, 1])
    frames = list_frames(tmp_path, "img", True)
    assert frames.numbers == (1, 9, 10, 100)
    assert frames.read((100, 9)) == [grey_jpeg(100), grey_jpeg(9)]


def test_other_files_are_passed_over(tmp_path):
    write_frames(tmp_path, [1, 2])
    for name in ("Thumbs.db", "notes1.txt", "._img3.jpg", "cover.jpg"):
        (tmp_path / name).write_bytes(b"x")
    frames = list_frames(tmp_path, None, False)
    assert frames.numbers == (1, 2)
    assert set(frames.others) == {"cover.jpg"}, "what macOS puts beside pictures is none"


def test_frames_of_the_other_choice_are_not_taken(tmp_path):
    write_frames(tmp_path, [1, 2])
    write_frames(tmp_path, [1, 2, 3], "reg_img{}.jpg")
    assert list_frames(tmp_path, "img", True).numbers == (1, 2)
    assert list_frames(tmp_path, "reg_img", True).numbers == (1, 2, 3)


def test_foreign_names_are_accepted_and_told(tmp_path):
    write_frames(tmp_path, [7, 8], "017_{:05d}.jpg")
    frames = list_frames(tmp_path, "013_", False)
    assert (frames.numbers, frames.foreign) == ((7, 8), ("017_",))


def test_of_two_files_with_one_number_the_expected_one_is_kept(tmp_path):
    write_frames(tmp_path, [7], "000_{}.jpg")
    write_frames(tmp_path, [7], "006_{}.jpg")
    frames = list_frames(tmp_path, "006_", False)
    assert frames.files[7] == "006_7.jpg"
    assert frames.twice == ("000_7.jpg",) and frames.foreign == ()


def test_the_signature_follows_the_files(tmp_path):
    write_frames(tmp_path, [1, 2])
    before = list_frames(tmp_path, "img", True).signature((1, 2))
    (tmp_path / "img2.jpg").write_bytes(grey_jpeg(2) + b"more")
    assert list_frames(tmp_path, "img", True).signature((1, 2)) != before


def test_file_names_split_into_head_and_number():
    assert split_name("006_05562.jpg") == ("006_", 5562)
    assert split_name("reg_img46.jpg") == ("reg_img", 46)
    assert split_name("cover.jpg") == ("cover", None)


def test_names_are_compared_without_case_and_leading_zeros():
    assert plain_name("EP01_02f") == plain_name("ep1_2F") != plain_name("ep1_20f")
    assert plain_name("sub000") == "sub0"


@pytest.mark.parametrize(("on_disk", "exact"), [("sub01/EP01_2", True), ("Sub1/ep01_02", False)])
def test_a_clip_is_found_under_a_name_written_otherwise(tmp_path, on_disk, exact):
    (tmp_path / on_disk).mkdir(parents=True)
    assert FolderFinder(tmp_path).find(FOLDER, row()) == Found(tmp_path / on_disk, exact, own=False)


def test_a_folder_named_by_the_onset_is_the_clips_own(tmp_path):
    (tmp_path / "sub01_EP01_2_1").mkdir()
    folder = FrameFolder("{subject}/{clip}", 30, also=("{subject}_{clip}_{onset}",))
    assert FolderFinder(tmp_path).find(folder, row()) == Found(tmp_path / "sub01_EP01_2_1", True, own=True)


def test_two_names_that_could_be_meant_are_none(tmp_path):
    for name in ("sub01/EP1_2", "sub01/EP01_02"):
        (tmp_path / name).mkdir(parents=True)
    assert FolderFinder(tmp_path).find(FOLDER, row()) is None


@pytest.mark.parametrize("root", [".", "Raw", "Raw/Raw"])
def test_the_root_with_the_clips_is_found(tmp_path, root):
    (tmp_path / root / "sub01/EP01_2").mkdir(parents=True)
    assert find_base([tmp_path], FOLDER, [row()]).base == tmp_path / root


def test_the_root_with_more_clips_wins(tmp_path):
    (tmp_path / "sub01/EP01_2").mkdir(parents=True)
    for name in ("EP01_2", "EP01_3"):
        (tmp_path / "Raw/sub01" / name).mkdir(parents=True)
    assert find_base([tmp_path], FOLDER, [row(), row(clip="EP01_3")]).base == tmp_path / "Raw"


def test_a_wrong_folder_has_no_base(tmp_path):
    (tmp_path / "holiday").mkdir()
    assert find_base([tmp_path], FOLDER, [row()]) is None


def test_patterns_are_checked():
    with pytest.raises(KeyError, match="colour"):
        FrameFolder("{subject}/{colour}", fps=30)
    with pytest.raises(ValueError, match="fps must be positive"):
        FrameFolder("{subject}", fps=0)
