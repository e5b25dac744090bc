"""The step of a face's skin: from coarse traces, and from the model's own field, whatever its grid."""

import numpy as np
import pytest
import torch

from processing_aullm.sides_aullm import LEFT, MM_PER_PX, side_of
from processing_aullm.skin_field_aullm import CELLS
from processing_aullm.skin_step_aullm import SkinStep, agreed
from processing_aullm.skin_traces_aullm import FACE, SkinTraces
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, unit_fields

KNOWN = list(UNIT_TEMPLATES)


def field(unit: str, px: float, grid: int, side: np.ndarray | None = None) -> torch.Tensor:
    """(3, g, g) motion as a model with such a grid measures a unit, sure of every cell of the face."""
    coarse = np.zeros((3, CELLS, CELLS), np.float32)
    moved = px * unit_fields([unit])[0] * (1 if side is None else side[:, None])
    coarse[:2, FACE], coarse[2, FACE] = moved.T, 1
    return torch.from_numpy(np.kron(coarse, np.ones((grid // CELLS, grid // CELLS), np.float32)))


@pytest.mark.parametrize("grid", [14, 28])
@pytest.mark.parametrize("unit", ["AU4", "AU12", "AU17"])
def test_a_model_of_any_grid_says_how_far_the_skin_goes_along_a_unit(unit, grid):
    along = SkinStep.of_field(field(unit, 3.0, grid)).along
    assert KNOWN[int(along.argmax())] == unit and along.max() == pytest.approx(3.0, rel=0.15)


def test_cells_that_did_not_match_have_no_say():
    motion = field("AU12", 3.0, 28)
    sure = SkinStep.of_field(motion).along[KNOWN.index("AU12")]
    motion[:2, 18:] += 9.0  # an opening mouth: moved anywhere...
    motion[2, 18:] = 0  # ...and known not to match
    assert SkinStep.of_field(motion).along.max() <= sure
    motion[2, 18:] = 1
    assert SkinStep.of_field(motion).along.max() > 2 * sure


def test_within_a_coarse_cell_only_what_matched_counts():
    motion = field("AU12", 3.0, 28)
    sure = SkinStep.of_field(motion).along[KNOWN.index("AU12")]
    motion[:2, ::2] += 9.0
    motion[2, ::2] = 0  # every other row did not match
    assert SkinStep.of_field(motion).along[KNOWN.index("AU12")] == pytest.approx(sure, rel=0.15)


def test_the_side_comes_from_the_field():
    extent = SkinStep.of_field(field("AU12", 3.0, 28, LEFT)).extent(["AU12"])
    assert extent["side"] == "left"


def test_traces_are_measured_from_onset_to_apex():
    traces = SkinTraces(fps=30.0)
    moved = 3.0 * unit_fields(["AU12"])[0] * ~LEFT[:, None]
    traces.skin = np.linspace(0, 1, 30)[:, None, None] * moved
    extent = SkinStep.of_traces(traces, 5, 24).extent(["AU12"])
    whole = side_of(traces.skin[24] - traces.skin[5], unit_fields(["AU12"]), traces.trust)
    assert extent["side"] == whole[0] == "right" and extent["size_px"] == pytest.approx(whole[1], abs=0.001)
    assert extent["size_mm"] == pytest.approx(whole[1] * 63 / 87.6, abs=0.01) and MM_PER_PX < 1


@pytest.mark.parametrize("fps", [10.0, 25.0, 30.0, 60.0, 200.0])
@pytest.mark.parametrize("lasts", [0.3, 0.4, 0.5])
def test_a_brief_movement_is_as_large_at_every_frame_rate(fps, lasts):
    marks, traces = [round(at * fps) for at in (0.3, 0.5, 0.7)], SkinTraces(fps)
    phase = np.clip((np.arange(round(fps)) / fps - 0.5) / lasts, -0.5, 0.5)
    field = unit_fields(["AU12"])[0]
    traces.skin = 0.4 * (1 + np.cos(2 * np.pi * phase))[:, None, None] * field
    whole = side_of(0.8 * field, unit_fields(["AU12"]), traces.trust)[1]
    size = SkinStep.there_and_back(traces, *marks).extent(["AU12"])["size_px"]
    assert size == pytest.approx(whole, rel=0.1)  # marks stand 0.2 s away, however long it lasts


@pytest.mark.parametrize("marks", [(9, 15, 15), (15, 15, 21), (15, 15, 15)])
def test_marks_that_coincide_make_no_brief_movement_large(marks):
    traces = SkinTraces(fps=30.0)
    traces.skin = np.interp(np.arange(30), (9, 15, 21), (0, 0.8, 0))[:, None, None] * unit_fields(["AU12"])[0]
    whole = side_of(0.8 * unit_fields(["AU12"])[0], unit_fields(["AU12"]), traces.trust)[1]
    assert 0 <= SkinStep.there_and_back(traces, *marks).extent(["AU12"])["size_px"] <= whole


@pytest.mark.parametrize("fps", [10.0, 30.0, 200.0])
def test_a_movement_is_as_large_at_every_frame_rate(fps):
    traces = SkinTraces(fps)
    course = np.interp(np.arange(round(2 * fps)) / fps, (0.5, 0.9), (0, 1))
    field = unit_fields(["AU12"])[0]
    traces.skin = course[:, None, None] * field
    whole = side_of(field, unit_fields(["AU12"]), traces.trust)[1]
    size = SkinStep.of_traces(traces, round(0.5 * fps), round(0.9 * fps)).extent(["AU12"])["size_px"]
    assert size == pytest.approx(0.9 * whole, rel=0.1)  # what lies around the marks is averaged


def test_there_and_back_slow_motion_does_not_count():
    traces = SkinTraces(fps=30.0)
    brief = np.interp(np.arange(30), (9, 15, 21), (0, 0.8, 0))
    traces.skin = brief[:, None, None] * unit_fields(["AU12"])[0]
    alone = SkinStep.there_and_back(traces, 9, 15, 21)
    assert alone.along[KNOWN.index("AU12")] == pytest.approx(0.63, abs=0.06)
    traces.skin = traces.skin + 3 * np.linspace(0, 1, 30)[:, None, None] * unit_fields(["AU4"])[0]
    np.testing.assert_allclose(SkinStep.there_and_back(traces, 9, 15, 21).moved, alone.moved, atol=1e-6)


@pytest.mark.parametrize(
    ("fine", "coarse", "side"),
    [
        ("left", "left", "left"),
        ("left", "both", "both"),
        ("left", "right", "both"),
        ("left", None, "left"),
        ("both", "left", "both"),
        (None, "left", None),
    ],
)
def test_a_movement_has_one_side_only_if_both_measurements_say_so(fine, coarse, side):
    first, second = ({"side": each, "size_px": px, "size_mm": px} for each, px in ((fine, 3.0), (coarse, 2.0)))
    assert agreed(first, second) == {**first, "side": side}
