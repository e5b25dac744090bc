"""Files are there whole or not at all."""

import pytest

from dataset_scripts.whole_files import whole_file, write_whole


def test_a_file_is_seen_when_it_is_whole(tmp_path):
    with whole_file(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("one")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "one"
    with pytest.raises(RuntimeError), whole_file(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("tw")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] and (tmp_path / "a.txt").read_text() == "one"


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "deep" / "a.txt", "one")
    write_whole(tmp_path / "deep" / "a.txt", "two")
    assert (tmp_path / "deep" / "a.txt").read_text() == "two"
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "deep" / "a.txt", "\ud800")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.txt"]
    assert (tmp_path / "deep" / "a.txt").read_text() == "two"
