"""What a person is told about each error that processing really raises; `test_inference` has the page's own limits."""

from types import SimpleNamespace

import numpy as np
import pytest

from processing_aullm import AlignedClip, AullmImageProcessor, ClipError, ClipFault
from processing_aullm.alignment_aullm import FaceAligner
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.video_aullm import open_clip
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor
from tests.processing_aullm.grey_films import write

GREY = np.full((64, 64), 90, np.uint8)


@pytest.fixture
def film(tmp_path):
    return write(tmp_path / "film.mp4", [40 * i for i in range(30)])


def no_video(film):
    film.write_bytes(b"text")
    NumberedFrames(open_clip(film))


def no_bytes(film):
    film.write_bytes(b"")
    NumberedFrames(open_clip(film))


def a_photograph(film):
    film.rename(film.with_suffix(".jpg"))
    open_clip(film.with_suffix(".jpg"))


def no_file(film):
    open_clip(film.with_name("other.mp4"))


def a_start_behind_the_end(film):
    NumberedFrames(open_clip(film), start=9.0)


def an_end_before_the_start(film):
    NumberedFrames(open_clip(film), start=1.0, end=0.5)


def no_frame_rate(film):
    NumberedFrames(open_clip(np.stack([GREY] * 4)))


def a_frame_behind_the_end(film):
    AullmImageProcessor(align=False)(str(film), onset=20, offset=40)


def a_single_frame(film):
    AullmImageProcessor(align=False)(GREY[None])


def a_face_in_one_frame_only(film):
    class Stream(list):
        fps, frames, size, name, clip = 10.0, 80, (96, 64), "film.mp4", None

    processor = FakeProcessor()
    processor.open_stream = lambda *_, **__: Stream()
    list(processor.read_video([FakeFace()], processor.answer))


def a_face_that_leaves_at_once(film):
    lost = AlignedClip(GREY[None], np.eye(2, 3)[None], 0, 0, "the face leaves the frame at frame 1")
    processor = AullmImageProcessor()
    processor._aligner = SimpleNamespace(align=lambda *_, **__: lost)
    processor(str(film))


class FacesIn(FaceAligner):
    """Finds as many faces in every frame as it is told."""

    def __init__(self, count):
        self.count = count

    def faces(self, frame, several=False):
        return [None] * self.count


def no_face_at_the_onset(film):
    FacesIn(0).align([GREY, GREY], 64, "film.mp4")


def no_face_at_all(film):
    FacesIn(0).align([GREY, GREY], 64, "film.mp4", skip_empty=True)


def a_second_face_where_there_is_one(film):
    FacesIn(1).align([GREY, GREY], 64, "film.mp4", face=1)


STATES = {
    no_video: "not-a-video",
    no_bytes: "not-a-video",
    a_photograph: "not-a-video",
    no_file: "gone",
    a_start_behind_the_end: "bad-part",
    an_end_before_the_start: "bad-part",
    no_frame_rate: "no-rate",
    a_frame_behind_the_end: "no-such-frame",
    a_single_frame: "too-short",
    a_face_in_one_frame_only: "too-short",
    a_face_that_leaves_at_once: "too-short",
    no_face_at_the_onset: "no-face",
    no_face_at_all: "no-face",
    a_second_face_where_there_is_one: "no-such-face",
}


@pytest.mark.parametrize(("raising", "state"), STATES.items(), ids=lambda each: getattr(each, "__name__", each))
def test_what_processing_raises_becomes_the_state_that_helps(make_reader, film, raising, state):
    from admission import translated
    from problems import Problem

    with pytest.raises(Problem) as told, translated():
        raising(film)
    assert told.value.state == state


def test_the_code_counts_and_not_the_class_or_the_words():
    """The Space loads the class with the model's code, so its own copy would never be the same one."""
    from problems import problem_for

    class ClipErrorOfAPublishedFolder(ValueError):
        code = "no_face"

    assert problem_for(ClipErrorOfAPublishedFolder("anything")).state == "no-face"
    assert problem_for(ValueError("no face")) is None
    assert problem_for(OSError("http error with a code of its own")) is None


def test_every_fault_of_a_file_has_a_state():
    from problems import problem_for

    assert not {fault for fault in ClipFault if problem_for(ClipError("x", fault)) is None}


def test_a_photograph_is_told_to_be_one(film):
    from admission import translated
    from problems import Problem

    with pytest.raises(Problem, match="a movement needs a video") as told, translated():
        a_photograph(film)
    assert told.value.ends and "fault of this page" not in told.value.advice


def test_a_face_in_one_picture_is_told_that_two_are_enough(make_reader, film):
    from admission import translated
    from problems import Problem

    with pytest.raises(Problem) as told, translated():
        a_face_in_one_frame_only(film)
    assert "a single picture" in told.value.advice and "half a second" not in told.value.advice
