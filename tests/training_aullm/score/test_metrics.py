"""Metrics: against scikit-learn, unknown labels, undefined action units, thresholds, the evaluate module."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from training_aullm.score.metrics import best_cut, oracle_threshold, score

NAMES = ["AU1", "AU2", "AU4"]


@pytest.fixture
def data():
    generator = np.random.default_rng(0)
    labels = (generator.random((120, 3)) < 0.3).astype(int)
    probabilities = np.clip(labels * 0.3 + generator.random((120, 3)) * 0.6, 0, 1)
    return probabilities, labels


def test_agrees_with_scikit_learn(data):
    probabilities, labels = data
    scores = score(probabilities, labels, NAMES)
    for k in range(3):
        decided = probabilities[:, k] >= 0.5
        assert scores.f1[k] == pytest.approx(f1_score(labels[:, k], decided))
        assert scores.macro_f1[k] == pytest.approx(f1_score(labels[:, k], decided, average="macro"))
        assert scores.auc[k] == pytest.approx(roc_auc_score(labels[:, k], probabilities[:, k]))
        assert scores.average_precision[k] == pytest.approx(average_precision_score(labels[:, k], probabilities[:, k]))
    assert scores.mean_f1 == pytest.approx(scores.f1.mean())


def test_unknown_labels_are_left_out(data):
    probabilities, labels = data
    partly = labels.copy()
    partly[::3, 1] = -1
    kept = score(np.delete(probabilities, np.s_[::3], 0), np.delete(labels, np.s_[::3], 0), NAMES)
    assert score(probabilities, partly, NAMES).f1[1] == pytest.approx(kept.f1[1])
    assert score(probabilities, partly, NAMES).auc[1] == pytest.approx(kept.auc[1])
    assert score(probabilities, partly, NAMES).f1[0] == pytest.approx(score(probabilities, labels, NAMES).f1[0])


def test_undefined_units_enter_no_mean_and_are_named(data):
    probabilities, labels = data
    labels = labels.copy()
    labels[:, 2] = 0
    scores = score(probabilities, labels, NAMES)
    assert scores.undefined == ("AU4",) and np.isnan(scores.f1[2]) and np.isnan(scores.average_precision[2])
    assert scores.mean_f1 == pytest.approx(scores.f1[:2].mean())
    assert scores.mean_auc == pytest.approx(scores.auc[:2].mean())


def test_a_detector_that_finds_nothing_scores_zero_not_undefined():
    scores = score(np.zeros((4, 1)), np.array([[1], [0], [0], [1]]), ["AU4"])
    assert scores.f1[0] == 0 and scores.undefined == ()


def test_the_oracle_beats_the_fixed_threshold_and_matches_a_search(data):
    probabilities, labels = data
    probabilities = probabilities * 0.4  # every probability below one half
    assert score(probabilities, labels, NAMES).mean_f1 == 0
    found = oracle_threshold(probabilities, labels, NAMES)
    searched = [
        max(f1_score(labels[:, k], probabilities[:, k] >= cut) for cut in probabilities[:, k]) for k in range(3)
    ]
    np.testing.assert_allclose(found.f1, searched)


def test_a_threshold_does_not_separate_equal_probabilities():
    probabilities, labels = np.array([[0.8], [0.6], [0.6], [0.1]]), np.array([[1], [1], [0], [0]])
    threshold = best_cut(probabilities[:, 0], labels[:, 0])
    assert score(probabilities, labels, ["AU4"], threshold).f1[0] == pytest.approx(0.8)


def test_cut_has_the_highest_f1():
    logits, labels = np.array([-1.0, 0.5, 1.0, 2.0, 3.0]), np.array([0, 1, 0, 1, 1])
    cut = best_cut(logits, labels)
    best = max(f1_score(labels, logits > t) for t in np.linspace(-2, 4, 61))
    assert f1_score(labels, logits > cut) == best
    assert cut == pytest.approx(-0.25)  # half way between the last "present" and the next below


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], [-1, -1, -1], [1, -1, 1]])
def test_nothing_to_choose_by_leaves_the_cut_alone(labels):
    assert best_cut(np.array([0.3, 1.0, 2.0]), np.array(labels)) == 0.0


def test_unknown_labels_do_not_move_the_cut():
    logits = np.array([-3.0, -1.0, 0.5, 1.0])
    assert best_cut(logits, np.array([-1, 0, 1, 1])) == pytest.approx(-0.25)
    assert best_cut(logits, np.array([1, 0, 1, 1])) == -3.0


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        (np.full((2, 1), 1.5), np.zeros((2, 1)), "sigmoid"),
        (np.full((2, 1), np.nan), np.zeros((2, 1)), r"row 0, column 0"),
        (np.zeros((2, 1)), np.full((2, 1), 2), "label 2"),
        (np.zeros((2, 1)), np.zeros((3, 1)), "samples, action units"),
    ],
)
def test_bad_input_is_refused(probabilities, labels, message):
    with pytest.raises(ValueError, match=message):
        score(probabilities, labels, ["AU4"])
