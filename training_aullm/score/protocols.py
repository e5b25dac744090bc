"""Who is trained on and who is tested on: subject-exclusive folds, leave-one-subject-out, own splits, cross-domain.

No subject is ever on both sides of a split. Folds test every sample exactly once; of a set that comes with a training
part, that part is not tested.

    for fold in subject_folds(subjects, folds=5, seed=0):
        train(clips.subset(fold.train)), test(clips.subset(fold.test))
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FOLDS, LOSO, SPLIT, CROSS = "folds", "loso", "split", "cross"
TRAINING_PARTS = ("train", "training")
"""What a set may call the part to train on, in letters of any case."""


@dataclass(frozen=True)
class Fold:
    """Indices of one split.

    Attributes:
        name: "fold0", "s003" (the subject left out), "cross"...
        train: sample indices to fit on.
        test: sample indices to score on.
    """

    name: str
    train: np.ndarray
    test: np.ndarray


def subject_folds(subjects: Sequence[str], folds: int, seed: int = 0) -> list[Fold]:
    """Subject-exclusive folds of about equal clip counts. With `folds=3` the protocol of DISFA and BP4D.

    Args:
        subjects: N subject names, one per sample.
        folds: number of folds.
        seed: of the assignment of subjects to folds.

    Returns:
        `folds` splits that together test every sample once.

    Raises:
        ValueError: fewer subjects than folds.

    Source:
        Our choice: subjects in random order, then by falling clip count (1 to 36 a subject in CASME II), each to the
            fold that has fewest clips.
    """
    subjects = np.asarray(subjects)
    names, counts = np.unique(subjects, return_counts=True)
    if not 2 <= folds <= len(names):
        raise ValueError(f"{folds} folds of {len(names)} subjects: choose between 2 and the number of subjects")
    # Large subjects first: small ones then level the folds out. The shuffle decides among subjects of equal size.
    shuffled = np.random.default_rng(seed).permutation(len(names))
    by_count = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    sizes, assigned = np.zeros(folds, dtype=int), np.zeros(len(names), dtype=int)
    for subject in by_count:
        assigned[subject] = np.argmin(sizes)
        sizes[assigned[subject]] += counts[subject]
    fold_of_sample = assigned[np.searchsorted(names, subjects)]
    return [_split(f"fold{index}", fold_of_sample == index) for index in range(folds)]


def leave_one_subject_out(subjects: Sequence[str]) -> list[Fold]:
    """One fold per subject, named after the subject left out.

    Args:
        subjects: N subject names.

    Returns:
        As many splits as there are subjects.

    Raises:
        ValueError: fewer than two subjects.
    """
    subjects = np.asarray(subjects)
    names = np.unique(subjects)
    if len(names) < 2:
        raise ValueError(f"leave-one-subject-out needs two subjects or more, found {list(names)}")
    return [_split(str(name), subjects == name) for name in names]


def own_split(parts: Sequence[str | None], subjects: Sequence[str]) -> list[Fold]:
    """The division that a data set comes with, its column `split`.

    Args:
        parts: N names of parts, one per sample; None where a sample belongs to none.
        subjects: N subject names.

    Returns:
        With a part called train (or training): one fold "test", trained on it and tested on all others. Without: a fold
            per part, named after it and trained on the others, as the three of DISFA and BP4D are meant.

    Raises:
        ValueError: samples without a part; a single part; a subject on both sides.
    """
    subjects, without = np.asarray(subjects), sum(part is None for part in parts)
    instead = "choose --protocol folds or loso"
    if without:
        some = "no clip says" if without == len(parts) else f"{without} of {len(parts)} clips do not say"
        raise ValueError(f"{some} in column `split` to which part it belongs: {instead}")
    parts = np.asarray(parts, dtype=str)
    names = np.unique(parts).tolist()
    training = [name for name in names if name.lower() in TRAINING_PARTS]
    if len(names) == max(1, len(training)):
        raise ValueError(f"all clips belong to part {names} of column `split`, which leaves nothing to test: {instead}")
    tested = {"test": ~np.isin(parts, training)} if training else {name: parts == name for name in names}
    folds = [_split(name, mask) for name, mask in tested.items()]
    for fold in folds:
        if shared := sorted(set(subjects[fold.train]) & set(subjects[fold.test])):
            raise ValueError(
                f"{len(shared)} people ({', '.join(map(str, shared[:3]))} ...) are in the training and in the testing "
                f"part of column `split`, so that scores would not be of people unseen: {instead}"
            )
    return folds


def cross_domain(train_action_units: Sequence[str], test_action_units: Sequence[str]) -> list[str]:
    """The action units that a cross-domain score is computed on: those that both domains code, in the training order.

    Args:
        train_action_units: AU names of the training domain.
        test_action_units: AU names of the test domain.

    Returns:
        The common names.

    Raises:
        ValueError: nothing in common.
    """
    common = [name for name in train_action_units if name in set(test_action_units)]
    if not common:
        raise ValueError(f"no action unit in common: {list(train_action_units)} and {list(test_action_units)}")
    return common


def _split(name: str, tested: np.ndarray) -> Fold:
    return Fold(name, np.flatnonzero(~tested), np.flatnonzero(tested))
