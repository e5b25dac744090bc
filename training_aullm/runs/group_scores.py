"""How well a model does for groups of rendered people: counts, intervals over people, and the words that go with them.

rows = score_groups(answers, subjects, groups)
Groups(..., rows).save(run); Groups.of_run(run).markdown()
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from dataset_scripts.damaged_files import naming, read_json
from dataset_scripts.whole_files import write_whole
from training_aullm.loading import MODEL_FOLDER
from training_aullm.runs.facts import MEASURED
from training_aullm.score.bootstrap import Interval, percentile_interval, subject_weights
from training_aullm.score.metrics import confusion
from training_aullm.score.report import markdown_table

NAME = "groups"
AGAIN = "delete it and measure again"
COLUMNS = {
    "by": "by",
    "group": "group",
    "people": "people",
    "clips": "clips",
    "found": "movements found (95%)",
    "false_alarms": "false alarms (95%)",
    "f1": "F1, units pooled (95%)",
    "difference": "F1 minus the others' (95%)",
}
REPLICATES = 2000
MIN_PEOPLE = 8
"""In a group and among the others, below which their difference is not stated: intervals of so few people mislead."""
AMPLITUDE = "amplitude"


@dataclass(frozen=True)
class Group:
    """Some of the answers, and those it is compared with.

    Attributes:
        by: what the groups differ in.
        group: the group's name.
        inside, others: (N, K) bool: which labels of which clips belong to either.
    """

    by: str
    group: str
    inside: np.ndarray
    others: np.ndarray


@dataclass(frozen=True)
class GroupRow:
    """One line of the table; an interval is None where nothing can be counted, or of one person.

    Attributes:
        by, group: what the groups differ in, and which one this is.
        people, clips: how many.
        found: share of the movements present that the model reports.
        false_alarms: share of the absent ones that it reports.
        f1: of all units pooled.
        difference: F1 minus that of the others, on the same draws of people.
    """

    by: str
    group: str
    people: int
    clips: int
    found: Interval | None
    false_alarms: Interval | None
    f1: Interval | None
    difference: Interval | None


@dataclass(frozen=True)
class Groups:
    """The finished measurement.

    Attributes:
        domain, seed: of the rendered people.
        people: how many.
        clips: how many in all, each person's with and without glasses.
        weights: hash of the weights that were measured.
        rows: the table.
    """

    domain: str
    seed: int
    people: int
    clips: int
    weights: str
    rows: tuple[GroupRow, ...]

    def save(self, run: Path) -> Path:
        """Write RUN/measured/groups.json and return its path."""
        path = run / MEASURED / f"{NAME}.json"
        write_whole(path, json.dumps(asdict(self), indent=1) + "\n")
        return path

    @classmethod
    def of_run(cls, run: Path) -> "Groups | None":
        """What was measured with the weights that lie in RUN/model; None where nothing was, or with others."""
        path = run / MEASURED / f"{NAME}.json"
        if not path.is_file():
            return None
        content = read_json(path, AGAIN)
        with naming(path, AGAIN):
            groups = cls(**{**content, "rows": tuple(_row(row) for row in content["rows"])})
        return groups if groups.weights == weights_hash(run / MODEL_FOLDER) else None

    def markdown(self) -> str:
        """The table."""
        return markdown_table([vars(row) for row in self.rows], COLUMNS)

    def about(self) -> str:
        """What was measured, in a few sentences."""
        return (
            f"{self.clips} rendered clips ({self.domain}, seed {self.seed}) of {self.people} people whom the model "
            "never saw, of mixed ancestry, all ages and both sexes, each clip with and without glasses. *Movements "
            "found*: of the movements present, the share that the model reports; *false alarms*: of the absent ones. "
            "Intervals are over people. Skin tone is the individual typology angle (ITA) of the rendered skin; age is "
            "in thirds of the renderer's range; amplitude is the true displacement at the apex, in pixels of a crop of "
            "224."
        )

    def reading(self) -> str:
        """Which differences are beyond chance, in plain words."""
        clear = [row for row in self.rows if row.difference is not None and _excludes_zero(row.difference)]
        if not clear:
            return "No group's F1 differs from the others' beyond chance at this size of the test."
        parts = [_in_words(row) for row in sorted(clear, key=lambda row: row.difference.value)]
        return f"Beyond chance (the interval leaves out 0): {'; '.join(parts)}. The other differences are not settled."


def score_groups(
    probabilities: np.ndarray,
    labels: np.ndarray,
    subjects: Sequence[str],
    clips: Sequence[str],
    groups: Sequence[Group],
) -> tuple[GroupRow, ...]:
    """Count, and draw people with replacement for the intervals.

    Args:
        probabilities, labels: (N, K).
        subjects: N names.
        clips: N names; the same for one movement filmed twice.
        groups: the rows wanted.

    Returns:
        A row a group.
    """
    names, of_subject = np.unique(np.asarray(subjects), return_inverse=True)
    cells = confusion(probabilities, labels)  # (N, K, 4)
    everybody = np.ones((1, len(names)))
    weights = np.concatenate([everybody, subject_weights(len(names), REPLICATES, seed=0)])  # (1 + replicates, people)
    rows = []
    for group in groups:
        inside, others = (weights @ _by_subject(cells, of_subject, mask) for mask in (group.inside, group.others))
        people = [len(np.unique(of_subject[mask.any(axis=1)])) for mask in (group.inside, group.others)]
        f1 = None if group.by == AMPLITUDE else _f1(inside)
        difference = None if f1 is None or min(people) < MIN_PEOPLE else f1 - _f1(others)
        found, alarms = _share(inside[:, 0], inside[:, 2]), _share(inside[:, 1], inside[:, 3])
        counted = len(set(np.asarray(clips)[group.inside.any(axis=1)]))
        measured = (found, alarms, f1, difference)  # (1 + replicates,) each, everybody first
        measured = measured if people[0] > 1 else [None] * len(measured)  # nobody else could be drawn
        intervals = [None if each is None else percentile_interval(each[0], each[1:]) for each in measured]
        rows.append(GroupRow(group.by, group.group, people[0], counted, *intervals))
    return tuple(rows)


def weights_hash(folder: Path) -> str:
    """A hash of the weights in a model's folder, whatever else lies there.

    Args:
        folder: with model*.safetensors.

    Returns:
        64 hexadecimal digits.

    Raises:
        FileNotFoundError: there are no weights.
    """
    digest, parts = hashlib.sha256(), sorted(folder.glob("model*.safetensors"))
    if not parts:
        raise FileNotFoundError(f"{folder} holds no weights (model*.safetensors)")
    for path in parts:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _by_subject(cells: np.ndarray, of_subject: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(subjects, 4) confusion counts of the labels inside the mask."""
    counts = np.zeros((of_subject.max() + 1, 4))
    np.add.at(counts, of_subject, (cells * mask[..., None]).sum(axis=1))
    return counts


def _f1(counts: np.ndarray) -> np.ndarray:
    """(R, 4) -> (R,), NaN where nothing is present."""
    present = counts[:, 0] + counts[:, 2]
    return np.where(present > 0, 2 * counts[:, 0] / np.maximum(counts[:, 0] + counts[:, 1] + present, 1), np.nan)


def _share(hits: np.ndarray, misses: np.ndarray) -> np.ndarray | None:
    """(R,) shares; None where there is nothing to count at all."""
    total = hits + misses
    return np.where(total > 0, hits / np.maximum(total, 1), np.nan) if total[0] else None


def _row(content: dict) -> GroupRow:
    return GroupRow(**{key: Interval(**value) if isinstance(value, dict) else value for key, value in content.items()})


def _excludes_zero(interval: Interval) -> bool:
    return interval.low > 0 or interval.high < 0


def _in_words(row: GroupRow) -> str:
    difference = row.difference
    return f"{row.by} {row.group}: {difference.value:+.2f} ({difference.low:+.2f} to {difference.high:+.2f})"
