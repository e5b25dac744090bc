"""The clips of movements that a face reader cuts: wherever a movement lies in a chunk, its own frames are shown."""

import pickle

import numpy as np
import pytest
import torch

from processing_aullm import face_reader_aullm
from processing_aullm.asked_clips_aullm import MovementClip, note
from processing_aullm.face_reader_aullm import FaceReader
from processing_aullm.reading_types_aullm import ClipAnswer
from processing_aullm.rises_aullm import Rise
from processing_aullm.sections_aullm import Section
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES
from processing_aullm.windows_aullm import WindowGrid
from tests.processing_aullm.faked_faces import FPS, SIZE, UNITS, FakeFace, FakeStream, crop

WHOLE = Section(index=0, first=0, stop=None, read_from=None, read_to=None, whole=True, begin=0, total=None)


@pytest.mark.parametrize("onset", [62, 67, 72, 77, 82, 87, 92])
def test_a_movement_is_read_from_its_own_frames_however_late_it_is_known(onset):
    """What comes after a movement has to be known before it is read; by then several chunks have passed."""
    face = FakeFace(frames=240, moves=((onset, onset + 3, onset + 6, 4.0, "AU4"),))
    reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, threshold=0.5, fps=FPS)
    clips = []
    for chunk in FakeStream([face], 0, 240, overlap=5):
        reader.add(chunk)
        clips += [(clip, crops) for clip, crops in reader.take_waiting(False) if isinstance(clip, MovementClip)]
    assert clips
    for clip, crops in clips:
        np.testing.assert_array_equal(crops[0], crop(face, clip.onset))
        np.testing.assert_array_equal(crops[-1], crop(face, clip.offset))


def test_a_clip_ends_with_open_eyes_where_the_movement_is_held():
    """Lids that fall at the apex would be read as a part of it."""
    face = FakeFace(frames=240, moves=((70, 74, 90, 6.0, "AU12"),), holds=True, blinks=((72, 74, 77),))
    reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, threshold=0.5, fps=FPS)
    ends = []
    for chunk in FakeStream([face], 0, 240, overlap=5):
        reader.add(chunk)
        clips = [clip for clip, _ in reader.take_waiting(False) if isinstance(clip, MovementClip)]
        ends += [clip.offset for clip in clips if clip.as_spotted]
    assert ends and all(face.openness(end) > 0.25 for end in ends)


def test_a_window_in_which_the_jaw_falls_shows_no_chin_that_rises():
    """As for movements: what stands in curves and in movements is one thing."""
    said = {}
    for parts in (None, (20, 24), (-9, -5)):
        face = FakeFace(frames=80, moves=((20, 24, 60, 6.0, "AU12"),), parts=parts)
        reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, ["AU12", "AU17"], threshold=0.5, fps=FPS)
        for chunk in FakeStream([face], 0, 80, overlap=5):
            reader.add(chunk)
            for target, _ in reader.take_waiting(False):
                note(target, ClipAnswer([0.9, 0.9], None))
        windows = reader.settled(True)["windows"]
        said[parts] = [each["probabilities"] for each in windows if each["onset"] == 22]
    assert said[None] == said[-9, -5] == [[0.9, 0.9]], "lips that stood open all along part no farther"
    assert said[20, 24][0][0] == 0.9 and said[20, 24][0][1] < 0.1


def test_of_a_face_that_left_nothing_is_kept_and_nothing_told_again():
    """Any number of faces may come and go; one that comes back is read as one that was never there."""
    first, second = FakeFace(frames=35), FakeFace(frames=135, seen=(100, 135), blinks=((120, 121, 123),))
    reader, fresh = (FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, 0.5, FPS) for _ in range(2))
    empty = len(pickle.dumps(reader))
    reader.add(next(iter(FakeStream([first], 0, 35, overlap=5))))
    assert len(pickle.dumps(reader)) > empty + SIZE**2 and len(reader.settled(False)["windows"]) == 30
    assert len(pickle.dumps(reader)) < empty + 2000
    assert reader.settled(False) is None and reader.settled(True) is None
    (back,) = FakeStream([second], 100, 135, overlap=5)
    for each in (reader, fresh):
        each.add(back)
    told, as_new = reader.settled(True), fresh.settled(True)
    assert told == as_new | {"first": 0} and len(told["windows"]) == 30 and len(told["blinks"]) == 1


def read(said: dict[tuple[int, int], float]) -> tuple[list[dict], list[tuple[int, int]]]:
    """Movements of a face that frowns once, and its readings by (earlier, later); AU4's probability in each is told."""
    face = FakeFace(frames=240, moves=((70, 74, 78, 4.0, "AU4"),))
    reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, threshold=0.5, fps=FPS)
    movements, asked, own = [], [], None
    for chunk in FakeStream([face], 0, 240, overlap=5):
        reader.add(chunk)
        while waiting := [target for target, _ in reader.take_waiting(False)]:
            for target in waiting:
                if isinstance(target, MovementClip):
                    own = target if target.as_spotted else own
                    wider = (own.onset - target.onset, target.offset - own.offset)
                    asked.append(wider)
                    note(target, ClipAnswer([said[wider], 0.01], None))
                else:
                    note(target, ClipAnswer([0.01, 0.01], None))
        movements += reader.settled(False)["movements"]
    return movements, asked


def test_a_movement_is_read_wider_too_and_the_mean_of_the_log_odds_counts():
    odds = {(0, 0): 3.0, (0, 1): 1.0, (1, 0): 2.0, (1, 1): 0.0}
    (movement,), _ = read({wider: 1 / (1 + np.exp(-each)) for wider, each in odds.items()})
    assert movement["action_units"]["AU4"] == pytest.approx(1 / (1 + np.exp(-1.5)), abs=1e-4)


def test_what_only_one_reading_sees_is_no_movement():
    assert read({(0, 0): 0.9, (0, 1): 0.1, (1, 0): 0.1, (1, 1): 0.1})[0] == []
    assert len(read({(0, 0): 0.999, (0, 1): 0.0, (1, 0): 0.999, (1, 1): 0.999})[0]) == 1, "0.0 is no infinity"


@pytest.mark.parametrize(("first", "told", "readings"), [(0.4, 1, 4), (0.1, 0, 1)])
def test_a_movement_of_which_the_first_reading_is_far_from_sure_is_not_read_again(first, told, readings):
    movements, asked = read({(0, 0): first, (0, 1): 0.99, (1, 0): 0.99, (1, 1): 0.99})
    assert len(movements) == told
    assert len(asked) == readings * asked.count((0, 0)) and asked[0] == (0, 0)


def test_a_brief_movement_is_read_once_there_and_back(monkeypatch):
    rise = Rise(20, 23, 23, 26, np.ones(len(UNIT_TEMPLATES)), stands_out=9.0)
    monkeypatch.setattr(face_reader_aullm, "find_rises", lambda *_: [rise])
    reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, threshold=0.5, fps=FPS)
    clips = []
    for chunk in FakeStream([FakeFace(frames=40, moves=((20, 23, 26, 4.0, "AU4"),))], 0, 40, overlap=5):
        reader.add(chunk)
        while waiting := [target for target, _ in reader.take_waiting(True)]:
            clips += [target for target in waiting if isinstance(target, MovementClip)]
            for target in waiting:
                note(target, ClipAnswer([0.9, 0.01], torch.zeros(3, 28, 28)))
    assert [(clip.onset, clip.offset) for clip in clips] == [(20, 26)]
    (movement,) = reader.settled(True)["movements"]
    assert (movement["onset"], movement["apex"], movement["offset"]) == (20, 23, 26)
    assert movement["size_px"] > 1, "of the way out: from onset to offset, which the model measures, nothing is left"


def test_what_is_around_a_brief_movement_speaks_against_it_too(monkeypatch):
    """A head that turns just before it, lips that part meanwhile, skin that moves: of others only what goes along."""
    asked, spotted = [], {}
    face = FakeFace(frames=40, moves=((20, 23, 26, 4.0, "AU4"),), turn=(17, 18, 19, 6.0), parts=(20, 23))
    for stands_out in (0.0, 9.0):
        rise = Rise(20, 23, 23, 26, np.ones(len(UNIT_TEMPLATES)), stands_out)
        monkeypatch.setattr(face_reader_aullm, "find_rises", lambda *given, rise=rise: asked.append(given) or [rise])
        reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, threshold=0.0, fps=FPS)
        for chunk in FakeStream([face], 0, 40, overlap=5):
            reader.add(chunk)
        spotted[stands_out] = reader._candidates[0].spotted
    other, brief = spotted[0.0], spotted[9.0]
    assert brief.turn > 3 > 1 > other.turn
    assert brief.talk == pytest.approx(0.3) and other.talk < 0.1
    assert brief.speed_around == pytest.approx(float(reader._motion.speed[20:27].max())) and brief.speed_around > 1
    names = list(UNIT_TEMPLATES)
    assert all(given[3] == [names.index(unit) for unit in UNITS] for given in asked), "along what the model can name"
