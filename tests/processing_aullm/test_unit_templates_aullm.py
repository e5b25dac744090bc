"""Fields of action units: what they tell apart, and what they leave out."""

import numpy as np
import pytest

from processing_aullm.skin_field_aullm import cell_centres
from processing_aullm.skin_traces_aullm import FACE, HEAD, without_head
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, along_units, template_field, unit_axes, unit_fields

NAMES = list(UNIT_TEMPLATES)
SURE = np.ones(len(HEAD), np.float32)


@pytest.mark.parametrize("unit", NAMES)
def test_a_unit_is_found_by_its_own_field_best(unit):
    """At its size in pixels, or less where it moves few cells."""
    skin = 0.8 * unit_fields([unit])
    along = along_units(skin, SURE)[0]
    assert along[NAMES.index(unit)] == pytest.approx(0.8, rel=0.4)
    energy = (unit_fields(NAMES) ** 2).sum((1, 2))
    assert np.argmax(along * np.sqrt(energy)) == NAMES.index(unit)


def test_pulls_go_where_facs_says():
    """Downwards counts as positive: brows are raised by AU1 and lowered by AU4, corners go up in AU12, down in AU15."""
    brow, corner = (0.3, -0.63), (0.35, 0.6)
    for unit, place, down in (("AU1", brow, -1), ("AU2", brow, -1), ("AU4", brow, 1), ("AU12", corner, -1)):
        assert np.sign(_at(unit, *place)[1]) == down
    assert _at("AU12", *corner)[0] > 0 > _at("AU4", *brow)[0]  # apart, and together
    assert np.allclose(_at("AU12", *corner) * (-1, 1), _at("AU12", -corner[0], corner[1]), atol=1e-6)


def test_a_head_that_moves_is_no_action_unit():
    strengths = np.array([3, -2, 0.05, 0.05, 0, 0, 0, 0])
    moved = HEAD @ strengths
    skin = without_head(moved[None].astype(np.float32), SURE)
    assert np.abs(along_units(skin, SURE)).max() < 0.05


def test_axes_span_all_templates_and_measure_their_pixels():
    axes = unit_axes(SURE)
    for name in ("AU4", "AU12"):
        field = unit_fields([name])[0]
        course = np.einsum("cp,cpd->d", field, axes)
        assert 0.3 < np.linalg.norm(course) < 3, name
    outside = np.linalg.qr(axes.reshape(-1, axes.shape[-1]))[0]
    rest = unit_fields(["AU4"]).ravel() - outside @ (outside.T @ unit_fields(["AU4"]).ravel())
    assert np.abs(rest).max() < 1e-4


def test_units_without_a_field_are_looked_for_along_all():
    assert unit_fields(["AU4", "AU99"]).shape[0] == 1
    assert unit_fields(["AU99"]).shape[0] == len(UNIT_TEMPLATES)


def _at(unit: str, x: float, y: float) -> np.ndarray:
    """Displacement of the cell at a place of the crop."""
    columns, rows = (axis[FACE] for axis in cell_centres())
    return template_field(UNIT_TEMPLATES[unit])[np.argmin((columns - x) ** 2 + (rows - y) ** 2)]
