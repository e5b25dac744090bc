"""Protocols over one or several data sets as splits of their joined clips.

| protocol | trained on | tested on |
|---|---|---|
| loso | everybody else of the data set | one person |
| kfold | the other folds of people | a fold of people |
| cross | one data set | another, in every direction |
| leave-one-data-set-out | all other data sets | one |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.subject_files import apart
from training_aullm.score.protocols import Fold, cross_domain, leave_one_subject_out, subject_folds

LOSO, KFOLD, CROSS, LEAVE_SET_OUT = "loso", "kfold", "cross", "leave-one-data-set-out"
PROTOCOLS = (LOSO, KFOLD, CROSS, LEAVE_SET_OUT)


@dataclass(frozen=True)
class Split:
    """One fit and one test.

    Attributes:
        group: what its predictions are pooled with: a data set, or a direction such as "casme2 to samm".
        fold: positions among the joined clips.
        trained_units: action units that the method learns and answers.
        scored_units: those of them that the tested data set is scored on.
    """

    group: str
    fold: Fold
    trained_units: tuple[str, ...]
    scored_units: tuple[str, ...]


def divide(
    protocol: str,
    data_sets: Sequence[str],
    subjects: Sequence[str],
    units: dict[str, Sequence[str]],
    folds: int = 5,
) -> list[Split]:
    """All splits of a protocol.

    Args:
        protocol: one of `PROTOCOLS`.
        data_sets: the data set of each of N clips.
        subjects: the person of each; people of two data sets have two names.
        units: data set -> action units it is scored on.
        folds: how many, with "kfold".

    Returns:
        The splits, in an order that every process finds.

    Raises:
        ValueError: too few data sets, people or common action units for the protocol.
    """
    data_sets, subjects = np.asarray(data_sets), np.asarray(subjects)
    names = list(units)
    if protocol in (CROSS, LEAVE_SET_OUT) and len(names) < 2:
        raise ValueError(f"--protocol {protocol} needs two data sets or more, and was given {names}")
    if protocol == CROSS:
        pairs = [([first], second) for first, second in permutations(names, 2)]
        return [_between(data_sets, trained, tested, units) for trained, tested in pairs]
    if protocol == LEAVE_SET_OUT:
        return [_between(data_sets, [each for each in names if each != left], left, units) for left in names]
    return [split for name in names for split in _within(protocol, name, data_sets, subjects, units[name], folds)]


def _within(protocol: str, name: str, data_sets: np.ndarray, subjects: np.ndarray, units, folds: int) -> list[Split]:
    """Folds of the people of one data set, with names for files of their own."""
    rows = np.flatnonzero(data_sets == name)
    found = leave_one_subject_out(subjects[rows]) if protocol == LOSO else subject_folds(subjects[rows], folds)
    files = apart(each.name for each in found)
    return [
        Split(name, Fold(files[each.name], rows[each.train], rows[each.test]), tuple(units), tuple(units))
        for each in found
    ]


def _between(data_sets: np.ndarray, trained: list[str], tested: str, units: dict[str, Sequence[str]]) -> Split:
    """Training on whole data sets, testing on another."""
    learnt = {name for each in trained for name in units[each]}
    learnt = tuple(name for name in ACTION_UNITS if name in learnt)
    name = f"{trained[0]} to {tested}" if len(trained) == 1 else tested
    fold = Fold(tested, np.flatnonzero(np.isin(data_sets, trained)), np.flatnonzero(data_sets == tested))
    return Split(name, fold, learnt, tuple(cross_domain(learnt, units[tested])))
