"""The pieces of a reading on disk as they come, so that a broken run goes on.

    path = Path("out/face.pieces.jsonl")
    with only_run(path):
        journal = Journal(path, settings)
        for piece in pipe.stream("face.mp4", after=journal.resume):
            journal.add(piece)

One JSON object a line: first the settings, then the pieces. It is the only thing that is written while a video is read;
every other file is made from it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from dataset_scripts.whole_files import write_whole
from processing_aullm.reading_types_aullm import Piece


class Journal:
    """Pieces of one video: those of an earlier run with equal settings, or none.

    Args:
        path: of the file.
        settings: all that decides the pieces; plain values.

    Attributes:
        resume: what `stream` needs to go on behind the last complete section, None at the start.
    """

    def __init__(self, path: Path, settings: dict) -> None:
        self.path, self.resume = path, None
        head = json.dumps(settings, sort_keys=True) + "\n"
        if not path.is_file() or not self._goes_on(head.encode("utf-8")):
            write_whole(path, head)

    def add(self, piece: Piece) -> None:
        """Append a piece; it is on the disk when this returns."""
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(piece) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def remove_if_empty(self) -> None:
        """Remove a file without pieces: there is nothing to go on with, and another video may want its name."""
        with self.path.open("rb") as file:
            file.readline()
            empty = not file.readline()
        if empty:
            self.path.unlink()

    def __iter__(self) -> Iterator[Piece]:
        return self.pieces()

    def pieces(self, first: int = 0, stop: int | None = None) -> Iterator[Piece]:
        """Pieces one at a time, by their place: from `first` on, to before `stop`."""
        with self.path.open(encoding="utf-8") as file:
            yield from map(json.loads, islice(file, 1 + first, None if stop is None else 1 + stop))

    def _goes_on(self, head: bytes) -> bool:
        """Whether the file has these settings. Pieces of a section that broke off are cut away: they are read again."""
        with self.path.open("rb+") as file:
            if file.readline() != head:
                return False
            complete = at = len(head)
            with suppress(ValueError, KeyError, TypeError):  # a line that was not written to its end
                for line in file:
                    if not line.endswith(b"\n"):  # the next piece would stand on it
                        break
                    at += len(line)
                    if (resume := json.loads(line)["resume"]) is not None:
                        complete, self.resume = at, resume
            file.truncate(complete)
        return True


def parts_folder(base: Path) -> Path:
    """Where parts of a film wait for the others."""
    return base.with_name(f".{base.name}.annotated.parts")
