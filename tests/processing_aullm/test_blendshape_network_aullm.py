"""The converted networks answer as the originals do, and see what a rendered face does."""

import cv2
import numpy as np
import pytest
import torch

from processing_aullm.blendshape_network_aullm import BLENDSHAPES, SEEN, BlendshapeModel
from processing_aullm.clip_aullm import AullmImageProcessor
from processing_aullm.face_networks_aullm import BlendshapeFiles, FaceFiles
from processing_aullm.landmarks_aullm import BlazeFaceDetector

# From face_blendshapes.tflite and face_landmarks_detector.tflite of face_landmarker_v2.task, run by LiteRT 2.3.0.
MIXED = {"browInnerUp": 0.86782, "eyeBlinkLeft": 0.22227, "jawOpen": 0.01372, "mouthPucker": 0.57818}
POINTS = {0: (117.9543, 154.5621), 33: (72.1003, 89.8905), 263: (164.4948, 86.5147), 473: (152.3194, 89.9735)}
LOGIT = -20.76858


@pytest.fixture(scope="module")
def blendshapes():
    return BlendshapeModel.load(BlendshapeFiles.packaged())


@pytest.fixture(scope="module")
def region(face):
    return BlazeFaceDetector.load(FaceFiles.packaged())(face)[0].region()


def test_the_mixer_answers_as_the_original(blendshapes):
    place = np.arange(len(SEEN)) * 0.37
    points = np.stack([100 + 40 * np.cos(place) + np.arange(len(SEEN)) * 0.1, 120 + 50 * np.sin(place)], axis=1)
    answer = blendshapes.network(torch.from_numpy(points.astype(np.float32))[None])[0].numpy()
    assert answer.shape == (52,)
    for name, expected in MIXED.items():
        assert answer[BLENDSHAPES.index(name)] == pytest.approx(expected, abs=2e-5)


def test_the_mixer_does_not_see_where_and_how_large_a_face_is(blendshapes):
    points = torch.rand(1, len(SEEN), 2, generator=torch.Generator().manual_seed(0)) * 100
    assert torch.allclose(blendshapes.network(points), blendshapes.network(3 * points + 40), atol=1e-4)


def test_the_landmarks_are_those_of_the_original(blendshapes):
    y, x = np.mgrid[:256, :256].astype(np.float32) / 255
    image = np.stack([x, y, np.abs(np.sin(9 * x * y))])
    points, logit = blendshapes.mesh.network(torch.from_numpy(image)[None])
    points = points.reshape(478, 3).numpy()
    for number, expected in POINTS.items():
        assert points[number, :2] == pytest.approx(expected, abs=2e-3)
    assert float(logit.flatten()[0]) == pytest.approx(LOGIT, abs=1e-3)


def test_nothing_is_read_where_there_is_no_face(blendshapes, face, region):
    assert blendshapes(face, region) is not None
    assert blendshapes(cv2.GaussianBlur(np.full_like(face, 90), (5, 5), 0), region) is None


def test_saved_processors_carry_the_networks(tmp_path, face, region, blendshapes):
    AullmImageProcessor().save_pretrained(tmp_path)
    loaded = AullmImageProcessor.from_pretrained(tmp_path)
    assert loaded._blendshape_files.weights.parent == tmp_path
    assert np.array_equal(loaded.blendshapes(face, region), blendshapes(face, region))


def test_missing_and_damaged_files_say_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no blendshape_networks.json.*second_opinion=False"):
        BlendshapeModel.load(BlendshapeFiles(None, None, "somewhere/else"))
    BlendshapeFiles.packaged().copy_to(tmp_path)
    weights = tmp_path / "blendshape_networks.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ValueError, match=r"blendshape_networks.safetensors is damaged"):
        BlendshapeModel.load(BlendshapeFiles.from_pretrained(tmp_path))
