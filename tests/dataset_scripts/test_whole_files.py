"""A file is there whole or not at all."""

import pytest

from dataset_scripts.whole_files import whole_file


def test_a_file_appears_when_it_is_finished(tmp_path):
    path = tmp_path / "folder" / "file.txt"
    with whole_file(path) as unfinished:
        unfinished.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new" and [each.name for each in path.parent.iterdir()] == ["file.txt"]


def test_what_breaks_off_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as unfinished:
        unfinished.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1
