"""What a coder wrote in a FACS cell, as data: units with side, intensity and certainty, and what stayed unread.

    coding = parse_cell("(R6 or R12) + R15B")  # of dataset_scripts.cells.facs, which holds the grammar
    coding.units     # 6 and 12 on the right as alternatives, 15 on the right at B, sure
    coding.text()    # "(R6 or R12)+R15B", the canonical form
    states(coding)   # {..., 6: -1, 12: -1, 15: 1, ...}

docs/data.md tells what every oddity of the real sheets yields.
Source: Ekman, Friesen and Hager, "Facial Action Coding System" (2002) for numbers, sides, intensities and the marks
A (asymmetric), T (top lip), B (bottom lip), M (movement) and AD (action descriptor); the preamble of SAMM's sheet for
"/" and "?".

Tested in tests/dataset_scripts/cells/test_facs.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Side = Literal["L", "R", "both"]
Certainty = Literal["sure", "alternative", "unclear"]
State = Literal[1, 0, -1]

FACS_CODES: frozenset[int] = frozenset(
    {1, 2, *range(4, 47), *range(50, 67), 68, 69, *range(70, 75), *range(80, 86), 91, 92, 97, 98}
)
"""Numbers that FACS gives a meaning: units, movements of head and eyes, visibility, gross behaviour. No 3, no 0."""

INTENSITIES = "ABCDE"
MARKS = ("A", "T", "B", "M", "AD")

SPOILT = re.compile(r"\d+\.\d+E[+-]?\d+|\d,\d+E[+-]\d\d+", re.ASCII | re.IGNORECASE)
"""A number in which nobody can find the units again: 1.20E+15 was 12E+14 or 120E+13. A coder's own 12E+14 has no
fraction; one with a comma might be units, so it must look just as a spreadsheet program writes it."""
MADE_A_NUMBER = "is a number that a spreadsheet program made of units such as 12E+14"
"""What `Coding.spoilt` says, for messages."""


@dataclass(frozen=True)
class CodedUnit:
    """One action unit of a cell.

    Attributes:
        number: a member of FACS_CODES.
        side: "L", "R", or "both" where no side is written or the sides contradict each other.
        intensity: "A" (trace) to "E" (maximum); None where not written or left open ("10A/B").
        certainty: "sure"; "alternative" (one of several, "12 or 14"); "unclear" (with a question mark, a "(k)", in
            brackets, or beside a remark).
        mark: "A" asymmetric, "T" top lip, "B" bottom lip, "M" movement, "AD" action descriptor; None for none.
    """

    number: int
    side: Side = "both"
    intensity: str | None = None
    certainty: Certainty = "sure"
    mark: str | None = None

    def __post_init__(self):
        if self.number not in FACS_CODES:
            raise ValueError(f"AU{self.number} is no number of FACS")
        if self.side not in ("L", "R", "both"):
            raise ValueError(f"side must be 'L', 'R' or 'both', not {self.side!r}")
        if self.intensity is not None and self.intensity not in tuple(INTENSITIES):
            raise ValueError(f"intensity must be one of {INTENSITIES} or None, not {self.intensity!r}")
        if self.certainty not in ("sure", "alternative", "unclear"):
            raise ValueError(f"certainty must be 'sure', 'alternative' or 'unclear', not {self.certainty!r}")
        if self.mark is not None and self.mark not in MARKS:
            raise ValueError(f"mark must be one of {', '.join(MARKS)} or None, not {self.mark!r}")

    def text(self) -> str:
        """Mark, side, number and intensity, as in "TR23B"; certainty is left to `Coding.text`."""
        side = "" if self.side == "both" else self.side
        return f"{self.mark or ''}{side}{self.number}{self.intensity or ''}"


@dataclass(frozen=True)
class Coding:
    """What one cell says.

    Attributes:
        units: in the order written, none twice.
        unread: pieces that nobody could read, in order, without double quotes.
        rest_unknown: a lone "?" (or a cell that says it was not coded): units not named may be present all the same.
    """

    units: tuple[CodedUnit, ...] = ()
    unread: tuple[str, ...] = ()
    rest_unknown: bool = False

    def text(self) -> str:
        """The canonical form: `parse_cell(coding.text()) == coding`."""
        parts = [*_unit_texts(self.units), *(f'"{piece}"' for piece in self.unread), *("?" * self.rest_unknown)]
        return "+".join(parts) or "none"

    @property
    def spoilt(self) -> bool:
        """Whether a spreadsheet program made a number of the cell."""
        return not self.units and len(self.unread) == 1 and SPOILT.fullmatch(self.unread[0]) is not None

    @property
    def hides_units(self) -> bool:
        """Whether units may be present that are not in `units`.

        So it is after a lone "?", beside a number that nobody could read, and where nothing but remarks was written.
        """
        unread_number = any(letter.isdigit() for piece in self.unread for letter in piece)
        return self.rest_unknown or unread_number or (bool(self.unread) and not self.units)


def _unit_texts(units: tuple[CodedUnit, ...]) -> Iterator[str]:
    """Terms of the canonical form: neighbouring alternatives share a bracket; a lone one is "(7 or none)"."""
    for certainty, run in groupby(units, key=lambda unit: unit.certainty):
        group = tuple(run)
        texts = [unit.text() for unit in group]
        if certainty == "alternative":
            nothing = ["none"] if len({unit.number for unit in group}) == 1 else []
            yield f"({' or '.join(texts + nothing)})"
        else:
            yield from (text + "?" * (certainty == "unclear") for text in texts)


@dataclass(frozen=True)
class Policy:
    """What counts as present (1), absent (0) and unknown (-1).

    Attributes:
        sure, alternative, unclear: the state of units of that certainty.
        unnamed: the state of units not in the cell; they are unknown where `Coding.hides_units`.
    """

    sure: State = 1
    alternative: State = -1
    unclear: State = -1
    unnamed: State = 0

    def __post_init__(self):
        for name, state in vars(self).items():
            if state not in (1, 0, -1):
                raise ValueError(f"{name} must be 1 (present), 0 (absent) or -1 (unknown), not {state!r}")


DEFAULT_POLICY = Policy()


def states(coding: Coding, policy: Policy = DEFAULT_POLICY) -> dict[int, State]:
    """The three-valued state of every unit.

    Args:
        coding: a parsed cell.
        policy: what counts as present. By default only sure units; alternatives and doubtful ones are unknown.
    Returns:
        {number: 1, 0 or -1} over FACS_CODES. Where a unit is named twice, the surer one counts.
    """
    result = dict.fromkeys(sorted(FACS_CODES), -1 if coding.hides_units else policy.unnamed)
    for certainty in ("unclear", "alternative", "sure"):
        named = {unit.number for unit in coding.units if unit.certainty == certainty}
        result |= dict.fromkeys(named, getattr(policy, certainty))
    return result
