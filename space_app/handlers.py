"""What happens when something on the page is pressed. Each method answers one event with the page's new contents.

Nothing here knows how the page is laid out, except for the names of its parts in `Part`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import figures
import gradio as gr
import page
import pictures
import problems
from admission import translated
from downloads import links
from inference import Reader
from live import Live
from logs import note
from problems import Problem
from readings import Movement, box_near, face_name, face_of, has_face, largest, movement_of, movements_of, place_of
from timeline import timeline
from uploads import Uploads
from words import label

VIEWS = {"attention": "Where the model looked", "motion": "What moved", "plain": "As filmed"}
NOT_MEASURED = "This model cannot show that: it was built without the part that measures it."


class Way(StrEnum):
    """Ways to a face: the tabs."""

    VIDEO = "a-video"
    LIVE = "live-camera"


class Part(StrEnum):
    """Parts of the page that events change."""

    WAYS = "ways"
    VIDEO = "video"
    STATUS = "status"
    RESULTS = "results"
    CLOSER = "closer"
    READING = "reading"
    SEEN = "seen"
    PORTRAITS = "portraits"
    FACES = "faces"
    SUMMARY = "summary"
    DRAW = "draw"
    POINTS = "points"
    TIMELINE = "timeline"
    MOVES = "moves"
    DOWNLOADS = "downloads"
    SENTENCE = "sentence"
    VIEW = "view"
    UNIT = "unit"
    PICTURE = "picture"
    FACTOR = "factor"
    FLIP = "flip"
    BARS = "bars"
    EXPERTS = "experts"
    GRAPH = "graph"
    FLIPS = "flips"


@dataclass(frozen=True)
class Seen:
    """One movement looked at closer: kept for the session, so that changing a view asks the model nothing."""

    movement: Movement
    explanation: dict
    meanings: dict
    threshold: float


class Handlers:
    """The events of one page. Every answer is a dict of parts to change; a problem is an answer too."""

    def __init__(self, reader: Reader, uploads: Uploads) -> None:
        self.reader, self.uploads, self.live = reader, uploads, Live(reader)

    def answer(
        self,
        session: str | None,
        call: Callable[..., dict],
        *arguments,
        about: tuple[str | None, int | None] | None = None,
    ) -> dict:
        """What a press answers with, whatever happens: where nothing can be done with an upload, it is deleted.

        Args:
            session: whose press.
            call: one of the methods below.
            *arguments: for it.
            about: the video, and the face or None, that were chosen when it was pressed; None: it is about no video.

        Returns:
            Parts to change: none where another video or face was chosen meanwhile.
        """
        answer, told = {}, None
        try:
            answer = call(*arguments)
        except Problem as problem:
            told = problem
        except Exception as error:
            note(error)
            told = problems.unexpected()
        if about is not None and not self.uploads.stand(session, *about):
            return {}
        if told is None:
            return answer
        if told.ends:
            self.uploads.drop(session, only=None if about is None else about[0])
            return self._cleared() | {Part.VIDEO: None, Part.STATUS: page.state(told)}
        return self._cleared() | {Part.STATUS: page.state(told)}

    def chosen(self, video: str | None, session: str | None) -> dict:
        """A video came or went: old results go, and what is wrong with it is said before anything is pressed."""
        cleared = self._cleared()
        if video is None:
            self.uploads.drop(session)
            del cleared[Part.STATUS]  # it may just have said that the video is deleted
            return cleared
        self.uploads.keep_only(session, video)
        seconds = self.reader.check(video)
        lasts = "The video is here" if seconds is None else f"The video lasts {seconds:.1f} seconds"
        return cleared | {Part.STATUS: page.message("ready", f"{lasts}. Press “Find movements”.")}

    def too_heavy(self, megabytes: float) -> dict:
        """A file was chosen that the browser did not even send; one that is here stays."""
        return {Part.STATUS: page.state(problems.too_heavy(megabytes, self.reader.settings.max_megabytes))}

    def read(
        self, video: str | None, start: float | None, end: float | None, before: dict | None, session: str | None
    ) -> dict:
        """Read the video and show its largest face; nothing where the reading from before is the one asked for."""
        asked = [video, start or 0, end or 0]
        if before is not None and before["asked"] == asked:  # pressed twice
            return {}
        reading = self.reader.read(video, start, end)
        faces = _faces(reading)
        portraits = self._portraits(video, reading, faces)
        first = largest(reading)["face"]
        self.uploads.show(session, video, first)
        several = len(reading["faces"]) > 1
        told = "Done."
        if several:
            told = f"Done. {len(reading['faces'])} faces were found; you see the largest one. Choose another below."
        return {
            Part.STATUS: page.message("several-faces" if several else "done", told),
            Part.READING: reading | {"asked": asked},
            Part.RESULTS: gr.update(visible=True),
            Part.PORTRAITS: portraits,
            Part.FACES: gr.update(visible=several, choices=faces, value=first),
            Part.DOWNLOADS: links(reading),
            **_of_face(reading, first),
        }

    def show_face(self, video: str | None, reading: dict | None, face: int, session: str | None) -> dict:
        """One face's summary and timeline; what was looked at closer goes."""
        _refuse_forgotten(video, reading)
        if not has_face(reading, face):
            return _hidden()
        self.uploads.show(session, video, face)
        return _of_face(reading, face)

    def points(self, video: str | None, reading: dict | None) -> dict:
        """The part of the video that was read, with the points that were followed drawn on it."""
        _refuse_forgotten(video, reading)
        try:
            return {Part.POINTS: pictures.film(self.reader.with_points(video, reading))}
        except Problem as problem:
            if problem.ends:
                raise
            return {Part.POINTS: page.state(problem)}

    def filmed(self, token: str | None) -> dict:
        """What the live camera has filmed becomes the video, to be read as any other."""
        return self._cleared() | {Part.VIDEO: self.live.finish(token), Part.WAYS: gr.update(selected=Way.VIDEO)}

    def look(
        self, video: str | None, reading: dict | None, face: int, chosen: int | None, before: Seen | None = None
    ) -> dict:
        """Explain one movement; only show it where it is the one that was explained before."""
        if chosen is None:
            return _hidden()
        _refuse_forgotten(video, reading)
        movement = movement_of(reading, face, chosen)
        if movement is None:
            return _hidden()
        if before is not None and before.movement == movement:
            return {Part.CLOSER: gr.update(visible=True), Part.TIMELINE: timeline(reading, face, chosen)}
        try:
            box = box_near(reading, face, movement.onset)
            explanation = self.reader.explain(video, movement.onset, movement.offset, box)
            seen = Seen(movement, explanation, reading["meanings"], reading["threshold"])
            return self._closer(seen) | {Part.TIMELINE: timeline(reading, face, chosen)}
        except Problem as problem:
            if problem.ends:
                raise
            return _hidden() | {Part.STATUS: page.state(problem)}

    def draw(self, seen: Seen | None, view: str, unit: str | None) -> str:
        """The picture of the strongest moment in one of three views."""
        if seen is None or unit is None:
            return ""
        with translated():
            return self._picture(seen, view, unit)

    def magnify(self, seen: Seen | None, factor: float) -> str:
        """The flip book."""
        if seen is None:
            return ""
        if seen.explanation.get("displacement") is None:
            return f"<p>{NOT_MEASURED}</p>"
        with translated():
            most = self.reader.pipe.processor.most_magnified(seen.explanation)
            magnified = self.reader.pipe.magnify(seen.explanation, factor=factor)
            return pictures.flip_book(seen.explanation, magnified, factor, most, seen.movement.fps)

    def delete(self, session: str | None) -> dict:
        """Delete what this session uploaded, and everything that was made of it."""
        self.uploads.drop(session)
        told = page.message("deleted", "Your video and everything that was made of it are deleted.")
        return self._cleared() | {Part.VIDEO: None, Part.STATUS: told}

    def _cleared(self) -> dict:
        return {
            Part.STATUS: "",
            **_hidden(),
            Part.RESULTS: gr.update(visible=False),
            Part.READING: None,
            Part.SEEN: None,
        }

    def _portraits(self, video: str, reading: dict, faces: list[tuple[str, int]]) -> str:
        """A picture of each face with its name; nothing where there is only one."""
        if len(faces) == 1:
            return ""
        crops = self.reader.portraits(video, reading)
        shown = "".join(pictures.portrait(crops[face], told) for told, face in faces if face in crops)
        return f"<div class='portraits'>{shown}</div>"

    def _closer(self, seen: Seen) -> dict:
        explanation, meanings = seen.explanation, seen.meanings
        scores = explanation["probabilities"]
        present = [unit for unit in sorted(scores, key=scores.get, reverse=True) if scores[unit] >= seen.threshold]
        ranked = sorted(scores, key=scores.get, reverse=True)
        asked = next((unit for unit in seen.movement.units if unit in scores), ranked[0])  # what the sentence speaks of
        with translated():
            return {
                Part.CLOSER: gr.update(visible=True),
                Part.SEEN: seen,
                Part.SENTENCE: f"<p class='lead'>{seen.movement.sentence(meanings)}</p>",
                Part.UNIT: gr.update(choices=[(label(unit, meanings), unit) for unit in ranked], value=asked),
                Part.PICTURE: "",  # of the movement before; drawn next
                Part.FLIP: "",
                Part.BARS: figures.unit_bars(scores, seen.threshold, meanings),
                Part.EXPERTS: figures.expert_bars(explanation["expert_weights"]),
                Part.GRAPH: figures.relation_graph(explanation, list(scores), set(present), meanings),
                Part.FLIPS: figures.counterfactuals(explanation, present, meanings),
            }

    def _picture(self, seen: Seen, view: str, unit: str) -> str:
        explanation, place_name = seen.explanation, self.reader.pipe.processor.place_name
        if view == "motion" and explanation.get("displacement") is not None:
            drawn, caption = self.reader.pipe.draw(explanation, "motion"), pictures.moved(explanation, place_name)
        elif view == "attention" and unit in explanation["attentions"]:
            drawn = self.reader.pipe.draw(explanation, "attention", action_unit=unit)
            caption = pictures.looked(explanation, unit, seen.meanings, place_name)
        else:
            drawn = explanation["frames"][pictures.shown_step(explanation)]
            caption = "As it was filmed." if view == "plain" else f"As it was filmed. {NOT_MEASURED}"
        return pictures.strongest_moment(explanation, drawn, seen.movement.fps, caption)


def _hidden() -> dict:
    """Nothing is looked at closer; all else stays."""
    return {Part.CLOSER: gr.update(visible=False)}


def _refuse_forgotten(video: str | None, reading: dict | None) -> None:
    """A press on results that are here no longer, or about to go: they are of the video before."""
    if reading is None or reading["asked"][0] != video:
        raise problems.forgotten()


def _of_face(reading: dict, face: int) -> dict:
    """Summary and timeline of one face; nothing of it is looked at closer yet."""
    movements = movements_of(reading, face)
    return {
        Part.SUMMARY: page.found(reading, face, movements),
        Part.POINTS: "",
        Part.TIMELINE: timeline(reading, face),
        Part.MOVES: gr.update(
            visible=bool(movements) and not face_of(reading, face)["view"],  # else behind a click, in the timeline
            choices=[(m.short(reading["meanings"]), m.number) for m in movements],
            value=None,
        ),
        Part.SEEN: None,
        **_hidden(),
    }


def _faces(reading: dict) -> list[tuple[str, int]]:
    """What each face is called on the page, and its number in the reading."""
    most = largest(reading)["face"]
    return [
        (f"{face_name(number)} ({'largest, ' if number == most else ''}{place_of(reading, number)})", number)
        for number in (each["face"] for each in reading["faces"])
    ]
