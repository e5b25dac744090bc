"""Data sets that are labelled for different units: what is hidden, and which scores are of hidden units."""

import numpy as np
import pandas as pd
import pytest

import benchmarks.label_sets as label_sets
from benchmarks import development
from benchmarks.label_sets import DOMAINS, SECOND, UNITS, cell_draws, masked, row_of, two_sides
from dataset_scripts.labels import AU_SETS
from tests.benchmarks.test_language import named
from tests.training_aullm.conftest import make_clips


def test_a_set_keeps_the_labels_of_its_own_protocol_only():
    clips = masked(make_clips(12), "samm-like")
    assert clips.action_units == UNITS and set(UNITS) == set().union(*(AU_SETS[name] for name in DOMAINS))
    for k, unit in enumerate(UNITS):
        known = bool((clips.labels[:, k] != -1).any())
        assert known == (unit in AU_SETS["samm-like"] and unit in make_clips(12).action_units), unit


def test_nobody_is_on_both_sides_and_the_tested_keep_every_label(monkeypatch, tmp_path):
    def clips(domain, seed, people, cache_dir, units):
        return named(make_clips(12), f"{domain}-{seed}").select(units)

    monkeypatch.setattr(label_sets, "development_clips", clips)
    monkeypatch.setitem(label_sets.TESTED_PEOPLE, SECOND, 2)
    train, test = two_sides(tmp_path)
    assert len(train[SECOND]) == 4 and len(test[SECOND]) == 8
    place = UNITS.index("AU1")
    assert (train[SECOND].labels[:, place] == -1).all() and (test[SECOND].labels[:, place] != -1).all()


def answers(right):
    """Answers of a fit that ranks rightly where `right` says so, and the other way round elsewhere."""
    generator, parts = np.random.default_rng(0), []
    for domain in DOMAINS:
        columns = {"domain": domain, "person": [f"s{index % 5}" for index in range(60)], "seconds": 1}
        for unit in UNITS:
            columns[f"{unit} label"] = truth = generator.integers(0, 2, 60)
            columns[f"{unit} number"] = truth if right[unit in AU_SETS[domain]] else -truth
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def test_units_that_the_set_asked_is_not_labelled_for_are_scored_apart():
    one, two = answers({True: True, False: False}), answers({True: True, False: True})
    assert cell_draws(one, labelled=True)[0] == 1 and cell_draws(one, labelled=False)[0] == 0
    row = row_of("two", [two], [one])
    assert row["labelled_difference"].value == 0 and row["unlabelled_difference"].value == 1


@pytest.mark.slow
def test_the_program_teaches_readers(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(development, "load_synthetic", few_clips)
    monkeypatch.setitem(label_sets.TESTED_PEOPLE, SECOND, 2)
    for kind in ("rows", "hidden-mlp"):
        monkeypatch.setitem(label_sets.STEPS, kind, 1)
    told = run_program(label_sets, "--kinds", "rows,hidden-mlp", "--fits", 1, "--out", tmp_path)
    assert [row["kind"] for row in told["results"]] == ["rows", "hidden-mlp"]
