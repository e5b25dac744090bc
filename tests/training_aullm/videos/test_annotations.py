"""ELAN files taken back: what a coder changed is what stands in metadata.csv."""

import csv

import pytest
from pympi import Eaf
from typer.testing import CliRunner

from dataset_scripts.sets.folder_metadata import read_metadata
from tests.processing_aullm.grey_films import write_with_sound
from training_aullm.cli.main import app
from training_aullm.videos.annotations import COLUMNS, read_annotations, unread_tiers, write_metadata
from training_aullm.videos.elan import write_eaf
from training_aullm.videos.formats import write_format
from training_aullm.videos.played import Played


@pytest.fixture
def given(film, summary, tmp_path):
    """The ELAN file of a reading with two faces, in a folder with its film of 20 s, 10 frames a second."""
    (tmp_path / "face.mp4").write_bytes(film.read_bytes())
    return write_eaf(tmp_path / "face", summary, tmp_path / "face.mp4")


@pytest.fixture
def drawn(film, tmp_path):
    """Writes an ELAN file with annotations on tiers, as a coder would."""
    (tmp_path / "face.mp4").write_bytes(film.read_bytes())

    def write(participant: str | None = "anna", **tiers):
        eaf = Eaf(author="a coder")
        for name, annotations in tiers.items():
            eaf.add_tier(name.replace("_", " "), part=participant)
            for annotation in annotations:
                eaf.add_annotation(name.replace("_", " "), *annotation)
        eaf.add_linked_file("file:///elsewhere/face.mp4", "./face.mp4", "video/mp4")
        (tmp_path / "face.eaf").unlink(missing_ok=True)
        eaf.to_file(tmp_path / "face.eaf")
        return tmp_path / "face.eaf"

    return write


@pytest.mark.parametrize("face", [0, 1])
def test_a_file_that_nobody_touched_gives_the_reading_back(given, summary, face):
    lines = read_annotations(given, subject="anna", face=face)
    movements = [row for row in summary.events if row["kind"] != "blink" and row["face"] == face]
    assert movements and len(lines) == len(movements)
    for line, row in zip(lines, movements, strict=True):
        assert (line.onset, line.apex, line.offset) == (row["onset"], row["apex"], row["offset"])
        assert line.expression == row["kind"] and line.fps is None and line.subject == "anna"
        assert line.action_units == row["action_units"].removeprefix("AU").split(":")[0]


@pytest.mark.parametrize(("fps", "late"), [(100.0, 0.0), (10.0, 0.5), (100.0, 0.5)])
def test_marks_are_where_a_player_shows_the_frames(summary, pieces, tmp_path, fps, late):
    """The film of 10 frames a second was filmed faster, or its sound begins before the picture."""
    film = write_with_sound(tmp_path / "face.mkv", [round(1000 * late) + 100 * i for i in range(200)], 2)
    summary.head = summary.head | {"fps": fps}
    (path,) = write_format("eaf", tmp_path / "face", pieces, summary, film, {}, print)
    first = next(row for row in summary.events if row["kind"] != "blink")
    mark = Eaf(path).get_annotation_data_for_tier("movement@face0")[0]
    assert mark[0] == pytest.approx(1000 * (first["onset"] / 10 + late), abs=2)
    lines = read_annotations(path, subject="anna")
    assert (lines[0].onset, lines[0].apex, lines[0].offset) == (first["onset"], first["apex"], first["offset"])
    assert lines[0].fps == (None if fps == 10 else 100) and read_annotations(path, "anna", fps=50)[0].fps == 50
    (subtitles,) = write_format("vtt", tmp_path / "face", pieces, summary, film, {}, print)
    assert f"00:00:{first['onset'] / 10 + late:06.3f} -->" in subtitles.read_text()


@pytest.mark.parametrize(
    "marks",
    [
        ((14, 36, 64), (20, 25, 30)),  # one within the other
        ((10, 20, 20), (20, 20, 30)),  # both peak where one ends and the next begins
        ((10, 15, 40), (10, 30, 40)),  # at once
        ((10, 12, 60), (15, 35, 50), (20, 25, 50)),
    ],
)
def test_movements_that_overlap_keep_their_own_apex_and_units(film, summary, tmp_path, marks):
    (tmp_path / "face.mp4").write_bytes(film.read_bytes())
    row = next(row for row in summary.events if row["kind"] != "blink" and row["face"] == 0)
    for units in (("AU12", "AU4", "AU6"), ("AU12", "AU12", "AU12")):
        rows = [row | dict(zip(("onset", "apex", "offset"), each, strict=True)) for each in marks]
        summary.events = [row | {"action_units": f"{unit}:0.90"} for row, unit in zip(rows, units, strict=False)]
        lines = read_annotations(write_eaf(tmp_path / "face", summary, tmp_path / "face.mp4"), "anna")
        assert [(line.onset, line.apex, line.offset) for line in lines] == list(marks)
        assert [f"AU{line.action_units}" for line in lines] == list(units[: len(marks)])


def test_what_a_coder_draws_without_a_number_is_of_the_movement_that_it_fits(drawn):
    movements = {"movement": [(1400, 6400, "")], "movement (2)": [(2000, 3000, "")]}
    path = drawn(
        **movements, apex=[(2500, 2600, ""), (3600, 3700, "")], AU4=[(2000, 2900, "")], AU12=[(1500, 6400, "")]
    )
    first, second = read_annotations(path)
    assert (first.action_units, first.apex, second.action_units, second.apex) == ("12", 36, "4", 25)
    path = drawn(**movements, **{"AU4 (2)": [(2000, 3000, "")], "AU6 (2)": [(2400, 5000, "")]})
    assert [line.action_units for line in read_annotations(path)] == ["6", "4"], (
        "most of AU6 lies outside of the second"
    )


def test_of_two_apices_in_one_movement_one_must_go(drawn):
    path = drawn(movement=[(1000, 1500, "")], apex=[(1200, 1300, ""), (1400, 1500, "")])
    with pytest.raises(ValueError, match=r"face\.eaf: apex at 1\.200 s and apex at 1\.400 s .* movement at 1\.000 s"):
        read_annotations(path)


@pytest.mark.parametrize("fps", [10.0, 29.97, 60.0, 120.0, 200.0, 500.0, 1000.0])
def test_a_mark_is_the_frame_that_a_player_shows_then(fps):
    played = Played(fps, 0.5)
    for frame in (0, 1, 2, 7, 500, 1234):
        assert played.frame(round(1000 * played.seconds(frame)) / 1000) == frame, "as we write it"
        if fps <= 200:  # from there on ELAN's milliseconds are as long as a half frame and more
            assert played.frame(int(1000 * played.seconds(frame) + 1e-6) / 1000) == frame, "cut to milliseconds"
            assert played.frame(played.seconds(frame + 0.7)) == frame, "drawn freely"


def test_a_mark_between_two_frames_is_of_the_one_before(drawn):
    (line,) = read_annotations(drawn(movement=[(1060, 2990, "")], apex=[(1260, 1360, "")]))
    assert (line.onset, line.apex, line.offset) == (10, 12, 29)


def test_what_the_coder_changed_is_in_the_line(drawn):
    path = drawn(
        movement=[(1000, 1500, "micro 0.8"), (5000, 9000, "smile")],
        apex=[(1200, 1300, "")],
        AU12_L=[(1000, 1500, "0.83")],
        AU4=[(1100, 1400, "b?")],
        AU6_R=[(5000, 8900, "")],
        notes=[(0, 20_000, "bad light")],
    )
    first, second = read_annotations(path)
    assert (first.action_units, first.onset, first.apex, first.offset) == ("4B?+L12", 10, 12, 15)
    assert (second.action_units, second.apex, second.expression) == ("R6", None, "")
    assert (first.expression, first.subject) == ("micro", "anna")


def test_the_lines_are_what_prepare_reads(drawn, tmp_path):
    tiers = {"movement": [(1000, 1500, "micro"), (5000, 20_000, "macro")], "apex": [(1200, 1300, "")]}
    write_metadata(read_annotations(drawn(**tiers, AU12_L=[(1000, 1500, "C")])), tmp_path / "metadata.csv")
    first, second = read_metadata(tmp_path)
    (unit,) = first.coding.units
    assert (unit.number, unit.side, unit.intensity) == (12, "L", "C")
    assert (first.onset, first.apex, first.offset, first.expression, first.fps) == (10, 12, 15, "micro", None)
    assert second.cell == "" and second.offset == 199, "an annotation to the video's end ends with its last frame"


def test_a_second_correction_replaces_the_first_but_no_other_video(drawn, tmp_path):
    path = tmp_path / "metadata.csv"
    write_metadata(read_annotations(drawn(movement=[(1000, 1500, "")])), path)
    write_metadata(read_annotations(drawn(movement=[(1000, 1700, "")])), path)
    rows = list(csv.DictReader(path.open(newline="")))
    assert tuple(rows[0]) == COLUMNS and [row["offset"] for row in rows] == ["17"]
    path.write_text("file_name,subject,action_units\nother.mp4,bo,4\n")
    with pytest.raises(ValueError, match=r"other\.mp4"):
        write_metadata(read_annotations(drawn(movement=[(1000, 1500, "")])), path)
    assert "other.mp4" in path.read_text()


def test_lines_of_another_person_are_not_replaced(drawn, tmp_path):
    path = tmp_path / "metadata.csv"
    write_metadata(read_annotations(drawn(movement=[(1000, 1500, "")]), "anna"), path)
    with pytest.raises(ValueError, match=r"face\.mp4 of anna"):
        write_metadata(read_annotations(drawn(movement=[(1000, 1700, "")]), "ben"), path)
    assert [row["subject"] for row in csv.DictReader(path.open(newline=""))] == ["anna"]


def test_a_face_that_prepare_would_not_cut_is_refused(given, drawn, tmp_path):
    """It cuts the largest face at the onset: the second one's units would lie on the first one's pixels."""
    with pytest.raises(ValueError, match=r"face\.mp4: .* not face1, .* crop the video"):
        write_metadata(read_annotations(given, "ben", face=1), tmp_path / "metadata.csv")
    done = CliRunner().invoke(app, ["annotations", str(given), "--subject", "ben", "--face", "1"])
    assert "crop the video" in str(done.exception) and not (tmp_path / "metadata.csv").exists()
    done = CliRunner().invoke(app, ["annotations", str(given), "--subject", "anna"])
    assert done.exit_code == 0 and f"{given}: shows several faces" in done.output
    with pytest.raises(ValueError, match="has tiers of face1, none of face0"):
        read_annotations(drawn(**{"movement@face1": [(0, 500, "")]}))
    assert read_annotations(drawn(**{"movement@anna": [(0, 500, "")]})), "the only one, by a name that a coder gave"


def test_mistakes_are_named(drawn, tmp_path):
    with pytest.raises(ValueError, match=r"AU4 at 3\.000 s lies in no movement"):
        read_annotations(drawn(movement=[(1000, 1500, "")], AU4=[(3000, 3500, "")]))
    with pytest.raises(ValueError, match="--subject"):
        read_annotations(drawn(participant="face0", movement=[(1000, 1500, "")]))
    with pytest.raises(ValueError, match="none of face2"):
        read_annotations(drawn(**{"movement@face0": [(0, 500, "")], "movement@face1": [(0, 500, "")]}), face=2)
    path = drawn(movement=[(1000, 1500, "")])
    with pytest.raises(ValueError, match="outside"):
        write_metadata(read_annotations(path), tmp_path / "below" / "metadata.csv")
    with pytest.raises(ValueError, match="nothing to write"):
        write_metadata([], tmp_path / "metadata.csv")
    (tmp_path / "face.mp4").unlink()
    with pytest.raises(FileNotFoundError, match="--video"):
        read_annotations(path)
    path.write_text("no XML")
    with pytest.raises(ValueError, match="no ELAN file"):
        read_annotations(path)
    with pytest.raises(FileNotFoundError):
        read_annotations(tmp_path / "none.eaf")


@pytest.mark.parametrize(
    ("name", "cell"), [("AU2", "2B+12"), ("au2", "2B+12"), ("AU2 L", "L2B+12"), ("Au 02 l", "L2B+12")]
)
def test_a_tier_that_the_coder_adds_without_a_face_is_of_the_one_there_is(name, cell, drawn):
    ours = {"movement@face0": [(1000, 1500, "")], "AU12@face0": [(1000, 1500, "0.9")], "blink@face0": [(0, 200, "")]}
    path = drawn(**ours, **{name: [(1000, 1500, "B")]})
    assert [line.action_units for line in read_annotations(path)] == [cell]
    assert unread_tiers(path) == []


def test_of_which_of_several_faces_a_tier_is_must_be_said(drawn):
    ours = {"movement@face0": [(1000, 1500, "")], "movement@face1": [(1000, 1500, "")]}
    with pytest.raises(ValueError, match="of which face is tier AU2\\?"):
        read_annotations(drawn(**ours, AU2=[(1000, 1500, "")]))
    assert read_annotations(drawn(**ours, AU2=[])), "an empty tier loses nothing"


@pytest.mark.parametrize("name", ["AU99", "AU12+6", "AU12 left", "AU12-cp", "L12", "12", "AU 2 copy@face0", "L AU4"])
def test_a_tier_that_looks_like_a_unit_is_never_passed_by(name, drawn):
    with pytest.raises(ValueError, match="is no action unit") as error:
        read_annotations(drawn(movement=[(1000, 1500, "")], **{name: [(1000, 1500, "")]}))
    assert name in str(error.value)


def test_tiers_that_are_not_read_are_named(drawn):
    path = drawn(movement=[(1000, 1500, "")], smile=[(1000, 1500, "")], blink=[(0, 100, "")], empty=[])
    assert read_annotations(path)[0].action_units == "" and unread_tiers(path) == ["smile"]
    path = drawn(**{"movement@face0": [(1000, 1500, "")], "movement@face1": [(1000, 1500, "")]})
    assert unread_tiers(path, face=1) == ["movement@face0"]


def test_what_prepare_could_not_cut_is_refused_with_tier_and_time(drawn):
    with pytest.raises(ValueError, match=r"face\.eaf: movement at 1\.000 s to 21\.000 s .* film's end at 20\.000 s"):
        read_annotations(drawn(movement=[(1000, 21_000, "")]))
    with pytest.raises(ValueError, match=r"movement at 1\.000 s .* two frames"):
        read_annotations(drawn(movement=[(1000, 1010, "")]))


def test_the_command_says_what_is_not_read_and_what_comes_next(drawn, tmp_path):
    path = drawn(movement=[(1000, 1500, "")], smile=[(1000, 1500, "")])
    done = CliRunner().invoke(app, ["annotations", str(path)])
    assert done.exit_code == 0 and f"{path}: not read: smile" in done.output
    assert f"next: aullm prepare folder --data-dir {tmp_path} --out" in done.output
    done = CliRunner().invoke(app, ["annotations", str(path), "--out", str(tmp_path / "other.csv")])
    assert done.exit_code == 0 and "next: name the file metadata.csv, no other is read, then aullm prep" in done.output
