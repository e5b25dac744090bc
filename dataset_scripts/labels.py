"""Action-unit names, their meaning, and the sets of them that protocols score."""

AU_MEANINGS: dict[str, str] = {
    "AU1": "inner brow raiser",
    "AU2": "outer brow raiser",
    "AU4": "brow lowerer",
    "AU5": "upper lid raiser",
    "AU6": "cheek raiser",
    "AU7": "lid tightener",
    "AU9": "nose wrinkler",
    "AU10": "upper lip raiser",
    "AU12": "lip corner puller",
    "AU14": "dimpler",
    "AU15": "lip corner depressor",
    "AU17": "chin raiser",
    "AU18": "lip pucker",
    "AU20": "lip stretcher",
    "AU23": "lip tightener",
    "AU24": "lip pressor",
    "AU25": "lips part",
    "AU26": "jaw drop",
    "AU28": "lip suck",
    "AU43": "eyes closed",
}
"""FACS names in words (Ekman and Friesen 1978)."""

ACTION_UNITS: tuple[str, ...] = tuple(AU_MEANINGS)
"""The action units of the schema's label vectors, in their order. Rarer ones, such as AU38, are in column `coded`."""


def _names(numbers: str) -> tuple[str, ...]:
    return tuple(f"AU{number}" for number in numbers.split())


_CASME2 = _names("1 2 4 7 12 14 15 17")
_SAMM = _names("2 4 7 12")

_CASME3 = _names("1 2 4 5 7 9 12 14 17")
_CROSS = _names("1 2 4 5 6 7 9 10 12 14 15 17")

AU_SETS: dict[str, tuple[str, ...]] = {
    "casme": _CASME2,
    "casme2": _CASME2,
    "casme2-like": _CASME2,
    "samm": _SAMM,
    "samm-like": _SAMM,
    "casme3": _CASME3,
    "casme3-like": _CASME3,
    "casme_squared": _CASME2,
    "samm_long": _SAMM,
    "dfme": _CROSS,
    "fourdme": _names("1 2 4 6 7 12"),
    "mmew": _CROSS,
    "smic": (),
    "smic_e": (),
    "cross": _CROSS,
    "disfa": _names("1 2 4 6 9 12 25 26"),
    "bp4d": _names("1 2 4 6 7 10 12 14 15 17 23 24"),
}
"""The units that are scored, by data set. "cross" is the set of 12 of the CD6ME protocol.

Source: CASME II, SAMM, DISFA, BP4D and "cross" as the literature scores them. Our choice: for CAS(ME)^3 and 4DME what
of "cross" has at least 15 clips, for CASME and CAS(ME)^2 the units of CASME II, for SAMM Long Videos those of SAMM, for
MMEW and DFME "cross". SMIC and SMIC-E are coded by emotion only.
"""


def label_vector(present: list[str] | tuple[str, ...], absent: str | None = "rest") -> list[int]:
    """Write a clip's coding as the schema does.

    Args:
        present: names of the units seen, each one of ACTION_UNITS.
        absent: "rest" marks all others 0 (absent); None marks them -1 (not coded).
    Returns:
        len(ACTION_UNITS) integers: 1 present, 0 absent, -1 unknown.
    Raises:
        ValueError: a name that is not in ACTION_UNITS.
    """
    unknown = sorted(set(present) - set(ACTION_UNITS))
    if unknown:
        raise ValueError(f"unknown action units {unknown}; known are {', '.join(ACTION_UNITS)}")
    other = 0 if absent == "rest" else -1
    return [1 if name in present else other for name in ACTION_UNITS]
