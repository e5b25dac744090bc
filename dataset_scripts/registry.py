"""Data sets by name: which module holds the layout of each, and which show the same people.

Tested in tests/dataset_scripts/test_schema.py.
"""

from importlib import import_module

from dataset_scripts.layout import Layout

MODULES: dict[str, str] = {
    name: f"dataset_scripts.sets.{name}"
    for name in (
        *(
            "casme",
            "casme2",
            "casme3",
            "casme_squared",
            "samm",
            "samm_long",
            "fourdme",
            "mmew",
            "smic",
            "smic_e",
            "dfme",
        ),
        *("disfa", "bp4d", "folder"),
    )
}

SAME_PEOPLE = {"samm_long": "samm"}
"""Sets of recordings whose people are those of a set of clips."""


def person(data_set: str, subject: str) -> str:
    """What one person is called in every table that shows them, "samm/006"."""
    return f"{SAME_PEOPLE.get(data_set, data_set)}/{subject}"


def find_layout(name: str) -> Layout:
    """The layout of a data set.

    Args:
        name: a key of MODULES.
    Returns:
        Its `LAYOUT`.
    Raises:
        ValueError: an unknown name.
    """
    if name not in MODULES:
        raise ValueError(f"unknown data set {name!r}; there are {', '.join(repr(known) for known in MODULES)}")
    return import_module(MODULES[name]).LAYOUT
