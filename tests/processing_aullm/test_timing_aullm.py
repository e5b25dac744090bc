"""When a movement begins, peaks and ends, from the skin along its units."""

import numpy as np
import pytest

from processing_aullm.blinks_aullm import EyesClosed
from processing_aullm.skin_traces_aullm import BLINKING, HEAD, SkinTraces
from processing_aullm.timing_aullm import time_movement
from processing_aullm.unit_templates_aullm import unit_fields

FPS = 30.0


def traces_of(name: str, course: np.ndarray, noise: float = 0.1) -> SkinTraces:
    """Skin that moves along a unit by so many pixels in each frame."""
    traces = SkinTraces(FPS)
    noise = noise * np.random.default_rng(0).normal(size=(len(course), len(HEAD), 2))
    traces.skin = np.float32(course[:, None, None] * unit_fields([name])[0] + noise)
    return traces


def bump(onset: int, apex: int, offset: int, frames: int = 120) -> np.ndarray:
    return np.interp(np.arange(frames), [onset, apex, offset], [0.0, 1.0, 0.0])


def test_marks_are_found_to_a_frame_or_two():
    fit = time_movement(traces_of("AU12", bump(40, 46, 53)), [], ["AU12"], middle=43)
    assert fit.explained > 0.5
    assert (fit.onset, fit.apex, fit.offset) == (
        pytest.approx(40, abs=2),
        pytest.approx(46, abs=2),
        pytest.approx(53, abs=2),
    )


def test_what_moves_along_another_unit_explains_nothing():
    fit = time_movement(traces_of("AU1", bump(40, 46, 53)), [], ["AU12"], middle=43)
    assert fit is None or fit.explained < 0.3


def test_lids_have_no_say_near_a_blink():
    blink = [EyesClosed(60, 62, 66, "blink")]
    still, blinking = traces_of("AU7", bump(40, 46, 53)), traces_of("AU7", bump(40, 46, 53))
    blinking.skin[44:66, BLINKING, 1] += 5.0
    assert time_movement(blinking, blink, ["AU7"], middle=43) == time_movement(still, blink, ["AU7"], middle=43)
    assert time_movement(blinking, [], ["AU7"], middle=43) != time_movement(still, [], ["AU7"], middle=43)
