"""What Gradio keeps of a session goes as the page says: with the page, and by age. No picture is kept at all."""

import time
from datetime import timedelta

import pytest

from tests.campaign.page_visits import Person, open_page
from tests.space_app.fake_pipe import FakePipe


@pytest.fixture
def page(tmp_path):
    with open_page(tmp_path, FakePipe(faces=2)) as page:
        yield page


@pytest.fixture
def person(page) -> Person:
    """One who has read a video with two faces, and looked at a movement closer."""
    person = Person(page)
    person.bring("face.mp4", b"film")
    assert person.press("found", person.video, 0, 0, None) == "several-faces"
    assert person.press("look", person.video, None, 0, 1, None) == "shown"
    return person


def test_pictures_and_words_of_an_answer_are_not_kept(page, person):
    kept = str(page.sessions.session_data[person.session].config_values)
    assert person.session in page.sessions and page.sessions.session_data[person.session].state_data
    for answered in ("data:image", "The eyes closed", "movements found"):
        assert answered not in kept


def test_who_closes_the_page_leaves_nothing(page, person):
    person.leave()
    for _ in range(300):
        if person.session not in page.sessions:
            break
        time.sleep(0.1)
    assert person.session not in page.sessions and person.session not in page.sessions.time_last_used


def test_who_deletes_the_video_leaves_nothing_and_goes_on(page, person):
    before = page.sessions.session_data[person.session]
    assert person.delete() == "deleted"
    assert page.sessions.session_data.get(person.session) is not before
    person.bring("other.mp4", b"film")
    assert person.press("found", person.video, 0, 0, None) == "several-faces"


@pytest.mark.parametrize("closed", [False, True])
def test_a_session_that_nobody_uses_is_forgotten_as_the_page_says(page, person, closed):
    """Gradio keeps one of a page that was closed for an hour, and what it has answered with for ever."""
    page.sessions.session_data[person.session].is_closed = closed
    page.sessions.delete_all_expired_state()
    assert person.session in page.sessions
    page.sessions.time_last_used[person.session] -= timedelta(minutes=page.settings.keep_minutes, seconds=1)
    page.sessions.delete_all_expired_state()
    assert person.session not in page.sessions


def test_a_telephone_that_was_locked_for_a_moment_reads_again(page, person):
    page.sessions.forget(person.session)
    assert person.press("look", person.video, None, 0, 1, None) == "forgotten"
    assert person.press("found", person.video, 0, 0, None) == "several-faces"
    assert person.press("look", person.video, None, 0, 1, None) == "shown"
