"""Files and folders written whole or not at all."""

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

_DAY_S = 24 * 3600
_MACHINE = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
"""Of this machine: process numbers are its own, and a folder may be shared with others. Names may be long, or tell."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Write to a temporary name in the same folder, then put the file in place at once.

    Args:
        path: of the finished file; its folder is made. What a killed process left of it is removed.
    Yields:
        The path to write to; it is removed where writing fails.
    """
    unfinished = _unfinished(path)
    try:
        yield unfinished
        unfinished.chmod(_file_mode())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def first_file(path: Path) -> Iterator[Path]:
    """As `whole_file`, but where another process has put the file in place meanwhile, that one stays.

    Args:
        path: of the finished file; its folder is made.
    Yields:
        The path to write to.
    """
    unfinished = _unfinished(path)
    try:
        yield unfinished
        unfinished.chmod(_file_mode())
        try:
            os.link(unfinished, path)  # never replaces
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Fill a temporary folder beside, then put it in place at once.

    Args:
        path: of the finished folder; one that stands there is replaced.
    Yields:
        The folder to write into; it is removed where writing fails.
    """
    unfinished = _unfinished(path)
    replaced = unfinished.with_suffix(".old.part")
    for left in (unfinished, replaced):  # of a process that had this one's number, as in a container started again
        shutil.rmtree(left, ignore_errors=True)
    try:
        unfinished.mkdir()
        yield unfinished
        for file in filter(Path.is_file, unfinished.rglob("*")):
            file.chmod(_file_mode())
        if path.exists():
            os.replace(path, replaced)
        os.replace(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def write_whole(path: str | Path, text: str) -> None:
    """Write a text file in one move, so that nobody ever reads half of it.

    Args:
        path: the file; its folder is made.
        text: what it holds from then on.
    """
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(text, "utf-8", newline="\n")  # the same bytes on every system


def _unfinished(path: Path) -> Path:
    """Where a file or folder is written until it is whole; what killed processes left of it goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{escape(path.name)}.*.part"):
        if _is_left(left):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{_MACHINE}-{os.getpid()}.part")


def _is_left(unfinished: Path) -> bool:
    """Whether the process that wrote it has ended: its name holds machine and number. Another machine's cannot be asked
    for, nor one that is not posix without ending it: what nobody wrote to for a day is left."""
    machine, _, number = unfinished.name.removesuffix(".part").removesuffix(".old").rpartition(".")[2].partition("-")
    if os.name != "posix" or machine != _MACHINE or not number.isdecimal():
        try:
            return time.time() - unfinished.stat().st_mtime > _DAY_S
        except FileNotFoundError:  # it was just put in place
            return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _file_mode() -> int:
    """What a new file gets by the user's umask: some libraries make files that nobody else can read."""
    umask = os.umask(0o022)  # it can only be read by setting it
    os.umask(umask)
    return 0o666 & ~umask
