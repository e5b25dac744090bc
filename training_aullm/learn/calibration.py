"""From logits to evidence: how much likelier a clip is where a unit is present, learnt on training people.

model.config.calibration = calibrate(logits, labels)
evidence(probabilities, model.config.calibration)  # (N, K), for training_aullm.score.prior_shift
"""

import numpy as np
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from training_aullm.score.metrics import UNKNOWN

DIGITS = 6


def calibrate(logits: np.ndarray, labels: np.ndarray) -> dict[str, list[float]]:
    """A straight line from each unit's logit to the log likelihood ratio of "present".

    Args:
        logits: (N, K) on clips of training people, varied.
        labels: (N, K) in {1, 0, -1}; unknown ones are left out.

    Returns:
        "slope", "offset" and "prevalence" (share of known clips that are present), K numbers each: the field
        `calibration` of `AullmConfig`. A unit with one kind of label, or one logit, or higher logits where it is
        absent, keeps its logit: slope 1, offset 0.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999, with his targets that no clip is quite
        certain. The share among training clips is then taken out, so that another one can be put in its place.
    """
    lines = [_line(*columns) for columns in zip(np.asarray(logits).T, np.asarray(labels).T, strict=True)]
    names = ("slope", "offset", "prevalence")
    return {name: [round(float(line[at]), DIGITS) for line in lines] for at, name in enumerate(names)}


def evidence(probabilities: np.ndarray, calibration: dict[str, list[float]]) -> np.ndarray:
    """Log likelihood ratios of probabilities.

    Args:
        probabilities: (N, K), the model's own.
        calibration: of the model's config.

    Returns:
        (N, K).
    """
    rounding = np.finfo(np.float64).eps
    logits = logit(np.clip(probabilities, rounding, 1 - rounding))
    return np.asarray(calibration["slope"]) * logits + np.asarray(calibration["offset"])


def _line(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    logits, present = logits[labels != UNKNOWN], labels[labels != UNKNOWN] == 1
    share = float(present.mean()) if len(present) else float("nan")
    if share in (0.0, 1.0) or not len(present):
        return 1.0, 0.0, share if len(present) else 0.0
    if not np.ptp(logits):  # one answer to all clips: any line through it would do
        return 1.0, 0.0, share
    # Each clip counts as mostly what it is and a little as the other: else a line through separable clips is vertical.
    certain = np.where(present, (present.sum() + 1) / (present.sum() + 2), 1 / ((~present).sum() + 2))
    rows = np.concatenate([logits, logits])[:, None]
    kinds, weights = np.repeat([1, 0], len(logits)), np.concatenate([certain, 1 - certain])
    fitted = LogisticRegression(C=np.inf).fit(rows, kinds, sample_weight=weights)
    if fitted.coef_[0, 0] <= 0:  # a falling line would turn decisions round; such answers say nothing
        return 1.0, 0.0, share
    return fitted.coef_[0, 0], fitted.intercept_[0] - logit(certain.mean()), share
