"""`evaluate` module for action-unit detection: a thin wrapper on the plain function `score`.

metric = evaluate.load("training_aullm/au_f1")
metric.compute(predictions=probabilities, references=labels, action_units=["AU1", "AU4"])
"""

import datasets
import evaluate
import numpy as np

from training_aullm.score.metrics import score

_DESCRIPTION = """
Positive-class F1 per action unit at a fixed threshold on pooled predictions, its mean over the action units that have
a known positive, and beside it the two-class ("macro") F1, ROC-AUC and average precision. Labels: 1 present, 0
absent, -1 unknown (left out).
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions: (N, K) probabilities in [0, 1].
    references: (N, K) labels, 1, 0 or -1.
    action_units: K names; default AU columns "0", "1", ...
    threshold: decision threshold, one for all action units. Keep 0.5 unless it was tuned on training subjects.
Returns:
    f1, macro_f1, auc, average_precision: means over the defined action units.
    f1_per_action_unit: dict of name to F1 (None where undefined).
    undefined: names without a known positive.
Examples:
    >>> metric = evaluate.load("training_aullm/au_f1")
    >>> result = metric.compute(predictions=[[0.9], [0.2]], references=[[1], [0]], action_units=["AU4"])
    >>> result["f1"]
    1.0
"""

_CITATION = ""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class ActionUnitF1(evaluate.Metric):
    """Scores of action-unit detection as an `evaluate` metric."""

    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("float64")),
                    "references": datasets.Sequence(datasets.Value("int32")),
                }
            ),
        )

    def _compute(self, predictions, references, action_units=None, threshold=0.5):
        probabilities, labels = np.asarray(predictions), np.asarray(references)
        names = action_units or [str(column) for column in range(probabilities.shape[-1])]
        scores = score(probabilities, labels, names, threshold)
        per_unit = {
            name: None if np.isnan(value) else float(value) for name, value in zip(names, scores.f1, strict=True)
        }
        return scores.summary() | {"f1_per_action_unit": per_unit, "undefined": list(scores.undefined)}
