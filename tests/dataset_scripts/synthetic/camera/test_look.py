"""Glasses, beards and eyes that turn."""

from dataclasses import replace

import numpy as np
import pytest

from dataset_scripts.synthetic.camera.eyes import Eyeballs, Gaze
from dataset_scripts.synthetic.camera.look import draw_look
from dataset_scripts.synthetic.camera.render import LinearHead
from dataset_scripts.synthetic.camera.shading import Camera, Studio
from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.synthetic.people.head import Head, Traits
from dataset_scripts.synthetic.people.painting import anchors
from dataset_scripts.synthetic.people.skin import paint
from dataset_scripts.synthetic.raster import Window
from dataset_scripts.synthetic.variety import Variety

DOMAIN = DOMAINS["samm-like"]
MAN = Traits({"african": 0.1, "asian": 0.1, "caucasian": 0.8}, 0.9, 0.3)
WOMAN = replace(MAN, maleness=0.1)
REST = np.zeros(6)


@pytest.fixture(scope="module")
def studio():
    head = Head(DOMAIN, (0, 2))
    return Studio(head, paint(head.traits, (0, 2)), Camera(size=96), DOMAIN.light, 0.3, np.zeros(6))


@pytest.fixture(scope="module")
def face(studio):
    return LinearHead(studio)


def test_shares_decide_who_wears_what_and_larger_ones_only_add():
    some, more = (
        [draw_look(Variety(glasses=share, beard=share), MAN, (0, number)) for number in range(200)]
        for share in (0.3, 0.6)
    )
    for part in ("glasses", "beard"):
        worn = [[getattr(look, part) is not None for look in looks] for looks in (some, more)]
        assert np.mean(worn[0]) == pytest.approx(0.3, abs=0.1)
        assert np.mean(worn[1]) == pytest.approx(0.6, abs=0.1)
        assert all(later for early, later in zip(*worn, strict=True) if early)
    assert all(draw_look(Variety(), MAN, (0, number)).glasses is None for number in range(50))
    assert all(draw_look(Variety(beard=1.0), WOMAN, (0, number)).beard is None for number in range(50))


def test_a_beard_darkens_the_chin_and_leaves_eyes_and_cheekbones():
    skin = paint(MAN, (0, 2))
    bearded = draw_look(Variety(beard=1.0), MAN, (0, 8)).on_skin(skin)
    change = np.abs(bearded.albedo - skin.albedo).mean(-1)
    mark = anchors()
    assert change[: int(mark.eye_y + 0.7 * mark.eye)].max() == 0
    lower = slice(int(mark.mouth_y - 0.8 * mark.eye), int(mark.mouth_y + 1.5 * mark.eye))
    assert change[lower, 250:520].mean() > 0.02


def test_glasses_surround_the_eyes_and_follow_the_head(studio, face):
    worn = LinearHead(studio, draw_look(Variety(glasses=1.0), MAN, (0, 2)).worn(studio))
    change = np.abs(worn.frame({}, REST, {}) - face.frame({}, REST, {})).squeeze()
    assert change[20:46].mean() > 5 * change[60:].mean()
    shift = np.array([0, 0, 0, 4.0, 0, 0])
    moved = np.abs(worn.frame({}, shift, {}) - face.frame({}, shift, {})).squeeze()
    assert np.abs(moved[10:60, 14:90] - change[10:60, 10:86]).mean() < 0.2 * change[10:60].mean()


@pytest.mark.parametrize("shift", [(6, 0), (-6, -6), (0, 6)])
def test_glasses_are_whole_wherever_the_head_goes(studio, monkeypatch, shift):
    """They are drawn in a window only, which has to follow the head."""
    worn, pose = LinearHead(studio, draw_look(Variety(glasses=1.0), MAN, (0, 2)).worn(studio)), [0, 0, 0, *shift, 0]
    found = worn.frame({}, np.array(pose), {})
    monkeypatch.setattr(Window, "grown", lambda self, margin, size: Window(0, 0, size, size))
    del worn._worn.__dict__["_window"]
    assert np.abs(found - worn.frame({}, np.array(pose), {})).max() < 1e-5


def test_a_raised_brow_does_not_move_glasses(studio):
    worn = LinearHead(studio, draw_look(Variety(glasses=1.0), MAN, (0, 2)).worn(studio))
    opacity = worn._worn.colour[::2, ::2, -1] > 0.95
    weight = {"AU1": 2 / worn.reach["AU1"]}
    change = np.abs(worn.frame(weight, REST, {}) - worn.frame({}, REST, {})).squeeze()
    assert opacity.sum() > 20
    assert np.median(change[opacity]) < 0.25 * np.percentile(change, 99)


def test_eyes_turn_within_their_sockets(studio, face):
    ahead, aside = (face.frame({}, REST, {}, gaze).squeeze() for gaze in (Gaze(), Gaze(0.3, 0)))
    change = np.abs(aside - ahead)
    assert change[28:36].max() > 0.05
    assert change[:24].max() < 1e-6 and change[42:].max() < 1e-6


def test_looking_right_moves_the_iris_right(studio, face):
    eye = slice(29, 36), slice(58, 77)  # the right-hand eye; the iris is its darkest part
    columns = []
    for right in (-0.25, 0.25):
        dark = 1 / (0.02 + face.frame({}, REST, {}, Gaze(right, 0)).squeeze()[eye])
        columns.append((dark * np.arange(dark.shape[1])).sum() / dark.sum())
    assert columns[1] > columns[0] + 0.5


def test_straight_eyes_do_not_move(studio):
    assert np.abs(Eyeballs(studio).turn(Gaze(0.0, 0.0))).max() < 1e-6
    turned = Eyeballs(studio).turn(Gaze(0.2, 0.0))
    assert turned[..., 0].max() > 1 and np.abs(turned[..., 1]).max() < 1
