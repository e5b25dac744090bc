"""From the answers for windows and a trace of the skin to movements."""

import numpy as np
import pytest

from processing_aullm.skin_traces_aullm import BLINKING, HEAD, SkinTraces
from processing_aullm.spotting_aullm import MICRO_S, MIN_SCORE, MovementSpotter
from processing_aullm.unit_templates_aullm import unit_fields

FIRST, FPS, UNITS = 100, 30.0, ["AU1", "AU2", "AU17", "AU4", "AU12"]


def traces(*moves: tuple, frames: int = 300, noise: float = 0.03) -> SkinTraces:
    """Skin that moves: (onset, apex, offset, px, action unit), frames from FIRST on."""
    made = SkinTraces(FPS)
    rng = np.random.default_rng(0)
    made.first, made.skin = FIRST, rng.normal(scale=noise, size=(frames, len(HEAD), 2)).astype(np.float32)
    for onset, apex, offset, px, unit in moves:
        share = np.interp(np.arange(frames), [onset, apex, offset], [0, 1, 0])
        made.skin += (px * share**2 * (3 - 2 * share))[:, None, None] * unit_fields([unit])
    return made


def windows(*answers: tuple, frames: int = 300, hop: int = 3, span: int = 15) -> list[dict]:
    """One every `hop` frames; `answers` are (first start, last start, AU4, AU12), and what lies between has none."""
    made = []
    for start in range(0, frames - span, hop):
        said = [[0.0, 0.0, 0.0, *each[2:]] for each in answers if each[0] <= start <= each[1]]
        made.append(
            {"onset": FIRST + start, "offset": FIRST + start + span, "probabilities": said[0] if said else None}
        )
    return made


def spot(skin: SkinTraces, answers: list[dict], blinks=(), threshold=0.5) -> list[dict]:
    return MovementSpotter(FPS, threshold, UNITS).spot(skin, answers, list(blinks))


def rises(onset: int, apex: int) -> tuple[int, int]:
    """Starts of the windows that a good model would answer for a movement with this rise."""
    return apex - 15, onset + 1


MICRO = (150, 155, 162, 0.7, "AU4")


def test_a_micro_expression_is_marked_to_a_frame_or_two():
    (found,) = spot(traces(MICRO), windows((*rises(150, 155), 0.9, 0.1)))
    marks = np.array([found[name] for name in ("onset", "apex", "offset")]) - FIRST
    assert np.abs(marks - MICRO[:3]).max() <= 2
    assert found["kind"] == "micro" and (found["offset"] - found["onset"]) / FPS <= MICRO_S
    assert found["action_units"] == {"AU4": 0.9} and MIN_SCORE * 0.5 <= found["score"] < 0.9


def test_a_macro_expression_is_marked():
    move = (120, 140, 170, 3.0, "AU12")
    (found,) = spot(traces(move), windows((110, 135, 0.1, 0.8)))
    assert found["kind"] == "macro" and list(found["action_units"]) == ["AU12"]
    assert abs(found["onset"] - FIRST - 120) <= 6 and abs(found["offset"] - FIRST - 170) <= 6


def test_windows_shorter_than_a_movement_will_do():
    (found,) = spot(traces(MICRO), windows((147, 154, 0.9, 0.1), hop=1, span=5))
    assert abs(found["onset"] - FIRST - 150) <= 2 and abs(found["offset"] - FIRST - 162) <= 2


def test_without_answers_nothing_is_found():
    assert spot(traces(MICRO), windows()) == []
    assert spot(traces(MICRO), windows((*rises(150, 155), 0.3, 0.1))) == []


def test_a_threshold_that_is_lower_finds_what_the_model_doubts():
    doubted = windows((*rises(150, 155), 0.4, 0.1))
    assert spot(traces(MICRO), doubted) == []
    assert len(spot(traces(MICRO), doubted, threshold=0.3)) == 1


def test_skin_at_rest_and_skin_that_moves_otherwise_are_no_movement():
    answers = windows((*rises(150, 155), 0.9, 0.1))
    assert spot(traces(), answers) == []
    assert spot(traces((150, 155, 162, -0.7, "AU4")), answers) == []
    (own,), others = (spot(traces((150, 155, 162, 0.7, unit)), answers) for unit in ("AU4", "AU12"))
    assert all(each["score"] < 0.6 * own["score"] for each in others)


def test_the_answer_for_the_fall_is_no_second_movement():
    """A model that says "present" while a face comes back as well."""
    answers = windows((105, 135, 0.9, 0.1), (150, 165, 0.7, 0.1))
    assert len(spot(traces((120, 140, 170, 3.0, "AU4")), answers)) == 1


def test_two_movements_stay_two_and_units_that_go_together_are_one():
    other = (200, 205, 212, 0.8, "AU12")
    two = windows((*rises(150, 155), 0.9, 0.1), (*rises(200, 205), 0.1, 0.8))
    assert [list(each["action_units"]) for each in spot(traces(MICRO, other), two)] == [["AU4"], ["AU12"]]
    both = windows((*rises(150, 155), 0.9, 0.8))
    (found,) = spot(traces(MICRO, (150, 155, 162, 0.7, "AU12")), both)
    assert set(found["action_units"]) == {"AU4", "AU12"}


def test_blinking_lids_do_not_hide_a_movement():
    skin = traces(MICRO)
    skin.skin[148:156, BLINKING, 1] += 4.0
    (found,) = spot(skin, windows((*rises(150, 155), 0.9, 0.1)), blinks=[(FIRST + 148, FIRST + 151, FIRST + 156)])
    assert abs(found["onset"] - FIRST - 150) <= 2 and abs(found["offset"] - FIRST - 162) <= 2


@pytest.mark.parametrize("frames", [1, 2])
def test_hardly_any_frames_are_no_error(frames):
    short = traces(frames=frames)
    answer = [{"onset": FIRST, "offset": FIRST + frames - 1, "probabilities": [0.9] * 5}]
    assert spot(short, answer) == []
