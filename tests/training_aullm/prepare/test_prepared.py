"""A folder that is no prepared set is told what it is instead."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dataset_scripts.damaged_files import DamagedFile
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.report import Report
from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.prepare.prepared import (
    CACHE_FOLDER,
    SOURCE_FOLDER,
    PreparedRecord,
    count_states,
    load_prepared,
    present_numbers,
)
from training_aullm.prepare.preparing import Preparation, prepare_table, refuse_other_set


@pytest.fixture
def folder(tmp_path) -> Path:
    rows = [clip_row("s0", "c0"), clip_row("s1", "c1")]
    settings = Preparation("folder", str(tmp_path), align=False)
    prepare_table(table_of(rows), Report("folder", "1"), tmp_path, settings, 1, False)
    return tmp_path


def test_it_loads_as_a_table_of_the_schema(folder):
    table = load_prepared(folder)
    assert table[0]["frames"][0].size == (40, 40) and table["subject"][:] == ["s0", "s1"]


def test_a_set_that_may_only_be_read_loads_all_the_same(folder, tmp_path_factory, monkeypatch):
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("AULLM_CACHE", str(cache))
    (folder / CACHE_FOLDER).touch()  # stands for a folder of somebody else: root may write into every other
    table = load_prepared(folder)
    assert table["subject"][:] == ["s0", "s1"]
    (held,) = table.cache_files
    assert Path(held["filename"]).is_relative_to(cache / "arrow")
    (folder / CACHE_FOLDER).unlink()
    (held,) = load_prepared(folder).cache_files
    assert Path(held["filename"]).is_relative_to(folder / CACHE_FOLDER)


def test_no_folder_another_folder_and_half_a_set_are_told_apart(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist: make one with `aullm prepare"):
        load_prepared(tmp_path / "nowhere")
    other = tmp_path / "other"
    other.mkdir()
    (other / "holiday.jpg").touch()
    with pytest.raises(FileNotFoundError, match=r"prepared\.json .* was looked for, holiday\.jpg was found"):
        load_prepared(other)
    (other / "clips.parquet").touch()
    with pytest.raises(
        FileNotFoundError, match=r"holds clips\.parquet of `aullm synth`, .* datasets\.Dataset\.from_parquet"
    ):
        load_prepared(other)
    (other / SOURCE_FOLDER).mkdir()
    with pytest.raises(FileNotFoundError, match="was broken off while its data set was read: run the same"):
        load_prepared(other)
    (folder / "prepared.json").rename(folder / "preparing.json")
    with pytest.raises(FileNotFoundError, match=r"preparation of folder .* was broken off"):
        load_prepared(folder)


def test_a_set_prepared_before_a_column_existed_loads_with_nulls(folder):
    for shard in (folder / "data").iterdir():
        pq.write_table(pq.read_table(shard).drop_columns(["expression"]), shard)
    assert load_prepared(folder)["expression"][:] == [None, None]
    table = pq.read_table(shard)
    pq.write_table(table.append_column("colour", [["grey"]]), folder / "data" / "subject-s0.parquet")
    with pytest.raises(ValueError, match=r"other columns than this version reads \(\['colour'\]\)"):
        load_prepared(folder)


def test_a_missing_shard_is_named(folder):
    (folder / "data" / "subject-s1.parquet").unlink()
    with pytest.raises(FileNotFoundError, match=r"names 2 shards, 1 are not there \(subject-s1\.parquet"):
        load_prepared(folder)


def test_a_record_of_another_version_is_refused(folder):
    content = json.loads((folder / "prepared.json").read_text())
    (folder / "prepared.json").write_text(json.dumps({**content, "colour": "grey"}))
    with pytest.raises(ValueError, match=r"'colour'.*prepare the set again"):
        PreparedRecord.load(folder)


def test_states_are_counted_by_name():
    counts = count_states([states("4"), states("4 7", unknown="12"), states()])
    assert counts["AU4"] == {"present": 2, "absent": 1, "unknown": 0}
    assert counts["AU12"] == {"present": 0, "absent": 2, "unknown": 1}
    assert set(count_states([])) == set(ACTION_UNITS)


def test_units_beyond_the_vector_count_where_they_are_sure():
    units = [
        {"number": 38, "certainty": "sure"},
        {"number": 39, "certainty": "unclear"},
        {"number": 7, "certainty": "sure"},
    ]
    assert present_numbers({"action_units": states("4"), "coded": units}) == {4, 38}


@pytest.mark.parametrize("name", ["prepared.json", "report.json", "data/subject-s1.parquet"])
@pytest.mark.parametrize("left", [0, 0.5])
def test_a_damaged_file_is_named_and_made_anew(folder, name, left):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(left * len(whole))])
    with pytest.raises(DamagedFile, match=f"{Path(name).name} cannot be read"):
        Report.load(folder) if name == "report.json" else load_prepared(folder)
    settings = Preparation("folder", str(folder), align=False)
    refuse_other_set(folder, settings)
    rows = [clip_row("s0", "c0"), clip_row("s1", "c1")]
    prepare_table(table_of(rows), Report("folder", "1"), folder, settings, 1, False)
    assert (folder / name).read_bytes() == whole
    assert len(load_prepared(folder)) == 2 and Report.load(folder).clips == 2
