"""Scores of action-unit detection, as plain functions on arrays.

The main figure is the F1 of the positive class per action unit at a fixed threshold, computed once on predictions
pooled over all folds, then averaged over the action units. Labels are 1 (present), 0 (absent) or -1 (unknown: left
out). An action unit without a known positive in the test data is *undefined*: it is NaN here and left out of every
mean.

    from training_aullm.score.metrics import score
    score(probabilities, labels, action_units).mean_f1
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

UNKNOWN = -1


@dataclass(frozen=True)
class Scores:
    """Scores per action unit, and their means over the action units that are defined.

    Attributes:
        action_units: names of the K action units.
        thresholds: (K,) decision threshold on the probability.
        f1: (K,) F1 of the positive class.
        macro_f1: (K,) mean of positive-class and negative-class F1.
        auc: (K,) area under the ROC curve.
        average_precision: (K,) average precision.
        positives: (K,) number of known positive samples.
        known: (K,) number of known samples.
    """

    action_units: tuple[str, ...]
    thresholds: np.ndarray
    f1: np.ndarray
    macro_f1: np.ndarray
    auc: np.ndarray
    average_precision: np.ndarray
    positives: np.ndarray
    known: np.ndarray

    @property
    def undefined(self) -> tuple[str, ...]:
        """Action units without a known positive: in no mean."""
        return tuple(name for name, count in zip(self.action_units, self.positives, strict=True) if count == 0)

    @property
    def mean_f1(self) -> float:
        """Mean positive-class F1 over the defined action units: the main figure."""
        return mean_of_defined(self.f1)

    @property
    def mean_macro_f1(self) -> float:
        """Mean of the two-class F1 over the defined action units: the "macro" figure of micro-expression papers."""
        return mean_of_defined(self.macro_f1)

    @property
    def mean_auc(self) -> float:
        """Mean ROC-AUC over the action units with both classes."""
        return mean_of_defined(self.auc)

    @property
    def mean_average_precision(self) -> float:
        """Mean average precision over the defined action units."""
        return mean_of_defined(self.average_precision)

    def summary(self) -> dict[str, float]:
        """The four means, by the names used in tables and JSON lines."""
        return {
            "f1": self.mean_f1,
            "macro_f1": self.mean_macro_f1,
            "auc": self.mean_auc,
            "average_precision": self.mean_average_precision,
        }


def mean_of_defined(values: np.ndarray) -> float:
    """Mean over the entries that are not NaN; NaN when there is none."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def always_present_f1(scores: Scores) -> float:
    """Mean F1 of answering "present" for every clip: what a score has to beat."""
    share = scores.positives / np.maximum(scores.known, 1)
    return mean_of_defined(np.where(scores.positives > 0, 2 * share / (1 + share), np.nan))


def check_predictions(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check shapes and values once, at the edge.

    Args:
        probabilities: (N, K) in [0, 1].
        labels: (N, K) in {1, 0, -1}.

    Returns:
        The two as float64 and int64 arrays.

    Raises:
        ValueError: other shapes, a NaN, a probability outside [0, 1] or another label value.
    """
    probabilities, labels = np.asarray(probabilities, dtype=np.float64), np.asarray(labels)
    if probabilities.ndim != 2 or probabilities.shape != labels.shape:
        raise ValueError(
            f"probabilities {probabilities.shape} and labels {labels.shape} must both be (samples, action units): "
            "pass one row per sample and one column per action unit"
        )
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        row, column = np.argwhere(~((probabilities >= 0) & (probabilities <= 1)))[0]
        raise ValueError(
            f"probability {probabilities[row, column]} at row {row}, column {column} is not in [0, 1]: "
            "apply a sigmoid to logits first"
        )
    if not np.isin(labels, (1, 0, UNKNOWN)).all():
        row, column = np.argwhere(~np.isin(labels, (1, 0, UNKNOWN)))[0]
        raise ValueError(f"label {labels[row, column]} at row {row}, column {column}: only 1, 0 and -1 (unknown) exist")
    return probabilities, labels.astype(np.int64)


def confusion(probabilities: np.ndarray, labels: np.ndarray, thresholds: np.ndarray | float = 0.5) -> np.ndarray:
    """What each sample adds to the four counts; sums over samples are confusion counts.

    Args:
        probabilities: (N, K).
        labels: (N, K) in {1, 0, -1}; unknown entries add to no count.
        thresholds: (K,) or one value. A probability at or above it is a positive decision.

    Returns:
        (N, K, 4) int64: true positives, false positives, false negatives, true negatives.
    """
    decided, present, absent = probabilities >= thresholds, labels == 1, labels == 0
    cells = (decided & present, decided & absent, ~decided & present, ~decided & absent)
    return np.stack(cells, axis=-1).astype(np.int64)


def f1_from_counts(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positive-class and macro F1 from confusion counts.

    Args:
        counts: (..., 4) as `confusion` orders them.

    Returns:
        positive: (...) F1 of the positive class, NaN where there is no positive.
        macro: (...) mean of both classes' F1 (an absent negative class counts 0, as in scikit-learn), NaN where there
            is no positive.
    """
    true_positive, false_positive, false_negative, true_negative = np.moveaxis(
        np.asarray(counts, dtype=np.float64), -1, 0
    )
    errors = false_positive + false_negative  # F1 = 2 tp / (2 tp + fp + fn): one formula for both classes
    positive = 2 * true_positive / np.maximum(2 * true_positive + errors, 1)
    negative = 2 * true_negative / np.maximum(2 * true_negative + errors, 1)
    undefined = true_positive + false_negative == 0
    return np.where(undefined, np.nan, positive), np.where(undefined, np.nan, (positive + negative) / 2)


def score(
    probabilities: np.ndarray,
    labels: np.ndarray,
    action_units: Sequence[str],
    thresholds: np.ndarray | float = 0.5,
) -> Scores:
    """Score pooled predictions.

    Args:
        probabilities: (N, K) in [0, 1].
        labels: (N, K) in {1, 0, -1}.
        action_units: the K names, in column order.
        thresholds: one value or (K,). Anything but 0.5 must come from training subjects.

    Returns:
        Scores per action unit, with means.

    Raises:
        ValueError: see `check_predictions`; also when the number of names is not K.
    """
    probabilities, labels = check_predictions(probabilities, labels)
    if len(action_units) != labels.shape[1]:
        raise ValueError(f"{len(action_units)} action-unit names for {labels.shape[1]} columns: {list(action_units)}")
    thresholds = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), labels.shape[1:])
    f1, macro_f1 = f1_from_counts(confusion(probabilities, labels, thresholds).sum(axis=0))
    ranking = np.array([_ranking_scores(probabilities[:, k], labels[:, k]) for k in range(labels.shape[1])])
    return Scores(
        action_units=tuple(action_units),
        thresholds=thresholds,
        f1=f1,
        macro_f1=macro_f1,
        auc=ranking[:, 0],
        average_precision=ranking[:, 1],
        positives=(labels == 1).sum(axis=0),
        known=(labels != UNKNOWN).sum(axis=0),
    )


def best_cut(values: np.ndarray, labels: np.ndarray) -> float:
    """The threshold with the highest F1.

    Args:
        values: (N,) logits or probabilities of one action unit.
        labels: (N,) in {1, 0, -1}; unknown ones are left out.

    Returns:
        Half way between the lowest value that should be "present" and the next below it. 0 where nothing is known, or
        all known labels are equal: there is nothing to choose by.
    """
    values, labels = values[labels != -1], labels[labels != -1]
    if len(set(labels.tolist())) < 2:
        return 0.0
    precision, recall, cuts = precision_recall_curve(labels, values)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    lowest = cuts[f1[:-1].argmax()]  # the last point of the curve (nothing present) has no cut
    below = values[values < lowest]
    return float((lowest + below.max()) / 2) if len(below) else float(lowest)


def oracle_threshold(probabilities: np.ndarray, labels: np.ndarray, action_units: Sequence[str]) -> Scores:
    """Scores with the threshold of every action unit picked on the test labels themselves.

    To compare with older scripts, which report it: never a result (`python -m benchmarks.folds --old-scoring`).

    Args:
        probabilities: (N, K) in [0, 1].
        labels: (N, K) in {1, 0, -1}.
        action_units: K names.

    Returns:
        Scores at these thresholds.
    """
    probabilities, labels = check_predictions(probabilities, labels)
    cuts = np.array([best_cut(*columns) for columns in zip(probabilities.T, labels.T, strict=True)])
    return score(probabilities, labels, action_units, cuts)


def _ranking_scores(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """ROC-AUC and average precision of one action unit; NaN where they are undefined."""
    known = labels != UNKNOWN
    probabilities, labels = probabilities[known], labels[known]
    if not (labels == 1).any():  # scikit-learn gives 0 with a warning, which would enter a mean
        return float("nan"), float("nan")
    auc = roc_auc_score(labels, probabilities) if (labels == 0).any() else float("nan")
    return float(auc), float(average_precision_score(labels, probabilities))
