"""What a run is asked for: sources of clips, action units."""

import pytest

from dataset_scripts.damaged_files import DamagedFile
from tests.training_aullm.clip_tables import clip_row, table_of
from training_aullm.prepare.sources import Source, default_action_units


@pytest.mark.parametrize("both", [{}, {"domain": "casme2-like", "data": "clips.parquet"}])
def test_a_source_is_one_of_two(both):
    with pytest.raises(ValueError, match="--domain"):
        Source(**both)


def test_a_missing_file_of_clips_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"clips\.parquet"):
        Source(data=str(tmp_path)).load()


@pytest.mark.parametrize("left", [0, 4, 0.5])
def test_half_a_table_is_named(tmp_path, left):
    path = tmp_path / "clips.parquet"
    table_of([clip_row("s0", "c0")]).to_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: left if left != 0.5 else len(whole) // 2])
    for data in (path, tmp_path):
        with pytest.raises(DamagedFile, match=r"clips\.parquet cannot be read"):
            Source(data=str(data)).load()


def test_a_table_of_something_else_is_told_which_columns_it_lacks(tmp_path):
    table_of([clip_row("s0", "c0")]).remove_columns(["frames", "subject"]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DamagedFile, match=r"a\.parquet cannot be read \(the columns frames, subject are missing\)"):
        Source(data=str(tmp_path / "a.parquet")).load()


def test_a_domain_brings_the_action_units_that_its_protocol_scores():
    assert default_action_units(Source("samm-like")) == ("AU2", "AU4", "AU7", "AU12")
