"""From a course of the skin and the answers for windows to one movement."""

import numpy as np
import pytest

from processing_aullm.spotting_aullm import LOUD, MICRO_S, MovementSpotter, Stillness

FIRST = 100


def course(apex: int, frames: int = 60, height: float = 3 * LOUD, half: int = 6) -> Stillness:
    """A single rise and fall around `apex`."""
    certainty = np.clip(height * (1 - np.abs(np.arange(frames) - apex) / half), 0.1, None)
    return Stillness(certainty / 10, certainty, np.zeros(frames))


def windows(*answers: tuple[float, float], hop: int = 3, span: int = 15) -> list[dict]:
    return [
        {"onset": FIRST + hop * k, "offset": FIRST + hop * k + span, "probabilities": list(each)}
        for k, each in enumerate(answers)
    ]


def movement(still: Stillness, group: list[dict]) -> dict | None:
    return MovementSpotter(30.0, 0.5, ["AU4", "AU12"])._movement(still, FIRST, group)


def test_marks_are_read_off_the_skin():
    found = movement(course(10), windows((0.9, 0.1), (0.8, 0.1)))
    assert (found["apex"], found["kind"]) == (FIRST + 10, "micro")
    assert found["onset"] < found["apex"] < found["offset"] and found["offset"] - found["onset"] <= MICRO_S * 30
    assert found["action_units"] == {"AU4": 0.9} and 0.5 < found["score"] < 0.9


def test_the_units_are_those_of_a_window_that_holds_the_apex():
    """A surer window that comes after the movement says nothing about it."""
    answers = [(0.1, 0.7)] * 4 + [(0.2, 0.6)] * 4 + [(0.99, 0.1)]
    assert movement(course(10), windows(*answers))["action_units"] == {"AU12": 0.7}


def test_longer_than_half_a_second_is_macro():
    assert movement(course(25, half=20), windows(*[(0.9, 0.1)] * 10))["kind"] == "macro"


@pytest.mark.parametrize("still", [course(10, height=0.9 * LOUD), course(10)])
def test_a_still_face_and_a_turning_head_are_no_movement(still):
    if still.certainty.max() > LOUD:
        still = Stillness(still.size, still.certainty, np.full(60, 5.0))
    assert movement(still, windows((0.9, 0.1), (0.9, 0.1))) is None
