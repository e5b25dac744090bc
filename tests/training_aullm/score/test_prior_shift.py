"""Shares are recovered and decisions mended where only the prevalence changed; labels are never looked at."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from training_aullm.score.prior_shift import check_shares, estimate_shares, most_likely


def shifted_set(shares: list[float], clips: int = 2000, distance: float = 2.0, seed: int = 0):
    """Labels at these shares, and log likelihood ratios of two bells `distance` apart."""
    generator = np.random.default_rng(seed)
    labels = (generator.random((clips, len(shares))) < shares).astype(int)
    values = generator.normal(distance * (labels - 0.5))
    return labels, distance * values


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_the_share_is_recovered_whatever_it_was_in_training(share):
    labels, evidence = shifted_set([share])
    assert estimate_shares(evidence)[0] == pytest.approx(labels.mean(), abs=0.02)


def test_f1_is_mended_where_a_unit_became_rare():
    labels, evidence = shifted_set([0.05, 0.1])
    present = most_likely(evidence, estimate_shares(evidence))
    fixed = evidence > 0  # one half of the probability, right where half of the clips showed the unit
    for k in range(2):
        best = max(f1_score(labels[:, k], evidence[:, k] > cut) for cut in np.linspace(-4, 8, 49))
        assert f1_score(labels[:, k], present[:, k]) > f1_score(labels[:, k], fixed[:, k]) + 0.05
        assert f1_score(labels[:, k], present[:, k]) > best - 0.05


def test_nothing_and_everything_are_possible():
    evidence = np.full((6, 1), -9.0)
    assert estimate_shares(evidence)[0] < 1e-3 and not most_likely(evidence, estimate_shares(evidence)).any()
    assert estimate_shares(-evidence)[0] > 1 - 1e-3 and most_likely(-evidence, estimate_shares(-evidence)).all()


def test_as_many_as_expected_the_strongest_and_of_equal_ones_the_first():
    present = most_likely(np.array([[1.0], [3.0], [1.0], [-2.0]]), np.array([0.5]))
    assert present[:, 0].tolist() == [True, True, False, False]


@pytest.mark.parametrize("evidence", [np.zeros((0, 2)), np.zeros(3), np.array([[np.nan]]), np.array([[np.inf]])])
def test_what_is_no_evidence_is_refused(evidence):
    with pytest.raises(ValueError, match="evidence of shape"):
        estimate_shares(evidence)


@pytest.mark.parametrize(
    ("shares", "said"), [({"AU9": 0.1}, "AU9 is not predicted"), ({"AU4": 1.5}, r"AU4=1\.5: give the share")]
)
def test_shares_that_are_none_are_named(shares, said):
    with pytest.raises(ValueError, match=said):
        check_shares(shares, ["AU4"])
