"""Predictions on disk: round trip, pooling by sample id, errors on duplicates and on missing samples."""

import numpy as np
import pytest

from training_aullm.score.metrics import score
from training_aullm.score.predictions import Predictions, pool


def make(ids, fold="fold0", seed=0, units=("AU1", "AU4"), labels=None):
    labels = np.zeros((len(ids), len(units)), int) if labels is None else labels
    return Predictions(
        sample_ids=tuple(ids),
        subjects=tuple(name[0] for name in ids),
        data_set="tiny",
        fold=(fold,) * len(ids),
        seed=seed,
        action_units=units,
        probabilities=np.linspace(0, 1, labels.size).reshape(labels.shape),
        labels=labels,
    )


def test_a_file_gives_back_what_was_written(tmp_path):
    written = make(["a1", "b1"], labels=np.array([[1, 0], [-1, 1]]))
    written.save(tmp_path / "deep" / "fold0.parquet")
    read = Predictions.load(tmp_path / "deep" / "fold0.parquet")
    np.testing.assert_array_equal(read.labels, written.labels)
    np.testing.assert_allclose(read.probabilities, written.probabilities)
    assert (read.sample_ids, read.fold, read.seed) == (written.sample_ids, written.fold, written.seed)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["fold0.parquet"]


def test_pooling_follows_the_sample_id_not_the_fold_order():
    """An oracle scores 1 although the subjects of the folds interleave."""
    order = ["a1", "b1", "a2", "b2"]
    truth = np.array([[1], [0], [0], [1]])
    parts = []
    for fold, rows in (("fold0", [1, 3]), ("fold1", [0, 2])):
        part = make([order[row] for row in rows], fold, units=("AU4",), labels=truth[rows])
        part.probabilities[:] = truth[rows]
        parts.append(part)
    pooled = pool(parts, expected=order)
    np.testing.assert_array_equal(pooled.labels, truth)
    assert score(pooled.probabilities, truth, ["AU4"]).mean_f1 == 1


def test_duplicates_and_missing_samples_are_errors():
    with pytest.raises(ValueError, match="'a1' was predicted 2 times"):
        pool([make(["a1"]), make(["a1"], "fold1")], expected=["a1"])
    with pytest.raises(ValueError, match="1 missing"):
        pool([make(["a1"])], expected=["a1", "b1"])
    with pytest.raises(ValueError, match="1 not asked for"):
        pool([make(["a1", "b1"])], expected=["a1"])


def test_parts_of_other_seeds_or_units_are_refused():
    with pytest.raises(ValueError, match="differ in seed"):
        pool([make(["a1"]), make(["b1"], seed=1)], expected=["a1", "b1"])
    with pytest.raises(ValueError, match="differ in action_units"):
        pool([make(["a1"]), make(["b1"], units=("AU1", "AU2"))], expected=["a1", "b1"])


def test_select_keeps_the_order_asked_for():
    narrowed = make(["a1", "b1"]).select(["AU4"])
    np.testing.assert_array_equal(narrowed.probabilities, make(["a1", "b1"]).probabilities[:, 1:])
    with pytest.raises(ValueError, match="AU9"):
        make(["a1"]).select(["AU9"])


def test_a_foreign_table_is_refused(tmp_path):
    import pandas as pd

    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="no prediction table"):
        Predictions.load(tmp_path / "x.parquet")
