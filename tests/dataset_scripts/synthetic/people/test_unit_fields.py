"""Skin moves in both bases as anatomy has it: another direction would be a mistake, not another person.

Directions and shares of energy are those of real onset-to-apex motion; the bases may differ in extent and neighbours.
"""

import numpy as np
import pytest

from benchmarks.unit_fields import (
    BASES,
    SIDE,
    Y,
    affine_share,
    cosine,
    outward_down,
    plain_session,
    shares,
    skin_field,
    spread,
)
from dataset_scripts.synthetic.people.asset import load_head
from dataset_scripts.synthetic.people.mixes import PULL, Mix, Pull
from dataset_scripts.synthetic.people.muscles import MAKEHUMAN, RENDERED_UNITS

BROW = (SIDE < 0.72) & (Y > -0.8) & (Y < -0.45)
BROW_INNER_END, BROW_OUTER_END = BROW & (SIDE < 0.3), BROW & (SIDE > 0.3) & (SIDE < 0.6)
INFRAORBITAL = (SIDE > 0.2) & (SIDE < 0.55) & (Y > -0.12) & (Y < 0.25)
LATERAL_CHEEK = (SIDE > 0.5) & (Y > -0.2) & (Y < 0.3)
MOUTH_CORNER = (SIDE > 0.25) & (SIDE < 0.45) & (Y > 0.5) & (Y < 0.75)
LOWER_LIP = (SIDE < 0.25) & (Y > 0.6) & (Y < 0.72)
CHIN_BOSS = (SIDE < 0.25) & (Y > 0.72) & (Y < 0.86)


@pytest.fixture(scope="module")
def sessions():
    return {basis: plain_session(basis) for basis in BASES}


@pytest.fixture(scope="module")
def fields(sessions):
    return {basis: {unit: skin_field(session, unit) for unit in RENDERED_UNITS} for basis, session in sessions.items()}


@pytest.fixture(params=BASES)
def field(request, fields):
    return fields[request.param]


def test_au4_draws_the_whole_brow_down_and_together_its_outer_end_most(field):
    for part in (BROW, BROW_INNER_END, BROW_OUTER_END):
        assert outward_down(field["AU4"], part)[1] > 0.1
    assert outward_down(field["AU4"], BROW)[0] < -0.03
    assert outward_down(field["AU4"], BROW_OUTER_END)[0] < -0.05
    ends = [np.hypot(*outward_down(field["AU4"], end)) for end in (BROW_INNER_END, BROW_OUTER_END)]
    assert ends[1] > ends[0]


def test_au7_tightens_the_lids_and_draws_the_outer_brow_down_and_inwards(field):
    share = shares(field["AU7"])
    assert 0.35 < share["brow"] < 0.55 and share["eye"] > 0.25
    outward, down = outward_down(field["AU7"], BROW_OUTER_END)
    assert outward < -0.02 and down > 0.05


def test_au9_is_half_brow_and_pulls_the_cheek_up_and_inwards(field):
    assert 0.45 < shares(field["AU9"])["brow"] < 0.6 and shares(field["AU9"])["mid-face"] > 0.2
    assert outward_down(field["AU9"], BROW)[1] > 0.2
    outward, down = outward_down(field["AU9"], INFRAORBITAL)
    assert outward < 0 and down < -0.2


def test_au10_lifts_the_skin_below_the_eyes_up_and_outwards(field):
    share = shares(field["AU10"])
    assert share["mid-face"] > 0.4 and share["mid-face"] > share["mouth"] > share["chin"]
    outward, down = outward_down(field["AU10"], INFRAORBITAL)
    assert outward > 0.05 and down < -0.1


def test_au12_moves_the_cheek_rather_than_the_chin(field):
    share = shares(field["AU12"])
    assert share["cheek"] > 0.12 and share["cheek"] > 3 * share["chin"]
    outward, down = outward_down(field["AU12"], MOUTH_CORNER)
    assert outward > 0.1 and down < -0.2


def test_au15_draws_the_corners_down_and_a_little_outwards(field):
    outward, down = outward_down(field["AU15"], MOUTH_CORNER)
    assert down > 0.2 and 0 < outward < down


def test_au17_lifts_the_chin_boss_more_than_the_lip(field):
    boss, lip = (outward_down(field["AU17"], part)[1] for part in (CHIN_BOSS, LOWER_LIP))
    assert boss < 1.3 * lip < -0.2
    assert shares(field["AU17"])["chin"] > 0.5


@pytest.mark.parametrize("basis", BASES)
def test_au6_moves_the_cheek_outwards_and_the_upper_lid_down(basis, sessions, fields):
    assert outward_down(fields[basis]["AU6"], LATERAL_CHEEK)[0] > 0.1
    assert upper_lids(sessions[basis].field("AU6"))[..., 1].mean() > 0.1


def upper_lids(pixels: np.ndarray) -> np.ndarray:
    """The strip just above both eyes of a face of average shape (2, h, w, 2), see docs/clip_source.md, "Framing"."""
    return np.stack([pixels[64:69, first : first + 24] for first in (55, 145)])


def test_au5_is_mostly_brow_in_the_first_basis(fields):
    assert shares(fields["arkit"]["AU5"])["brow"] > 0.5


@pytest.mark.parametrize("unit", RENDERED_UNITS)
def test_the_bases_never_disagree_about_direction(unit, fields):
    assert cosine(*(fields[basis][unit] for basis in BASES)) > 0.55


def test_the_bases_are_two_all_the_same(fields):
    own = [unit for unit in MAKEHUMAN if unit != "AU43"]
    alike = [cosine(*(fields[basis][unit] for basis in BASES)) for unit in own]
    assert max(alike) < 0.9 and np.mean(alike) < 0.8


def test_units_are_local(field):
    """A face that follows shift, turn and size is a moving head; only the jaw takes half the face along."""
    local = [each for unit, each in field.items() if unit != "AU26"]
    assert max(map(spread, local)) < 0.55 and np.mean([affine_share(each) for each in local]) < 0.15


def test_a_pull_drags_the_skin_along_and_leaves_the_eyeballs():
    asset = load_head()
    pulled = asset.subdivide(Pull(0.4, -0.3, 0.2, 0.2, out=0.0, down=-1.0).on_side(asset, 1))
    eyes, length = asset.vertex_part == 1, np.linalg.norm(pulled, axis=1)
    assert 0.7 * PULL < length.max() < PULL
    assert np.abs(pulled[eyes]).max() == 0 and length[asset.template[:, 2] < 0].max() == 0
    assert asset.template[length.argmax(), 0] > 0.1 and pulled[length.argmax(), 1] > 0


def test_a_mix_leans_to_one_side_whatever_it_is_made_of():
    asset = load_head()
    left = asset.vertices[:, 0] > 0.1
    right = asset.vertices[:, 0] < -0.1
    mixes = {
        "pair": Mix({"mouthSmile{Side}": 1}),
        "single": Mix({"mouth-pursing": 1}),
        "pull": Mix(pulls=(Pull(0.4, 0.4, 0.2, 0.2, out=0.5, down=-0.5),)),
        "middle": Mix(pulls=(Pull(0, 0.8, 0.3, 0.2, out=0, down=-0.5),)),
    }
    for name, mix in mixes.items():
        field = mix.field(asset, 0.5)
        assert np.linalg.norm(field[left]) > 1.5 * np.linalg.norm(field[right]) > 0, name


def test_focus_keeps_the_peak_and_draws_the_rest_in():
    asset = load_head()
    wide, narrow = (Mix({"cheekSquint{Side}": 1}, focus=focus).field(asset, 0.0) for focus in (0.0, 0.5))
    size = [np.linalg.norm(field, axis=1) for field in (wide, narrow)]
    assert size[1].max() == pytest.approx(size[0].max()) and size[1].sum() < 0.8 * size[0].sum()
