"""The clips of movements that a face reader cuts: wherever a movement lies in a chunk, its own frames are shown."""

import numpy as np
import pytest

from processing_aullm.face_reader_aullm import FaceReader, MovementClip
from processing_aullm.sections_aullm import Section
from processing_aullm.windows_aullm import WindowGrid
from tests.processing_aullm.faked_faces import FPS, UNITS, FakeFace, FakeStream, crop

WHOLE = Section(index=0, first=0, stop=None, read_from=None, read_to=None, whole=True, begin=0, total=None)


@pytest.mark.parametrize("onset", [62, 67, 72, 77, 82, 87, 92])
def test_a_movement_is_read_from_its_own_frames_however_late_it_is_known(onset):
    """What comes after a movement has to be known before it is read; by then several chunks have passed."""
    face = FakeFace(frames=240, moves=((onset, onset + 3, onset + 6, 4.0, "AU4"),))
    reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, threshold=0.5, fps=FPS)
    clips = []
    for chunk in FakeStream([face], 0, 240, overlap=5):
        reader.add(chunk)
        clips += [(clip, crops) for clip, crops in reader.take_waiting(False) if isinstance(clip, MovementClip)]
    assert clips
    for clip, crops in clips:
        np.testing.assert_array_equal(crops[0], crop(face, clip.onset))
        np.testing.assert_array_equal(crops[-1], crop(face, clip.offset))


def test_a_clip_ends_with_open_eyes_where_the_movement_is_held():
    """Lids that fall at the apex would be read as a part of it."""
    face = FakeFace(frames=240, moves=((70, 74, 90, 6.0, "AU12"),), holds=True, blinks=((72, 74, 77),))
    reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), WHOLE, 4, UNITS, threshold=0.5, fps=FPS)
    ends = []
    for chunk in FakeStream([face], 0, 240, overlap=5):
        reader.add(chunk)
        ends += [clip.offset for clip, _ in reader.take_waiting(False) if isinstance(clip, MovementClip)]
    assert ends and all(face.openness(end) > 0.25 for end in ends)
