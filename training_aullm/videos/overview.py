"""A reading of any length in short: what fits into a table for the terminal, and into a picture of one face.

Overview.of(journal.pieces).table()
reading_of_face(journal.pieces, face=0)  # a reading whose windows are as many as a picture shows

Both go through the pieces more than once and keep little of them, so that memory does not grow with the video.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest

import numpy as np
from rich.table import Table

from training_aullm.videos.tables import events_in_order

MOST_ROWS = 30
MOST_POINTS = 1500  # of a curve in a picture
MOST_MARKED = 500  # movements in a picture, the strongest

Pieces = Callable[[], Iterable[dict]]


@dataclass(frozen=True)
class Overview:
    """What stands in a reading.

    Attributes:
        video: its name.
        meanings: name of an action unit -> words.
        first_movements: rows of EVENT_COLUMNS, at most MOST_ROWS.
        movements, blinks, windows, answered: how many there are; answered are windows in which something moved.
    """

    video: str
    meanings: dict[str, str]
    first_movements: list[dict]
    movements: int
    blinks: int
    windows: int
    answered: int

    @classmethod
    def of(cls, pieces: Pieces) -> "Overview":
        """Look through the pieces of a reading.

        Args:
            pieces: gives them from the first on, each time that it is called; a whole reading is a piece too.
        """
        counts, first = Counter(), []
        for piece in pieces():
            for window in (window for face in piece["faces"] for window in face["windows"]):
                counts["windows"] += 1
                counts["answered"] += window["probabilities"] is not None
        for row in events_in_order(pieces()):
            counts["blinks" if row["kind"] == "blink" else "movements"] += 1
            if row["kind"] != "blink" and len(first) < MOST_ROWS:
                first.append(row)
        numbers = (counts[name] for name in ("movements", "blinks", "windows", "answered"))
        return cls(piece["video"], piece["meanings"], first, *numbers)

    def table(self) -> Table:
        """A row for each of the first movements, in order of time; blinks are counted. For rich."""
        title = f"{self.video}: {_counted(self.movements, 'movement')}, {_counted(self.blinks, 'blink')}"
        table = Table(title=title, title_justify="left")
        for name in ("face", "kind", "from", "apex", "to", "score"):
            table.add_column(name, justify="left" if name == "kind" else "right")
        table.add_column("action units")
        for row in self.first_movements:
            marks = (f"{row[mark]:.2f} s" for mark in ("onset_s", "apex_s", "offset_s"))
            score = f"{row['score']:.2f}"
            table.add_row(str(row["face"]), row["kind"], *marks, score, _in_words(row, self.meanings))
        left = self.movements - len(self.first_movements)
        more = f"{left} more in the files; " if left else ""
        table.caption = f"{more}{self.windows} windows, something moved in {self.answered}"
        return table


def face_numbers(pieces: Iterable[dict]) -> list[int]:
    """Numbers of all faces of a reading."""
    return sorted({part["face"] for piece in pieces for part in piece["faces"]})


def reading_of_face(pieces: Pieces, face: int) -> dict:
    """A reading with one face, of at most MOST_POINTS windows and MOST_MARKED movements.

    Args:
        pieces: as for `Overview.of`.
        face: its number.

    Returns:
        A reading. Neighbouring windows are joined where there are too many: each unit keeps its highest probability.
    """
    count = sum(len(part["windows"]) for part in _parts(pieces(), face))
    size = max(1, -(-count // MOST_POINTS))
    whole, windows, marked, blinks, place = {}, [], [], [], 0
    for part in _parts(pieces(), face):
        whole = {**part, **whole, "last": part["last"]}
        marked = nlargest(MOST_MARKED, marked + part["movements"], key=lambda movement: movement["score"])
        blinks += part["blinks"]
        for window in part["windows"]:
            if place % size:
                windows[-1]["probabilities"] = _highest(windows[-1]["probabilities"], window["probabilities"])
            else:
                windows.append(dict(window))
            place += 1
    whole |= {"windows": windows, "movements": sorted(marked, key=lambda each: each["onset"]), "blinks": blinks}
    head = next(iter(pieces()))
    return {**{name: value for name, value in head.items() if name not in ("done", "resume")}, "faces": [whole]}


def _parts(pieces: Iterable[dict], face: int) -> Iterator[dict]:
    return (part for piece in pieces for part in piece["faces"] if part["face"] == face)


def _highest(some: list[float] | None, others: list[float] | None) -> list[float] | None:
    if some is None or others is None:
        return some or others
    return np.maximum(some, others).tolist()


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _in_words(row: dict, meanings: dict[str, str]) -> str:
    units = [unit.split(":") for unit in row["action_units"].split()]
    return ", ".join(f"{name} {meanings[name]} {p}" for name, p in units)
