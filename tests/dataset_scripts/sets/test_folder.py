"""A folder of anyone's clips, through the builder: videos, folders of frames, mistakes and damage."""

from pathlib import Path

import pytest
from datasets import Video, load_dataset

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.report import NotAsPublished
from dataset_scripts.sets.folder_metadata import MetadataError
from tests.dataset_scripts.trees.videos import number_of, write_frames, write_video

HEADER = "file_name,subject,action_units,onset,apex,offset,fps,emotion,coded_units\n"


@pytest.fixture
def clips(tmp_path):
    """A folder with a video, one in a folder, and a folder of frames 46 to 55."""
    root = tmp_path / "my clips"
    write_video(root / "anna.mp4", frames=20, fps=50)
    write_video(root / "more" / "ben.avi", frames=10, fps=25)
    write_frames(root / "ben" / "brow", range(46, 56), name="img{}.jpg")
    return root


@pytest.fixture
def load(tmp_path, clips):
    """A function that writes metadata.csv and loads the folder; rows in order, and the report."""

    def load_folder(*lines, header=HEADER, **options):
        (clips / "metadata.csv").write_text(header + "\n".join(lines) + "\n", "utf-8")
        table, report = load_dataset_from("folder", clips, out=tmp_path / "out", progress=False, **options)
        return list(table), report

    return load_folder


ALL = ("anna.mp4,anna,6+12,4,7,12,,joy,", "more/ben.avi,ben,,,,,,,", "ben/brow,ben,4,47,50,52,120,,1+2+4")


KINDS = "file_name,subject,action_units,expression,fps\n"


def states(row):
    return dict(zip(ACTION_UNITS, row["action_units"], strict=True))


def test_a_video_counts_from_zero(load):
    rows, report = load(*ALL, strict=True)
    row = next(row for row in rows if row["subject"] == "anna")
    assert [number_of(frame) for frame in row["frames"]] == list(range(4, 13))
    assert (row["onset"], row["apex"], row["offset"], row["fps"]) == (0, 3, 8, 50)
    assert [name for name, state in states(row).items() if state == 1] == ["AU6", "AU12"]
    assert set(states(row).values()) == {0, 1} and row["emotion"] == "joy" and row["coded_text"] == "6+12"
    assert row["sample_id"] == "folder/anna/anna" and row["data_set"] == "folder" and not report.findings


def test_an_onset_alone_leaves_the_offset_open(load):
    rows, _ = load("anna.mp4,anna,12,4,,,,,")
    assert (rows[0]["onset"], rows[0]["offset"], len(rows[0]["frames"])) == (0, None, 16)


def test_without_onset_and_offset_the_whole_clip_counts_and_empty_means_none(load):
    rows, report = load(*ALL)
    row = next(row for row in rows if row["clip"] == "more_ben")
    assert [row[mark] for mark in ("onset", "apex", "offset")] == [None, None, None]  # nobody said when it begins
    assert (len(row["frames"]), row["fps"]) == (10, 25)
    assert set(states(row).values()) == {0} and not report.findings


def test_a_folder_of_frames_counts_by_the_numbers_in_its_names(load, clips):
    rows, _ = load(*ALL)
    row = next(row for row in rows if row["clip"] == "ben_brow")
    assert (len(row["frames"]), row["onset"], row["apex"], row["offset"], row["fps"]) == (6, 0, 3, 5, 120)
    assert number_of(row["frames"][0]) == 47
    assert {name for name, state in states(row).items() if state != -1} == {"AU1", "AU2", "AU4"}


@pytest.mark.parametrize("ending", ["webp", "tiff", "BMP"])
def test_frames_may_be_of_any_kind_of_picture(load, clips, ending):
    write_frames(clips / "carla", range(1, 9), name=f"img{{}}.{ending}")
    rows, _ = load(*ALL, "carla,carla,12,2,4,6,30,,")
    frames = next(row["frames"] for row in rows if row["clip"] == "carla")
    assert [number_of(frame) for frame in frames] == [2, 3, 4, 5, 6]


def test_several_clips_of_one_video(load):
    rows, report = load("anna.mp4,anna,12,2,,6,,,", "anna.mp4,anna,4,8,,15,,,")
    assert [row["clip"] for row in rows] == ["anna@2", "anna@8"]
    assert [number_of(row["frames"][0]) for row in rows] == [2, 8] and not report.of_kind("repaired")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("anna.mp4,anna,12,2,,20,,,", "line 2, offset: there is no frame 20; anna.mp4 has 0 to 19"),
        ("ben/brow,ben,4,1,,9,100,,", "line 2, onset: there is no frame 1; ben/brow has 46 to 55"),
        ("ben/brow,ben,4,46,,50,,,", "line 2, fps: is empty; a folder of frames must be told"),
    ],
)
def test_frames_that_do_not_exist_are_told_before_anything_is_decoded(load, tmp_path, line, said):
    with pytest.raises(MetadataError) as error:
        load(line)
    assert said in str(error.value) and not (tmp_path / "out").exists()


@pytest.mark.parametrize("column", ["onset", "apex", "offset"])
def test_a_frame_in_a_gap_does_not_exist_either(load, clips, column):
    write_frames(clips / "gap", [1, 2, 4, 5, 7, 8])
    marks = {"onset": 1, "apex": 4, "offset": 8} | {column: {"onset": 3, "apex": 3, "offset": 6}[column]}
    with pytest.raises(MetadataError) as error:
        load(f"gap,x,4,{marks['onset']},{marks['apex']},{marks['offset']},9,,")
    number = marks[column]
    near = f"gap has 1 to 8 with gaps, {number - 1} and {number + 1} are nearest"
    assert f"line 2, {column}: there is no frame {number}; {near}" in str(error.value)


def test_all_clips_that_cannot_be_opened_are_told_at_once(load, clips):
    (clips / "torn.mp4").write_bytes(b"nothing")
    write_frames(clips / "odd", [1, 2], name="{}a.jpg")
    write_frames(clips / "twice", [1], name="a{}.jpg")
    write_frames(clips / "twice", [1], name="b{}.jpg")
    write_frames(clips / "one", [1])
    with pytest.raises(MetadataError) as error:
        load("torn.mp4,x,1,,,,,,", "odd,x,1,,,,9,,", "twice,x,1,,,,9,,", "one,x,1,,,,9,,")
    said = str(error.value)
    assert "4 to be mended" in said and "line 2, file_name" in said and "torn.mp4: not a readable video" in said
    assert "line 3, file_name: '1a.jpg' in odd has no number" in said
    assert "line 4, file_name: 'b1.jpg' in twice has the number of another file" in said
    assert "line 5, file_name: one has 1 frame; a clip needs two" in said


def test_clips_that_no_line_names_are_told(load):
    _, report = load(ALL[0])
    assert [finding.where for finding in report.of_kind("doubtful")] == ["ben/brow", "more/ben.avi"]


def test_a_linked_clip_that_no_line_names_is_told_where_it_was_found(load, clips, tmp_path):
    (clips / "more" / "carla.mp4").symlink_to(write_video(tmp_path / "elsewhere" / "film.mp4", frames=10, fps=25))
    (clips / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    _, report = load(*ALL)
    assert [finding.where for finding in report.of_kind("doubtful")] == ["gone.mp4", "more/carla.mp4"]


def test_a_torn_picture_is_left_out_and_strict_refuses_it(load, clips):
    (clips / "ben" / "brow" / "img48.jpg").write_bytes(b"\xff\xd8torn")
    rows, report = load(*ALL)
    assert len(next(row for row in rows if row["clip"] == "ben_brow")["frames"]) == 5
    assert "48" in report.of_kind("repaired")[0].what
    with pytest.raises(NotAsPublished, match=r"cut off.*48"):
        load(*ALL, strict=True)


def test_a_second_build_reads_nothing_again_and_a_changed_line_is_seen(load, tmp_path):
    load(*ALL)
    files = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    load(*ALL)
    assert files == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    rows, _ = load(ALL[0].replace("6+12", "17"), *ALL[1:])
    assert [states(row)["AU17"] for row in rows if row["subject"] == "anna"] == [1]
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    assert {name for name in files if files[name] != after[name]} == {"subject-anna.parquet"}


def test_the_same_folder_is_one_for_videofolder(clips, load, tmp_path):
    load(*ALL[:2])
    table = load_dataset("videofolder", data_dir=str(clips), split="train", cache_dir=str(tmp_path / "cache"))
    table = table.cast_column("video", Video(decode=False))
    assert [Path(row["video"]["path"]).name for row in table] == ["anna.mp4", "ben.avi"]
    assert table["subject"][:] == ["anna", "ben"] and table["action_units"][0] == "6+12"


def test_splits_and_streaming(clips, tmp_path):
    for name in ("train", "test"):
        write_video(clips / name / "a.mp4", frames=4)
        (clips / name / "metadata.csv").write_text(f"file_name,subject,action_units\na.mp4,{name}er,4\n")
    stream, _ = load_dataset_from("folder", clips, streaming=True, progress=False)
    assert [(row["split"], row["subject"], row["clip"]) for row in stream] == [
        ("test", "tester", "test_a"),
        ("train", "trainer", "train_a"),
    ]


def test_names_that_may_be_of_one_person_are_told_and_strict_refuses_them(load):
    lines = ("anna.mp4,Anna,4,0,,9,,,", "anna.mp4,Anna,4,10,,19,,,", "more/ben.avi,01,4,,,,,,", "ben/brow,1,4,,,,9,,")
    rows, report = load(*lines[:2], "more/ben.avi,anna,4,,,,,,", "ben/brow,ben,4,,,,9,,")
    assert {row["subject"] for row in rows} == {"Anna", "anna", "ben"}, "nobody is merged"
    (finding,) = report.findings
    assert (finding.kind, finding.where) == ("doubtful", "metadata.csv, line 4")
    assert finding.what.startswith("subjects 'Anna' and 'anna' differ only in letter case, blanks or leading zeros")
    assert "two people" in finding.why and "one name" in finding.why
    with pytest.raises(NotAsPublished, match=r"doubtful: .*line 5: subjects '01' and '1' differ only"):
        load(*lines, strict=True)


def test_clips_of_unnamed_kind_are_not_left_out_without_a_word(load):
    lines = ("anna.mp4,anna,6,micro,", "more/ben.avi,ben,4,,", "ben/brow,ben,4,,120")
    rows, report = load(*lines, header=KINDS, expressions="micro")
    (finding,) = report.of_kind("dropped")
    assert [row["subject"] for row in rows] == ["anna"] and finding.where == "metadata.csv, line 3"
    assert "2 clips" in finding.what and "--expressions both" in finding.why


def test_both_kinds_keep_clips_of_unnamed_kind(load):
    rows, report = load("anna.mp4,anna,6,micro,", "more/ben.avi,ben,4,,", header=KINDS, expressions="both")
    assert len(rows) == 2 and not report.of_kind("dropped")
