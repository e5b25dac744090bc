"""SMIC: emotions only, three parts."""

import pytest

from dataset_scripts.builder import load_dataset_from
from tests.dataset_scripts.trees.smic import LENGTH, write_smic


@pytest.fixture
def load(tmp_path):
    """A function that loads a tree; clips by name."""

    def load_tree(root, **options):
        table, report = load_dataset_from("smic", root, out=tmp_path / "out", progress=False, **options)
        return {row["clip"]: row for row in table}, report

    return load_tree


def test_all_units_are_unknown_and_clips_run_from_first_to_last_frame(tmp_path, load):
    clips, report = load(write_smic(tmp_path / "SMIC"), strict=True)
    assert set(clips) == {"s1_ne_01", "s1_ne_02", "s1_po_01", "s2_su_01", "s13_ne_01"}
    row = clips["s1_po_01"]
    assert set(row["action_units"]) == {-1} and row["coded"] == [] and row["coded_text"] is None
    assert (row["onset"], row["apex"], row["offset"], row["fps"]) == (0, None, LENGTH - 1, 100)
    assert row["emotion"] == "positive" and row["label_release"] == "HS" and row["subject"] == "s1"
    assert report.without_twelve is None and report.subjects == 3 and not report.findings


def test_parts_are_releases_with_their_own_speed(tmp_path, load):
    root = write_smic(tmp_path / "SMIC")
    write_smic(root, part="VIS", clips={"s11": {"negative": 1}})
    clips, _ = load(root, release="VIS")
    assert list(clips) == ["s11_ne_01"] and clips["s11_ne_01"]["fps"] == 25


@pytest.mark.parametrize("box", ["", "SMIC_all_raw", "SMIC/SMIC_all_raw", "SMIC_all_raw/SMIC_all_raw"])
def test_archives_unpack_into_boxes_and_the_part_itself_may_be_given(tmp_path, load, box):
    write_smic(tmp_path / "copy" / box)
    assert len(load(tmp_path / "copy")[0]) == 5
    assert len(load(tmp_path / "copy" / box / "HS")[0]) == 5


def test_cropped_frames_have_their_own_box_and_name(tmp_path, load):
    write_smic(tmp_path / "copy" / "SMIC_all_raw")
    write_smic(tmp_path / "copy" / "SMIC_all_cropped", name="reg_image{:06d}.bmp")
    clips, report = load(tmp_path / "copy", frames="cropped")
    assert len(clips) == 5 and not report.findings
    assert clips["s1_ne_01"]["frames"][0].format == "BMP"


def test_what_is_no_clip_is_told(tmp_path, load):
    root = write_smic(tmp_path / "SMIC")
    (root / "HS" / "s1" / "micro" / "negative" / "list.txt").write_text("x")
    write_smic(root, clips={"s3": {"calm": 1}})
    clips, report = load(root)
    assert clips["s3_ca_01"]["emotion"] == "calm"
    told = [str(finding) for finding in report.of_kind("doubtful")]
    assert any("list.txt: no folder of frames" in text for text in told) and any("'calm' is none of" in t for t in told)


def test_an_empty_clip_and_a_torn_picture(tmp_path, load):
    root = write_smic(tmp_path / "SMIC")
    negative = root / "HS" / "s1" / "micro" / "negative"
    for picture in (negative / "s1_ne_01").iterdir():
        picture.unlink()
    (negative / "s1_ne_02" / "image000237.jpg").write_bytes(b"\xff\xd8torn")
    (negative / "s1_ne_02" / "image000240.jpg").unlink()
    clips, report = load(root)
    assert "s1_ne_01" not in clips and len(clips["s1_ne_02"]["frames"]) == LENGTH - 2
    assert [finding.where.split(" ")[0] for finding in report.of_kind("dropped")] == ["s1/s1_ne_01"]
    assert len(report.of_kind("repaired")) == 2


def test_a_part_that_is_not_there(tmp_path, load):
    with pytest.raises(
        FileNotFoundError, match=r"no clip of SMIC NIR below .* Found HS/.*release='HS' or 'VIS' or 'NIR'"
    ):
        load(write_smic(tmp_path / "SMIC"), release="NIR")
