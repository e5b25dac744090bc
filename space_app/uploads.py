"""Uploads are deleted: when a session ends, when its person asks for it, and in any case after some minutes.

Gradio deletes by age (`delete_cache`); this deletes sooner, session by session.
"""

import json
from pathlib import Path
from threading import Lock

EXAMPLES = Path(__file__).parent / "examples"
WORDS = EXAMPLES / "examples.json"


class Uploads:
    """Which session brought which files."""

    def __init__(self) -> None:
        self._files: dict[str, set[str]] = {}
        self._lock = Lock()

    def note(self, session: str | None, video: str) -> None:
        """A session has brought a file; an example is nobody's and is left out."""
        if not is_example(video):
            with self._lock:
                self._files.setdefault(session or "", set()).add(video)

    def drop(self, session: str | None) -> int:
        """Delete what a session has brought.

        Returns:
            How many files there were.
        """
        with self._lock:
            files = self._files.pop(session or "", set())
        return sum(_delete(Path(file)) for file in files)


def described() -> dict[str, str]:
    """File name of each example -> what happens in it; `python -m benchmarks.space_examples` makes both."""
    return json.loads(WORDS.read_text("utf-8"))


def is_example(video: str) -> bool:
    """Whether a file is (a cached copy of) one of the examples."""
    original = EXAMPLES / Path(video).name
    return original.is_file() and Path(video).is_file() and original.stat().st_size == Path(video).stat().st_size


def _delete(path: Path) -> bool:
    if not path.is_file():
        return False
    path.unlink(missing_ok=True)
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    return True
