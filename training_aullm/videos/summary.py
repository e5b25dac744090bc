"""A reading of any length in short: its faces, movements and blinks, and how many windows were answered.

summary = Summary.of(journal)  # or of [reading]: a whole reading is a piece, too
summary.table()  # for the terminal
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.table import Table

from processing_aullm.reading_types_aullm import FacePart, Piece
from training_aullm.console import counted

MAX_ROWS = 30  # of the table in the terminal
MARKS = ("onset", "apex", "offset")
EXTENT = ("side", "size_px", "size_mm")  # None where a reading does not say
SIDES = {"left": "L ", "right": "R "}  # before units, as FACS coders write them
OPINIONS = ("named_by", "second_opinion")  # the same


@dataclass
class FaceSummary:
    """One face.

    Attributes:
        about: its number, first and last frame, first box and view, as a reading has them.
        first, stop: places of the pieces that tell of it, `stop` not included.
        windows, answered: how many there are; answered are windows in which something moved.
    """

    about: dict
    first: int
    stop: int = 0
    windows: int = 0
    answered: int = 0

    def add(self, part: FacePart, place: int) -> None:
        """Take what the piece at a place says of this face."""
        self.about["last"], self.stop = part["last"], place + 1
        self.about["view"] += [fault for fault in part["view"] if fault not in self.about["view"]]
        self.windows += len(part["windows"])
        self.answered += sum(window["probabilities"] is not None for window in part["windows"])


@dataclass
class Summary:
    """What a reading says, windows left out: those are many, all the rest is small enough to be held.

    Attributes:
        head: the reading's fields without its faces.
        faces: number -> face.
        events: movements and blinks of all faces, as `events_of` has them, in order of time.
    """

    head: dict = field(default_factory=dict)
    faces: dict[int, FaceSummary] = field(default_factory=dict)
    events: list[dict] = field(default_factory=list)

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> "Summary":
        """Go through the pieces of a reading once."""
        summary = cls()
        for place, piece in enumerate(pieces):
            summary.head = {name: value for name, value in piece.items() if name not in ("faces", "done", "resume")}
            summary.events += events_of(piece)
            for part in piece["faces"]:
                about = {name: part[name] for name in ("face", "first", "last", "box")}
                summary.faces.setdefault(part["face"], FaceSummary(about | {"view": []}, place)).add(part, place)
        summary.faces = dict(sorted(summary.faces.items()))
        summary.events.sort(key=_in_time)  # a movement may become known after a later blink
        return summary

    def table(self) -> Table:
        """A row for each of the first movements, in order of time; blinks are counted."""
        movements = [row for row in self.events if row["score"] is not None]
        blinks = len(self.events) - len(movements)
        title = f"{self.head['video']}: {counted(len(movements), 'movement')}, {counted(blinks, 'blink')}"
        table = Table(title=title, title_justify="left")
        for name in ("face", "kind", "from", "apex", "to", "score", "side", "mm"):
            table.add_column(name, justify="left" if name in ("kind", "side") else "right")
        table.add_column("action units")
        for row in movements[:MAX_ROWS]:
            times = (f"{row[mark]:.2f} s" for mark in ("onset_s", "apex_s", "offset_s"))
            units = in_words(row, self.head["meanings"])
            size = "" if row["size_mm"] is None else f"{row['size_mm']:.1f}"
            table.add_row(str(row["face"]), row["kind"], *times, f"{row['score']:.2f}", row["side"] or "", size, units)
        more = f"{len(movements) - MAX_ROWS} more in the files; " if len(movements) > MAX_ROWS else ""
        windows, answered = (sum(getattr(f, name) for f in self.faces.values()) for name in ("windows", "answered"))
        table.caption = f"{more}{windows} windows, something moved in {answered}{self._doubts()}"
        return table

    def _doubts(self) -> str:
        """Faces that are not seen well, and why."""
        said = (f"\nface {number}: {', '.join(face.about['view'])}" for number, face in self.faces.items())
        return "".join(text for text, face in zip(said, self.faces.values(), strict=True) if face.about["view"])


def events_of(piece: Piece) -> list[dict]:
    """Movements and blinks of a piece as rows, in order of time: face, kind, marks in frames and seconds, score, units,
    side, size, who named it, and what the second opinion sees.

    All from `score` on is None for a blink; `action_units` and `second_opinion` read "AU4:0.83 AU7:0.61".
    """
    rows = []
    for face in piece["faces"]:
        for event in (*face["movements"], *face["blinks"]):
            marks = {mark: event[mark] for mark in MARKS}
            named = {"face": face["face"], "kind": event["kind"], **marks, **seconds_of(marks, piece["fps"])}
            said = {"score": event.get("score"), "action_units": _in_numbers(event.get("action_units", {}))}
            said |= {name: event.get(name) for name in (*EXTENT, *OPINIONS)}
            if said["second_opinion"] is not None:
                said["second_opinion"] = _in_numbers(said["second_opinion"])
            rows.append({**named, **said})
    return sorted(rows, key=_in_time)


def by_second_opinion(row: dict) -> str:
    """What is said behind the units of an event that our model did not name, nothing behind others."""
    return " (second opinion)" if row["named_by"] == "blendshapes" else ""


def seconds(frame: int, fps: float) -> float:
    """When a frame is shown, as all files say it."""
    return round(frame / fps, 4)


def seconds_of(event: dict, fps: float) -> dict[str, float]:
    """The marks that an event or a window has, in seconds: `onset_s` and so on."""
    return {f"{mark}_s": seconds(event[mark], fps) for mark in MARKS if mark in event}


def in_words(row: dict, meanings: dict[str, str]) -> str:
    """The action units of an event: "AU4 brow lowerer 0.83, AU7 lid tightener 0.61"."""
    units = [unit.split(":") for unit in row["action_units"].split()]
    return ", ".join(f"{name} {meanings[name]} {p}" for name, p in units) + by_second_opinion(row)


def _in_numbers(units: dict[str, float]) -> str:
    return " ".join(f"{name}:{value:.2f}" for name, value in units.items())


def _in_time(row: dict) -> tuple[int, int]:
    return row["onset"], row["face"]
