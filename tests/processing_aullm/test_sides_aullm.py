"""Side and size of a movement: of templates whose one half is still, as they look when head movement is removed."""

import numpy as np
import pytest

from processing_aullm.sides_aullm import LEFT, side_of
from processing_aullm.skin_field_aullm import cell_centres
from processing_aullm.skin_traces_aullm import FACE, without_head
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, template_field, unit_fields

TRUST = np.ones(len(LEFT), np.float32)
HALVES = {"left": LEFT, "right": ~LEFT, "both": np.ones_like(LEFT)}


def seen(unit: str, side: str, px: float, noise: float = 0.0) -> np.ndarray:
    """(C, 2) what the traces show of a movement of a person whose head is still."""
    moved = px * template_field(UNIT_TEMPLATES[unit]) * HALVES[side][:, None]
    moved += np.random.default_rng(0).normal(scale=max(noise, 1e-9), size=moved.shape)
    return without_head(moved[None].astype(np.float32), TRUST)[0]


@pytest.mark.parametrize("unit", UNIT_TEMPLATES)
@pytest.mark.parametrize("side", HALVES)
def test_the_side_of_every_unit_is_found_in_noise(unit, side):
    assert side_of(seen(unit, side, 2.0, noise=0.05), unit_fields([unit]), TRUST)[0] == side


@pytest.mark.parametrize("unit", UNIT_TEMPLATES)
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("px", [0.5, 2.0])
def test_the_still_half_shows_less_than_a_quarter_of_the_other(unit, side, px, monkeypatch):
    """As docs/video.md says; without noise. Of AU5 at 0.5 px too little moves to tell."""
    monkeypatch.setattr("processing_aullm.sides_aullm.ONE_SIDED", 0.24)
    expected = None if (unit, px) == ("AU5", 0.5) else side
    assert side_of(seen(unit, side, px), unit_fields([unit]), TRUST)[0] == expected


@pytest.mark.parametrize("side", HALVES)
def test_the_side_of_several_units_is_found(side):
    moved = seen("AU4", side, 2.0) + seen("AU12", side, 1.0)
    assert side_of(moved, unit_fields(["AU4", "AU12"]), TRUST)[0] == side


def test_left_is_the_persons_own():
    assert cell_centres()[0][FACE][LEFT].min() > 0, "on the right of a picture that is not mirrored"
    assert 0.45 < LEFT.mean() < 0.55


def test_size_grows_with_the_movement_and_what_is_too_small_has_no_side():
    sizes = [side_of(seen("AU4", "both", px), unit_fields(["AU4"]), TRUST)[1] for px in (0.0, 1.0, 2.0)]
    assert sizes[0] < 0.01 and sizes[2] == pytest.approx(2 * sizes[1], rel=0.2)
    furthest = np.hypot(*seen("AU4", "both", 2.0).T).max()
    assert sizes[2] == pytest.approx(furthest, rel=0.1)
    assert side_of(seen("AU4", "left", 0.1), unit_fields(["AU4"]), TRUST)[0] is None
