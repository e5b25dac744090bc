"""The time course of a micro-expression."""

from dataclasses import replace

import numpy as np
import pytest

from dataset_scripts.synthetic.acting.motion import Movement, draw_movement, ramp
from dataset_scripts.synthetic.config import GRAND, GRAND_PX, Motion


def draws(count=300, units=("AU4", "AU7"), **changes):
    rng = np.random.default_rng(0)
    return [draw_movement(replace(Motion(), **changes), units, 0.75, rng) for _ in range(count)]


def test_ramp_is_flat_at_both_ends_and_rises_between():
    values = ramp(np.linspace(-1, 2, 301))
    assert values[:101].max() == 0 and values[200:].min() == 1
    assert (np.diff(values) >= -1e-12).all()
    assert ramp(np.array(0.01)) < 2e-5


def test_timing_stays_in_the_range_of_micro_expressions():
    movements = draws()
    assert max(movement.end for movement in movements) <= 0.5 + 1e-9
    assert 0.12 < np.median([movement.rise for movement in movements]) < 0.19
    assert all(0 < movement.apex < movement.end for movement in movements)


def test_amplitudes_are_lognormal_around_the_median_and_clipped():
    amplitude = np.array([list(movement.amplitude_px.values()) for movement in draws(1000)])
    assert amplitude.min() >= 0.3 and amplitude.max() <= 2.5
    assert np.median(amplitude) == pytest.approx(0.75, rel=0.1)
    assert np.corrcoef(np.log(amplitude.T))[0, 1] > 0.5  # the units of a clip are strong or weak together


def test_curve_starts_at_rest_reaches_its_amplitude_and_returns():
    movement = Movement(0.1, 0.15, 0.05, 0.2, 0.0, {"AU4": 0.8}, {"AU4": 0.0}, {"AU4": 1.2})
    at = movement.curve("AU4", np.array([0.0, 0.1, movement.apex, movement.end, 1.0]))
    assert at == pytest.approx([0, 0, 0.8, 0, 0], abs=1e-9)


def test_a_quarter_of_clips_does_not_return_to_neutral():
    rest = [movement.residual for movement in draws(800)]
    assert 0.2 < np.mean(np.array(rest) > 0) < 0.3
    movement = Movement(0, 0.1, 0, 0.1, 0.4, {"AU4": 1.0}, {"AU4": 0.0}, {"AU4": 1.0})
    assert movement.curve("AU4", np.array([0.2])) == pytest.approx([0.4])


def test_followers_lag_behind_the_leading_unit():
    lags = np.array([list(movement.lag.values()) for movement in draws()])
    assert (lags[:, 0] == 0).all()
    assert lags[:, 1].min() > 0 and lags[:, 1].max() <= 0.03


def test_a_sixth_of_the_movements_is_made_by_one_side():
    movements = draws(3000, ("AU12", "AU17"))
    one_sided = [movement for movement in movements if movement.sides]
    assert 0.14 < len(one_sided) / len(movements) < 0.19
    assert all(movement.sides.keys() == {"AU12"} for movement in one_sided)  # a chin has no sides
    assert 0.4 < np.mean([movement.sides["AU12"] == "L" for movement in one_sided]) < 0.6
    weak = [movement.weak for movement in one_sided]
    assert min(weak) >= 0 and max(weak) <= 0.3 and 0.12 < np.mean(weak) < 0.18


def test_the_stated_side_moves_by_the_stated_pixels():
    movement = Movement(0, 0.1, 0, 0.1, 0, {"AU4": 2.0}, {"AU4": 0.0}, {"AU4": 1.0}, sides={"AU4": "R"}, weak=0.25)
    courses = movement.courses(np.array([0.0, 0.1]))
    assert {name: course[-1] for name, course in courses.items()} == pytest.approx({"R4": 2.0, "L4": 0.5})


def test_what_stays_after_the_fall_is_gone_after_a_while():
    movement = Movement(0, 0.1, 0, 0.1, 0.4, {"AU4": 1.0}, {"AU4": 0.0}, {"AU4": 1.0})
    late = movement.curve("AU4", np.array([0.2, 0.4, 0.6, 2.0]))
    assert late[0] == pytest.approx(0.4) and (np.diff(late) < 0).all() and late[-1] == 0


def test_large_expressions_are_as_large_as_real_ones_and_some_are_held():
    rng = np.random.default_rng(0)
    smiles = [draw_movement(GRAND, ("AU12",), GRAND_PX, rng) for _ in range(600)]
    sizes = np.array([smile.amplitude_px["AU12"] for smile in smiles])
    assert 6 < np.median(sizes) < 12 and np.mean(sizes > 18) > 0.05 and sizes.max() <= 25
    held = [smile.hold for smile in smiles if smile.hold >= 1]
    assert 0.3 < len(held) / len(smiles) < 0.6 and 3 < max(held) <= 4
    assert all(smile.apex - smile.start - smile.rise <= 0.06 + 1e-9 for smile in smiles)
    parted = [smile for smile in smiles if smile.company]
    assert 0.5 < len(parted) / len(smiles) < 0.7
    assert all("AU25" in smile.company and "AU12" not in smile.company for smile in parted)
    lids = [draw_movement(GRAND, ("AU7",), GRAND_PX, rng).amplitude_px["AU7"] for _ in range(200)]
    assert max(lids) <= 4
