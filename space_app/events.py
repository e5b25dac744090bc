"""Which press calls what. The page's own events are private; programs use the two endpoints of `wire_api`.

Tested in tests/space_app/test_journey.py.
"""

import gradio as gr
from handlers import Handlers, Part
from inference import Reader
from uploads import EXAMPLES, described, once

MODEL = {"concurrency_id": "model", "concurrency_limit": 1}
OWN = {"api_visibility": "private"}
LAST = {"trigger_mode": "always_last"}
"""Of presses that come before the answer to the first, the last one counts; by default Gradio hears none of them."""
EACH = {"trigger_mode": "multiple"}
"""Every press counts, at once."""
SHOWN = "() => { const it = document.getElementById('%s'); it?.focus({preventScroll: true}); it?.scrollIntoView(); }"
"""Takes eyes and screen readers to what is new."""


def wire(blocks: gr.Blocks, handlers: Handlers, parts: dict, controls: dict) -> None:
    """Connect the page's parts.

    Args:
        blocks: the page.
        handlers: what answers.
        parts: by the names in `Part`.
        controls: start, end, go, delete and the example buttons.
    """
    answers = Answers(blocks, handlers, parts)
    every = [part for name, part in parts.items() if name not in (Part.VIEW, Part.FACTOR, Part.DRAW)]
    quietly = {**OWN, "show_progress": "hidden"}
    video, reading, seen, face = (parts[name] for name in (Part.VIDEO, Part.READING, Part.SEEN, Part.FACES))
    moves, view, unit, factor = (parts[name] for name in (Part.MOVES, Part.VIEW, Part.UNIT, Part.FACTOR))

    # Never in the queue, so that every press that follows finds it chosen, and it goes when it is deleted.
    video.change(answers.chosen, video, every, queue=False, **EACH, **quietly)
    parts[Part.STATUS].upload(answers.too_heavy, None, parts[Part.STATUS], queue=False, **EACH, **quietly)
    video.clear(answers.delete, None, every, queue=False, **quietly)  # also while the queue is full
    for button, name in zip(controls["examples"], described(), strict=True):

        def example(name=name):
            return str(EXAMPLES / name)

        button.click(example, None, video, **quietly)
    read = controls["go"].click(
        answers.found,
        [video, controls["start"], controls["end"], reading],
        every,
        show_progress="full",
        show_progress_on=parts[Part.STATUS],
        **LAST,
        **OWN,
        **MODEL,
    )
    read.success(None, js=SHOWN % "results-title", **OWN)
    face.input(answers.show_face, [video, reading, face], every, **LAST, **quietly)

    picked = parts[Part.TIMELINE].select(answers.picked, None, moves, **EACH, **quietly)
    look = {"inputs": [video, reading, face, moves, seen], "outputs": every, **LAST, **OWN, **MODEL}
    for event in (picked.then, moves.input):
        looked = event(answers.look, show_progress="full", show_progress_on=parts[Part.STATUS], **look)
        looked.then(answers.draw, [video, seen, view, unit], every, **LAST, **quietly)
        flipped = looked.then(answers.magnify, [video, seen, factor], every, **LAST, **quietly)
        flipped.then(None, js=SHOWN % "closer-title", **OWN)
    gr.on([view.input, unit.input], answers.draw, [video, seen, view, unit], every, **LAST, **quietly)
    factor.release(answers.magnify, [video, seen, factor], every, **LAST, **quietly)
    parts[Part.DRAW].click(
        answers.points,
        [video, reading],
        every,
        show_progress="full",
        show_progress_on=parts[Part.POINTS],
        **OWN,
        **MODEL,
    )
    if controls["camera"] is not None:
        controls["camera"].stop(answers.filmed, None, every, queue=False, **EACH, **quietly)
    controls["delete"].click(answers.delete, None, every, queue=False, **quietly)
    blocks.unload(answers.leave)


class Answers:
    """The handlers' answers, with parts in the place of their names."""

    def __init__(self, blocks: gr.Blocks, handlers: Handlers, parts: dict) -> None:
        self.blocks, self.handlers, self.parts = blocks, handlers, parts

    def chosen(self, video, request: gr.Request) -> dict:
        session = request.session_hash
        return self._placed(request, self.handlers.chosen, video, session, about=(video, None))

    def too_heavy(self, event: gr.EventData, request: gr.Request) -> dict:
        return self._placed(request, self.handlers.too_heavy, event.megabytes)

    def found(self, video, start, end, before, request: gr.Request) -> dict:
        session = request.session_hash
        return self._placed(request, self.handlers.read, video, start, end, before, session, about=(video, None))

    def show_face(self, video, reading, face, request: gr.Request) -> dict:
        session = request.session_hash
        return self._placed(request, self.handlers.show_face, video, reading, face, session, about=(video, None))

    def picked(self, event: gr.EventData) -> int:
        return int(event.movement)

    def points(self, video, reading, request: gr.Request) -> dict:
        return self._placed(request, self.handlers.points, video, reading, about=(video, None))

    def filmed(self, event: gr.EventData, request: gr.Request) -> dict:
        return self._placed(request, self.handlers.filmed, event.token)

    def look(self, video, reading, face, chosen, before, request: gr.Request) -> dict:
        return self._placed(request, self.handlers.look, video, reading, face, chosen, before, about=(video, face))

    def draw(self, video, seen, view, unit, request: gr.Request) -> dict:
        def drawn():
            return {Part.PICTURE: self.handlers.draw(seen, view, unit)}

        return self._placed(request, drawn, about=(video, None))

    def magnify(self, video, seen, factor, request: gr.Request) -> dict:
        return self._placed(request, lambda: {Part.FLIP: self.handlers.magnify(seen, factor)}, about=(video, None))

    def delete(self, request: gr.Request) -> dict:
        self.blocks.state_holder.forget(request.session_hash)
        return self._placed(request, self.handlers.delete, request.session_hash)

    def leave(self, request: gr.Request) -> None:
        self.handlers.uploads.leave(request.session_hash)
        self.blocks.state_holder.forget(request.session_hash)

    def _placed(self, request: gr.Request, call, *arguments, about=None) -> dict:
        answer = self.handlers.answer(request.session_hash, call, *arguments, about=about)
        return {self.parts[name]: value for name, value in answer.items()} or gr.skip()


def wire_api(reader: Reader, parts: dict, controls: dict) -> None:
    """Two endpoints for programs: `/read` gives the reading, `/explain` the numbers behind one movement of it.

    What is wrong with a video comes back as an error with the same words as on the page. A program brings its video
    with every question, so it is deleted with the answer.
    """

    def read(video, start, end):
        with once(video):
            return reader.read(video, start, end)

    def explain(video, onset, offset, face):
        with once(video):
            return reader.explain_in_numbers(video, onset, offset, face)

    answer = gr.JSON(visible=False)
    onset, offset, face = (gr.Number(visible=False, precision=0, label=name) for name in ("onset", "offset", "face"))
    asked = [parts[Part.VIDEO], controls["start"], controls["end"]]
    gr.on([], read, asked, answer, api_name="read", **MODEL)
    gr.on([], explain, [parts[Part.VIDEO], onset, offset, face], answer, api_name="explain", **MODEL)
