"""Sets with a share that was asked for, and the three kinds of decision on them."""

import numpy as np
import pytest
from scipy.special import expit

from benchmarks import prevalence
from benchmarks.prevalence import compare, drawn, of_drawn
from tests.training_aullm.score.test_prior_shift import shifted_set
from training_aullm.score.predictions import Predictions


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    labels, evidence = shifted_set([0.2, 0.3], 600)
    ids = tuple(f"c{i}" for i in range(600))
    return Predictions(ids, ids, "drawn", ids, 0, ("AU4", "AU12"), expit(evidence), labels, evidence)


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_unit_is_in_the_share_that_was_asked_for(predictions, share):
    some = drawn(predictions, "AU12", share, np.random.default_rng(0))
    assert some.labels.mean() == pytest.approx(share, abs=0.01) and len(some.labels) > 200
    assert set(some.sample_ids) <= set(predictions.sample_ids)


def test_only_where_frequency_changed_decisions_gain(predictions):
    rare, as_it_is = of_drawn(predictions, 0.05), compare(predictions)
    assert rare["fixed"] < rare["estimated"] - 0.03 and rare["error"] < 0.05
    assert as_it_is["error"] < 0.05


def test_the_program_compares_decisions(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(prevalence, "load_synthetic", few_clips)
    monkeypatch.setattr(prevalence, "of_drawn", lambda predictions, share: compare(predictions))  # of more clips
    told = run_program(prevalence, "--model", "release", "--out", tmp_path)
    assert [row["tested"].split(",")[0] for row in told["results"]] == 3 * ["casme2-like"] + ["samm-like"]
