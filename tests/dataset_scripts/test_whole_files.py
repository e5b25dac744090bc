"""Files and folders are there whole or not at all, and what a killed process left goes."""

import os
import subprocess
import sys

import pytest

from dataset_scripts.whole_files import first_file, whole_file, whole_folder, write_whole


def test_a_file_is_seen_when_it_is_whole(tmp_path):
    with whole_file(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("one")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "one"
    with pytest.raises(RuntimeError), whole_file(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("tw")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] and (tmp_path / "a.txt").read_text() == "one"


@pytest.mark.parametrize("links", [True, False])
def test_the_first_of_several_files_stays(tmp_path, monkeypatch, links):
    def refuse(*_):
        raise OSError("no hard links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    for text in ("first", "second"):
        with first_file(tmp_path / "a") as unfinished:
            unfinished.write_text(text)
    assert (tmp_path / "a").read_text() == "first" and [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "deep" / "a.txt", "one")
    write_whole(tmp_path / "deep" / "a.txt", "two")
    assert (tmp_path / "deep" / "a.txt").read_text() == "two"
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "deep" / "a.txt", "\ud800")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.txt"]
    assert (tmp_path / "deep" / "a.txt").read_text() == "two"


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    for text in ("one", "two"):
        with whole_folder(tmp_path / "model") as unfinished:
            (unfinished / f"{text}.txt").write_text(text)
            assert not (tmp_path / "model" / f"{text}.txt").exists()
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "model") as unfinished:
        (unfinished / "three.txt").write_text("three")
        raise RuntimeError
    assert [path.name for path in tmp_path.rglob("*")] == ["model", "two.txt"]


@pytest.fixture
def writer(tmp_path):
    """How a writer is marked in the name of its file, by the number of a process of this machine."""
    with whole_file(tmp_path / "a") as unfinished:
        unfinished.touch()
    own = unfinished.name.split(".")[2]
    return lambda process: own.replace(str(os.getpid()), str(process))


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path, writer):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    dead, living = writer(dead.stdout.strip()), writer(os.getppid())
    for name in ("a.txt", "other.txt"):
        (tmp_path / f".{name}.{dead}.part").write_text("o")
    for mark in (dead, writer(os.getpid())):  # a container that is started again counts from 1 again
        (tmp_path / f".model.{mark}.part" / "deep").mkdir(parents=True)
        (tmp_path / f".model.{mark}.old.part").mkdir()
    (tmp_path / f".a.txt.{living}.part").write_text("o")
    write_whole(tmp_path / "a.txt", "one")
    with whole_folder(tmp_path / "model"):
        pass
    left = {path.name for path in tmp_path.iterdir() if path.suffix == ".part"}
    assert left == {f".a.txt.{living}.part", f".other.txt.{dead}.part"}


@pytest.mark.parametrize("mark", ["another-{}", "{}"])
def test_what_another_machine_writes_stays_until_nobody_wrote_to_it_for_a_day(tmp_path, mark):
    """Its processes are not ours, whatever their numbers; versions before this one named no machine."""
    theirs, forgotten = (tmp_path / f".a.txt.{mark.format(number)}.part" for number in (3_999_999, os.getppid()))
    for path in (theirs, forgotten):
        path.write_text("half")
    os.utime(forgotten, (0, 0))
    write_whole(tmp_path / "a.txt", "ours")
    assert theirs.read_text() == "half" and not forgotten.exists()


def test_files_can_be_read_by_whom_the_umask_allows(tmp_path):
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "a") as unfinished:
            unfinished.write_text("one")
            unfinished.chmod(0o600)  # as safetensors leaves its files
        with whole_folder(tmp_path / "model") as unfinished:
            (unfinished / "b").write_text("two")
            (unfinished / "b").chmod(0o600)
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "model" / "b")] == [0o640, 0o640]
