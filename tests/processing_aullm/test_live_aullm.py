"""A face read while it is filmed: as a video is read, a moment later, whatever the camera does."""

from types import SimpleNamespace

import numpy as np
import pytest

from processing_aullm import AullmImageProcessor
from processing_aullm.live_aullm import CHUNK_S, LiveReading
from processing_aullm.reading_types_aullm import joined
from tests.processing_aullm.faked_faces import SIZE, FakeFace, FakeProcessor, FakeStream
from tests.processing_aullm.scenes import ForTheLargest, Place

FPS, UNITS = 10.0, ["AU4", "AU12"]
STILL = Place(150, 60, 1)


@pytest.fixture
def asked() -> list[int]:
    """How many windows the model was asked for, call by call."""
    return []


@pytest.fixture
def make_live(image_processor, asked):
    """make_live(faces, **options): a reading at FPS."""

    def answer(crops, windows):
        asked.append(len(windows))
        return [([0.2, 0.8], None)] * len(windows)

    def make(faces=image_processor, **options) -> LiveReading:
        processor = SimpleNamespace(image_processor=faces, action_units=UNITS)
        return LiveReading(processor, answer, fps=FPS, **options)

    return make


@pytest.fixture
def live(make_live) -> LiveReading:
    return make_live()


def shown(scenes, count, first=0):
    return [scenes.frame(STILL, seed=first + number) for number in range(count)]


def test_every_window_is_told_once_and_soon(live, scenes):
    windows = []
    for number, frame in enumerate(shown(scenes, 40)):
        live.add(number / FPS, frame)
        told = live.read()
        assert told["frame"] == number
        for window in told["part"]["windows"] if told["part"] else ():
            windows.append((window["onset"], window["offset"]))
            assert number - window["offset"] <= CHUNK_S * FPS + 1, "known a chunk later"
    assert windows == [(onset, onset + 5) for onset in range(len(windows))] and len(windows) > 30
    last = live.end()
    assert last["last"] == 39 and windows[-1][1] < last["windows"][-1]["offset"] == 39


def test_a_longer_chunk_tells_the_same_windows_less_often(make_live, scenes):
    told = {}
    for chunk in (0.2, 0.8):
        live = make_live(chunk=chunk)
        parts = []
        for number, frame in enumerate(shown(scenes, 40)):
            live.add(number / FPS, frame)
            parts.append(live.read()["part"])
        parts = [part["windows"] for part in [*parts, live.end()] if part and part["windows"]]
        told[chunk] = len(parts), [window["onset"] for part in parts for window in part]
    assert told[0.2][1] == told[0.8][1] == list(range(35))
    assert told[0.2][0] > 3 * told[0.8][0]


def test_points_lie_on_the_face_of_the_last_frame(live, scenes):
    for number in range(12):
        place = Place(150 + 2 * number, 60, 1)
        live.add(number / FPS, scenes.frame(place, seed=number))
    points = live.read()["points"]
    truth = scenes.points @ place.matrix[:, :2].T + place.matrix[:, 2]
    assert points.shape == (468, 2) and np.abs(points - truth).mean() < 2


def test_nothing_is_told_without_a_face_and_it_is_found_again(live, scenes):
    for number in range(8):
        live.add(number / FPS, scenes.frame(seed=number))
    assert live.read()["points"] is None and live.read()["part"] is None
    for number, frame in enumerate(shown(scenes, 20), 8):
        live.add(number / FPS, frame)
    assert live.read()["points"] is not None
    for number in range(28, 34):
        live.add(number / FPS, scenes.frame(seed=number))
    told = live.read()
    assert told["points"] is None and told["part"]["last"] == 27
    for number, frame in enumerate(shown(scenes, 12), 34):
        live.add(number / FPS, frame)
    assert live.read()["points"] is not None and live.end()["last"] == 45


@pytest.mark.parametrize(("hidden", "larger"), [(12, False), (0, True)], ids=["behind a hand", "nobody before"])
def test_whoever_was_read_before_is_found_again_else_the_largest(make_live, scenes, hidden, larger):
    faces = AullmImageProcessor(size=64)
    faces.use_faces(ForTheLargest(scenes), scenes.mesh)
    live = make_live(faces)
    one, other = Place(20, scale=1.0), Place(250, scale=1.1, other=True)
    for number, places in enumerate([(one,)] * hidden + [()] * 6 + [(one, other)] * 12):
        live.add(number / FPS, scenes.frame(*places, seed=number))
    assert (live._followed.track.aligned.box()[0] > 240) == larger


def test_frames_that_come_twice_late_or_too_fast_keep_their_time(live, scenes):
    frames = shown(scenes, 30)
    for at in (0.0, 0.01, 0.1, 0.2, 0.2, 0.5, 0.6, 0.65, 0.7, 0.8, 1.6, 1.7):
        live.add(at, frames[round(at * FPS)])
    assert live.end()["last"] == 17
    numbers = []
    live._followed = SimpleNamespace(step=lambda number, frame: numbers.append(number) or (), ended=False)
    for at in (1.8, 2.1, 2.1, 3.0, 4.5):
        live.add(at, frames[0])
    assert numbers == [18, 19, 20, 21, *range(22, 31), 45], "no gap of more than a second is made up"


class Coming:
    """The chunks of a fake face, each with its last frame."""

    def __init__(self, face: FakeFace) -> None:
        self.chunks = {chunk.first + len(chunk) - 1: chunk for chunk in FakeStream([face], 0, face.frames, overlap=5)}
        self.ended, self.track = False, SimpleNamespace(aligned=None)

    def step(self, number, frame):
        if number in self.chunks:
            yield self.chunks[number]

    def end(self):
        return ()


def test_what_is_told_does_not_depend_on_how_many_frames_come_at_once():
    moves = ((30, 32, 35, 4.0, "AU4"), (90, 98, 108, 5.0, "AU12"), (150, 152, 155, 4.0, "AU4"))
    blinks = tuple((at, at + 1, at + 3) for at in (50, 62, 74, 122, 134, 172, 184, 196, 208))
    face = FakeFace(frames=245, moves=moves, blinks=blinks)
    crops = SimpleNamespace(aligner=None, size=SIZE, num_frames=4)
    told = {}
    for every in (1, 7, 60, 1000):
        processor = FakeProcessor()
        live = LiveReading(SimpleNamespace(image_processor=crops, action_units=UNITS), processor.answer, fps=FPS)
        live._followed, parts = Coming(face), []
        for number in range(face.frames):
            live.add(number / FPS, None)
            if number % every == every - 1:
                parts.append(live.read()["part"])
        told[every] = joined([part for part in (*parts, live.end()) if part])
    assert len(told[1]["movements"]) == 3 and len(told[1]["blinks"]) == 9
    assert any(window["probabilities"] for window in told[1]["windows"])
    for every in told:
        assert told[every] == told[1], every
