"""What a run is asked for: sources of clips, action units."""

import pytest

from dataset_scripts.damaged_files import DamagedFile
from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.prepare.sources import Source, about_source, default_action_units, why_action_units


@pytest.mark.parametrize("both", [{}, {"domain": "casme2-like", "data": "clips.parquet"}])
def test_a_source_is_one_of_two(both):
    with pytest.raises(ValueError, match="--domain"):
        Source(**both)


def test_a_missing_file_of_clips_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"clips\.parquet"):
        Source(data=str(tmp_path)).load()


def test_clips_are_told_apart_by_where_they_lie(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = {"mine": "mine", "a/b.v2": "b.v2", "a/set.parquet": "set", "a/clips.parquet": "a", ".": tmp_path.name}
    assert {data: Source(data=data).label for data in labels} == labels
    assert Source("samm-like", subjects=3).label == "samm-like"


@pytest.mark.parametrize("left", [0, 4, 0.5])
def test_half_a_table_is_named(tmp_path, left):
    path = tmp_path / "clips.parquet"
    table_of([clip_row("s0", "c0")]).to_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: left if left != 0.5 else len(whole) // 2])
    for data in (path, tmp_path):
        with pytest.raises(DamagedFile, match=r"clips\.parquet cannot be read"):
            default_action_units(Source(data=str(data)))


def test_a_table_of_something_else_is_told_which_columns_it_lacks(tmp_path):
    table_of([clip_row("s0", "c0")]).remove_columns(["frames", "subject"]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DamagedFile, match=r"a\.parquet cannot be read \(the columns frames, subject are missing\)"):
        Source(data=str(tmp_path / "a.parquet")).load()


def test_a_domain_brings_the_action_units_that_its_protocol_scores():
    assert default_action_units(Source("samm-like")) == ("AU2", "AU4", "AU7", "AU12")


@pytest.mark.parametrize("name", ["samm", "cross", "clips"])
def test_clips_bring_the_units_of_their_data_set_whatever_their_folder_is_called(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    table_of([clip_row("s0", "c0", data_set="casme2-like")]).to_parquet(folder / "clips.parquet")
    for data in (folder, folder / "clips.parquet"):
        source = Source(data=str(data))
        assert default_action_units(source) == default_action_units(Source("casme2-like"))
        assert why_action_units(source) == "as its protocol scores"
        assert about_source(source, ("AU4",)) == ["Action units: AU4."]


def test_clips_of_ones_own_in_a_folder_called_after_a_data_set_bring_what_they_show(tmp_path):
    folder = tmp_path / "samm"
    folder.mkdir()
    rows = [clip_row(f"s{k}", "c0", vector=states("4 15" if k else "4"), data_set="folder") for k in range(2)]
    table_of(rows).to_parquet(folder / "clips.parquet")
    source = Source(data=str(folder))
    assert default_action_units(source) == ("AU4",) and "two people" in why_action_units(source)
    assert about_source(source, ("AU4",))[1].startswith("Left out: AU15 (shown by 1)")


def test_clips_of_two_data_sets_have_no_units_of_their_own(tmp_path):
    table_of([clip_row("s0", "c0", data_set=name) for name in ("samm", "casme2")]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet: the table mixes data sets \['casme2', 'samm'\]"):
        default_action_units(Source(data=str(tmp_path / "a.parquet")))
