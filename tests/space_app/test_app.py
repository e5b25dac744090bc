"""The page as it is served, asked as a browser asks it, from a folder that it does not lie in."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.campaign.page_visits import PATIENCE_S, Person, open_page
from tests.space_app.fake_pipe import FakePipe


class Waiting(FakePipe):
    """Begins to read, and goes on when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.goes_on = Event(), Event()

    def __call__(self, video, **options):
        self.begun.set()
        assert self.goes_on.wait(PATIENCE_S)
        return super().__call__(video, **options)


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_page(tmp_path, Waiting()) as page:
        yield page


def test_examples_come_wherever_the_page_was_started(page):
    assert Person(page).press("example") == "shown"


def test_a_reading_that_ends_late_leaves_the_page_to_the_video_chosen_since(page):
    person, pipe = Person(page), page.pipe
    person.bring("first.mp4", b"film")
    with ThreadPoolExecutor() as pool:
        late = pool.submit(person.press, "found", person.video, 0, 0, None)
        assert pipe.begun.wait(PATIENCE_S)
        assert person.bring("second.mp4", b"film") == "ready"
        pipe.goes_on.set()
        assert late.result() == "shown", "no state, and no error either"
    assert person.press("look", person.video, None, 0, 1, None) == "forgotten", "its reading was not kept"
    assert person.press("found", person.video, 0, 0, None) == "done"
    assert person.press("look", person.video, None, 0, 1, None) == "shown"


def test_what_differs_from_gradio_lasts_longer_than_the_first_answer():
    import components
    from problems import Problem

    video = components.silent_video(label="Video")
    again = type(video)(**video.constructor_args, render=False)  # as Gradio does for each part that an answer leaves
    with pytest.raises(Problem, match="Addresses are not fetched"):
        asyncio.run(again.async_move_resource_to_block_cache("https://example.org/film.mp4"))
    for kind, name in ((components.Radio, "radio"), (components.Dropdown, "dropdown")):
        assert kind(choices=[]).preprocess(7) == 7 and kind(choices=[]).get_block_name() == name
    assert video.get_block_name() == "video" and not list(Path(components.__file__).parent.glob("*.pyi"))
