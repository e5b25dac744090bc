"""Action units in plain words, for people who have never heard of FACS.

Source: what moves where is told after the FACS manual (Ekman, Friesen, Hager, 2002); the wording is ours. No word here
names a feeling: an action unit is a movement.

Tested in tests/space_app/test_readings.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plain:
    """One action unit in plain words.

    Args:
        short: a label, as in "inner brows up".
        happened: what one would have seen, as the end of "At 1.2 s ...".
        one_side: the same of one side of the face, {side} in the place of "left" or "right"; None where both move.
    """

    short: str
    happened: str
    one_side: str | None = None

    def seen(self, side: str | None) -> str:
        """What one would have seen.

        Args:
            side: "left" or "right", of the person's own face; anything else for both sides or an unknown one.
        """
        if side not in ("left", "right"):
            return self.happened
        return f"{self.happened}, on the {side} side only" if self.one_side is None else self.one_side.format(side=side)


PLAIN = {
    "AU1": Plain(
        "inner brows up", "the inner ends of the eyebrows went up", "the inner end of the {side} eyebrow went up"
    ),
    "AU2": Plain(
        "outer brows up", "the outer ends of the eyebrows went up", "the outer end of the {side} eyebrow went up"
    ),
    "AU4": Plain(
        "brows down and together", "the eyebrows were drawn down and together", "the {side} eyebrow was drawn down"
    ),
    "AU5": Plain("eyes wide", "the upper eyelids were raised", "the {side} upper eyelid was raised"),
    "AU6": Plain("cheeks up", "the cheeks rose towards the eyes", "the {side} cheek rose towards the eye"),
    "AU7": Plain("eyelids tense", "the eyelids were tightened", "the {side} eyelids were tightened"),
    "AU9": Plain("nose wrinkled", "the nose was wrinkled", "the {side} side of the nose was wrinkled"),
    "AU10": Plain("upper lip up", "the upper lip was raised", "the {side} half of the upper lip was raised"),
    "AU12": Plain(
        "mouth corners up",
        "the corners of the mouth were pulled up and out",
        "the {side} corner of the mouth was pulled up and out",
    ),
    "AU14": Plain(
        "dimples",
        "the corners of the mouth were pressed inwards, as for a dimple",
        "the {side} corner of the mouth was pressed inwards, as for a dimple",
    ),
    "AU15": Plain(
        "mouth corners down",
        "the corners of the mouth were pulled down",
        "the {side} corner of the mouth was pulled down",
    ),
    "AU17": Plain("chin pushed up", "the chin was pushed up"),
    "AU18": Plain("lips pursed", "the lips were drawn together"),
    "AU20": Plain(
        "lips stretched", "the lips were stretched sideways", "the {side} half of the lips was stretched sideways"
    ),
    "AU23": Plain("lips tight", "the lips were tightened"),
    "AU24": Plain("lips pressed", "the lips were pressed together"),
    "AU25": Plain("lips apart", "the lips came apart"),
    "AU26": Plain("jaw dropped", "the jaw dropped"),
    "AU28": Plain("lips sucked in", "the lips were drawn into the mouth"),
    "AU43": Plain("eyes closed", "the eyes closed", "the {side} eye closed"),
}

KINDS = {
    "micro": "very short (half a second or less: a micro-expression in the usual sense)",
    "macro": "longer than half a second, as ordinary expressions are",
}

LIDS = {
    "blink": "eyes closed for a moment",
    "closure": "eyes closed for longer than a blink",
    "wink": "one eye closed",
}
"""What eyes do that is no movement, by the `kind` of a reading's `blinks`."""

VIEW = {
    "small": "it is less than 80 pixels wide",
    "tilted": "it lies on its side or upside-down",
    "turned": "it is turned far to the side",
    "dark": "it is very dark",
    "blurred": "it is blurred",
}
"""What speaks against reading a face (`view_aullm.VIEW_FAULTS`), as the end of "This face is not seen well: ..."."""

SURE = (
    (0.85, "The model is sure of it"),
    (0.65, "The model is fairly sure of it"),
    (0.0, "The model is not very sure of it"),
)
"""From which score on a movement is told how; scores of rendered faces, no chance of being right on a real one."""

SECOND = {
    "alone": "This is a second opinion: a network by Google, MediaPipe, sees it in the pictures, and our model is not "
    "sure of it",
    "agrees": "A second network, MediaPipe, sees it in the pictures, too.",
    "silent": "A second network, MediaPipe, does not see it; of small movements it sees nothing.",
}
"""What is said of the second opinion."""

EXPERTS = {
    "fine detail": "small patches of skin",
    "wider detail": "larger patches of skin",
    "whole face": "the face as a whole",
    "edges": "edges and wrinkles",
}


def plain(unit: str, meanings: dict[str, str] | None = None) -> Plain:
    """Plain words for an action unit; its FACS name where we have none.

    Args:
        unit: as in "AU4".
        meanings: unit -> FACS name, as a reading carries them.
    """
    if unit in PLAIN:
        return PLAIN[unit]
    name = (meanings or {}).get(unit, unit)
    return Plain(name, f"“{name}” ({unit}) was seen")


def label(unit: str, meanings: dict[str, str] | None = None) -> str:
    """A label that a layman and a coder both know: "Inner brows up (AU1)"."""
    short = plain(unit, meanings).short
    return f"{short[0].upper()}{short[1:]} ({unit})"


def sure(score: float) -> str:
    """How sure the model is of a movement, as a sentence without its full stop."""
    return next(told for least, told in SURE if score >= least)


def number(value: float) -> str:
    """A score as it is shown everywhere: two decimals."""
    return f"{value:.2f}"


def joined(parts: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
