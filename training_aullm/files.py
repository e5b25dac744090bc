"""Small JSON files that say how the files beside them were made, and locks that let one run at a time write them."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dataset_scripts.damaged_files import read_json
from dataset_scripts.whole_files import write_whole

MAX_TOLD = 5
POLL_S = 0.5  # between two looks whether another run has ended


def check_record(path: str | Path, settings: dict, advice: str) -> None:
    """Refuse to mix files that were made with different settings.

    Args:
        path: the record; written the first time.
        settings: what decides the files beside it.
        advice: what the user can do where they differ.

    Raises:
        ValueError: the record says otherwise, and the message names the settings that differ; or it is damaged.
    """
    path = Path(path)
    if not path.exists():
        write_whole(path, json.dumps(settings, indent=1, sort_keys=True, default=str) + "\n")
        return
    if told := differences(read_json(path, advice), settings):
        raise ValueError(f"{path.parent} holds files made otherwise ({told}): {advice}")


def differences(found: dict, settings: dict) -> str:
    """The settings in which two records differ, with what both say; empty where they are the same."""
    found, settings = (_flat(json.loads(json.dumps(each, default=str))) for each in (found, settings))
    names = sorted(name for name in {*found, *settings} if found.get(name) != settings.get(name))
    told = [f"{name}: {_short(found.get(name))}, now {_short(settings.get(name))}" for name in names[:MAX_TOLD]]
    return "; ".join(told) + (f"; {len(names) - MAX_TOLD} more" if len(names) > MAX_TOLD else "")


@contextmanager
def recorded(path: str | Path, settings: dict, advice: str) -> Iterator[None]:
    """As `check_record`, around the work: where that fails before anything is made, the record is taken back.

    Else the record of a call that was refused would refuse the corrected one.
    """
    path = Path(path)
    new = not path.exists()
    check_record(path, settings, advice)
    try:
        yield
    except BaseException:
        if new and [*path.parent.iterdir()] == [path]:
            path.unlink()
        raise


@contextmanager
def only_run(path: str | Path, waiting: str | None = None) -> Iterator[None]:
    """Keep other runs, here and on machines that share the disk, from a file or folder and all that is made from it.

    The system takes a killed run's lock away; what it leaves is an empty file that the next run takes.

    Args:
        path: of the file or folder.
        waiting: what the user is told where another run has it, before its end is waited for; None: it is refused.

    Raises:
        BlockingIOError: another run has it.
    """
    path = Path(os.path.abspath(path))  # of "." too, which has no name
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0, poll_interval=POLL_S)
    try:
        lock.acquire()
    except Timeout:
        if waiting is None:
            raise BlockingIOError(
                f"{path}: another run is writing it ({lock.lock_file} is locked); wait until it has ended, or give "
                "another folder as --out"
            ) from None
        print(waiting, file=sys.stderr, flush=True)
        lock.acquire(timeout=-1)
    except OSError:  # a file system without locks, where nobody is guarded; what else is wrong the run will meet
        pass
    try:
        yield
    finally:
        if lock.is_locked and os.name == "posix":  # elsewhere it goes when it is released, and not before
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _flat(settings: dict, above: str = "") -> dict[str, object]:
    """Settings within settings as "recipe.model.width"."""
    flat: dict[str, object] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return flat


def _short(value: object, most: int = 60) -> str:
    """A value as text that fits into a message."""
    text = json.dumps(value)
    return text if len(text) <= most else f"{text[:most]} ..."
