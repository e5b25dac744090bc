"""What each press answers with."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.space_app.fake_pipe import FakePipe


@pytest.fixture
def handlers(make_reader):
    return make(make_reader)


def make(make_reader, pipe=None, **limits):
    from handlers import Handlers
    from uploads import Uploads

    return Handlers(make_reader(pipe, **limits), Uploads())


def test_a_new_video_clears_the_old_results_and_is_checked(handlers, video, tmp_path):
    answer = handlers.chosen(video, "session")
    assert "lasts 8.0 seconds" in answer["status"] and answer["reading"] is None
    assert answer["results"]["visible"] is False
    other = tmp_path / "notes.mp4"
    other.write_bytes(b"text")
    answer = handlers.answer("session", handlers.chosen, str(other), "session")
    assert 'data-state="not-a-video"' in answer["status"] and answer["video"] is None
    assert not other.exists(), "nothing can be done with it"


@pytest.mark.parametrize("step", ["read", "look", "draw", "magnify", "show_face"])
def test_whatever_fails_unexpectedly_the_upload_is_deleted_as_the_page_says(make_reader, video, monkeypatch, step):
    pipe = FakePipe()
    handlers = make(make_reader, pipe)
    handlers.chosen(video, "session")
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    seen = handlers.look(video, reading, 0, 1)["seen"]

    def fails(*_, **__):
        raise RuntimeError("a fault of ours")

    pipe.explain = pipe.draw = pipe.magnify = fails
    monkeypatch.setattr(FakePipe, "__call__", fails)
    asked = {
        "read": (video, 0, 0, None, "session"),
        "look": (video, reading, 0, 1),
        "draw": (seen, "attention", "AU4"),
        "magnify": (seen, 8),
        "show_face": (video, {}, 0, "session"),
    }
    answer = handlers.answer("session", getattr(handlers, step), *asked[step])
    assert 'data-state="unexpected"' in answer["status"] and "Your video is deleted" in answer["status"]
    assert answer["video"] is None and not Path(video).exists()


@pytest.mark.parametrize(
    ("step", "asked"), [("look", (None, 0, 1)), ("points", (None,)), ("show_face", (None, 0, "session"))]
)
def test_results_that_gradio_has_let_go_of_are_told_and_the_upload_stays(handlers, video, step, asked):
    handlers.chosen(video, "session")
    answer = handlers.answer("session", getattr(handlers, step), video, *asked)
    assert 'data-state="forgotten"' in answer["status"] and Path(video).exists()


@pytest.mark.parametrize(
    ("step", "asked"), [("look", (1, 1)), ("look", (0, 9)), ("look", (7, 1)), ("show_face", (7, "session"))]
)
def test_a_press_that_was_meant_for_another_face_or_reading_keeps_upload_and_results(make_reader, video, step, asked):
    handlers = make(make_reader, FakePipe(faces=2))
    handlers.chosen(video, "session")
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    reading["faces"][1]["movements"] = []
    answer = handlers.answer("session", getattr(handlers, step), video, reading, *asked)
    assert list(answer) == ["closer"] and answer["closer"]["visible"] is False and Path(video).exists()


def test_what_can_be_mended_by_another_choice_keeps_the_upload(make_reader, video):
    handlers = make(make_reader, max_seconds=5)
    handlers.chosen(video, "session")
    answer = handlers.answer("session", handlers.read, video, 0, 0, None, "session")
    assert 'data-state="too-long"' in answer["status"] and "video" not in answer and Path(video).exists()


def test_reading_shows_the_largest_face(handlers, video):
    answer = handlers.read(video, 0, 0, None, "session")
    assert 'data-state="done"' in answer["status"] and answer["results"]["visible"]
    assert answer["faces"]["visible"] is False and answer["portraits"] == ""
    assert [number for _, number in answer["moves"]["choices"]] == [1, 2, 3]
    assert "<ol><li>At 2.0 s" in answer["summary"]


def test_movements_of_a_face_that_is_not_seen_well_are_not_listed(make_reader, video):
    pipe = FakePipe(faces=2)
    handlers = make(make_reader, pipe)
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    assert handlers.show_face(video, reading, 1, "session")["moves"]["visible"]
    reading["faces"][1]["view"] = ["dark"]
    assert handlers.show_face(video, reading, 1, "session")["moves"]["visible"] is False
    assert handlers.look(video, reading, 1, 1)["closer"]["visible"], "a number of the timeline was pressed"


def test_a_problem_hides_the_results_and_says_what_to_do(make_reader, video):
    handlers = make(make_reader, max_seconds=5)
    answer = handlers.answer("session", handlers.read, video, 0, 0, None, "session")
    assert 'data-state="too-long"' in answer["status"] and "From second" in answer["status"]
    assert answer["results"]["visible"] is False and answer["seen"] is None


def test_several_faces_are_offered_with_pictures_and_places(make_reader, video):
    from handlers import _faces

    handlers = make(make_reader, FakePipe(faces=2))
    answer = handlers.read(video, 0, 0, None, "session")
    assert 'data-state="several-faces"' in answer["status"]
    assert answer["faces"]["choices"] == [("Face 1 (largest, left)", 0), ("Face 2 (right)", 1)]
    assert answer["portraits"].count("<img") == 2
    answer["reading"]["faces"][1]["box"][3] += 100
    assert [told for told, _ in _faces(answer["reading"])] == ["Face 1 (left)", "Face 2 (largest, right)"]
    other = handlers.show_face(video, answer["reading"], 1, "session")
    assert other["seen"] is None and other["closer"]["visible"] is False


def test_looking_closer_asks_the_model_once_and_shows_why(make_reader, video):
    pipe = FakePipe()
    handlers = make(make_reader, pipe)
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    answer = handlers.look(video, reading, 0, 2)
    seen, asked = answer["seen"], len(pipe.asked)
    box = [180.0, 100.0, 380.0, 320.0]
    assert pipe.asked[-1][1] == {"onset": 120, "offset": 160, "face": box}, "who stands there, whoever is the largest"
    assert 'data-movement="2" aria-pressed="true"' in answer["timeline"]
    assert answer["unit"]["value"] == "AU12", "what the sentence speaks of, whatever the explanation answers"
    assert "If the model did not see" in answer["flips"]
    for view, words in (("attention", "Coloured"), ("motion", "Arrows"), ("plain", "As it was filmed")):
        assert words in handlers.draw(seen, view, "AU12")
    told = handlers.magnify(seen, 8)
    assert "Moved 8 times as far" in told and "any larger" not in told
    told = handlers.magnify(seen, 15)
    assert "Moved 12 times as far" in told and "any larger" in told, "this movement can be magnified 12 times"
    assert len(pipe.asked) == asked, "changing a view asks the model nothing"


def test_all_views_show_the_same_frame_and_tell_its_time(make_reader, video):
    pipe = FakePipe()
    handlers = make(make_reader, pipe)
    seen = handlers.look(video, handlers.read(video, 0, 0, None, "session")["reading"], 0, 1)["seen"]
    for pixels, number in zip(seen.explanation["frames"], range(6), strict=True):
        pixels[:] = 40 * number
    seen.explanation["displacement"][:] = 0
    seen.explanation["displacement"][1] = 1.0
    told = {view: handlers.draw(seen, view, "AU4") for view in ("attention", "motion", "plain")}
    assert all("The face at 1.97 s." in html for html in told.values()), "the third of six frames from 54 to 66"
    content = base64.b64decode(told["plain"].split("base64,")[1].split('"')[0])
    assert abs(np.asarray(Image.open(io.BytesIO(content))).mean() - 80) < 3


def test_a_model_without_motion_or_attention_says_so(make_reader, video):
    pipe = FakePipe()
    bare = pipe.explain(video, 54, 66) | {
        "displacement": None,
        "attentions": {},
        "relations": None,
        "expert_weights": {},
    }
    pipe.explain = lambda *arguments, **options: bare
    handlers = make(make_reader, pipe)
    seen = handlers.look(video, handlers.read(video, 0, 0, None, "session")["reading"], 0, 1)["seen"]
    for answer in (
        handlers.draw(seen, "attention", "AU4"),
        handlers.draw(seen, "motion", "AU4"),
        handlers.magnify(seen, 8),
    ):
        assert "cannot show that" in answer


def test_looking_closer_after_the_upload_is_gone(handlers, video):
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    Path(video).unlink()
    answer = handlers.look(video, reading, 0, 1)
    assert 'data-state="gone"' in answer["status"] and answer["closer"]["visible"] is False


class Meanwhile(FakePipe):
    """Something happens while it is at work on a question; then it fails, where it should."""

    def __init__(self, happens, fails=False) -> None:
        super().__init__(faces=2)
        self.happens, self.fails, self.waits = happens, fails, False

    def _at_work(self):
        if self.waits:
            self.waits = False
            self.happens()
            if self.fails:
                raise RuntimeError("a fault of ours")

    def __call__(self, video, **options):
        self._at_work()
        return super().__call__(video, **options)

    def explain(self, *arguments, **options):
        self._at_work()
        return super().explain(*arguments, **options)

    def draw(self, *arguments, **options):
        self._at_work()
        return super().draw(*arguments, **options)


@pytest.fixture
def other(tmp_path):
    """A second upload."""
    path = tmp_path / "other.mp4"
    path.write_bytes(b"film")
    return str(path)


def pressed(handlers, step: str, video: str) -> dict:
    """What comes of a press about the first face of a video, that something happens after."""
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    asked = {
        "read": (video, 1, 0, reading, "session"),
        "look": (video, reading, 0, 1),
        "draw": (handlers.look(video, reading, 0, 1)["seen"], "attention", "AU4"),
    }[step]
    handlers.reader.pipe.waits = True
    face = 0 if step == "look" else None
    return handlers.answer("session", getattr(handlers, step), *asked, about=(video, face))


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("step", ["read", "look", "draw"])
def test_an_answer_about_a_video_that_was_chosen_before_changes_nothing(make_reader, video, other, step, fails):
    pipe = Meanwhile(lambda: handlers.chosen(other, "session"), fails)
    handlers = make(make_reader, pipe)
    handlers.chosen(video, "session")
    assert pressed(handlers, step, video) == {}
    assert Path(other).exists() and not Path(video).exists()
    again = handlers.answer("session", handlers.read, other, 0, 0, None, "session", about=(other, None))
    assert 'data-state="several-faces"' in again["status"], "presses about the new one are answered"


def test_examples_that_were_chosen_before_are_not_answered_for_either(make_reader):
    from uploads import EXAMPLES

    first, then = (str(EXAMPLES / name) for name in ("several.mp4", "smile.mp4"))
    handlers = make(make_reader, Meanwhile(lambda: handlers.chosen(then, "session")))
    handlers.chosen(first, "session")
    assert pressed(handlers, "read", first) == {}


@pytest.mark.parametrize("step", ["read", "look", "draw"])
def test_nothing_is_answered_about_what_was_deleted(make_reader, video, step):
    handlers = make(make_reader, Meanwhile(lambda: handlers.delete("session")))
    handlers.chosen(video, "session")
    assert pressed(handlers, step, video) == {}


def test_a_check_that_ends_late_leaves_the_next_video_alone(make_reader, video, other, tmp_path):
    handlers = make(make_reader)
    bad = tmp_path / "notes.mp4"
    bad.write_bytes(b"text")
    opens = handlers.reader.pipe.processor.open_stream

    def slowly(path, **options):
        handlers.reader.pipe.processor.open_stream = opens
        handlers.chosen(other, "session")
        return opens(str(bad), **options)

    handlers.reader.pipe.processor.open_stream = slowly
    assert handlers.answer("session", handlers.chosen, video, "session", about=(video, None)) == {}
    assert Path(other).exists()


def test_an_answer_about_a_face_that_was_chosen_before_changes_nothing(make_reader, video):
    def chooses():
        reading = FakePipe(faces=2)(video, progress=lambda _: None)
        handlers.show_face(video, reading | {"asked": [video, 0, 0]}, 1, "session")

    handlers = make(make_reader, Meanwhile(chooses))
    handlers.chosen(video, "session")
    assert pressed(handlers, "look", video) == {}
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    answer = handlers.answer("session", handlers.look, video, reading, 0, 1, about=(video, 0))
    assert answer["closer"]["visible"], "a new reading shows its largest face, so that is the chosen one"


def test_a_movement_of_another_video_is_never_explained(handlers, video, other):
    handlers.chosen(video, "session")
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    handlers.chosen(other, "session")  # its answer, which clears the page, is still on its way
    asked = len(handlers.reader.pipe.asked)
    for call, asks in ((handlers.look, (0, 1)), (handlers.show_face, (0, "session")), (handlers.points, ())):
        answer = handlers.answer("session", call, other, reading, *asks, about=(other, None))
        assert 'data-state="forgotten"' in answer["status"]
    assert len(handlers.reader.pipe.asked) == asked and Path(other).exists()


def test_one_who_comes_back_after_the_page_took_them_for_gone_is_answered(handlers, video):
    from uploads import EXAMPLES

    handlers.chosen(video, "session")
    handlers.uploads.leave("session")  # a telephone that was locked for a moment
    answer = handlers.answer("session", handlers.read, video, 0, 0, None, "session", about=(video, None))
    assert 'data-state="gone"' in answer["status"]
    example = str(EXAMPLES / "smile.mp4")
    answer = handlers.answer("session", handlers.read, example, 0, 0, None, "session", about=(example, None))
    assert 'data-state="done"' in answer["status"]


def test_pressed_twice_the_model_is_asked_once(make_reader, video):
    pipe = FakePipe()
    handlers = make(make_reader, pipe)
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    assert handlers.read(video, 0, 0, reading, "session") == {}
    seen = handlers.look(video, reading, 0, 1)["seen"]
    asked = len(pipe.asked)
    assert handlers.look(video, reading, 0, 1, seen)["closer"]["visible"] and len(pipe.asked) == asked
    assert handlers.look(video, reading, 0, 2, seen)["seen"] != seen and len(pipe.asked) == asked + 1
    assert handlers.read(video, 1, 0, reading, "session")["reading"] and len(pipe.asked) == asked + 2


def test_pictures_of_the_movement_before_do_not_stay_under_the_next_sentence(handlers, video):
    reading = handlers.read(video, 0, 0, None, "session")["reading"]
    answer = handlers.look(video, reading, 0, 1)
    assert answer["picture"] == answer["flip"] == "", "they are drawn next, and would stay where the queue is full"


def test_deleting_removes_the_file_and_everything_made_of_it(handlers, video):
    handlers.chosen(video, "session")
    answer = handlers.delete("session")
    assert not Path(video).exists()
    assert answer["video"] is None and answer["reading"] is None and answer["seen"] is None


def test_a_file_that_is_too_heavy_is_told_what_to_do_and_one_that_is_here_stays(handlers, video):
    handlers.chosen(video, "session")
    answer = handlers.too_heavy(50.02)
    assert "51 MB, and 50 MB is the most" in answer["status"] and "Cut out the seconds" in answer["status"]
    assert list(answer) == ["status"] and Path(video).exists()


def test_the_page_warns_and_names_forbidden_uses(make_reader):
    import page

    for words in ("computer-made faces only", "lies", "hiring", "not agreed", "at work or in schools", "unlawful"):
        assert words in page.NOTICE
    settings = make_reader(max_seconds=90, keep_minutes=7).settings
    assert "1 min 30 s" in page.limits(settings) and "cut out the seconds that matter" in page.limits(settings)
    assert "7 minutes" in page.privacy(settings)
