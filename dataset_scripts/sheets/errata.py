"""Known mistakes in sheets and folders, by data set, release, subject and clip; never by row number.

An erratum either changes a field of the clip's row or says that an oddity of the folder is known. Both are in the
report, marked as known, so `strict=True` passes over them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow

CHANGEABLE = ("onset", "apex", "offset", "coding", "emotion", "objective_class", "folder")
ODDITIES = ("frame_names", "apex_outside", "frames_missing")


@dataclass(frozen=True)
class Erratum:
    """One known mistake.

    Attributes:
        data_set, subject, clip: which clip, written as in the columns of the table.
        release: None for every release.
        reason: why, and where it is known from.
        changes: {field of ClipRow: right value}.
        accepts: oddities of the folder that are known.
    """

    data_set: str
    release: str | None
    subject: str
    clip: str
    reason: str
    changes: dict = field(default_factory=dict)
    accepts: tuple[str, ...] = ()

    def __post_init__(self):
        if not self.reason:
            raise ValueError(f"{self.data_set}/{self.subject}/{self.clip}: an erratum needs its reason")
        wrong = [*(set(self.changes) - set(CHANGEABLE)), *(set(self.accepts) - set(ODDITIES))]
        if wrong:
            raise ValueError(f"{self.clip}: cannot change or accept {wrong}: fields {CHANGEABLE}, oddities {ODDITIES}")


_OTHER_NAME = "shipped like this: the frames in the folder are this clip's, their file names another's"

ERRATA: tuple[Erratum, ...] = tuple(
    Erratum("samm", None, clip[:3], clip, _OTHER_NAME, accepts=("frame_names",))
    for clip in ("013_1_12", "013_1_8", "017_3_2", "026_1_1", "026_1_2", "035_7_2")
)
"""Source: the project's design notes on benchmarks, which list the six clips of SAMM."""


def apply_errata(
    rows: list[ClipRow], data_set: str, release: str, report: Report, errata: Iterable[Erratum] = ERRATA
) -> list[ClipRow]:
    """Change the rows that an erratum names.

    Args:
        rows: of one sheet. data_set, release: whose. report: receives every change. errata: the table.
    Returns:
        The rows in order.
    """
    table = {(entry.subject, entry.clip): entry for entry in _of(errata, data_set, release) if entry.changes}
    result = []
    for row in rows:
        entry = table.get((row.subject, row.clip))
        if entry is not None:
            changes = ", ".join(f"{name}: {getattr(row, name)} to {value}" for name, value in entry.changes.items())
            report.add("repaired", row.place, f"erratum of {row.subject}/{row.clip}: {changes}", entry.reason, True)
            row = replace(row, **entry.changes)
        result.append(row)
    return result


def accepted(data_set: str, release: str, errata: Iterable[Erratum] = ERRATA) -> dict[tuple[str, str, str], str]:
    """Known oddities of folders.

    Args:
        data_set, release: whose. errata: the table.
    Returns:
        {(subject, clip, oddity): reason}.
    """
    return {
        (entry.subject, entry.clip, oddity): entry.reason
        for entry in _of(errata, data_set, release)
        for oddity in entry.accepts
    }


def _of(errata: Iterable[Erratum], data_set: str, release: str) -> list[Erratum]:
    return [entry for entry in errata if entry.data_set == data_set and entry.release in (None, release)]
