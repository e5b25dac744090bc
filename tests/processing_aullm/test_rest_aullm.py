"""Rest is where a face stands still before it moves: a held smile is not rest, until it has lasted long."""

import numpy as np
import pytest

from processing_aullm.rest_aullm import HELD_S, RestReference
from processing_aullm.rises_aullm import SkinMotion
from processing_aullm.skin_traces_aullm import HEAD, SkinTraces
from processing_aullm.unit_templates_aullm import unit_fields

FPS = 30.0


class Chunk:
    """Crops that are known by their grey: frame n is n."""

    def __init__(self, first: int, frames: int, new_from: int) -> None:
        self.first, self.new_from = first, new_from
        numbers = np.arange(first, first + frames)
        self.crops = np.tile(numbers[:, None, None] % 256, (1, 8, 8)).astype(np.uint8)
        self.transforms = np.tile(np.eye(2, 3), (frames, 1, 1))

    def __len__(self) -> int:
        return len(self.crops)


def rest_of(shares, px=5.0, yaw=None, closed=(), chunk=60, overlap=15) -> RestReference:
    """The rest of a face whose AU12 goes by these shares, one a frame."""
    frames = len(shares)
    traces, rest = SkinTraces(FPS), RestReference(FPS)
    rng = np.random.default_rng(0)
    skin = rng.normal(scale=0.02, size=(frames, len(HEAD), 2)) + px * np.array(shares)[:, None, None] * unit_fields(
        ["AU12"]
    )
    pose = np.zeros((frames, 3)) if yaw is None else np.stack([yaw, 0 * yaw, 0 * yaw], 1)
    shut = np.isin(np.arange(frames), closed)
    for start in range(0, frames, chunk):
        stop = min(start + chunk, frames)
        low = max(0, start - overlap)
        traces.skin, traces.pose, traces.mouth = skin[:stop].astype(np.float32), pose[:stop], np.zeros(stop)
        part = Chunk(low, stop - low, start - low)
        rest.add(part, traces, SkinMotion.of(traces, []), shut[:stop])
    return rest


def course(*marks: tuple[int, float], frames: int) -> np.ndarray:
    return np.interp(np.arange(frames), *zip(*marks, strict=True))


def test_rest_is_the_last_still_frame_before_a_movement():
    rest = rest_of(course((60, 0), (75, 1), (200, 1), frames=150))
    assert 50 <= rest.at(149).number <= 60 and rest.at(30).number <= 30
    assert rest.crop(rest.at(149))[0, 0] == rest.at(149).number


def test_a_smile_that_comes_and_goes_leaves_rest_where_it_was():
    rest = rest_of(course((60, 0), (70, 1), (120, 1), (130, 0), frames=200))
    assert rest.at(120).number <= 60
    assert rest.at(199).number > 140, "rest is renewed when the face is back"


def test_a_face_that_holds_an_expression_for_long_is_at_rest_there():
    frames = round(60 + (HELD_S + 3) * FPS)
    rest = rest_of(course((60, 0), (70, 1), (frames, 1), frames=frames))
    assert rest.at(round(70 + (HELD_S - 1) * FPS)).number <= 60
    assert rest.at(frames - 1).number > 60 + HELD_S * FPS


def test_rest_follows_a_slow_drift():
    rest = rest_of(course((0, 0), (300, 0.6), frames=300))
    assert rest.at(299).number > 270


def test_after_a_turn_of_the_head_rest_is_found_anew():
    shares, yaw = course((60, 0), (70, 1), frames=120), course((60, 0), (70, 20), frames=120)
    assert rest_of(shares).at(119).number <= 60
    assert rest_of(shares, yaw=yaw).at(119).number >= 80


def test_closed_eyes_are_not_rest():
    rest = rest_of(np.zeros(90), closed=range(40, 90))
    assert rest.at(89).number < 40


def test_a_film_that_begins_with_a_movement_has_its_first_frame_until_the_face_is_back():
    rest = rest_of(course((0, 0), (15, 1), (40, 1), (50, 0), frames=80))
    assert rest.at(12).number == rest.at(45).number == 0 and rest.at(79).number > 50


def test_levels_are_those_that_count_in_each_frame():
    shares = course((60, 0), (70, 1), (120, 1), (130, 0), frames=150)
    rest = rest_of(shares)
    traces = SkinTraces(FPS)
    traces.skin = (5 * shares[:, None, None] * unit_fields(["AU12"])).astype(np.float32)
    motion = SkinMotion.of(traces, [])
    levels = rest.courses(motion, 0)
    assert levels.shape == motion.course.shape
    way = np.linalg.norm(motion.course[100] - motion.course[0])
    assert np.linalg.norm(levels - motion.course[:1], axis=1).max() < 0.2 * way


@pytest.mark.parametrize("before", [0, 100])
def test_what_does_not_count_any_more_is_forgotten(before):
    rest = rest_of(np.zeros(150))
    last = rest.at(149).number
    rest.forget(before)
    assert rest.at(149).number == last and rest.frames[0].since >= before - 5
