"""Files written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Write to a temporary name in the same folder, then put the file in place at once.

    Args:
        path: of the finished file; its folder is made.
    Yields:
        The path to write to; it is removed where writing fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(path: str | Path, text: str) -> None:
    """Write a text file in one move, so that nobody ever reads half of it.

    Args:
        path: the file; its folder is made.
        text: what it holds from then on.
    """
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(text, "utf-8")
