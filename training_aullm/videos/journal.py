"""The pieces of a reading on disk as they come, so that a broken run goes on.

    journal = Journal.open(Path("out/face.pieces.jsonl"), settings)
    for piece in pipe.stream("face.mp4", after=journal.resume):
        journal.add(piece)

One JSON object a line: first the settings, then the pieces. A run that was killed goes on behind the last section that
is complete; pieces of the section that broke off are dropped and read again.
"""

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path

from dataset_scripts.whole_files import whole_file


class Journal:
    """Pieces of one video.

    Args:
        path: of the file; it must exist.

    Attributes:
        resume: what `stream` needs to go on, None at the start.
        restored: how many pieces were found.
        mark: what tells the settings of this reading from others.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.resume, self.restored = path, None, 0
        self.mark = ""

    @classmethod
    def open(cls, path: Path, settings: dict) -> "Journal":
        """Go on with a file of the same settings, or begin a new one.

        Args:
            path: of the file.
            settings: all that decides the pieces; plain values.
        """
        head = json.dumps(settings, sort_keys=True) + "\n"
        journal = cls(path)
        if not path.exists() or not journal._goes_on(head):
            with whole_file(path) as unfinished:
                unfinished.write_text(head, "utf-8")
        journal.mark = sha256(head.encode("utf-8")).hexdigest()[:16]
        return journal

    def add(self, piece: dict) -> None:
        """Append a piece; it is on the disk when this returns."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(piece) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def pieces(self, first: int = 0, stop: int | None = None) -> Iterator[dict]:
        """Pieces one at a time, by their place: from `first` on, to before `stop`."""
        with self.path.open(encoding="utf-8") as file:
            for line in islice(file, 1 + first, None if stop is None else 1 + stop):
                yield json.loads(line)

    def _goes_on(self, head: str) -> bool:
        """Whether the file has these settings; what stands behind its last complete section is cut off."""
        with self.path.open("rb+") as file:
            first = file.readline()
            if first.decode("utf-8", "replace") != head:
                return False
            complete = at = len(first)
            for count, line in enumerate(file, 1):
                at += len(line)
                piece = _parsed(line)
                if piece is None:
                    break
                if piece["resume"] is not None:
                    complete, self.resume, self.restored = at, piece["resume"], count
            file.truncate(complete)
        return True


def _parsed(line: bytes) -> dict | None:
    """A piece, None where its line was not written to the end."""
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
