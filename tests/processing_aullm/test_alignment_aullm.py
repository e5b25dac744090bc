"""A moving face stands still in its crops, in the rendered clips' framing, until it is lost."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from processing_aullm.alignment_aullm import EYE_CORNERS, FaceAligner, Framing
from processing_aullm.clip_error_aullm import ClipError, ClipFault
from processing_aullm.geometry_aullm import apply, box_of, compose, invert
from tests.processing_aullm.moving import motion, moved

MOVES = [(0, 0), (3.2, -2.4, 1.0, 1.01), (-4, 1.5, -0.8, 0.99), (0.3, 0.2)]
GRID = np.stack(np.meshgrid(np.linspace(20, 200, 5), np.linspace(20, 200, 5)), axis=-1).reshape(-1, 2)


@pytest.fixture(scope="module")
def aligner(image_processor):
    return image_processor.aligner


@pytest.fixture(scope="module")
def aligned(aligner, face):
    return aligner.align([moved(face, *move) for move in MOVES], 224, "clip")


def test_every_frame_is_held_on_the_first(aligned, face):
    for move, matrix in zip(MOVES, aligned.transforms, strict=True):
        truth = compose(motion(face, *move), aligned.transforms[0])
        assert np.abs(apply(matrix, GRID) - apply(truth, GRID)).max() < 0.15
    still = aligned.crops[:, 8:-8, 8:-8].astype(int)
    assert np.abs(still[1:] - still[0]).mean() < 1.5


def test_the_face_stands_where_the_rendered_clips_have_it(aligner, aligned, face):
    landmarks = aligner.mesh(face, aligner.detector(face)[0].region())
    points = apply(invert(aligned.transforms[0]), landmarks.points)
    right, left = (points[list(corners)].mean(0) for corners in EYE_CORNERS)
    assert np.abs(right - [67.7, 81.0]).max() < 5
    assert np.abs(left - [155.3, 81.0]).max() < 5


def test_crops_of_another_size_show_the_same(aligner, aligned, face):
    small = aligner.align([face], 64, "clip")
    corners = np.array([[-0.5, -0.5], [63.5, 63.5]])
    expected = apply(aligned.transforms[0], np.array([[-0.5, -0.5], [223.5, 223.5]]))
    assert np.abs(apply(small.transforms[0], corners) - expected).max() < 1e-6
    means = aligned.crops[0].reshape(32, 7, 32, 7).mean((1, 3)) - small.crops[0].reshape(32, 2, 32, 2).mean((1, 3))
    assert np.abs(means).mean() < 1.5


def test_framing_is_upright_whatever_the_face_does():
    points = np.zeros((468, 2))
    points[[33, 133, 263, 362]] = [[-50, 0], [-30, 0], [50, 0], [30, 0]]
    points[2] = [0, 62]
    turn = np.array([[0, -1], [1, 0]])
    for face in (points, points @ turn.T):
        matrix = Framing().crop_matrix(face + 300, 224)
        eyes = apply(invert(matrix), face[[33, 263]] + 300)
        assert eyes[0, 1] == pytest.approx(eyes[1, 1])
        assert eyes[0, 0] < 112 < eyes[1, 0]


def test_framing_refuses_parts_outside_the_crop():
    with pytest.raises(ValueError, match="eye_distance is 40"):
        Framing(eye_distance=40)


def test_a_face_that_leaves_ends_the_clip(aligner, face):
    frames = [moved(face, shift, 0) for shift in (0, 40, 80, 120, 160, 200)]
    clip = aligner.align(frames, 64, "clip", indices=range(10, 16))
    assert 1 <= len(clip) < 6
    assert clip.last == len(clip) - 1
    assert f"at frame {10 + len(clip)}" in clip.lost


def test_a_leap_is_followed(aligner, face):
    wide = np.full((320, 640), int(face[0, 0]), np.uint8)
    here, there = wide.copy(), wide.copy()
    here[:, 60:380], there[:, 180:500] = face, face
    clip = aligner.align([here, there], 224, "clip")
    assert clip.lost is None
    step = apply(clip.transforms[1], GRID) - apply(clip.transforms[0], GRID)
    assert np.abs(step - [120, 0]).max() < 0.5


def test_faces_are_chosen_by_size(aligner, face):
    scene = np.full((400, 640), int(face[0, 0]), np.uint8)
    scene[40:360, 320:], scene[120:280, 40:200] = face, face[::2, ::2]
    centers = [apply(aligner.align([scene], 64, "clip", face=i).transforms[0], np.array([31.5, 31.5])) for i in (0, 1)]
    assert centers[0][0] > 320 > centers[1][0]
    with pytest.raises(ClipError, match="clip: frame 0 shows 2 faces, face 2 was asked for"):
        aligner.align([scene], 64, "clip", face=2)


def test_a_small_face_beside_a_large_one_is_chosen_by_its_number_or_box(aligner, face):
    """Where a single large face is seen that is enough for whoever wants the largest."""
    scene = np.full((480, 720), int(face[0, 0]), np.uint8)
    scene[:, :480], scene[:140, 530:670] = cv2.resize(face, (480, 480)), cv2.resize(face, (140, 140))
    for chosen in (1, [560.0, 30.0, 640.0, 120.0]):
        (transform,) = aligner.align([scene], 64, "clip", face=chosen).transforms
        assert 530 < apply(transform, np.array([31.5, 31.5]))[0] < 670


def test_a_face_is_chosen_by_where_a_reading_has_it(aligner, face):
    scene = np.full((400, 640), int(face[0, 0]), np.uint8)
    scene[40:360, 320:], scene[120:280, 40:200] = face, face[::2, ::2]
    box = box_of(aligner.faces(scene)[1].points) + np.array([5, -5, 8, 3])
    (transform,) = aligner.align([scene], 64, "clip", face=box.round(1).tolist()).transforms
    assert 40 < apply(transform, np.array([31.5, 31.5]))[0] < 200
    with pytest.raises(ClipError, match=r"clip: frame 0 shows 2 faces, none of them at \[400, 0, 440, 50\]") as caught:
        aligner.align([scene], 64, "clip", face=[400, 0, 440, 50])
    assert caught.value.code is ClipFault.NO_SUCH_FACE
    with pytest.raises(ValueError, match=r"face is \[1, 2\]: give its number.*or its box"):
        aligner.align([scene], 64, "clip", face=[1, 2])


def test_frames_without_a_face_are_refused_or_skipped(aligner, face):
    empty = np.full_like(face, 90)
    with pytest.raises(ClipError, match=r"clip: frame 7 shows no face.*align=False"):
        aligner.align([empty, face], 64, "clip", indices=[7, 8])
    clip = aligner.align([empty, face, face], 64, "clip", skip_empty=True)
    assert (clip.first, clip.last, len(clip)) == (1, 2, 2)
    with pytest.raises(ClipError, match="clip: no face in any frame"):
        aligner.align([empty, empty], 64, "clip", skip_empty=True)


def test_refinement_can_be_bypassed_only_at_a_price(aligner, face):
    frames = [moved(face, *move) for move in MOVES]
    plain = FaceAligner(aligner.detector, aligner.mesh, aligner.framing, refine=False).align(frames, 224, "clip")
    truth = compose(motion(face, *MOVES[1]), plain.transforms[0])
    assert np.abs(apply(plain.transforms[1], GRID) - apply(truth, GRID)).max() > 0.15


def test_a_detection_that_shows_no_landmarks_is_no_face(aligner, face):
    def sees_too_much(image):
        return [replace(found, box=found.box + 150, eyes=found.eyes + 150) for found in aligner.detector(image)]

    wrong = FaceAligner(sees_too_much, aligner.mesh, aligner.framing)
    with pytest.raises(ClipError, match="frame 0 shows no face"):
        wrong.align([np.pad(face, ((0, 300), (0, 300)), mode="edge")], 64, "clip")
