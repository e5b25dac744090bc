"""Faces and landmarks of a rendered head, whose eyes stand where the renderer put them."""

import cv2
import numpy as np
import pytest

from processing_aullm.alignment_aullm import EYE_CORNERS
from processing_aullm.face_networks_aullm import FaceFiles
from processing_aullm.landmarks_aullm import BlazeFaceDetector, Face, FaceMesh

EYES = np.array([[127.5, 132.7], [191.5, 132.7]])  # eyeballs: 64 px apart, 26.9 px above the centre of 320


@pytest.fixture(scope="module")
def detector():
    return BlazeFaceDetector.load(FaceFiles.packaged())


@pytest.fixture(scope="module")
def mesh():
    return FaceMesh.load(FaceFiles.packaged())


def eyes_of(points):
    return np.array([points[list(corners)].mean(0) for corners in EYE_CORNERS])


def test_one_face_is_found_where_it_is(detector, face):
    (found,) = detector(face)
    assert found.score > 0.8
    assert np.abs(found.eyes - EYES).max() < 8


def test_landmarks_lie_on_the_eyes(detector, mesh, face):
    landmarks = mesh(face, detector(face)[0].region())
    assert landmarks.score > 0.9
    assert landmarks.points.shape == (468, 2)
    assert np.abs(eyes_of(landmarks.points) - EYES).max() < 5


def test_landmarks_turn_with_the_face(detector, mesh, face):
    turned = np.ascontiguousarray(np.rot90(face, 3))  # clockwise: (x, y) goes to (319 - y, x)
    upright = mesh(face, detector(face)[0].region())
    region = upright.region()
    region = type(region)(np.array([319 - region.center[1], region.center[0]]), region.side, region.angle + np.pi / 2)
    expected = np.stack([319 - upright.points[:, 1], upright.points[:, 0]], axis=1)
    assert np.abs(mesh(turned, region).points - expected).mean() < 1.5


def test_several_faces_come_by_size(detector, face):
    small = cv2.resize(face, (200, 200), interpolation=cv2.INTER_AREA)
    scene = np.full((360, 720), int(face[0, 0]), np.uint8)
    scene[100:300, 40:240], scene[20:340, 380:700] = small, face
    first, second = detector(scene)
    assert first.center[0] > 360 > second.center[0]
    assert first.side > second.side


@pytest.mark.parametrize(("cut", "small", "left"), [(0, 160, 650), (70, 160, 0)])
def test_a_small_face_beside_a_large_one_is_found_where_several_are_wanted(detector, face, cut, small, left):
    """The second large one is so large that the full range does not see it, and the small one stands in its corner."""
    scene = np.full((600, left + 600 if cut else 900), int(face[0, 0]), np.uint8)
    scene[:, :600] = cv2.resize(face[cut : 320 - cut, cut : 320 - cut], (600, 600))
    scene[:small, left : left + small] = cv2.resize(face, (small, small), interpolation=cv2.INTER_AREA)
    (alone,) = detector(scene)
    large, other = detector.every(scene)
    np.testing.assert_array_equal(large.box, alone.box)
    assert np.abs(other.center - [left + small / 2, small / 2]).max() < small / 8


def test_faces_that_the_short_range_takes_for_one_are_told_apart(detector, monkeypatch):
    def seen(left, right):
        return Face(np.array([left, 0.0, right, 100.0]), np.zeros((2, 2)), 0.9)

    monkeypatch.setattr(
        detector, "_detect", lambda network, *_: [seen(0, 90), seen(80, 170)] if network.size == 192 else [seen(0, 170)]
    )
    assert [face.box[2] for face in detector.every(np.zeros((200, 200, 3), np.uint8))] == [90, 170]


def test_where_one_face_is_seen_or_none_every_face_is_that_one(detector, face):
    for image in (face, cv2.resize(face, (96, 96)), np.ascontiguousarray(face[70:250, 75:245])):
        np.testing.assert_array_equal(*([each.box for each in find(image)] for find in (detector, detector.every)))
    assert detector.every(np.zeros((240, 320), np.uint8)) == []


def test_a_face_that_fills_the_image_is_found(detector, face):
    (found,) = detector(np.ascontiguousarray(face[70:250, 75:245]))
    assert found.side > 100


def test_nothing_is_found_in_noise(detector):
    assert detector(np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)) == []


def test_networks_ask_for_the_same_input_as_their_programs_say():
    for name, size in (("short_range", 128), ("full_range", 192), ("mesh", 192)):
        assert FaceFiles.packaged().load(name).size == size


def test_missing_network_files_say_what_to_do(tmp_path):
    missing = FaceFiles(None, None, "somewhere/else")
    with pytest.raises(FileNotFoundError, match=r"somewhere/else holds no face_networks.json.*align=False"):
        missing.load("mesh")
    with pytest.raises(FileNotFoundError, match="save_pretrained"):
        missing.copy_to(tmp_path)


@pytest.mark.parametrize("name", ["face_networks.json", "face_networks.safetensors"])
def test_a_damaged_network_file_is_named(tmp_path, name):
    FaceFiles.packaged().copy_to(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        FaceFiles.from_pretrained(tmp_path).load("mesh")


def test_copied_networks_answer_alike(tmp_path, face):
    packaged = FaceFiles.packaged()
    packaged.copy_to(tmp_path)
    copied = FaceFiles.from_pretrained(tmp_path)
    assert copied.weights.parent == tmp_path
    copied.copy_to(tmp_path)  # onto itself: nothing to do
    region = BlazeFaceDetector.load(packaged)(face)[0].region()
    points = [FaceMesh.load(files)(face, region).points for files in (packaged, copied)]
    assert np.array_equal(*points)
