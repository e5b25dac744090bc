"""Label statistics against the published sheets."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from dataset_scripts.synthetic.acting.combinations import SHEETS, combination_shares, deal_neutral, draw_labels
from dataset_scripts.synthetic.config import DOMAINS


def counts(labels):
    clips = [tuple(int(unit[2:]) for unit in units) for subject in labels for units in subject]
    single = Counter(unit for clip in clips for unit in clip)
    pair = Counter(pair for clip in clips for pair in combinations(sorted(clip), 2))
    return clips, single, pair


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_counts_of_units_and_pairs_follow_the_sheet(name, seed):
    sheet, domain = SHEETS[name], DOMAINS[name]
    clips, single, pair = counts(draw_labels(domain, domain.subjects, domain.clips, seed))
    assert len(clips) == sheet.clips
    for unit, published in sheet.units.items():
        assert abs(single[unit] - published) <= 3 + 0.05 * published, f"AU{unit}"
    for units, published in sheet.pairs.items():
        assert abs(pair[units] - published) <= 3, units
    twelve = set(sheet.units)
    assert {units for units in pair if set(units) <= twelve} <= set(sheet.pairs)
    assert abs(sum(not set(clip) & twelve for clip in clips) - sheet.none) <= 2


@pytest.mark.parametrize("name", SHEETS)
def test_shares_meet_the_sheet_exactly_before_drawing(name):
    sheet = SHEETS[name]
    names, shares = combination_shares(name)
    for unit, published in sheet.units.items():
        expected = sheet.clips * shares[[f"AU{unit}" in units for units in names]].sum()
        assert expected == pytest.approx(published, abs=0.5)
    assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", DOMAINS)
def test_clips_per_subject_are_uneven_and_within_the_published_range(name):
    domain = DOMAINS[name]
    per_subject = [len(units) for units in draw_labels(domain, domain.subjects, domain.clips, 0)]
    fewest, most = domain.clips_per_subject
    assert min(per_subject) >= fewest
    assert max(per_subject) <= most
    assert max(per_subject) > 1.5 * np.median(per_subject)


def test_any_size_can_be_drawn_and_every_subject_has_a_clip():
    domain = DOMAINS["casme2-like"]
    for subjects, clips in ((1, 1), (5, 5), (2, 500), (7, 30)):
        labels = draw_labels(domain, subjects, clips, 3)
        assert len(labels) == subjects
        assert sum(map(len, labels)) == clips
        assert all(labels)


def test_seeds_reproduce_and_differ():
    domain = DOMAINS["samm-like"]
    assert draw_labels(domain, 9, 40, 5) == draw_labels(domain, 9, 40, 5)
    assert draw_labels(domain, 9, 40, 5) != draw_labels(domain, 9, 40, 6)


def test_the_third_domain_has_as_many_units_per_clip_as_published():
    """Its sheet's pairs are not known to us, so this number stands for them."""
    names, shares = combination_shares("casme3-like")
    assert sum(len(units) * share for units, share in zip(names, shares, strict=True)) == pytest.approx(1.25, abs=0.01)


def test_a_larger_set_keeps_the_shares():
    domain = DOMAINS["casme3-like"]
    clips, single, _ = counts(draw_labels(domain, 500, 4300, 1))
    assert len(clips) == 4300
    for unit, published in SHEETS["casme3-like"].units.items():
        assert single[unit] / 4300 == pytest.approx(published / 860, abs=0.006)


def test_macro_expressions_have_the_same_shares_in_another_order():
    domain = DOMAINS["casme2-like"]
    macro = replace(domain, variety=domain.variety.but(expression="macro"))
    first, second = (draw_labels(each, 26, 255, 0) for each in (domain, macro))
    assert first != second
    for unit, published in SHEETS["casme2-like"].units.items():
        assert abs(counts(second)[1][unit] - published) <= 3 + 0.05 * published


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_neutral_clips_are_that_share_of_all(share):
    dealt = draw_labels(DOMAINS["casme2-like"], 26, 255, 0)
    neutral = deal_neutral(dealt, share, 0)
    assert sum(neutral) / (255 + sum(neutral)) == pytest.approx(share, abs=0.005)
    assert share == 0 or np.corrcoef(neutral, [len(units) for units in dealt])[0, 1] > 0.9
