"""Records refuse other settings and say which; of two runs one writes."""

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from training_aullm.files import check_record, only_run, recorded


def test_equal_settings_pass_and_others_are_named(tmp_path):
    settings = {"seed": 1, "units": ("AU1", "AU4"), "rate": 0.1}
    check_record(tmp_path / "a" / "made.json", settings, "delete it")
    check_record(tmp_path / "a" / "made.json", settings, "delete it")
    with pytest.raises(ValueError, match=r"seed: 1, now 2\): delete it"):
        check_record(tmp_path / "a" / "made.json", settings | {"seed": 2}, "delete it")
    with pytest.raises(ValueError, match=r"recipe\.model\.width: null, now 3"):
        check_record(tmp_path / "a" / "made.json", settings | {"recipe": {"model": {"width": 3}}}, "delete it")
    with pytest.raises(ValueError, match="extra: null, now true"):
        check_record(tmp_path / "a" / "made.json", settings | {"extra": True}, "delete it")


@pytest.mark.parametrize("made", [False, True])
def test_the_record_of_work_that_failed_stays_only_where_something_was_made(tmp_path, made):
    path = tmp_path / "made.json"
    with pytest.raises(ValueError, match="refused"), recorded(path, {"layers": 100}, "delete it"):
        (tmp_path / "fold").mkdir() if made else None
        raise ValueError("refused")
    assert path.exists() == made


def test_of_two_runs_one_writes(tmp_path):
    path = tmp_path / "new" / "a.jsonl"
    with only_run(path), pytest.raises(BlockingIOError, match=r"a\.jsonl: another run is writing it"), only_run(path):
        pass
    assert not list(path.parent.iterdir()), "a run that fails lets go of it, too"
    (path.parent / ".a.jsonl.lock").touch()  # of a run that was killed
    with only_run(path):
        pass


def test_a_run_that_may_wait_says_so_and_goes_on_when_the_other_has_ended(tmp_path, capsys):
    order = []

    def second():
        with only_run(tmp_path / "set", waiting="somebody else is at it"):
            order.append("second")

    with only_run(tmp_path / "set"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "second"] and capsys.readouterr().err == "somebody else is at it\n"


def test_the_folder_in_which_one_stands_can_be_written_by_one_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with only_run(Path(".")), pytest.raises(BlockingIOError), only_run(tmp_path):
        pass


def test_where_a_file_system_knows_no_locks_a_run_goes_on_all_the_same(tmp_path, monkeypatch):
    def unknown(self):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(FileLock, "acquire", unknown)
    with only_run(tmp_path / "a.jsonl"):
        pass
