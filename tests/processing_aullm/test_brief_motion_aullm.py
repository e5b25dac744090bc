"""Brief motion stands out of what a face does by itself, however far that goes."""

import numpy as np
import pytest

from processing_aullm.brief_motion_aullm import brief_motion, reach_of, there_and_back
from processing_aullm.skin_traces_aullm import HEAD
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, unit_fields

FPS, FRAMES, AT = 30.0, 360, 180
UNITS = list(UNIT_TEMPLATES)
TRUST = np.ones(len(HEAD), np.float32)


def skin(px: float = 0.0, unit: str = "AU12", stray_px: float = 0.0, along: str = "AU14") -> np.ndarray:
    """(n, C, 2) a movement there and back at `AT`; and skin that strays along another unit all the time, as briefly."""
    rng, time = np.random.default_rng(0), np.arange(FRAMES)
    made = rng.normal(scale=0.02, size=(FRAMES, len(HEAD), 2))
    made += px * np.interp(time, (AT - 6, AT, AT + 6), (0, 1, 0))[:, None, None] * unit_fields([unit])
    knots = rng.uniform(-1.5, 1.5, FRAMES // 6 + 2)
    return made + stray_px * np.interp(time, np.arange(len(knots)) * 6, knots)[:, None, None] * unit_fields([along])


def seen(made: np.ndarray, unit: str = "AU12") -> np.ndarray:
    return brief_motion(made, TRUST, FPS)[:, UNITS.index(unit)]


def test_a_movement_stands_out_where_it_is():
    course = seen(skin(px=0.5))
    assert abs(int(course.argmax()) - AT) <= 1 and course.max() > 8


def test_a_face_that_strays_farther_along_a_like_unit_hides_it_not():
    """Dimples and smiles pull the same corners: by its way along the unit alone the stray is larger."""
    made = skin(px=0.5, stray_px=0.5)
    patterns = unit_fields(["AU12"])[0]
    plain = np.abs(there_and_back(np.einsum("ncp,cp->n", made, patterns), reach_of(FPS)))
    around = np.abs(np.arange(len(plain)) + reach_of(FPS) - AT) > 6
    assert plain[around].max() > plain[~around].max()
    course = seen(made)
    assert abs(int(course.argmax()) - AT) <= 1 and course.max() > 5


def test_what_a_face_does_all_the_time_does_not_stand_out():
    assert brief_motion(skin(stray_px=0.5), TRUST, FPS).max() < 5


@pytest.mark.parametrize(("fps", "any_seen"), [(5.0, True), (4.0, False)])
def test_frames_too_far_apart_show_nothing_brief(fps, any_seen):
    """At three frames a second what goes there and back from one to the next may last two thirds of a second."""
    made = skin()
    made[AT] += 0.5 * unit_fields(["AU12"])[0]
    assert brief_motion(made, TRUST, fps).any() == any_seen


@pytest.mark.parametrize("px", [0.5, 5.0])
def test_steady_motion_is_none(px):
    slow = skin() + px * np.linspace(0, 1, FRAMES)[:, None, None] * unit_fields(["AU12"])
    assert seen(slow).max() <= seen(skin()).max() + 0.5


@pytest.mark.parametrize("way", [(0, 1), (1, 0)])
def test_what_does_not_come_back_is_none(way):
    stays = skin() + 0.5 * np.interp(np.arange(FRAMES), (AT - 6, AT), way)[:, None, None] * unit_fields(["AU12"])
    assert seen(stays)[AT - 12 : AT + 12].max() < seen(skin(px=0.5))[AT] / 3


def test_it_does_not_depend_on_how_large_all_motion_is():
    np.testing.assert_allclose(seen(7 * skin(px=0.5)), seen(skin(px=0.5)), rtol=1e-3, atol=1e-3)


def test_near_either_end_nothing_is_known():
    course, reach = brief_motion(skin(), TRUST, FPS), reach_of(FPS)
    assert not course[:reach].any() and not course[-reach:].any() and course[reach : FRAMES - reach].any()
    assert not brief_motion(skin()[: 2 * reach], TRUST, FPS).any()


def test_jitter_from_frame_to_frame_hides_little():
    """Without smoothing the movement stands out by 4.8 here."""
    jitter = np.random.default_rng(9).normal(scale=0.1, size=(FRAMES, len(HEAD), 2))
    assert seen(skin(px=0.5) + jitter)[AT - 2 : AT + 3].max() > 6.5


def test_cells_that_are_not_trusted_say_nothing():
    made, trust = skin(px=0.5), TRUST.copy()
    trust[::3] = 0
    lost = made.copy()
    lost[:, ::3] += np.random.default_rng(1).normal(scale=9, size=lost[:, ::3].shape)
    np.testing.assert_allclose(brief_motion(lost, trust, FPS), brief_motion(made, trust, FPS), atol=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("frames", [1, 2 * reach_of(FPS) + 1, 40])
@pytest.mark.parametrize("trusted", [0.0, 1.0])
def test_skin_that_does_not_move_at_all_does_not_stand_out(frames, trusted):
    still = np.full((frames, len(HEAD), 2), 0.3, np.float32)
    course = brief_motion(still, trusted * TRUST, FPS)
    assert course.shape == (frames, len(UNITS)) and np.isfinite(course).all() and course.max() < 3
