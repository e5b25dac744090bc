"""What a reading says, asked for in the terms of the page: one face at a time, in seconds.

`reading` is what `pipe(video)` returns; frames count from the video's first one.
"""

from dataclasses import dataclass
from itertools import pairwise

from words import KINDS, LIDS, SECOND, VIEW, joined, number, plain, sure

HOLE_S = 0.2  # for which a face is not seen before that is told; our choice


@dataclass(frozen=True)
class Movement:
    """Something that moved, as it is numbered on the page.

    Args:
        number: from 1, in order of time; blinks are not counted.
        face: number of the face.
        onset, apex, offset: frames.
        fps: frames per second.
        kind: "micro" or "macro".
        score: of the spotting.
        units: action units at or above the threshold -> score, strongest first.
        side: of the person's face, "left", "right" or "both", None where it is not known.
        millimetres: that the skin goes on an adult's face, about; None where it is not known.
        seen: action units that the second opinion sees, too; None where it was not asked.
        ours: whether our model names it, or the second opinion alone, whose scores are no probabilities.
    """

    number: int
    face: int
    onset: int
    apex: int
    offset: int
    fps: float
    kind: str
    score: float
    units: dict[str, float]
    side: str | None = None
    millimetres: float | None = None
    seen: tuple[str, ...] | None = None
    ours: bool = True

    @property
    def start(self) -> float:
        """Seconds from the video's start."""
        return self.onset / self.fps

    @property
    def peak(self) -> float:
        """Seconds from the video's start."""
        return self.apex / self.fps

    @property
    def end(self) -> float:
        """Seconds from the video's start."""
        return self.offset / self.fps

    def short(self, meanings: dict[str, str] | None = None) -> str:
        """One line: "1: at 1.2 s, inner brows up"."""
        what = (
            joined([plain(unit, meanings).short for unit in self.units])
            if self.units
            else "none of the known movements"
        )
        one = f", {self.side} side" if self.units and self.side in ("left", "right") else ""
        return f"{self.number}: at {self.peak:.1f} s, {what}{one}{'' if self.ours else ' (second opinion)'}"

    def sentence(self, meanings: dict[str, str] | None = None) -> str:
        """What one would have seen, on which side, and how sure the model is; or that it would rather not say."""
        lead = f"At {self.peak:.1f} s"
        if not self.units:
            return (
                f"{lead} something moved, but the model would rather not say what: it is sure of no movement it knows."
            )
        seen = [f"{plain(unit, meanings).seen(self.side)} ({unit}, {number(p)})" for unit, p in self.units.items()]
        size = f"{self.millimetres or 0:.1f}"
        far = "" if size == "0.0" else f" The skin moved by about {size} mm."
        seconds = self.end - self.start
        lasted = f"It lasted {seconds:.{2 if seconds < 1 else 1}f} s, {KINDS[self.kind]}."
        return f"{lead} {joined(seen)}. {self._certainty()} {lasted}{far}"

    def _certainty(self) -> str:
        """How sure the model is, and what the second opinion says."""
        if not self.ours:
            return f"{SECOND['alone']} (rise {number(self.score)})."
        told = f"{sure(self.score)} (score {number(self.score)})."
        if self.seen is None:
            return told
        return f"{told} {SECOND['agrees' if set(self.units) & set(self.seen) else 'silent']}"


def face_of(reading: dict, face: int) -> dict:
    """The part of a reading that belongs to one face."""
    return next(each for each in reading["faces"] if each["face"] == face)


def face_name(face: int) -> str:
    """What a face is called on the page and in what is saved for people; numbers of a reading begin at 0."""
    return f"Face {face + 1}"


def has_face(reading: dict, face: int) -> bool:
    """Whether a reading has a face of this number."""
    return any(each["face"] == face for each in reading["faces"])


def largest(reading: dict) -> dict:
    """The face that is the largest where it is first seen."""
    return max(reading["faces"], key=lambda each: _area(*each["box"]))


def box_near(reading: dict, face: int, frame: int) -> list[float]:
    """Where a face stood about then: left, top, right, bottom in pixels."""
    face = face_of(reading, face)
    return min(face["windows"], key=lambda each: abs(each["onset"] - frame), default=face)["box"]


def movements_of(reading: dict, face: int) -> list[Movement]:
    """The movements of one face in order of time."""
    found = sorted(face_of(reading, face)["movements"], key=lambda each: (each["onset"], each["offset"]))
    return [
        Movement(
            number=place,
            face=face,
            onset=each["onset"],
            apex=each["apex"],
            offset=each["offset"],
            fps=reading["fps"],
            kind=each["kind"],
            score=each["score"],
            units=_present(each["action_units"], reading["threshold"] if _is_ours(each) else 0.0),
            side=each.get("side"),
            millimetres=each.get("size_mm"),
            seen=None if each.get("second_opinion") is None else tuple(each["second_opinion"]),
            ours=_is_ours(each),
        )
        for place, each in enumerate(found, 1)
    ]


def movement_of(reading: dict, face: int, number: int | None) -> Movement | None:
    """One movement of one face, None where there is none: a press may have been meant for another face or reading."""
    if not has_face(reading, face):
        return None
    return next((each for each in movements_of(reading, face) if each.number == number), None)


def span_of(reading: dict, face: int) -> tuple[float, float]:
    """First and last second in which a face was read; between them it may have been out of sight, see `holes_of`."""
    face = face_of(reading, face)
    return face["first"] / reading["fps"], max(face["last"], face["first"] + 1) / reading["fps"]


def stretches_of(reading: dict, face: int) -> list[list[dict]]:
    """The windows of a face, a list for each time it was in sight: one that is found again keeps its number."""
    stretches: list[list[dict]] = []
    for window in face_of(reading, face)["windows"]:
        if stretches and window["onset"] - stretches[-1][-1]["offset"] - 1 <= HOLE_S * reading["fps"]:
            stretches[-1].append(window)
        else:
            stretches.append([window])
    return stretches


def holes_of(reading: dict, face: int) -> list[tuple[float, float]]:
    """Seconds from which to which a face was out of sight."""
    pairs = pairwise(stretches_of(reading, face))
    return [((one[-1]["offset"] + 1) / reading["fps"], other[0]["onset"] / reading["fps"]) for one, other in pairs]


def lids_of(reading: dict, face: int) -> dict[str, list[dict]]:
    """What the eyes of a face did, by kind: each of `LIDS`, also where there is none."""
    found = face_of(reading, face)["blinks"]
    return {kind: [each for each in found if each.get("kind", "blink") == kind] for kind in LIDS}


def place_of(reading: dict, face: int) -> str:
    """Where in the picture a face is: "left", "middle" or "right", as one sees it."""
    left, _, right, _ = face_of(reading, face)["box"]
    across = (left + right) / 2 / max(reading["size"][0], 1)
    return "left" if across < 0.4 else "right" if across > 0.6 else "middle"


def summary(reading: dict, face: int) -> list[str]:
    """What was found for one face, as sentences; not how well it is seen, see `doubt`."""
    start, end = span_of(reading, face)
    holes = holes_of(reading, face)
    told = []
    movements = movements_of(reading, face)
    seen = f"{end - start - sum(to - since for since, to in holes):.1f} of " if holes else ""
    read = f"{seen}{end - start:.1f} seconds were read"
    if not movements:
        told.append(f"{read}, and nothing was found to move enough to be told from noise.")
    else:
        count = "one movement" if len(movements) == 1 else f"{len(movements)} movements"
        told.append(f"{read}, and {count} found.")
    if holes:
        told.append(f"The face was not seen {joined([f'from {since:.1f} to {to:.1f} s' for since, to in holes])}.")
    closed = []
    for kind, found in lids_of(reading, face).items():
        if found:
            times = joined([f"{each['apex'] / reading['fps']:.1f} s" for each in found])
            closed.append(f"{f'one {kind}' if len(found) == 1 else f'{len(found)} {kind}s'}, at {times}")
    if closed:
        told.append(f"The eyes closed: {'; '.join(closed)}. This is shown but not counted as movement.")
    return told


def doubt(reading: dict, face: int) -> str:
    """Why what is read from this face should not be trusted, to be said before anything else."""
    why = joined([VIEW[fault] for fault in face_of(reading, face)["view"]])
    return f"This face is not seen well: {why}. The model would rather not say anything about it."


def _area(left: float, top: float, right: float, bottom: float) -> float:
    return (right - left) * (bottom - top)


def _is_ours(movement: dict) -> bool:
    return movement.get("named_by", "aullm") == "aullm"


def _present(units: dict[str, float], threshold: float) -> dict[str, float]:
    kept = {unit: p for unit, p in units.items() if p >= threshold}
    return dict(sorted(kept.items(), key=lambda each: -each[1]))
