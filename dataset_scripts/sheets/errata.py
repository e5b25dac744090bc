"""Known mistakes in sheets and folders, by data set, release, subject and clip; never by row number.

An erratum either changes a field of the clip's row or says that an oddity of the folder is known. Both are in the
report, marked as known, so `strict=True` passes over them. A copy in which the mistake was mended is left as it is.

Tested in tests/dataset_scripts/test_report.py.
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
        data_set, subject: as in the columns of the table. clip: its name as the sheet has it.
        release: None for every release.
        reason: why, and where it is known from.
        finds: {field of ClipRow: the mistake}; tells clips of one name apart too.
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
    finds: dict = field(default_factory=dict)

    def __post_init__(self):
        if not self.reason:
            raise ValueError(f"{self.data_set}/{self.subject}/{self.clip}: an erratum needs its reason")
        wrong = [*({*self.changes, *self.finds} - set(CHANGEABLE)), *(set(self.accepts) - set(ODDITIES))]
        if wrong:
            raise ValueError(f"{self.clip}: cannot change or accept {wrong}: fields {CHANGEABLE}, oddities {ODDITIES}")

    def names(self, row: ClipRow) -> bool:
        """Whether it is about this clip, and the mistake is in it."""
        same = self.subject == row.subject and self.clip in (row.clip, row.folder)
        return same and all(getattr(row, name) == value for name, value in self.finds.items())


_OTHER_NAME = "shipped like this: the frames in the folder are this clip's, their file names another's"

_TYPO = "typing error in the sheet"

ERRATA: tuple[Erratum, ...] = (
    *(
        Erratum("samm", None, clip[:3], clip, _OTHER_NAME, accepts=("frame_names",))
        for clip in ("013_1_12", "013_1_8", "017_3_2", "026_1_1", "026_1_2", "035_7_2")
    ),
    Erratum("samm", None, "032", "032_3_1", f"{_TYPO}: 1930 for 4930", {"apex": 4930}, finds={"apex": 1930}),
    Erratum("samm", None, "028", "028_4_1", "shipped like this: the apex is past the offset", {}, ("apex_outside",)),
    Erratum("casme3", None, "spNO.216", "d", f"{_TYPO}: 3647 for 2647", {"onset": 2647}, finds={"onset": 3647}),
    *(
        Erratum("casme3", None, "spNO.40", "e", f"{_TYPO}: 0", {"offset": offset}, finds={"onset": onset, "offset": 0})
        for onset, offset in ((1812, 1845), (2327, 2403))
    ),
    Erratum("casme3", None, "spNO.149", "d", f"{_TYPO}, not known what for", {}, ("apex_outside",), {"apex": 83}),
)
"""Source: the project's design notes on benchmarks, which list the six clips of SAMM, and its notes on real copies."""


def apply_errata(
    rows: list[ClipRow], data_set: str, release: str, report: Report, errata: Iterable[Erratum] = ERRATA
) -> list[ClipRow]:
    """Change the rows that an erratum names.

    Args:
        rows: of one sheet. data_set, release: whose. report: receives every change. errata: the table.
    Returns:
        The rows in order.
    """
    table = [entry for entry in _of(errata, data_set, release) if entry.changes]
    result = []
    for row in rows:
        entry = next((entry for entry in table if entry.names(row)), None)
        if entry is not None:
            changes = ", ".join(f"{name}: {getattr(row, name)} to {value}" for name, value in entry.changes.items())
            report.add("repaired", row.place, f"erratum of {row.subject}/{row.clip}: {changes}", entry.reason, True)
            row = replace(row, **entry.changes, typed_onset=row.onset if "onset" in entry.changes else None)
        result.append(row)
    return result


def accepted(
    rows: list[ClipRow], data_set: str, release: str, errata: Iterable[Erratum] = ERRATA
) -> dict[tuple[str, str, str], str]:
    """Known oddities of folders.

    Args:
        rows: of one sheet. data_set, release: whose. errata: the table.
    Returns:
        {(subject, clip, oddity): reason}.
    """
    table = [entry for entry in _of(errata, data_set, release) if entry.accepts]
    return {
        (row.subject, row.clip, oddity): entry.reason
        for row in rows
        for entry in table
        if entry.names(row)
        for oddity in entry.accepts
    }


def _of(errata: Iterable[Erratum], data_set: str, release: str) -> list[Erratum]:
    return [entry for entry in errata if entry.data_set == data_set and entry.release in (None, release)]
