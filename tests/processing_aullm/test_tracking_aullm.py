"""A track holds a face by grey values, asks for landmarks in doubt, and lets go where the face is gone."""

from dataclasses import replace

import numpy as np
import pytest

from processing_aullm.alignment_aullm import FaceAligner, Framing
from processing_aullm.geometry_aullm import apply, compose, invert, warp
from processing_aullm.tracking_aullm import FaceTrack
from tests.processing_aullm.scenes import Place

GRID = np.stack(np.meshgrid(np.linspace(20, 200, 4), np.linspace(20, 200, 4)), axis=-1).reshape(-1, 2)


@pytest.fixture
def start(scenes):
    """Starts a track on a frame with a face at a place."""

    def begin(place, fps=30.0):
        aligner = FaceAligner(scenes.detector, scenes.mesh, Framing())
        frame = scenes.frame(place)
        return FaceTrack(aligner, 0, frame, aligner.faces(frame)[0], fps)

    return begin


def error(matrix, place, first_matrix, first_place):
    """Largest distance over the crop, in pixels of the frame, from where the face has gone."""
    truth = compose(place.matrix, compose(invert(first_place.matrix), first_matrix))
    return np.abs(apply(matrix, GRID) - apply(truth, GRID)).max()


def test_between_landmarks_grey_values_hold_the_face(scenes, start):
    first = Place(150)
    track = start(first)
    begin, meshed = track.aligned.matrix, scenes.meshed
    for number in range(1, 5):
        place = Place(150 + 1.3 * number, 60 - 0.7 * number, 1 + 0.003 * number)
        aligned = track.follow(number, scenes.frame(place, seed=number))
        assert error(aligned.matrix, place, begin, first) < 0.2
    assert scenes.meshed <= meshed + 1


def test_doubt_asks_for_landmarks(scenes, start):
    first, leap = Place(100), Place(150, 80)
    track = start(first)
    begin, meshed = track.aligned.matrix, scenes.meshed
    aligned = track.follow(1, scenes.frame(leap, seed=1))
    assert scenes.meshed > meshed
    assert error(aligned.matrix, leap, begin, first) < 0.3


def test_gone_hidden_or_replaced_is_lost(scenes, start):
    hidden = scenes.frame(Place(150), seed=1)
    hidden[60:220, 150:310] = np.random.default_rng(0).integers(0, 255, (160, 160))
    for frame in (scenes.frame(), hidden, scenes.frame(Place(150, other=True))):
        assert start(Place(150)).follow(1, frame) is None


def test_brightness_may_change(scenes, start):
    track = start(Place(150))
    darker = (scenes.frame(Place(153), seed=1) * 0.6 + 10).astype(np.uint8)
    darker[:8, :9] = scenes.frame(Place(153))[:8, :9]
    aligned = track.follow(1, darker)
    assert aligned is not None and track.similarity > 0.9


def test_only_the_face_is_kept_of_a_frame_and_its_crop_is_the_same(scenes, start):
    place = Place(150, scale=0.7)
    aligned = start(place).aligned
    assert aligned.pixels.size < 0.4 * scenes.frame(place).size
    inside = slice(4, -4)
    whole = warp(scenes.frame(place), aligned.matrix, 224)
    assert np.abs(aligned.crop(aligned.matrix, 224)[inside, inside].astype(int) - whole[inside, inside]).max() <= 1


def test_a_new_reference_holds_on_and_moves_the_framing_only_a_little(scenes, start):
    track = start(Place(150))
    places = [Place(150 + number, 60, 1 + 0.002 * number) for number in range(9)]
    kept = [track.aligned] + [track.follow(i, scenes.frame(p, seed=i)) for i, p in enumerate(places) if i]
    renewed = track.rebase(kept[4:])
    assert [aligned.number for aligned in renewed] == [4, 5, 6, 7, 8]
    assert np.abs(apply(renewed[0].matrix, GRID) - apply(kept[4].matrix, GRID)).max() < 1.0
    for aligned in renewed:
        assert error(aligned.matrix, places[aligned.number], renewed[0].matrix, places[4]) < 0.25
    place = Place(160, 60, 1.02)
    assert error(track.follow(9, scenes.frame(place, seed=9)).matrix, place, renewed[0].matrix, places[4]) < 0.25


def test_framing_drifts_back_to_what_landmarks_ask_for(scenes, start):
    track = start(Place(150))
    wanted, points = track.aligned.matrix, apply(track.aligned.matrix, track.aligned.points)
    drifted = wanted + np.array([[0.0, 0.0, 8.0], [0.0, 0.0, 0.0]])
    aligned = replace(track.aligned, matrix=drifted, points=apply(invert(drifted), points))
    for _ in range(12):
        (aligned,) = track.rebase([aligned])
    assert np.abs(apply(aligned.matrix, GRID) - apply(wanted, GRID)).max() < 1.0
