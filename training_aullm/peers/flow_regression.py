"""Optical flow from onset to the true apex, and one logistic regression per action unit. Source: our choice.

Tested in tests/training_aullm/peers/test_fitting.py.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training_aullm.clips.clip_set import ClipSet
from training_aullm.peers.method import Method, Setup


class FlowLogisticRegression:
    """One balanced logistic regression per action unit on the flow from onset to the true apex.

    An action unit with fewer than three known positives in training is never predicted. Balanced weights already put
    decisions near the best threshold: calibrating it on its training clips, as the networks are, made it worse (.61 to
    .56 on development renders), because it knows them too well.
    """

    def __init__(self, regularisation: float = 0.02):
        """
        Args:
            regularisation: inverse strength C of scikit-learn.
        """
        self.regularisation = regularisation
        self.models: list = []

    def fit(self, clips: ClipSet) -> "FlowLogisticRegression":
        """
        Args:
            clips: training clips of `flow.apex_flow`.

        Returns:
            Itself.
        """
        flow, labels = clips.inputs.flatten(1).numpy(), clips.labels.numpy()
        self.models = [self._fit_one(flow[column != -1], column[column != -1]) for column in labels.T]
        return self

    def predict(self, clips: ClipSet) -> np.ndarray:
        """
        Args:
            clips: clips of `flow.apex_flow`.

        Returns:
            (N, K) probabilities.
        """
        flow = clips.inputs.flatten(1).numpy()
        none = np.zeros(len(flow))
        return np.stack([none if each is None else each.predict_proba(flow)[:, 1] for each in self.models], axis=1)

    def _fit_one(self, flow: np.ndarray, labels: np.ndarray):
        if labels.sum() < 3 or labels.all():
            return None
        classifier = LogisticRegression(C=self.regularisation, class_weight="balanced", max_iter=300)
        return make_pipeline(StandardScaler(), classifier).fit(flow, labels)


@dataclass(frozen=True)
class RegressionRun:
    """Fits logistic regressions on flow to the true apex: the `run` of a `Method`. It has no randomness.

    Attributes:
        regularisation: inverse strength C.
    """

    regularisation: float = 0.02

    def __str__(self) -> str:
        return f"flow regression, C {self.regularisation:g}"

    def __call__(self, recipe: None, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
        """Fit on `train`, give (N, K) probabilities for each of `tests`."""
        fitted = FlowLogisticRegression(self.regularisation).fit(train)
        return [fitted.predict(clips) for clips in tests]


METHOD = Method(
    "apex-flow",
    RegressionRun(),
    source="ours: flow and logistic regression",
    others=tuple(RegressionRun(strength) for strength in (0.06, 0.007, 0.2, 0.002)),
)
