"""The base of all builders, shown on CASME II: resuming, streaming, folders, arguments."""

import io
import json
import os
import shutil
from functools import partial

import pyarrow.parquet as pq
import pytest
from datasets import IterableDataset, load_dataset
from PIL import Image

from dataset_scripts import builder, planning
from dataset_scripts.builder import load_dataset_from
from dataset_scripts.schema import FEATURES
from dataset_scripts.sheets.errata import Erratum, apply_errata
from tests.dataset_scripts.trees.casme2 import ROWS, clip_folder, found, load, write_casme2
from tests.dataset_scripts.trees.common import grey_jpeg


@pytest.fixture
def copy(tmp_path):
    return write_casme2(tmp_path / "CASME2")


def shards(folder):
    return sorted(folder.glob("subject-*.parquet"))


def test_only_what_changed_is_written_again(copy):
    load(copy)
    first, second, third = shards(copy.parent / "out")
    before = {path: path.stat().st_mtime_ns for path in (first, second, third)}
    second.unlink()
    (clip_folder(copy, 4) / "img6.jpg").write_bytes(grey_jpeg(6) + b"\xff\xd9")
    table, _ = load(copy)
    assert len(table) == 6
    assert [path.stat().st_mtime_ns == before[path] for path in (first, second, third)] == [True, False, False]


def test_a_subject_that_left_the_sheet_leaves_the_folder(copy):
    load(copy)
    write_casme2(copy, rows=ROWS[:4])
    table, report = load(copy)
    assert (len(table), report.subjects, len(shards(copy.parent / "out"))) == (4, 2, 2)


def test_errata_correct_a_clip_and_strict_lets_them_pass(copy, monkeypatch):
    errata = (Erratum("casme2", None, "sub02", "EP01_2", "seen in the frames", {"apex": 100}),)
    monkeypatch.setattr(planning, "apply_errata", partial(apply_errata, errata=errata))
    table, report = load(copy, strict=True)
    assert table[2]["apex"] == 2
    assert [(finding.why, finding.known) for finding in report.of_kind("repaired")] == [("seen in the frames", True)]


def test_older_states_take_no_space(copy):
    for size in (1, 2, 3):
        (clip_folder(copy, 4) / "img6.jpg").write_bytes(grey_jpeg(6) + b"\xff\xd9" * size)
        load(copy)
    assert len(list((copy.parent / "out").rglob("parquet-*.arrow"))) == 1


def test_a_relative_folder_keeps_the_rows_it_gives(copy, monkeypatch):
    monkeypatch.chdir(copy.parent)
    table, _ = load_dataset_from("casme2", copy, out="here", progress=False)
    assert [held for held in table.cache_files if not os.path.exists(held["filename"])] == []


def test_findings_of_pictures_survive_resuming(copy):
    (clip_folder(copy, 0) / "img47.jpg").write_bytes(b"")
    once, again = load(copy)[1], load(copy)[1]
    assert again == once and len(again.of_kind("repaired")) == 1


def test_a_killed_run_goes_on(copy, monkeypatch):
    written = builder.write_subject

    def fail(path, recipe, plans):
        if "sub17" in path.name:
            raise OSError("disk full")
        return written(path, recipe, plans)

    monkeypatch.setattr(builder, "write_subject", fail)
    with pytest.raises(OSError, match="disk full"):
        load(copy, num_proc=1)
    done = shards(copy.parent / "out")
    assert [path.name for path in done] == ["subject-sub01.parquet", "subject-sub02.parquet"]
    before = [path.stat().st_mtime_ns for path in done]
    monkeypatch.undo()
    assert len(load(copy)[0]) == 6
    assert [path.stat().st_mtime_ns for path in done] == before


def test_a_file_that_was_cut_off_is_written_again(copy):
    load(copy)
    path = shards(copy.parent / "out")[0]
    path.write_bytes(path.read_bytes()[:200])
    assert len(load(copy)[0]) == 6


def test_no_unfinished_file_is_left(copy, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("dataset_scripts.whole_files.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        load(copy)
    assert not [path for path in (copy.parent / "out").iterdir() if ".part" in path.name or path.suffix == ".parquet"]


def test_threads_do_not_change_the_result(copy):
    one = load(copy, num_proc=1)[0].with_format("arrow")[:].to_pylist()
    four = load(copy, num_proc=4, out=copy.parent / "four")[0].with_format("arrow")[:].to_pylist()
    assert one == four


def test_streaming_reads_the_copy_and_writes_nothing(copy, monkeypatch, tmp_path):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    table, report = load(copy, streaming=True, out=None)
    assert isinstance(table, IterableDataset)
    assert not (tmp_path / "cache").exists()
    (clip_folder(copy, 0) / "img47.jpg").write_bytes(b"")
    rows = list(table)
    assert [row["clip"] for row in rows] == [clip for _, clip, *_ in ROWS]
    assert len(rows[0]["frames"]) == 8
    assert found(report, "repaired") == ["pictures that are empty or cut off: 1 (47)"]


def test_streaming_with_a_folder_reads_its_files(copy):
    table, _ = load(copy, streaming=True)
    assert isinstance(table, IterableDataset) and len(list(table)) == 6
    assert len(shards(copy.parent / "out")) == 3


def test_the_folder_is_a_data_set_of_its_own(copy, tmp_path):
    load(copy)
    files = [str(path) for path in shards(copy.parent / "out")]
    table = load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "hub"))
    assert table.features == FEATURES and len(table) == 6
    assert len(load_dataset(str(copy.parent / "out"), split="train", cache_dir=str(tmp_path / "hub"))) == 6
    stored = pq.read_table(files[0])["frames"][0][0]["bytes"].as_py()
    assert Image.open(io.BytesIO(stored)).size == (16, 16)


def test_the_default_folder_is_in_the_cache(copy, monkeypatch, tmp_path):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    load(copy, out=None)
    load(copy, out=None, release="2014-05-08")
    folders = sorted(os.listdir(tmp_path / "cache" / "prepared"))
    assert len(folders) == 2 and all(name.startswith("casme2-") for name in folders)


def test_a_folder_of_another_build_is_refused(copy):
    load(copy)
    with pytest.raises(FileExistsError, match=r"2019-07-01.*2014-05-08.*choose another folder"):
        load(copy, release="2014-05-08")
    held = json.loads((copy.parent / "out" / "build.json").read_text())
    assert held["release"] == "2019-07-01"


@pytest.mark.parametrize("name", ["subject-a.parquet", "report.json"])
def test_files_of_somebody_else_are_not_touched(copy, tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=f"{name}, which no builder wrote"):
        load(copy, out=tmp_path / "mine")
    assert (tmp_path / "mine" / name).read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["prepared.json", "preparing.json"])
def test_no_table_is_written_into_a_prepared_set(copy, tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("{}")
    with pytest.raises(FileExistsError, match=rf"mine holds {name} of `aullm prepare`: choose another folder"):
        load(copy, out=tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [name]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"release": "2015"}, ValueError, r"CASME II has no release '2015'; there are '2019-07-01', '2014-05-08'"),
        ({"frames": "aligned"}, ValueError, "CASME II has no 'aligned' frames; there are 'raw' and 'cropped'"),
        ({"frames": "cropped"}, FileNotFoundError, r"no clip of CASME II .*(sub01/EP02_01f|reg_img)"),
        ({"num_proc": 0}, ValueError, "num_proc must be at least 1"),
        ({"sheet": "gone.xlsx", "release": "2014-05-08"}, FileNotFoundError, "gone.xlsx does not exist"),
        ({"sheet": "gone.xlsx"}, FileNotFoundError, "gone.xlsx does not exist"),
    ],
)
def test_bad_arguments_are_named(copy, options, error, message):
    with pytest.raises(error, match=message):
        load(copy, **options)


def test_a_sheet_that_may_be_of_two_releases_asks_for_the_release(copy):
    renamed = (copy / "CASME2-coding-20140508.xlsx").rename(copy / "coding.xlsx")
    with pytest.raises(ValueError, match=r"cannot tell from its name which release .*'2019-07-01' or '2014-05-08'"):
        load(copy, sheet=renamed)
    assert load(copy, sheet=renamed, release="2014-05-08")[1].release == "2014-05-08"


@pytest.mark.parametrize("place", [".", "prepared"])
def test_nothing_is_written_into_the_copy(copy, place):
    with pytest.raises(ValueError, match=r"lies in .*CASME2, your copy, which is only read"):
        load(copy, out=copy / place)
    assert not (copy / place / "build.json").exists()


def test_where_only_the_cropped_frames_lie_the_error_says_so(tmp_path):
    copy = write_casme2(tmp_path / "CASME2", cropped=True)
    shutil.rmtree(copy / "CASME2_RAW_selected")
    message = (
        r"the 6 clips of .*CASME2-coding-20190701\.xlsx.*cropped frames are there: .*prepare \.\.\. --frames cropped`"
    )
    with pytest.raises(FileNotFoundError, match=message):
        load(copy)
    with pytest.raises(
        ValueError,
        match=r"(?s)20190701\.xlsx names could be kept.*prepare \.\.\. --frames cropped`",
    ):
        load(copy / "Cropped", sheet=copy / "CASME2-coding-20190701.xlsx")


def test_an_old_workbook_asks_to_be_saved_anew(tmp_path):
    (tmp_path / "CASME2-coding-20140508.xls").write_bytes(b"\xd0\xcf")
    with pytest.raises(ValueError, match=r"20140508\.xls is in the old \.xls format: open it and save it as"):
        load_dataset_from("casme2", tmp_path)


def test_unknown_sets_and_wrong_folders_are_told(tmp_path):
    with pytest.raises(ValueError, match="unknown data set 'casme9'; there are 'casme', 'casme2'"):
        load_dataset_from("casme9", tmp_path)
    with pytest.raises(FileNotFoundError, match="gone is no folder: pass the one that holds your copy of CASME II"):
        load_dataset_from("casme2", tmp_path / "gone")
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match=r"Looked for \*CASME2\*20190701\*.*Found holiday.jpg.*as `sheet`"):
        load_dataset_from("casme2", tmp_path)
