"""A place of its own for everything that the page puts on a disk: uploads, halves of uploads, names for the pipeline.

with own_place(keep_seconds=900):
    build(reader).launch()

What a page that was killed has left is swept at the next start, what grows old while it runs, and all of it at the end.

Tested in tests/space_app/test_place.py.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from gradio import route_utils

PREFIX = "aullm-page-"
SWEEP_SECONDS = 30


@contextmanager
def own_place(keep_seconds: float) -> Iterator[Path]:
    """A folder that only this process uses, for as long as the block lasts; Gradio's and Python's own files go there.

    Args:
        keep_seconds: after which any file in it is deleted.
    """
    sweep_dead(Path(tempfile.gettempdir()))
    place, lock = _locked_folder()
    over = Event()
    try:
        os.environ["GRADIO_TEMP_DIR"], tempfile.tempdir = str(place / "uploads"), str(place)
        route_utils.GradioUploadFile = OwnUpload
        Thread(target=_sweep_often, args=(place, keep_seconds, over), daemon=True).start()
        yield place
    finally:
        over.set()
        del os.environ["GRADIO_TEMP_DIR"]
        tempfile.tempdir = None
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


class OwnUpload(route_utils.GradioUploadFile):
    """An upload whose folder nobody can guess. Gradio names it by the contents: two people who bring the same file
    would share one path, and who deletes their own would delete the other's.
    """

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.sha.update(secrets.token_bytes(32))


def sweep_dead(folder: Path) -> int:
    """Delete the places of pages that no longer run: the system takes a process's lock away, however it ended.

    Returns:
        How many there were.
    """
    dead = 0
    for place in folder.glob(f"{PREFIX}*"):
        try:
            lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # somebody else's
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(place, ignore_errors=True)
            dead += 1
        except BlockingIOError:  # it runs
            pass
        finally:
            os.close(lock)
    return dead


def sweep(place: Path, keep_seconds: float) -> None:
    """Delete what has lain in a place for longer than that, folders once they are empty."""
    for path in sorted(place.rglob("*"), reverse=True):
        try:
            if time.time() - path.lstat().st_ctime > keep_seconds:
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError:  # gone in the meantime, or not empty
            pass


def _locked_folder() -> tuple[Path, int]:
    """A new folder and the lock on it. It gets its name once it is locked, so that no other page takes it for dead."""
    unnamed = Path(tempfile.mkdtemp(prefix="aullm-new-"))
    lock = os.open(unnamed, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return unnamed.rename(unnamed.with_name(PREFIX + secrets.token_hex(16))), lock


def _sweep_often(place: Path, keep_seconds: float, over: Event) -> None:
    while not over.wait(SWEEP_SECONDS):
        sweep(place, keep_seconds)
