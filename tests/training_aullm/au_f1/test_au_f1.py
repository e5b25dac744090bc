"""The `evaluate` module gives the numbers of the plain function."""

import evaluate
import numpy as np
import pytest

from tests.contract.tree import ROOT
from training_aullm.score.metrics import score

NAMES = ["AU1", "AU2", "AU4"]


def test_the_evaluate_module_gives_the_same_numbers(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    rng = np.random.default_rng(0)
    probabilities, labels = rng.random((40, 3)), rng.integers(0, 2, (40, 3))
    metric = evaluate.load(str(ROOT / "training_aullm" / "au_f1"), cache_dir=str(tmp_path))
    result = metric.compute(predictions=probabilities.tolist(), references=labels.tolist(), action_units=NAMES)
    expected = score(probabilities, labels, NAMES)
    assert result["f1"] == pytest.approx(expected.mean_f1)
    assert result["f1_per_action_unit"]["AU2"] == pytest.approx(expected.f1[1])
    assert result["undefined"] == []


def test_answers_that_differ_in_the_last_bits_only_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    metric = evaluate.load(str(ROOT / "training_aullm" / "au_f1"), cache_dir=str(tmp_path))
    sure = {"predictions": [[1 - 1e-9], [1 - 1e-10], [0.2]], "references": [[0], [1], [0]]}
    assert metric.compute(**sure)["auc"] == 1.0
    close = {"predictions": [[0.499999999], [0.2], [0.9]], "references": [[0], [0], [1]]}
    assert metric.compute(**close)["f1"] == 1.0
