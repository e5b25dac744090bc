"""Counts that were published, to see at once whether a copy is whole.

Source: counted by others in the sheets as shipped; gathered in the project's design notes on benchmarks.

Tested in tests/dataset_scripts/test_report.py.
"""

from dataclasses import dataclass, field

TWELVE = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17)
"""The units of the "cross" set (CD6ME)."""


@dataclass(frozen=True)
class Published:
    """Counts of one release. None: not published.

    Attributes:
        clips, subjects: in all. Recordings that are cut into clips here have no count of clips.
        units: {number: clips in which it is coded}.
        none: clips with none of the twelve.
    """

    clips: int | None = None
    subjects: int | None = None
    units: dict[int, int] = field(default_factory=dict)
    none: int | None = None


def _twelve(counts: str) -> dict[int, int]:
    return dict(zip(TWELVE, (int(count) for count in counts.split()), strict=True))


PUBLISHED: dict[tuple[str, str], Published] = {
    ("casme2", "2014-05-08"): Published(255, 26, _twelve("26 21 129 2 13 38 13 17 34 27 16 25"), 11),
    ("casme2", "2019-07-01"): Published(255, 26, _twelve("28 25 125 5 10 38 9 18 39 22 17 26"), 9),
    ("samm", "v2"): Published(159, 29, _twelve("6 18 23 10 3 46 5 6 26 10 4 6"), 25),
    **{
        ("casme3", release): Published(860, None, _twelve("153 128 274 44 8 27 50 10 15 193 6 20"))
        for release in ("part A v1", "part A v2")
    },
    ("fourdme", "1"): Published(267, None, _twelve("46 54 102 8 25 89 1 2 53 4 6 11")),
    ("casme", "1"): Published(189),
    ("mmew", "1"): Published(300),
    ("smic", "HS"): Published(164, 16),
    ("disfa", "left"): Published(subjects=27),
    ("disfa", "right"): Published(subjects=27),
    ("bp4d", "1"): Published(subjects=41),
}
"""By (data set, release)."""


def published(data_set: str, release: str) -> Published | None:
    """The published counts of a release.

    Args:
        data_set: as in column `data_set`.
        release: as in column `label_release`.
    Returns:
        The counts, or None where none are known.
    """
    return PUBLISHED.get((data_set, release))
