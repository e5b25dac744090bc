"""The fast renderer against the full one, and motion in pixels as promised."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from dataset_scripts.synthetic.acting.motion import Movement
from dataset_scripts.synthetic.acting.nuisances import Sensor
from dataset_scripts.synthetic.camera.eyes import Gaze
from dataset_scripts.synthetic.camera.render import LinearHead
from dataset_scripts.synthetic.camera.shading import Camera, Studio
from dataset_scripts.synthetic.config import DOMAINS, STILL
from dataset_scripts.synthetic.people.head import Head
from dataset_scripts.synthetic.people.sides import one_sided, share_of_left
from dataset_scripts.synthetic.people.skin import paint
from dataset_scripts.synthetic.raster import Window
from dataset_scripts.synthetic.tables.session import Session

DOMAIN = DOMAINS["casme2-like"]
CALM = replace(STILL, blink=0)
CLEAN = Sensor(gamma=DOMAIN.gamma, blur=0.4, noise=0, pattern=np.zeros((224, 224), np.float32), jpeg=95)


def decibels(first, second):
    return -10 * np.log10(np.mean((first**DOMAIN.gamma - second**DOMAIN.gamma) ** 2))


@pytest.fixture(scope="module")
def studio():
    head = Head(DOMAIN, (0, 3))
    return Studio(head, paint(head.traits, (0, 3)), Camera(), DOMAIN.light, DOMAIN.background, np.zeros(6))


@pytest.fixture(scope="module")
def face(studio):
    return LinearHead(studio)


@pytest.fixture(scope="module")
def still_session():
    return Session(replace(DOMAIN, nuisance=CALM), seed=0, subject=0)


def full_picture(studio, unit, weight):
    furrow = studio.skin.furrows.get(unit)
    furrow = None if furrow is None else np.float32(furrow * weight * studio.head.furrow_gain)
    image = studio.shoot(weight * studio.head.displacement(unit), furrow).image
    return cv2.resize(image, (224, 224), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("unit", ["AU2", "AU4", "AU12", "AU17"])
def test_linearised_frames_are_close_to_full_ones(studio, face, unit):
    weight = 1.5 / face.reach[unit]
    rest = face.frame({}, np.zeros(6), {}).squeeze()
    bent = face.frame({unit: weight}, np.zeros(6), {unit: weight}).squeeze()
    full = full_picture(studio, unit, weight)
    assert decibels(full, bent) > 46
    assert decibels(full, bent) > decibels(full, rest) + 6  # most of the movement is there


def test_the_neutral_frame_is_the_full_render(studio, face):
    assert decibels(full_picture(studio, "AU4", 0.0), face.frame({}, np.zeros(6), {}).squeeze()) > 55


def test_pose_moves_everything_by_as_many_pixels(face):
    rest = face.frame({}, np.zeros(6), {}).squeeze()
    moved = face.frame({}, np.array([0, 0, 0, 3.0, 0, 0]), {}).squeeze()
    assert np.abs(moved[20:200, 23:200] - rest[20:200, 20:197]).mean() < 0.1 * np.abs(moved - rest).mean()


@pytest.mark.parametrize("shift", [(0, 0), (9, 0), (-8, -9), (0, 9)])
def test_eyes_and_teeth_are_seen_wherever_the_skin_is_open(face, monkeypatch, shift):
    """They are fetched in a window only, which has to follow the head and the opening lips."""
    moved = {"AU25": 4 / face.reach["AU25"], "AU5": 3 / face.reach["AU5"]}
    acted = moved, np.array([0, 0, 0, *shift, 0]), {}, Gaze(0.2, 0.1)
    found = face.frame(*acted)
    monkeypatch.setattr(Window, "grown", lambda self, margin, size: Window(0, 0, size, size))
    assert np.abs(found - face.frame(*acted)).max() < 1e-5


def test_eyes_lie_where_the_framing_says():
    """Docs: eye centres at (67, 74) and (157, 74) of 224 pixels, for every subject and domain."""
    for domain in DOMAINS.values():
        head = Head(domain, (0, 1))
        studio = Studio(head, paint(head.traits, (0, 1)), Camera(), domain.light, 0.3, np.zeros(6))
        points = studio.project(studio.place(head.eye_centres, studio.pose), studio.pose)[:, :2] / 2
        assert np.abs(points - [[156.8, 74.4], [67.2, 74.4]]).max() < 1.5


@pytest.mark.parametrize("unit", ["AU1", "AU4", "AU15"])
def test_the_face_moves_by_the_stated_pixels(still_session, unit):
    """Optical flow from rest to apex; its peak is the amplitude, within what flow can measure."""
    peak = {}
    for amplitude in (1.0, 2.0):
        movement = Movement(0, 0.1, 0, 0.1, 0, {unit: amplitude}, {unit: 0}, {unit: 1})
        rest, apex = still_session.film([movement], np.array([0, 0.1]), CLEAN, np.random.default_rng(0))
        flow = cv2.calcOpticalFlowFarneback(rest, apex, None, 0.5, 3, 15, 5, 7, 1.5, 0)
        peak[amplitude] = np.percentile(np.linalg.norm(flow, axis=-1), 99.5)
        assert 0.5 * amplitude < peak[amplitude] < 1.3 * amplitude
    assert 1.6 < peak[2.0] / peak[1.0] < 2.5


@pytest.mark.parametrize(("side", "sign"), [("L", 1), ("R", -1)])
def test_one_side_moves_alone_on_the_persons_own_side(face, side, sign):
    moved = face.moved(one_sided("AU12", side)) / face.reach[one_sided("AU12", side)]
    picture_right, picture_left = moved[:, 130:].max(), moved[:, :94].max()
    assert (picture_right - picture_left) * sign > 0.8  # the person's left is right in the picture
    both = face.field(one_sided("AU12", "L")) + face.field(one_sided("AU12", "R"))
    assert np.abs(both - face.field("AU12")).max() < 1e-3
    rest = face.frame({}, np.zeros(6), {})
    weight = {one_sided("AU12", side): 2 / face.reach[one_sided("AU12", side)]}
    change = np.abs(face.frame(weight, np.zeros(6), weight) - rest).sum(-1)
    assert (change[:, 112:].sum() - change[:, :112].sum()) * sign > 0.8 * change.sum()


def test_a_head_linearised_elsewhere_is_the_full_render_of_that_face(studio):
    weights = {"AU12": 0.6, "AU25": 0.3, one_sided("AU4", "L"): 0.3}
    grinning = LinearHead(studio, rest=weights)
    head = studio.head
    left = share_of_left(head.vertices)[:, None]
    displacement = 0.6 * head.displacement("AU12") + 0.3 * head.displacement("AU25")
    displacement += 0.3 * left * head.displacement("AU4")
    full = cv2.resize(studio.shoot(displacement).image, (224, 224), interpolation=cv2.INTER_AREA)
    shown = grinning.frame({}, np.zeros(6), {}).squeeze()
    assert np.median(np.abs(full - shown)) < 0.003 and decibels(full, shown) > 27  # but for its furrows


def test_a_wider_camera_scales_motion_with_the_face():
    session = Session(replace(DOMAIN, nuisance=CALM), seed=0, subject=0, camera=Camera(size=160, span=5.0))
    assert session.pixel == pytest.approx(160 / 224 * 2.5 / 5.0, rel=0.1)
