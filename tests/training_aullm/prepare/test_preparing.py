"""A table becomes a prepared set: whole or not at all, resumed without loss, repeated without work."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dataset_scripts.cells import facs
from dataset_scripts.report import NotAsPublished, Report
from tests.dataset_scripts.trees.casme2 import write_casme2
from tests.training_aullm.clip_tables import BrightFaces, clip_row, states, table_of, turned, write_clips
from training_aullm.files import only_run
from training_aullm.prepare import subjects
from training_aullm.prepare.prepared import SOURCE_FOLDER, PreparedRecord, load_prepared
from training_aullm.prepare.preparing import Preparation, prepare, prepare_table


def prepare_rows(rows, out, aligner=None, **changes) -> PreparedRecord:
    settings = Preparation("folder", "clips", **changes)
    return prepare_table(table_of(rows), Report("folder", "1"), Path(out), settings, 1, False, aligner or BrightFaces())


def test_every_clip_is_stored_or_named(rows, tmp_path):
    record = prepare_rows(rows, tmp_path)
    assert (record.clips, record.subjects, record.left_out, record.frames) == (5, 3, 1, 30)
    assert record.action_units["AU4"] == {"present": 3, "absent": 2, "unknown": 0}
    assert record.action_units["AU9"] == {"present": 0, "absent": 0, "unknown": 5}
    table = load_prepared(tmp_path)
    assert sorted(table["sample_id"]) == sorted(row["sample_id"] for row in rows if row["clip"] != "c4")
    assert {row["sample_id"]: row["action_units"] for row in table} == {
        row["sample_id"]: row["action_units"] for row in rows if row["clip"] != "c4"
    }
    report = Report.load(tmp_path)
    assert [(each.kind, each.where) for each in report.findings] == [("dropped", "tiny/s1/c4")]
    assert (report.clips, report.subjects, report.units) == (5, 3, {4: 3, 12: 2})


def test_the_record_says_what_the_set_is(rows, tmp_path):
    prepare_rows(rows, tmp_path, whole=True)
    record = PreparedRecord.load(tmp_path)
    assert (record.name, record.label_release) == ("folder", "1")
    assert record.alignment["align"] and record.alignment["whole"] and record.alignment["size"] == 224
    assert set(record.code) == {"aullm", "alignment"} and len(record.shards) == 3


def test_a_person_of_whom_nothing_is_left_does_not_stop_the_rest(rows, tmp_path):
    rows.append(clip_row("s9", "c9", (0, 0, 0)))
    record = prepare_rows(rows, tmp_path)
    assert (record.clips, record.subjects, record.left_out) == (5, 3, 2)
    assert len(load_prepared(tmp_path)) == 5


def test_a_broken_off_preparation_goes_on_and_loses_nothing(rows, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    prepare_rows(rows, whole)
    with pytest.raises(KeyboardInterrupt):
        prepare_rows(rows, broken, BrightFaces(most=3))
    with pytest.raises(FileNotFoundError, match=r"broken off \(1 subjects are done"):
        load_prepared(broken)
    assert not list(broken.rglob("*.partial"))
    aligner = BrightFaces()
    prepare_rows(rows, broken, aligner)
    assert {name.split("/")[1] for name in aligner.names} == {"s1", "s2"}
    assert load_prepared(broken).to_list() == load_prepared(whole).to_list()
    assert Report.load(broken) == Report.load(whole)


def test_a_repeated_preparation_makes_only_what_has_changed(rows, tmp_path):
    prepare_rows(rows, tmp_path)
    again = BrightFaces()
    prepare_rows(rows, tmp_path, again)
    assert again.names == []
    rows[2] = clip_row("s2", "c2", vector=states("7"))
    prepare_rows(rows, tmp_path, again)
    assert set(again.names) == {"tiny/s2/c2", "tiny/s2/c5"}
    changed = {row["sample_id"]: row["action_units"] for row in load_prepared(tmp_path)}
    assert changed["tiny/s2/c2"] == states("7")


def test_a_set_that_is_being_made_anew_is_not_read(rows, tmp_path):
    prepare_rows(rows, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        prepare_rows(rows, tmp_path, BrightFaces(most=3), whole=True)
    with pytest.raises(FileNotFoundError, match="broken off"):
        load_prepared(tmp_path)


def test_another_form_of_clips_is_made_anew(rows, tmp_path):
    prepare_rows(rows, tmp_path)
    again = BrightFaces()
    prepare_rows(rows, tmp_path, again, whole=True)
    assert len(again.names) == 6


def test_people_who_are_no_longer_in_the_source_leave_the_set(rows, tmp_path):
    prepare_rows(rows, tmp_path)
    prepare_rows([row for row in rows if row["subject"] != "s2"], tmp_path)
    assert set(load_prepared(tmp_path)["subject"]) == {"s0", "s1"}
    assert len(list((tmp_path / "data").iterdir())) == 2


def test_odd_names_of_people_are_kept(tmp_path):
    names = ["006", "f/m", "spNO.1", "ä ö"]
    prepare_rows([clip_row(name, "c") for name in names], tmp_path)
    assert load_prepared(tmp_path)["subject"][:] == names


def test_people_whose_names_differ_in_case_alone_have_files_of_their_own_everywhere(tmp_path):
    record = prepare_rows([clip_row(name, "c") for name in ("Anna", "anna", "ben")], tmp_path)
    assert len({name.casefold() for name in record.shards}) == 3 and "subject-ben.parquet" in record.shards
    assert load_prepared(tmp_path)["subject"][:] == ["Anna", "anna", "ben"]


def test_strict_refuses_and_leaves_no_set(rows, tmp_path):
    with pytest.raises(NotAsPublished, match="tiny/s1/c4"):
        prepare_rows(rows, tmp_path, strict=True)
    with pytest.raises(FileNotFoundError):
        load_prepared(tmp_path)


def test_nothing_that_can_be_used_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="not one clip of folder can be used"):
        prepare_rows([clip_row("s1", "c1", (0, 0))], tmp_path)


def test_one_folder_holds_one_set(rows, tmp_path):
    prepare_rows(rows, tmp_path)
    with pytest.raises(ValueError, match="holds folder, not casme2-like"):
        prepare(Preparation("casme2-like"), tmp_path)
    foreign = tmp_path / "other"
    (foreign / "data").mkdir(parents=True)
    with pytest.raises(ValueError, match="something else"):
        prepare(Preparation("casme2-like"), foreign)


def test_what_a_user_has_in_the_folder_is_left_alone(tmp_path):
    study = tmp_path / "study"
    clips = write_clips(study / "source" / "clips", "ann", "ben")
    (study / ".cache").mkdir()
    (study / ".cache" / "mine").write_text("mine")
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    for _ in range(2):
        assert prepare(Preparation("folder", str(clips), align=False), study, 1, False).clips == 2
        assert len(load_prepared(study)) == 2
        assert {path: path.read_bytes() for path in before} == before
    assert not (study / SOURCE_FOLDER).exists()


@pytest.mark.parametrize("name", ["report.json", "subject-s1.parquet"])
def test_no_file_of_a_user_is_replaced(builder, tmp_path, name):
    for folder in ("clips", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(ValueError, match=rf"out holds {name}, .*: choose another --out"):
        prepare(Preparation("folder", str(tmp_path / "clips"), align=False), tmp_path / "out", 1, False)
    assert (tmp_path / "out" / name).read_text() == "mine"


@pytest.fixture
def copies(builder, rows, tmp_path) -> tuple[str, str]:
    """Two folders of one data set with two releases of its labels; the builder gives the same rows for both."""
    rows[:] = [row | {"label_release": "2014-05-08"} for row in rows if row["clip"] != "c4"]
    return tuple(str(write_casme2(tmp_path / name)) for name in ("CASME2", "another"))


def test_another_release_and_another_copy_are_refused_before_anything_is_read(copies, builder, tmp_path):
    older = Preparation("casme2", copies[0], release="2014-05-08", align=False)
    record = prepare(older, tmp_path / "out", 1, False)
    assert prepare(older, tmp_path / "out", 1, False) == record and len(builder) == 2
    for changes in ({"release": None}, {"release": "2019-07-01"}):
        with pytest.raises(ValueError, match=r"out holds release 2014-05-08 of casme2, not 2019-07-01: choose another"):
            prepare(replace(older, **changes), tmp_path / "out", 1, False)
    with pytest.raises(ValueError, match=r"out holds casme2 of another folder than .*another: choose another --out"):
        prepare(replace(older, data_dir=copies[1]), tmp_path / "out", 1, False)
    (tmp_path / "out" / "prepared.json").rename(tmp_path / "out" / "preparing.json")
    with pytest.raises(ValueError, match="another folder"):
        prepare(replace(older, data_dir=copies[1]), tmp_path / "out", 1, False)
    assert len(builder) == 2


def test_a_set_that_does_not_say_of_which_copy_it_is_can_be_read_and_prepared_again(copies, tmp_path):
    older = Preparation("casme2", copies[0], release="2014-05-08", align=False)
    record = prepare(older, tmp_path / "out", 1, False)
    path = tmp_path / "out" / "prepared.json"
    content = json.loads(path.read_text())
    del content["copy"]
    path.write_text(json.dumps(content))
    assert PreparedRecord.load(tmp_path / "out") == replace(record, copy=None) and load_prepared(tmp_path / "out")
    assert prepare(replace(older, data_dir=copies[1]), tmp_path / "out", 1, False).clips == record.clips


@pytest.mark.parametrize("name", ["build.json", "subject-s1.parquet", "clips.parquet"])
def test_a_folder_of_a_table_becomes_no_prepared_set(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(ValueError, match=rf"holds {name}, a table that is not prepared: choose another --out"):
        prepare(Preparation("casme2-like"), tmp_path)


@pytest.mark.parametrize("wrong", [{"name": "casme2"}, {"name": "casme2-like", "data_dir": "x"}])
def test_a_data_set_needs_a_folder_and_a_rendered_one_must_not_have_one(wrong):
    with pytest.raises(ValueError, match="--data-dir"):
        Preparation(**wrong)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("release", "1"),
        ("sheet", "codes.csv"),
        ("frames", "cropped"),
        ("alternative", "present"),
        ("unclear", "absent"),
        ("expressions", "macro"),
    ],
)
def test_options_that_change_nothing_of_rendered_clips_are_refused(option, value):
    with pytest.raises(ValueError, match=f"casme2-like is rendered: leave --{option}s? out; --align"):
        Preparation("casme2-like", **{option: value})
    assert Preparation("casme2-like", align=True, whole=True, strict=True).rendered


def test_rendered_clips_come_registered():
    assert not Preparation("casme2-like").form.align and Preparation("casme2-like", align=True).form.align
    assert Preparation("casme2", "x").form.align and not Preparation("casme2", "x", align=False).form.align


def test_a_set_that_another_run_prepares_is_refused_and_left_alone(builder, tmp_path):
    (tmp_path / "clips").mkdir()
    settings = Preparation("folder", str(tmp_path / "clips"), align=False)
    with only_run(tmp_path / "out"), pytest.raises(BlockingIOError, match=r"out: another run is writing it"):
        prepare(settings, tmp_path / "out", 1, False)
    assert builder == []
    prepare(settings, tmp_path / "out", 1, False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips", "out"]


def test_nothing_is_written_into_the_copy(builder, tmp_path):
    clips = write_clips(tmp_path / "clips", "ann")
    with pytest.raises(ValueError, match=r"clips/a/out lies in .*clips, your copy"):
        prepare(Preparation("folder", str(clips)), clips / "a" / "out", 1, False)
    assert sorted(path.name for path in clips.iterdir()) == ["ann", "metadata.csv"]


def test_what_coders_left_open_counts_as_asked(builder, rows, tmp_path):
    (tmp_path / "clips").mkdir()
    lenient = Preparation("folder", str(tmp_path / "clips"), align=False, alternative="present", unclear="absent")
    assert prepare(lenient, tmp_path / "out", 1, False).open_units == {"alternative": "present", "unclear": "absent"}
    ((_, _, policy),) = builder
    counted = facs.states(facs.parse_cell("(12 or 14) + 4? + 1"), policy)
    assert [counted[number] for number in (1, 4, 9, 12, 14)] == [1, 0, 0, 1, 1]
    with pytest.raises(ValueError, match="'maybe'"):
        Preparation("casme2", "x", unclear="maybe")


def test_the_record_is_plain_json(rows, tmp_path):
    prepare_rows(rows, tmp_path)
    content = json.loads((tmp_path / "prepared.json").read_text())
    assert content["clips"] == 5 and str(tmp_path) not in json.dumps(content)


def test_another_version_is_prepared_anew_and_reworded_code_is_not(rows, tmp_path, monkeypatch):
    prepare_rows(rows, tmp_path)
    again = BrightFaces()
    monkeypatch.setattr("inspect.getsource", lambda *_: pytest.fail("a key must not read code"))
    prepare_rows(rows, tmp_path, again)
    assert again.names == []
    monkeypatch.setattr(subjects, "VERSION", "another")
    prepare_rows(rows, tmp_path, again)
    assert len(again.names) == 6


def test_frames_that_were_read_on_their_side_are_prepared_anew_and_no_others(rows, tmp_path, monkeypatch):
    for frame in rows[2]["frames"]:
        frame["bytes"] = turned(frame["bytes"])
    with monkeypatch.context() as earlier:  # versions that knew no notes of cameras
        earlier.setattr(subjects, "camera_note", lambda _: "")
        prepare_rows(rows, tmp_path)
    again = BrightFaces()
    prepare_rows(rows, tmp_path, again)
    assert set(again.names) == {"tiny/s2/c2", "tiny/s2/c5"}


def test_several_processes_prepare_the_same_set(rows, tmp_path):
    settings = Preparation("folder", "clips", align=False)
    for num_proc in (1, 2):
        prepare_table(table_of(rows), Report("folder", "1"), tmp_path / str(num_proc), settings, num_proc, False)
    assert load_prepared(tmp_path / "1").to_list() == load_prepared(tmp_path / "2").to_list()
