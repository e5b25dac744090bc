"""Predictions as a table on disk, keyed by sample id, and their pooling over folds.

Pooling by fold order scores samples against the labels of others as soon as subjects interleave; here rows carry
their sample id, and a duplicate or a missing id is an error.

    predictions.save("runs/fold0.parquet")
    pooled = pool([Predictions.load(path) for path in paths], expected=clips.sample_ids)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dataset_scripts.damaged_files import naming
from dataset_scripts.whole_files import whole_file
from training_aullm.score.metrics import check_predictions

KEY_COLUMNS = ["sample_id", "subject", "data_set", "fold", "seed"]


@dataclass(frozen=True)
class Predictions:
    """Probabilities and labels of N samples for K action units.

    Attributes:
        sample_ids: N ids, each once.
        subjects: N subject names.
        data_set: name of the data set.
        fold: N fold names: the split in which each sample was tested.
        seed: training seed.
        action_units: K names.
        probabilities: (N, K) in [0, 1].
        labels: (N, K) in {1, 0, -1}.
        evidence: (N, K) log likelihood ratios of "present", for decisions at another prevalence; None where the model
            was not calibrated.
    """

    sample_ids: tuple[str, ...]
    subjects: tuple[str, ...]
    data_set: str
    fold: tuple[str, ...]
    seed: int
    action_units: tuple[str, ...]
    probabilities: np.ndarray
    labels: np.ndarray
    evidence: np.ndarray | None = None

    def __post_init__(self):
        check_predictions(self.probabilities, self.labels)
        rows = {len(self.sample_ids), len(self.subjects), len(self.fold), len(self.labels)}
        if len(rows) != 1 or len(self.action_units) != self.labels.shape[1]:
            raise ValueError(
                f"{len(self.sample_ids)} sample ids, {len(self.subjects)} subjects, {len(self.fold)} fold names and "
                f"{len(self.action_units)} action units do not fit labels of shape {self.labels.shape}"
            )
        if self.evidence is not None and self.evidence.shape != self.labels.shape:
            raise ValueError(f"evidence of shape {self.evidence.shape} for labels of shape {self.labels.shape}")
        _refuse_duplicates(self.sample_ids)

    def save(self, path: str | Path) -> None:
        """Write one parquet file, whole or not at all.

        Args:
            path: the file; its folder is made.
        """
        columns = dict(
            zip(KEY_COLUMNS, (self.sample_ids, self.subjects, self.data_set, self.fold, self.seed), strict=True)
        )
        columns |= {f"probability_{name}": self.probabilities[:, k] for k, name in enumerate(self.action_units)}
        columns |= {f"label_{name}": self.labels[:, k].astype(np.int8) for k, name in enumerate(self.action_units)}
        if self.evidence is not None:
            columns |= {f"evidence_{name}": self.evidence[:, k] for k, name in enumerate(self.action_units)}
        with whole_file(Path(path)) as unfinished:
            pd.DataFrame(columns).to_parquet(unfinished, index=False)

    @classmethod
    def load(cls, path: str | Path) -> "Predictions":
        """Read a file written by `save`.

        Args:
            path: the parquet file.

        Returns:
            The predictions.

        Raises:
            ValueError: the file is damaged, columns are missing, or it mixes data sets or seeds.
        """
        with naming(path, "delete it and evaluate again"):
            table = pd.read_parquet(path)
        action_units = tuple(name.removeprefix("label_") for name in table.columns if name.startswith("label_"))
        expected = KEY_COLUMNS + [f"{kind}_{name}" for kind in ("probability", "label") for name in action_units]
        missing = sorted(set(expected) - set(table.columns))
        if missing or not action_units:
            raise ValueError(f"{path} is no prediction table: columns {missing or ['label_<AU>']} are missing")
        if table["data_set"].nunique() != 1 or table["seed"].nunique() != 1:
            raise ValueError(
                f"{path} mixes data sets {set(table['data_set'])} or seeds {set(table['seed'])}: keep them apart"
            )
        evidence = [f"evidence_{name}" for name in action_units]
        return cls(
            sample_ids=tuple(table["sample_id"]),
            subjects=tuple(table["subject"]),
            data_set=str(table["data_set"].iloc[0]),
            fold=tuple(table["fold"]),
            seed=int(table["seed"].iloc[0]),
            action_units=action_units,
            probabilities=table[[f"probability_{name}" for name in action_units]].to_numpy(np.float64),
            labels=table[[f"label_{name}" for name in action_units]].to_numpy(np.int64),
            evidence=table[evidence].to_numpy(np.float64) if set(evidence) <= {*table.columns} else None,
        )

    def select(self, action_units: Sequence[str]) -> "Predictions":
        """The same samples with only these action units, in this order.

        Args:
            action_units: names, each among `self.action_units`.

        Returns:
            The narrower predictions.

        Raises:
            ValueError: a name that was not predicted.
        """
        unknown = [name for name in action_units if name not in self.action_units]
        if unknown:
            raise ValueError(f"{unknown} were not predicted; there are {list(self.action_units)}")
        columns = [self.action_units.index(name) for name in action_units]
        return self._replace(action_units=tuple(action_units), columns=columns)

    def in_order(self, sample_ids: Sequence[str]) -> "Predictions":
        """The same rows in the order of `sample_ids`, which must be the same set."""
        _refuse_difference(self.sample_ids, sample_ids)
        row_of = {name: row for row, name in enumerate(self.sample_ids)}
        return self.rows([row_of[name] for name in sample_ids])

    def rows(self, rows: Sequence[int]) -> "Predictions":
        """Some of the samples, by position, in this order."""
        return self._replace(rows=list(rows))

    def _replace(
        self, rows: list[int] | None = None, columns: list[int] | None = None, action_units=None
    ) -> "Predictions":
        rows = list(range(len(self.sample_ids))) if rows is None else rows
        columns = list(range(len(self.action_units))) if columns is None else columns
        return Predictions(
            sample_ids=tuple(self.sample_ids[row] for row in rows),
            subjects=tuple(self.subjects[row] for row in rows),
            data_set=self.data_set,
            fold=tuple(self.fold[row] for row in rows),
            seed=self.seed,
            action_units=action_units or self.action_units,
            probabilities=self.probabilities[np.ix_(rows, columns)],
            labels=self.labels[np.ix_(rows, columns)],
            evidence=None if self.evidence is None else self.evidence[np.ix_(rows, columns)],
        )


def pool(parts: Sequence[Predictions], expected: Sequence[str]) -> Predictions:
    """Join the folds of one seed into one table in the order of `expected`.

    Args:
        parts: predictions of each fold.
        expected: every sample id of the data set.

    Returns:
        The pooled predictions.

    Raises:
        ValueError: no part; parts of different seeds, data sets or action units; a sample tested twice, not at all,
            or not asked for.
    """
    if not parts:
        raise ValueError("no predictions to pool: run the folds first")
    for name in ("seed", "data_set", "action_units"):
        found = {getattr(part, name) for part in parts}
        if len(found) > 1:
            raise ValueError(f"predictions to pool differ in {name}: {sorted(map(str, found))}")
    evidence = [part.evidence for part in parts]
    joined = Predictions(
        sample_ids=sum((part.sample_ids for part in parts), ()),
        subjects=sum((part.subjects for part in parts), ()),
        data_set=parts[0].data_set,
        fold=sum((part.fold for part in parts), ()),
        seed=parts[0].seed,
        action_units=parts[0].action_units,
        probabilities=np.concatenate([part.probabilities for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        evidence=None if any(each is None for each in evidence) else np.concatenate(evidence),
    )
    return joined.in_order(expected)


def _refuse_duplicates(sample_ids: Sequence[str]) -> None:
    names, counts = np.unique(np.asarray(sample_ids, dtype=str), return_counts=True)
    if (counts > 1).any():
        raise ValueError(
            f"sample {str(names[counts > 1][0])!r} was predicted {counts.max()} times: test every sample in one fold"
        )


def _refuse_difference(found: Sequence[str], expected: Sequence[str]) -> None:
    _refuse_duplicates(expected)
    missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or extra:
        raise ValueError(
            f"predictions do not cover the samples: {len(missing)} missing {missing[:1]}, "
            f"{len(extra)} not asked for {extra[:1]}: run the missing folds, or pass the ids of the same table"
        )
