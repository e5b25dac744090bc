"""Scores of decisions that follow the set's own prevalence, beside those at the threshold that training people decided.

    free = LabelFree.of(predictions, {"AU12": 0.2})  # AU12 is known to be in a fifth of the clips; others are estimated
    free.scores.mean_f1, free.shares

Labels enter the score alone: permuted, they leave every decision as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training_aullm.score.metrics import Scores, score
from training_aullm.score.predictions import Predictions
from training_aullm.score.prior_shift import check_shares, estimate_shares, most_likely


@dataclass(frozen=True)
class LabelFree:
    """Decisions and what they score.

    Attributes:
        shares: (K,) of clips that show each unit, as given or estimated.
        given: names of the units whose share was given.
        present: (N, K) bool, the decisions.
        scores: of the decisions; ranking scores are those of the predictions, not these.
    """

    shares: np.ndarray
    given: tuple[str, ...]
    present: np.ndarray
    scores: Scores

    @classmethod
    def of(cls, predictions: Predictions, prevalence: Mapping[str, float]) -> "LabelFree | None":
        """Decide and score.

        Args:
            predictions: pooled; without evidence only clips' order is known.
            prevalence: unit -> share of clips, where it is known.

        Returns:
            None where shares have to be estimated and the model was not calibrated.

        Raises:
            ValueError: a share of a unit that was not predicted, or that is none.
        """
        names, evidence = predictions.action_units, predictions.evidence
        check_shares(prevalence, names)
        if evidence is None:
            if set(prevalence) != set(names):
                return None
            evidence = predictions.probabilities  # their order is all that is needed
            shares = np.zeros(len(names))
        else:
            shares = estimate_shares(evidence)
        shares = np.array([prevalence.get(name, share) for name, share in zip(names, shares, strict=True)])
        present = most_likely(evidence, shares)
        scores = score(present.astype(float), predictions.labels, names)
        return cls(shares, tuple(name for name in names if name in prevalence), present, scores)

    def summary(self) -> dict:
        """Means, and per unit F1 and share, by the names used in JSON lines."""
        names = self.scores.action_units
        return {
            "f1": self.scores.mean_f1,
            "macro_f1": self.scores.mean_macro_f1,
            "f1_per_action_unit": dict(zip(names, self.scores.f1, strict=True)),
            "prevalence": dict(zip(names, self.shares.tolist(), strict=True)),
            "given": list(self.given),
        }
