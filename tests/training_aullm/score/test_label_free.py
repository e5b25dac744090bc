"""Label-free decisions beside those of training people: what they see, and what is said where none can be made."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.training_aullm.score.test_prior_shift import shifted_set
from training_aullm.score.label_free import LabelFree
from training_aullm.score.predictions import Predictions

UNITS = ("AU4", "AU12")


def predictions(shares=(0.1, 0.4), calibrated=True) -> Predictions:
    labels, evidence = shifted_set(list(shares), 400)
    ids = tuple(f"c{i}" for i in range(400))
    probabilities = expit(evidence)
    return Predictions(ids, ids, "drawn", ids, 0, UNITS, probabilities, labels, evidence if calibrated else None)


def test_permuted_labels_leave_every_decision_as_it_is():
    whole = predictions()
    permuted = replace(whole, labels=np.random.default_rng(1).permutation(whole.labels))
    first, second = LabelFree.of(whole, {}), LabelFree.of(permuted, {})
    np.testing.assert_array_equal(first.present, second.present)
    np.testing.assert_array_equal(first.shares, second.shares)
    assert first.scores.mean_f1 > second.scores.mean_f1


def test_a_share_that_is_known_is_taken_and_said():
    free = LabelFree.of(predictions(), {"AU12": 0.25})
    assert free.present[:, 1].sum() == 100 and free.given == ("AU12",)
    assert free.summary()["prevalence"]["AU12"] == 0.25
    assert free.shares[0] == pytest.approx(0.1, abs=0.05)


def test_without_calibration_every_share_must_be_known():
    plain = predictions(calibrated=False)
    assert LabelFree.of(plain, {"AU4": 0.1}) is None
    free = LabelFree.of(plain, {"AU4": 0.1, "AU12": 0.4})
    assert free.present.sum(axis=0).tolist() == [40, 160] and free.scores.mean_f1 > 0.6
    certain = replace(plain, probabilities=np.round(plain.probabilities))  # answers of exactly 0 and 1
    assert LabelFree.of(certain, {"AU4": 0.1, "AU12": 0.4}).present.sum() == 200


def test_a_unit_that_was_not_predicted_is_named():
    with pytest.raises(ValueError, match="AU9"):
        LabelFree.of(predictions(), {"AU9": 0.1})
