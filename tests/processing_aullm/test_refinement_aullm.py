"""Grey values find a known similarity to hundredths of a pixel, and movements of brows or mouth do not disturb it."""

import cv2
import numpy as np
import pytest

from processing_aullm.alignment_aullm import Framing
from processing_aullm.geometry_aullm import IDENTITY, apply, compose, invert, warp
from processing_aullm.refinement_aullm import LEFT_BROW, LIPS, RIGHT_BROW, RIGHT_EYE, RigidRefiner, rigid_region
from tests.processing_aullm.moving import motion, moved

GRID = np.stack(np.meshgrid(np.linspace(20, 200, 5), np.linspace(20, 200, 5)), axis=-1).reshape(-1, 2)


@pytest.fixture(scope="module")
def held(image_processor, face):
    """The face's crop matrix, its crop, and the landmarks in the crop."""
    aligner = image_processor.aligner
    landmarks = aligner.mesh(face, aligner.detector(face)[0].region())
    matrix = Framing().crop_matrix(landmarks.points, 224)
    return matrix, warp(face, matrix, 224), apply(invert(matrix), landmarks.points)


def noisy(crop, seed):
    return np.clip(np.rint(crop + np.random.default_rng(seed).normal(0, 2, crop.shape)), 0, 255).astype(np.uint8)


def error(found, truth):
    return float(np.sqrt(((apply(found, GRID) - apply(truth, GRID)) ** 2).sum(1).mean()))


@pytest.mark.parametrize("move", [(0.3, -0.2), (1.4, 0.9), (0.5, 0.5, 0.4, 1.004), (-1.0, 0.7, -0.8, 0.994)])
def test_a_known_similarity_is_found(held, face, move):
    matrix, crop, landmarks = held
    now = warp(moved(face, *move), matrix, 224)
    truth = compose(compose(invert(matrix), motion(face, *move)), matrix)
    found = RigidRefiner(noisy(crop, 0), landmarks).refine(noisy(now, 1))
    assert error(IDENTITY, truth) > 0.3
    assert error(found, truth) < 0.08


def test_light_that_changes_does_not_move_the_face(held):
    _, crop, landmarks = held
    brighter = np.clip(crop * 0.8 + 40, 0, 255).astype(np.uint8)
    assert error(RigidRefiner(crop, landmarks).refine(noisy(brighter, 2)), IDENTITY) < 0.05


@pytest.mark.parametrize("part", [RIGHT_BROW, LIPS], ids=["brow", "lips"])
def test_a_moving_feature_does_not_pull_the_face_along(held, part):
    _, crop, landmarks = held
    y, x = np.mgrid[:224, :224].astype(np.float32)
    at = landmarks[list(part)].mean(0).astype(np.float32)
    lift = np.float32(2) * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / np.float32(2 * 10**2))
    raised = cv2.remap(crop, x, y + lift, cv2.INTER_LINEAR)
    assert np.abs(raised.astype(int) - crop).max() > 20
    assert error(RigidRefiner(crop, landmarks).refine(noisy(raised, 3)), IDENTITY) < 0.08


def test_a_picture_of_something_else_cannot_throw_the_crop_away(held):
    _, crop, landmarks = held
    noise = np.random.default_rng(0).integers(0, 255, crop.shape, dtype=np.uint8)
    corners = np.array([[0, 0], [223, 223]])
    assert np.abs(apply(RigidRefiner(crop, landmarks).refine(noise), corners) - corners).max() < 0.08 * 224


def test_the_region_leaves_out_what_expressions_move(held):
    _, _, landmarks = held
    region = rigid_region(landmarks, 224)
    assert 0.1 < region.mean() < 0.6
    for outline in (RIGHT_EYE, LEFT_BROW, LIPS):
        x, y = landmarks[list(outline)].round().astype(int).T
        assert not region[y.clip(0, 223), x.clip(0, 223)].any()
