"""TemplateFamily found again in traces that were drawn."""

import numpy as np
import pytest

from processing_aullm.movement_templates_aullm import MACRO, MICRO

ALONG = np.array([[1.0, 0.0, 0.0]])


def trace(marks: list[int], frames: int, size: float = 1.0, noise: float = 0.0, left: float = 0.0) -> np.ndarray:
    """(frames, 3): rises and falls along the first axis like a muscle; `marks` = onset, apex, end of hold, offset."""
    shape = np.interp(np.arange(frames), marks, [0, 1, 1, 0])
    shape = shape**2 * (3 - 2 * shape)
    shape[marks[2] :] = left + (1 - left) * shape[marks[2] :]
    rng = np.random.default_rng(0)
    return np.outer(size * shape, [1.0, 0, 0]) + rng.normal(scale=noise, size=(frames, 3))


@pytest.mark.parametrize(("templates", "marks"), [(MICRO, [40, 45, 45, 51]), (MACRO, [40, 60, 80, 105])])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_marks_and_size_are_found_in_noise(templates, marks, noise):
    found = templates.fit(trace(marks, 240, noise=noise), 30.0, marks[0] + 4, ALONG)
    near = 2 if templates is MICRO else 6
    assert abs(found.onset - marks[0]) <= near and abs(found.offset - marks[-1]) <= near
    assert marks[1] - near <= found.apex <= marks[2] + near
    assert found.size == pytest.approx(1, abs=0.15) and found.explained > 0.75


def test_the_right_family_explains_more():
    for marks, right, wrong in (([40, 45, 45, 51], MICRO, MACRO), ([40, 60, 80, 105], MACRO, MICRO)):
        drawn = trace(marks, 240, noise=0.05)
        fits = [templates.fit(drawn, 30.0, marks[0] + 4, ALONG) for templates in (right, wrong)]
        assert fits[0].explained > fits[1].explained + 0.1


def test_a_face_that_comes_back_half_way_is_followed():
    found = MICRO.fit(trace([40, 45, 45, 51], 100, left=0.5), 30.0, 43, ALONG)
    assert abs(found.offset - 51) <= 2 and found.size == pytest.approx(1, abs=0.1)


def test_a_movement_the_other_way_is_none():
    there = MICRO.fit(trace([40, 45, 45, 51], 100), 30.0, 43, ALONG)
    back = MICRO.fit(trace([40, 45, 45, 51], 100, size=-1.0), 30.0, 43, ALONG)
    assert there.explained > 0.95 and back.explained < 0.5


def test_fast_cameras_give_the_same_seconds():
    slow = MICRO.fit(trace([40, 45, 45, 51], 100), 30.0, 43, ALONG)
    fast = MICRO.fit(trace([240, 270, 270, 306], 600), 180.0, 258, ALONG)
    for mark in ("onset", "apex", "offset"):
        assert getattr(fast, mark) == 6 * getattr(slow, mark)


def test_a_course_too_short_for_any_bump_has_none():
    assert MICRO.fit(np.zeros((3, 3)), 30.0, 1, ALONG) is None
