"""Logits become log likelihood ratios; the share among training clips is no part of them."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import f1_score

from training_aullm.learn.calibration import calibrate, evidence, expected_cuts
from training_aullm.score.metrics import best_cut


def answers(share: float, clips: int = 4000, seed: int = 0):
    generator = np.random.default_rng(seed)
    labels = (generator.random(clips) < share).astype(int)
    return generator.normal(2.0 * labels - 1.0), labels  # two bells: the log likelihood ratio is twice the value


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_evidence_is_the_log_likelihood_ratio_whatever_the_share(share):
    values, labels = answers(share)
    stretched = 5 * values + 3  # a network that is far too sure, and says yes too readily
    line = calibrate(stretched[:, None], labels[:, None])
    found = evidence(expit(np.array([[-2.0], [3.0], [8.0]])), line)[:, 0]
    np.testing.assert_allclose(found, [-2.0, 0.0, 2.0], atol=0.3)
    assert line["prevalence"] == [pytest.approx(labels.mean())]


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_the_expected_cut_is_where_f1_is_highest_on_many_clips(share):
    values, labels = answers(share, clips=40_000)

    def f1(cut):
        return f1_score(labels, values >= cut)

    cut = expected_cuts(3 * values[:, None] + 2, labels[:, None])[0]
    assert f1((cut - 2) / 3) > max(f1(at) for at in np.linspace(-4, 4, 80)) - 0.005


def test_few_clips_move_the_expected_cut_less_than_the_best_one():
    """Why it is taken: a unit that few clips show has a best cut that is chance."""
    draws = [answers(0.1, clips=100, seed=seed) for seed in range(30)]
    expected = [expected_cuts(values[:, None], labels[:, None])[0] for values, labels in draws]
    assert np.std(expected) < 0.75 * np.std([best_cut(values, labels) for values, labels in draws])


def test_a_unit_with_nothing_to_choose_by_is_not_cut():
    values = np.linspace(-1, 1, 12).reshape(4, 3)
    labels = np.array([[1, 0, -1]] * 4)
    np.testing.assert_array_equal(expected_cuts(values, labels), np.zeros(3))


def test_unknown_clips_cut_nothing():
    values, labels = (each[:, None] for each in answers(0.3, clips=200))
    more_values, more_labels = np.vstack([values, values + 9]), np.vstack([labels, np.full_like(labels, -1)])
    np.testing.assert_array_equal(expected_cuts(more_values, more_labels), expected_cuts(values, labels))


def test_clips_that_can_be_told_apart_do_not_make_it_certain():
    labels = np.array([0, 0, 0, 1, 1])
    line = calibrate((labels * 4.0 - 2)[:, None], labels[:, None])
    assert 0 < line["slope"][0] < 5


def test_units_with_one_kind_of_label_keep_their_logit():
    labels = np.array([[1, 0, -1], [1, -1, -1]])
    line = calibrate(np.zeros((2, 3)), labels)
    assert line == {"slope": [1.0] * 3, "offset": [0.0] * 3, "prevalence": [1.0, 0.0, 0.0]}


def test_a_unit_with_one_answer_keeps_its_logit_whatever_was_shown():
    """Any line fits, and one near 0 would say that nothing is known of a unit that was never predicted."""
    labels = np.array([1, 1] + [0] * 38)
    line = calibrate(np.full((40, 1), -36.0), labels[:, None])
    assert line == {"slope": [1.0], "offset": [0.0], "prevalence": [0.05]}


def test_answers_of_exactly_nothing_are_finite():
    assert np.isfinite(evidence(np.array([[0.0], [1.0]]), {"slope": [2.0], "offset": [1.0], "prevalence": [0.5]})).all()
