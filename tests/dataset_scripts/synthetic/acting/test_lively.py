"""Faces that grin, gape and wink look like the full render of the same face."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from dataset_scripts.synthetic.acting.lively import Way
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import get_domain
from dataset_scripts.synthetic.tables.takes import TakeSession

GRIN = {"AU12": 20.0, "AU6": 6.0, "AU25": 5.0}


@pytest.fixture(scope="module")
def session():
    return TakeSession(get_domain("casme2-like"), 0, 3, Camera(size=128))


@pytest.fixture(scope="module")
def face(session):
    return session._face


@pytest.fixture(scope="module")
def grin(session, face):
    return {unit: pixels * session.pixel / face.reach[unit] for unit, pixels in GRIN.items()}


@pytest.fixture(scope="module")
def stations(face, grin):
    return face.stations(grin)


def full_render(face, weights):
    studio = face._studio
    displacement = sum(weight * studio.head.displacement(unit) for unit, weight in weights.items())
    return cv2.resize(studio.shoot(displacement).image, (face.size, face.size), interpolation=cv2.INTER_AREA)


def shown(face, weights, way):
    return face.frame(weights, np.zeros(6), {}, way=way).squeeze()


def test_a_grin_passes_stations_a_few_pixels_apart(stations):
    assert len(stations) == 5 and stations[0].rest == {}


@pytest.mark.parametrize("come", [0.4, 0.75, 1.0])
def test_a_grin_of_twenty_pixels_looks_like_the_full_render(face, grin, stations, come):
    """Around the mouth, where a head linearised at rest alone would tear."""
    weights = {unit: come * weight for unit, weight in grin.items()}
    full = full_render(face, weights)
    errors = [np.abs(shown(face, weights, way) - full)[80:126, 40:108].mean() for way in (Way(stations, come), None)]
    assert errors[0] < 0.6 * errors[1]


def test_a_grin_comes_without_a_jump(face, grin, stations):
    steps = np.linspace(0, 1, 41)
    film = [shown(face, {unit: come * weight for unit, weight in grin.items()}, Way(stations, come)) for come in steps]
    change = [np.abs(later - earlier).mean() for earlier, later in pairwise(film)]
    assert max(change) < 2.5 * np.median(change)


def test_one_lid_shuts_alone(face):
    open_eyes = face.frame({}, np.zeros(6), {})
    change = np.abs(face.frame({"L43": 1.0}, np.zeros(6), {}) - open_eyes).sum(-1)
    assert change[:, face.size // 2 :].sum() > 10 * change[:, : face.size // 2].sum()


def test_a_wide_open_mouth_is_dark_inside(session, face):
    weights = {unit: pixels * session.pixel / face.reach[unit] for unit, pixels in {"AU26": 18.0, "AU25": 3.0}.items()}
    gaping, closed = (face.frame(each, np.zeros(6), {}).squeeze() for each in (weights, {}))
    full = full_render(face, weights)
    mouth = full < 0.5 * closed
    assert mouth.sum() > 40
    assert (gaping < 0.7 * closed)[mouth].mean() > 0.7
