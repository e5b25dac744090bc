"""Subject-level bootstrap: how far a score would move with other subjects of the same kind.

Subjects are drawn with replacement (not clips: clips of one face are not independent). Confusion counts per subject
are summed once, so that 2,000 replicates are one matrix product.

    interval = bootstrap_f1(labels, [probabilities_of_seed_0, probabilities_of_seed_1], subjects)["f1"]
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training_aullm.score.metrics import check_predictions, confusion, f1_from_counts

ONE_PERSON = "one person: no interval"


@dataclass(frozen=True)
class Interval:
    """A percentile interval: `value` on all data, `low` and `high` the 2.5 and 97.5 percentiles (at level 0.95).

    Both are NaN where the value rests on one person: nobody else can be drawn, and a point would look certain.
    """

    value: float
    low: float
    high: float

    @property
    def alone(self) -> bool:
        """Whether there is a value without an interval."""
        return bool(np.isnan(self.low) and not np.isnan(self.value))

    def __str__(self) -> str:
        return f"{self.value:.3f} " + (f"({ONE_PERSON})" if self.alone else f"[{self.low:.3f}, {self.high:.3f}]")


def bootstrap_f1(
    labels: np.ndarray,
    probabilities: Sequence[np.ndarray],
    subjects: Sequence[str],
    replicates: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval | list[Interval]]:
    """Intervals of mean F1, mean macro F1 and each action unit's F1, averaged over training seeds.

    Args:
        labels: (N, K) in {1, 0, -1}.
        probabilities: one (N, K) array per training seed, same sample order. Every seed is scored on the same
            resampled subjects.
        subjects: N subject names.
        replicates: bootstrap replicates.
        level: coverage of the interval.
        seed: of the resampling.

    Returns:
        "f1" and "macro_f1" (Interval) and "per_action_unit" (K Intervals of positive-class F1).
    """
    counts = _counts_by_subject(labels, probabilities, subjects)
    weights = subject_weights(counts.shape[1], replicates, seed)
    (f1, macro), (f1_drawn, macro_drawn) = _scores(counts), _scores(counts, weights)
    everybody = _people(counts)
    return {
        "f1": percentile_interval(_mean(f1), _mean(f1_drawn), everybody, level),
        "macro_f1": percentile_interval(_mean(macro), _mean(macro_drawn), everybody, level),
        "per_action_unit": [
            percentile_interval(
                f1[:, :, k].mean(axis=0), f1_drawn[:, :, k].mean(axis=0), _people(counts[:, :, k]), level
            )
            for k in range(f1.shape[-1])
        ],
    }


def bootstrap_difference(
    labels: np.ndarray,
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
    subjects: Sequence[str],
    replicates: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Interval of mean F1 of `first` minus mean F1 of `second`, paired: both are scored on the same resampled subjects.

    Args:
        labels: (N, K).
        first: one (N, K) probability array per seed of the first method.
        second: the same of the second method, same sample order.
        subjects: N subject names.
        replicates: bootstrap replicates.
        level: coverage.
        seed: of the resampling.

    Returns:
        The interval; one that leaves out 0 says that the difference would hold for other subjects.
    """
    counts = [_counts_by_subject(labels, each, subjects) for each in (first, second)]
    weights = subject_weights(counts[0].shape[1], replicates, seed)
    values = [_mean(_scores(each)[0]) for each in counts]
    drawn = [_mean(_scores(each, weights)[0]) for each in counts]
    return percentile_interval(values[0] - values[1], drawn[0] - drawn[1], _people(np.concatenate(counts)), level)


def bootstrap_mean(values: Sequence[float], subjects: Sequence[str], replicates: int = 2000, seed: int = 0) -> Interval:
    """Interval of the mean of values, of which a subject may have several.

    Args:
        values: N numbers.
        subjects: N subject names.
        replicates: bootstrap replicates.
        seed: of the resampling.

    Returns:
        The interval at level 0.95.
    """
    names, rows = np.unique(np.asarray(subjects), return_inverse=True)
    sums, counts = np.bincount(rows, np.asarray(values, float)), np.bincount(rows)  # (subjects,)
    weights = subject_weights(len(names), replicates, seed)
    drawn = (weights @ sums) / np.maximum(weights @ counts, 1)
    return percentile_interval(sums.sum() / counts.sum(), drawn, len(names))


def _counts_by_subject(labels: np.ndarray, probabilities: Sequence[np.ndarray], subjects: Sequence[str]) -> np.ndarray:
    """(seeds, subjects, K, 4) confusion counts."""
    names, rows = np.unique(np.asarray(subjects), return_inverse=True)
    if len(rows) != len(labels):
        raise ValueError(f"{len(rows)} subjects for {len(labels)} samples: pass one subject name per sample")
    counts = np.zeros((len(probabilities), len(names), np.shape(labels)[1], 4))
    for index, each in enumerate(probabilities):
        # A score of drawn people needs their counts only, never their clips: replicates are then one matrix product.
        np.add.at(counts[index], rows, confusion(*check_predictions(each, labels)))
    return counts


def _people(counts: np.ndarray) -> int:
    """Of how many people F1 tells: those with a hit, a miss or a false alarm, in (seeds, subjects, ..., 4) counts."""
    return int((counts[..., :3] > 0).any(axis=(0, *range(2, counts.ndim))).sum())


def subject_weights(subjects: int, replicates: int, seed: int) -> np.ndarray:
    """(replicates, subjects): how often each subject is drawn."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(subjects, np.full(subjects, 1 / subjects), size=replicates).astype(np.float64)


def _scores(counts: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Positive and macro F1 per replicate, each (seeds, R, K)."""
    weights = np.ones((1, counts.shape[1])) if weights is None else weights  # (R, subjects); one of each: as it is
    return f1_from_counts(np.einsum("rs,nskc->nrkc", weights, counts))


def _mean(scores: np.ndarray) -> np.ndarray:
    """(seeds, R, K) -> (R,): mean over the defined action units, then over seeds."""
    # A replicate may hold nobody who shows a unit: the unit is then undefined in this replicate, as in a real test.
    defined = ~np.isnan(scores)
    per_seed = np.where(defined, scores, 0).sum(axis=-1) / np.where(defined.any(axis=-1), defined.sum(axis=-1), np.nan)
    return per_seed.mean(axis=0)


def percentile_interval(
    value: np.ndarray | float, drawn: np.ndarray, people: int | None = None, level: float = 0.95
) -> Interval:
    """Percentile interval over the defined replicates.

    Args:
        value: on all data.
        drawn: the same of each replicate.
        people: whom the value rests on, None: surely several. One has no interval.
        level: coverage.
    """
    drawn = drawn[~np.isnan(drawn)]
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if drawn.size and people != 1 else (np.nan, np.nan)
    return Interval(float(np.squeeze(value)), float(low), float(high))
