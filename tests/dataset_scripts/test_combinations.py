"""Label statistics against the published sheets."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from dataset_scripts.synthetic.combinations import SHEETS, combination_shares, draw_labels
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
