"""Logits become log likelihood ratios; the share among training clips is no part of them."""

import numpy as np
import pytest
from scipy.special import expit

from training_aullm.learn.calibration import calibrate, evidence


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


def test_no_line_falls():
    """Answers that are wrong more often than right say nothing: turned round, what is likelier would be absent."""
    values, labels = answers(0.3, clips=200)
    line = calibrate(-values[:, None], labels[:, None])
    assert line == {"slope": [1.0], "offset": [0.0], "prevalence": [pytest.approx(labels.mean())]}


def test_answers_of_exactly_nothing_are_finite():
    assert np.isfinite(evidence(np.array([[0.0], [1.0]]), {"slope": [2.0], "offset": [1.0], "prevalence": [0.5]})).all()
