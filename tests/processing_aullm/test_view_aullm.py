"""What is said of a face that is seen badly."""

import cv2
import numpy as np
import pytest

from processing_aullm.stream_aullm import FaceChunk
from processing_aullm.view_aullm import VIEW_FAULTS, view_faults

SIDE = 224


def seen(width=200.0, degrees=0.0, level=120.0, blur=0.0, yaw=0.0) -> list[str]:
    """The faults of a face of this width, turned, lit and blurred like this; its skin has texture of 8 grey levels."""
    texture = cv2.GaussianBlur(np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32), (0, 0), 1.5)
    skin = level + level / 15 * texture / texture.std()
    crop = np.clip(cv2.GaussianBlur(skin, (0, 0), blur) if blur else skin, 0, 255).astype(np.uint8)
    box, pose = np.array([10, 10, 10 + width, 10 + 1.2 * width]), np.array([yaw, 10.0, degrees])
    crops, boxes, poses, none = (np.repeat(each[None], 20, 0) for each in (crop, box, pose, np.zeros(2)))
    return view_faults(FaceChunk(0, 0, crops, np.zeros((20, 2, 3)), boxes, none, poses, none[:, 0], 0, True, 1.0))


def test_a_face_that_is_seen_well_has_no_fault():
    assert seen() == []


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"width": 60}, "small"),
        ({"degrees": 180}, "tilted"),
        ({"degrees": -70}, "tilted"),
        ({"yaw": -35}, "turned"),
        ({"level": 20}, "dark"),
        ({"blur": 5}, "blurred"),
    ],
)
def test_each_fault_is_named(how, fault):
    assert fault in seen(**how)


def test_a_nod_to_the_side_is_no_fault():
    assert seen(degrees=25) == []


def test_several_faults_come_in_a_fixed_order():
    assert seen(width=40, degrees=170, level=20, blur=6, yaw=40) == list(VIEW_FAULTS)
