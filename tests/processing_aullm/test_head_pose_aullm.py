"""Head and jaw, from landmarks."""

import numpy as np
import pytest

from processing_aullm.geometry_aullm import IDENTITY
from processing_aullm.head_pose_aullm import LIPS, NOSE, mouth_openness, pose_of, talk, turned


def test_a_nose_that_goes_sideways_is_a_turn_of_the_head(face_points):
    eyes = np.hypot(*(face_points[263] - face_points[33]))
    turn = face_points.copy()
    turn[NOSE] += [0.2 * eyes, 0.0]
    yaw, pitch, roll = pose_of(turn, IDENTITY) - pose_of(face_points, IDENTITY)
    assert yaw == pytest.approx(11.4, abs=0.5) and abs(pitch) < 0.5 and roll == 0


def test_roll_is_that_of_the_frame_and_size_does_not_count(face_points):
    upright = pose_of(face_points, IDENTITY)
    angle = np.deg2rad(20)
    turn = np.array([[np.cos(angle), -np.sin(angle), 5.0], [np.sin(angle), np.cos(angle), 0.0]])
    np.testing.assert_allclose(pose_of(face_points, turn) - upright, [0, 0, 20], atol=1e-6)
    np.testing.assert_allclose(pose_of(3 * face_points, IDENTITY), upright)


def test_a_mouth_opens(face_points):
    wide = face_points.copy()
    wide[LIPS[1], 1] += 0.3 * np.hypot(*(face_points[263] - face_points[33]))
    assert mouth_openness(wide) - mouth_openness(face_points) == pytest.approx(0.3, abs=0.02)


def test_lips_that_open_and_shut_once_do_not_talk_and_those_that_go_on_do():
    assert talk(np.array([0.0, 0.1, 0.3, 0.3, 0.3])) == 0
    assert talk(np.array([0.0, 0.3, 0.5, 0.5, 0.2])) == pytest.approx(0), "a smile that shows teeth"
    assert talk(np.array([0.0, 0.2, 0.0, 0.2, 0.0])) == pytest.approx(0.4)
    assert talk(np.zeros(0)) == 0


def test_a_head_turns_by_the_axis_about_which_it_turns_most():
    assert turned(np.array([[0.0, 0, 0], [3, -5, 0], [0, 1, 1]])) == 6
    assert turned(np.zeros((0, 3))) == 0


def test_a_head_upside_down_has_hardly_turned_where_its_roll_goes_round():
    assert turned(np.array([[0.0, 0, 179], [0, 0, -179], [0, 0, 178]])) == pytest.approx(3)
