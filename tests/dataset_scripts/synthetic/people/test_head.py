"""People: reproducible, different, and moved by their muscles where they should be."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.groups import typology_angle
from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.synthetic.people.asset import ANCESTRIES, MAP_SIZE, load_head
from dataset_scripts.synthetic.people.head import Head, Traits
from dataset_scripts.synthetic.people.muscles import RENDERED_UNITS
from dataset_scripts.synthetic.people.painting import anchors
from dataset_scripts.synthetic.people.skin import paint, skin_colour

ARKIT, MAKEHUMAN = DOMAINS["casme2-like"], DOMAINS["samm-like"]


@pytest.fixture(scope="module")
def head():
    return Head(ARKIT, (0, 1))


def direction(field):
    return field.ravel() / np.linalg.norm(field)


def test_asset_holds_what_the_page_says():
    asset = load_head()
    assert asset.vertices.shape == (5167, 3)
    assert asset.template.shape == (20381, 3)
    assert (len(asset.macro), len(asset.modifiers), len(asset.arkit), len(asset.makehuman)) == (48, 127, 52, 34)
    assert asset.lips.shape == (MAP_SIZE, MAP_SIZE) and 0.005 < asset.lips.mean() < 0.05


def test_subdivision_keeps_a_flat_field_flat():
    asset = load_head()
    constant = np.tile([1.0, -2.0, 0.5], (len(asset.vertices), 1))
    assert np.allclose(asset.subdivide(constant), [1.0, -2.0, 0.5], atol=1e-5)


def test_same_seed_same_person_other_seed_another(head):
    assert np.array_equal(Head(ARKIT, (0, 1)).vertices, head.vertices)
    assert np.abs(Head(ARKIT, (0, 2)).vertices - head.vertices).max() > 0.02


def test_people_differ_by_millimetres_not_by_caricature(head):
    people = [head, *(Head(ARKIT, (0, number)) for number in range(2, 8))]
    spread = np.linalg.norm(np.std([person.vertices - person.middle for person in people], axis=0), axis=1)
    in_front = head.vertices[:, 2] > head.middle[2]
    assert 0.01 < np.median(spread[in_front]) < 0.15  # decimetres


def test_every_unit_moves_its_own_part_of_the_face(head):
    height = head.vertices[:, 1] - head.middle[1]
    for unit in RENDERED_UNITS:
        moved = np.linalg.norm(head.displacement(unit), axis=1)
        centre = (height * moved).sum() / moved.sum() / head.eye_distance
        if unit in ("AU1", "AU2", "AU4"):
            assert centre > 0.1, unit
        elif unit in ("AU12", "AU14", "AU15", "AU17", "AU20", "AU24", "AU26"):
            assert centre < -0.4, unit
        assert moved.max() > 0.005, unit


def test_raising_and_lowering_brows_are_opposite(head):
    top = head.vertices[:, 1] > head.middle[1] + 0.2 * head.eye_distance
    assert head.displacement("AU1")[top, 1].sum() > 0 > head.displacement("AU4")[top, 1].sum()


def test_the_second_basis_moves_the_same_face_differently():
    same_person = [Head(domain, (0, 5)) for domain in (ARKIT, MAKEHUMAN)]
    for unit in ("AU2", "AU4", "AU7", "AU12"):
        first, second = (direction(head.displacement(unit)) for head in same_person)
        assert 0.05 < first @ second < 0.93, unit


def test_units_are_the_persons_own(head):
    other = Head(ARKIT, (0, 9))
    assert direction(head.displacement("AU12")) @ direction(other.displacement("AU12")) < 0.999


def test_skin_is_reproducible_and_follows_ancestry(head):
    skin = paint(head.traits, (0, 1))
    assert np.array_equal(skin.albedo, paint(head.traits, (0, 1)).albedo)
    assert skin.albedo.shape == (MAP_SIZE, MAP_SIZE, 3) and 0 < skin.albedo.min() <= skin.albedo.max() <= 1
    mark = anchors()
    cheek = skin.albedo[int(mark.eye_y + mark.eye), int(mark.eye_x)]
    brow = skin.albedo[int(mark.eye_y - 0.75 * mark.eye), int(mark.eye_x - 0.1 * mark.eye)]
    assert cheek[0] > cheek[1] > cheek[2]
    assert brow.mean() < cheek.mean()


def test_skin_covers_the_human_range():
    angles = [typology_angle(skin_colour(melanin)) for melanin in np.linspace(0, 1, 21)]
    assert (np.diff(angles) < 0).all() and angles[0] > 55 and angles[-1] < -60
    everyone = replace(DOMAINS["samm-like"], ancestry=(0.5, 0.5, 0.5))
    people = [paint(Head(everyone, (7, number)).traits, (7, number)) for number in range(24)]
    found = [typology_angle(person.base) for person in people]
    assert min(found) < -30 and max(found) > 41
    assert sum(angle < 10 for angle in found) >= 4


def test_dark_skin_has_as_much_texture_as_light_skin():
    traits = {name: Traits(dict.fromkeys(ANCESTRIES, 0.0) | {name: 1.0}, 0.2, 0.3) for name in ANCESTRIES}
    dark, light = (paint(traits[name], (0, 5)) for name in ("african", "caucasian"))
    mark = anchors()
    cheek = slice(int(mark.eye_y + 0.8 * mark.eye), int(mark.eye_y + 1.8 * mark.eye)), slice(230, 310)
    contrast = [float(np.log(skin.albedo[cheek][..., 1]).std()) for skin in (dark, light)]
    assert typology_angle(dark.base) < -15 < 30 < typology_angle(light.base)
    assert contrast[0] > 0.5 * contrast[1]
