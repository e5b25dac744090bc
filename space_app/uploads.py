"""Uploads are deleted: when a session ends, brings another one or asks for it, and when nothing can be done with them.

`place.py` deletes by age and after a kill; this deletes sooner, session by session.

Tested in tests/space_app/test_uploads.py.
"""

import filecmp
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

EXAMPLES = Path(__file__).parent / "examples"
WORDS = EXAMPLES / "examples.json"


class Uploads:
    """Which session brought which files."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._lock = Lock()

    def keep_only(self, session: str | None, video: str) -> None:
        """A session has brought a file: the one before goes. An example is nobody's and is never deleted."""
        with self._lock:
            before = self._files.pop(session or "", video)
            if not is_example(video):
                self._files[session or ""] = video
        if before != video:
            _delete(Path(before))

    def drop(self, session: str | None) -> bool:
        """Delete what a session has brought.

        Returns:
            Whether there was anything.
        """
        with self._lock:
            video = self._files.pop(session or "", None)
        return video is not None and _delete(Path(video))


@contextmanager
def once(video: str | None) -> Iterator[None]:
    """Delete an upload when the block ends, however it ends."""
    try:
        yield
    finally:
        if video and not is_example(video):
            _delete(Path(video))


def described() -> dict[str, str]:
    """File name of each example -> what happens in it; `python -m benchmarks.space_examples` makes both."""
    return json.loads(WORDS.read_text("utf-8"))


def is_example(video: str) -> bool:
    """Whether a file is (a cached copy of) one of the examples."""
    original = EXAMPLES / Path(video).name
    return original.is_file() and Path(video).is_file() and filecmp.cmp(original, video, shallow=False)


def _delete(path: Path) -> bool:
    if not path.is_file():
        return False
    path.unlink(missing_ok=True)
    with suppress(OSError):  # something else lies there
        path.parent.rmdir()
    return True
