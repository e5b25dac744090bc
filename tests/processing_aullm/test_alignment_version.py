"""Crops change only with ALIGNMENT_VERSION: prepared sets and measured clips on disk are named after it.

Grey levels may differ by 0.1: another processor sums otherwise, and the refinement ends up to 0.0055 px away (0.0205
and, without AVX-512, 0.0562 seen).
"""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from processing_aullm import AullmImageProcessor
from processing_aullm.alignment_aullm import ALIGNMENT_VERSION
from tests.golden import Golden
from tests.processing_aullm.conftest import FACE
from tests.processing_aullm.moving import moved

COMMAND = "python -m tests.processing_aullm.test_alignment_version"
FILE = Path(__file__).parent / "data" / "golden_alignment.json"
GOLDEN = Golden(FILE, "ALIGNMENT_VERSION", ALIGNMENT_VERSION, COMMAND, within=0.1)
MOVES = [(0, 0), (0.3, 0.2), (3.2, -2.4, 1.0, 1.01), (-4, 1.5, -0.8, 0.99), (40, -25, 6.0, 0.9)]


def crops_as_numbers() -> dict[str, object]:
    """A moving face, held still and not: sampled frames, transforms, and the mean of every block of the crops."""
    picture = cv2.imread(str(FACE), cv2.IMREAD_GRAYSCALE)
    clip = np.stack([moved(picture, *move) for move in MOVES])
    values = {}
    for align in (True, False):
        made = AullmImageProcessor(num_frames=4, size=112)([clip], onset=0, offset=4, align=align, return_tensors="np")
        blocks = 255 * made["pixel_values"].reshape(4, 8, 14, 8, 14).mean((2, 4))
        values |= {f"{name}, align={align}": made[name] for name in ("frame_indices", "crop_transforms")}
        values[f"crops, align={align}"] = blocks
    return values


@pytest.fixture
def one_thread():
    """The number of threads may move a grey level."""
    threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    yield
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])


def test_crops_are_those_of_the_version(one_thread):
    GOLDEN.check(crops_as_numbers())


def test_the_image_processor_carries_the_version():
    assert AullmImageProcessor.alignment_version == ALIGNMENT_VERSION


if __name__ == "__main__":
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    GOLDEN.record(crops_as_numbers())
