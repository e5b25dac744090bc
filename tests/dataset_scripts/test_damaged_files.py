"""A damaged file is named, with what is wrong and what to do."""

import pyarrow.parquet as pq
import pytest

from dataset_scripts.damaged_files import DamagedFile, naming, read_json
from training_aullm.cli.user_errors import is_users_to_mend


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"[1]", b"\xff\xfe", b"null"])
def test_json_that_is_no_object_names_its_file(tmp_path, content):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"settings\.json cannot be read \(.+\): delete it") as error:
        read_json(path, "delete it")
    assert "\n" not in str(error.value) and is_users_to_mend(error.value)


def test_what_a_library_raises_becomes_one_sentence(tmp_path):
    path = tmp_path / "clips.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(DamagedFile, match=r"clips\.parquet cannot be read"), naming(path, "make it again"):
        pq.read_table(path)
    with pytest.raises(DamagedFile, match="the field 'source' is missing"), naming(path, "make it again"):
        {}["source"]


def test_a_file_that_is_not_there_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "gone.json", "delete it")
