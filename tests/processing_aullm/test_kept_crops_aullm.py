"""Crops of several chunks, placed as those of the latest."""

import numpy as np
import pytest

from processing_aullm.kept_crops_aullm import KeptCrops, placed
from tests.processing_aullm.moving import moved


class Chunk:
    """A face that stands still, in crops whose framing is moved by `shift` pixels; the first pixel is the number."""

    def __init__(self, face: np.ndarray, first: int, frames: int, shift: float, new_from: int) -> None:
        self.first, self.new_from = first, new_from
        self.transforms = np.tile(np.array([[1.0, 0, shift], [0, 1, 0]]), (frames, 1, 1))
        self.crops = np.stack([moved(face, -shift, 0)] * frames)
        self.crops[:, 0, 0] = np.arange(first, first + frames)

    def __len__(self) -> int:
        return len(self.crops)


def test_older_crops_lie_where_the_latest_chunk_has_its_own(face):
    kept = KeptCrops(30.0)
    for part in (Chunk(face, 0, 20, 0.0, 0), Chunk(face, 15, 20, 3.0, 5), Chunk(face, 30, 20, 5.0, 5)):
        kept.add(part)
    old, new = kept.near([2, 40])
    inner = slice(20, -20)
    np.testing.assert_allclose(old[inner, inner], new[inner, inner], atol=4)
    assert np.abs(face[inner, inner].astype(int) - new[inner, inner]).mean() > 3


def test_the_nearest_frames_are_given_once_and_old_ones_go(face):
    kept = KeptCrops(60.0)
    kept.add(Chunk(face, 0, 40, 0.0, 0))
    kept.forget(10)
    first, second, third = kept.near([20, 21, 39])
    assert {first[0, 0], second[0, 0]} <= {20, 22}
    assert third[0, 0] == 38, "of 60 frames a second every other one is kept"
    (oldest,) = kept.near([0])
    assert oldest[0, 0] == 10
    kept.add(Chunk(face, 100, 10, 0.0, 0))
    (restarted,) = kept.near([0])
    assert restarted[0, 0] == 100


@pytest.mark.parametrize(("shift", "same"), [(0.001, True), (0.5, False)])
def test_a_view_that_changes_nothing_draws_nothing(face, shift, same):
    assert (placed(face, np.array([[1.0, 0, shift], [0, 1, 0]])) is face) == same
