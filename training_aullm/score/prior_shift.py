"""Decisions on a set where action units are more or less frequent than in training. No label of the set is looked at.

    shares = estimate_shares(evidence)            # (N, K) log likelihood ratios -> (K,)
    present = most_likely(evidence, shares)       # (N, K) bool

A threshold that was right in training is wrong where a unit is rarer; how clips rank may still be right. What the set
itself answers tells how frequent a unit is in it, as long as only that changed ("label shift": a clip that shows the
unit looks as such clips looked in training). Where faces or cameras look otherwise too, the estimate may be far off.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import expit, logit

STEPS, CLOSE = 10_000, 1e-7
LEAST = 1e-9


def estimate_shares(evidence: np.ndarray) -> np.ndarray:
    """The share of clips that show each unit, by expectation-maximisation.

    Args:
        evidence: (N, K) log of how much likelier each clip is where the unit is present than where it is absent.

    Returns:
        (K,) in [0, 1], those under which the set is most likely.

    Raises:
        ValueError: no clip, or a value that is no number.

    Source: Saerens, Latinne, Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities: a
        simple procedure", Neural Computation 14 (2002), for each unit by itself. It starts at one half: the likelihood
        has one peak.
    """
    evidence = np.asarray(evidence, dtype=np.float64)
    if evidence.ndim != 2 or not len(evidence) or not np.isfinite(evidence).all():
        raise ValueError(f"evidence of shape {evidence.shape} must be (clips, units), one clip or more, and finite")
    shares = np.full(evidence.shape[1], 0.5)
    for _ in range(STEPS):
        before, shares = shares, expit(evidence + logit(shares.clip(LEAST, 1 - LEAST))).mean(axis=0)
        if np.abs(shares - before).max() < CLOSE:
            break
    return shares


def most_likely(evidence: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """As many clips as there should be, those with the strongest evidence.

    Args:
        evidence: (N, K), of any scale: only its order counts.
        shares: (K,) of clips that show each unit.

    Returns:
        (N, K) bool. Of equal ones the first are taken.

    Source: Our choice. A cut at one half of the corrected probability finds fewer clips than it expects there to be,
        and trusts how sure a model is, which is what another data set changes first.
    """
    ranks = np.argsort(np.argsort(-np.asarray(evidence), axis=0, kind="stable"), axis=0)
    return ranks < np.rint(np.asarray(shares) * len(evidence))


def check_shares(shares: Mapping[str, float], action_units: Sequence[str]) -> None:
    """Refuse shares of units that were not predicted, and shares that are none.

    Raises:
        ValueError: with the unit and its value.
    """
    for name, share in shares.items():
        if name not in action_units:
            raise ValueError(f"--prevalence {name}={share:g}: {name} is not predicted; there are {list(action_units)}")
        if not 0 <= share <= 1:
            raise ValueError(f"--prevalence {name}={share:g}: give the share of clips that show it, from 0 to 1")
