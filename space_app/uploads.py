"""Uploads are deleted: when a session ends, brings another one or asks for it, and when nothing can be done with them.

`place.py` deletes by age and after a kill; this deletes sooner, session by session.

Tested in tests/space_app/test_uploads.py.
"""

import filecmp
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

EXAMPLES = Path(__file__).parent / "examples"
WORDS = EXAMPLES / "examples.json"


@dataclass(frozen=True)
class Choice:
    """What a session has chosen last.

    Args:
        video: path of the file; None: it was deleted.
        brought: whether it is the session's own, no example.
        face: number of the face that is looked at, None while none was read.
    """

    video: str | None = None
    brought: bool = False
    face: int | None = None


class Uploads:
    """Which video and face each session has chosen last; an upload is deleted when another choice takes its place.

    Events run in threads, each with a copy of Gradio's state, so what holds now is known here only.
    """

    def __init__(self) -> None:
        self._chosen: dict[str, Choice] = {}
        self._lock = Lock()

    def keep_only(self, session: str | None, video: str) -> None:
        """A session has chosen a file: what it brought before goes. An example is nobody's and is never deleted."""
        choice = Choice(video, brought=not is_example(video))
        with self._lock:
            before = self._chosen.get(session or "", Choice())
            self._chosen[session or ""] = choice
        if before.video != video:
            _delete(before)

    def show(self, session: str | None, video: str | None, face: int) -> None:
        """A session looks at a face of a video, unless it has chosen another video meanwhile."""
        with self._lock:
            choice = self._chosen.get(session or "")
            if choice is not None and choice.video == video:
                self._chosen[session or ""] = replace(choice, face=face)

    def stand(self, session: str | None, video: str | None, face: int | None = None) -> bool:
        """Whether a session has chosen nothing else since it asked about a video, and a face of it."""
        choice = self._chosen.get(session or "", Choice(video))
        return choice.video == video and (face is None or choice.face in (None, face))

    def drop(self, session: str | None, only: str | None = None) -> bool:
        """Delete what a session has brought.

        Args:
            session: whose.
            only: this file, and no other that was chosen meanwhile; None: whatever it is.

        Returns:
            Whether there was anything.
        """
        with self._lock:
            before = self._chosen.get(session or "", Choice())
            if only not in (None, before.video):
                return False
            self._chosen[session or ""] = Choice()
        return _delete(before)

    def leave(self, session: str | None) -> None:
        """A session has ended, or seems to: a page that comes back under the same name begins anew."""
        with self._lock:
            before = self._chosen.pop(session or "", Choice())
        _delete(before)


@contextmanager
def once(video: str | None) -> Iterator[None]:
    """Delete an upload when the block ends, however it ends."""
    try:
        yield
    finally:
        _delete(Choice(video, brought=bool(video) and not is_example(video)))


def described() -> dict[str, str]:
    """File name of each example -> what happens in it; `python -m benchmarks.space_examples` makes both."""
    return json.loads(WORDS.read_text("utf-8"))


def is_example(video: str) -> bool:
    """Whether a file is (a cached copy of) one of the examples."""
    original = EXAMPLES / Path(video).name
    return original.is_file() and Path(video).is_file() and filecmp.cmp(original, video, shallow=False)


def _delete(choice: Choice) -> bool:
    if not choice.brought or not (path := Path(choice.video)).is_file():
        return False
    path.unlink(missing_ok=True)
    with suppress(OSError):  # something else lies there
        path.parent.rmdir()
    return True
