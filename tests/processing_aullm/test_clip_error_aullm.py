"""A `ClipError` keeps its code in other processes; which fault has which code is tested by the Space's tests."""

import pickle

from processing_aullm.clip_error_aullm import ClipError, ClipFault


def test_an_error_comes_back_whole_from_another_process():
    back = pickle.loads(pickle.dumps(ClipError("a.mp4: frame 0 shows no face", ClipFault.NO_FACE, "pass align=False")))
    assert (back.code, back.message) == (ClipFault.NO_FACE, "a.mp4: frame 0 shows no face")
    assert str(back) == "a.mp4: frame 0 shows no face; pass align=False"
