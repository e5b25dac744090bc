"""Which expression shapes make an action unit, in each of the two bases, and which neighbours tend to join in.

A domain of "mixed" basis takes both, each subject in shares of its own.

Tested in tests/dataset_scripts/synthetic/people/test_unit_fields.py.
"""

from dataset_scripts.synthetic.people.mixes import Mix, Pull

ARKIT: dict[str, Mix] = {
    "AU1": Mix({"browInnerUp": 1}, focus=0.3),
    "AU2": Mix({"browOuterUp{Side}": 1}),
    "AU4": Mix({"browDown{Side}": 1}, focus=0.4),
    "AU5": Mix({"eyeWide{Side}": 1, "browOuterUp{Side}": 0.4, "browInnerUp": 0.25}, focus=0.3),
    "AU6": Mix(
        {"cheekSquint{Side}": 0.35, "eyeSquint{Side}": 0.4, "eyeBlink{Side}": 0.12},
        (Pull(0.65, -0.05, 0.14, 0.2, out=0.8, down=-0.25),),
        focus=0.4,
    ),
    "AU7": Mix({"eyeSquint{Side}": 0.8}, (Pull(0.52, -0.55, 0.2, 0.1, out=-0.35, down=0.6),), focus=0.3),
    "AU9": Mix(
        {"noseSneer{Side}": 1, "browDown{Side}": 0.1, "mouthUpperUp{Side}": 0.1},
        (Pull(0.3, 0.1, 0.14, 0.14, out=-0.15, down=-0.3),),
        focus=0.4,
    ),
    "AU10": Mix(
        {"mouthUpperUp{Side}": 0.6, "noseSneer{Side}": 0.15},
        (Pull(0.3, 0.1, 0.15, 0.17, out=0.25, down=-0.5),),
        focus=0.3,
    ),
    "AU12": Mix({"mouthSmile{Side}": 1}, (Pull(0.58, 0.35, 0.16, 0.2, out=0.7, down=-0.7),), focus=0.7),
    "AU14": Mix({"mouthDimple{Side}": 1}, focus=0.5),
    "AU15": Mix({"mouthFrown{Side}": 1}, (Pull(0.34, 0.68, 0.14, 0.12, out=0.25, down=0.2),), focus=0.5),
    "AU17": Mix({"mouthShrugLower": 0.7, "mouthShrugUpper": 0.2}, (Pull(0, 0.84, 0.2, 0.12, out=0, down=-0.7),)),
    "AU20": Mix({"mouthStretch{Side}": 1}, focus=0.3),
    "AU23": Mix({"mouthPucker": 0.7, "mouthRollUpper": 0.15, "mouthRollLower": 0.15}, focus=0.4),
    "AU24": Mix({"mouthPress{Side}": 1}, focus=0.5),
    "AU25": Mix({"mouthLowerDown{Side}": 0.7, "mouthUpperUp{Side}": 0.25}),
    "AU26": Mix({"jawOpen": 1}),
    "AU28": Mix({"mouthRollLower": 1, "mouthRollUpper": 0.8}),
    "AU43": Mix({"eyeBlink{Side}": 1}),
}
"""The first basis: Face Units (ARKit naming). The sums over a pair move twice the weight, once a side."""

MAKEHUMAN: dict[str, Mix] = {
    "AU1": Mix({"eyebrows-{side}-inner-up": 1}),
    "AU2": Mix({"eyebrows-{side}-extern-up": 1}),
    "AU4": Mix(
        {"eyebrows-{side}-down": 0.45},
        (Pull(0.52, -0.6, 0.18, 0.12, out=-0.7, down=0.65), Pull(0.4, -0.8, 0.16, 0.15, out=-0.35, down=0.4)),
        focus=0.3,
    ),
    "AU5": Mix({"eye-{side}-opened-up": 1}),
    "AU6": Mix(
        {"eye-{side}-closure": 0.1},
        (Pull(0.58, 0.12, 0.17, 0.2, out=0.5, down=-0.6), Pull(0.68, -0.25, 0.12, 0.12, out=0.3, down=0.1)),
    ),
    "AU7": Mix(
        {"eye-{side}-slit": 1, "eye-{side}-closure": 0.15},
        (Pull(0.5, -0.52, 0.14, 0.09, out=-0.2, down=0.3), Pull(0.45, -0.18, 0.14, 0.08, out=-0.1, down=-0.2)),
    ),
    "AU9": Mix(
        {"nose-{side}-elevation": 0.8, "eyebrows-{side}-down": 0.4},
        (
            Pull(0.2, -0.55, 0.18, 0.13, out=-0.3, down=0.38),
            Pull(0.44, 0.06, 0.15, 0.15, out=-0.3, down=-0.35),
        ),
    ),
    "AU10": Mix(
        {"mouth-elevation": 0.3, "nose-{side}-elevation": 0.7},
        (Pull(0.44, 0.1, 0.17, 0.18, out=0.4, down=-0.4),),
    ),
    "AU12": Mix({"mouth-corner-puller": 1}),
    "AU14": Mix({"mouth-retraction": 1}),
    "AU15": Mix({"mouth-depression": 0.4}, (Pull(0.32, 0.66, 0.13, 0.15, out=0.2, down=0.7),)),
    "AU17": Mix({"mouth-compression": 0.25}, (Pull(0, 0.84, 0.26, 0.13, out=0, down=-0.8),)),
    "AU20": Mix({"mouth-depression": 0.7}, (Pull(0.34, 0.64, 0.16, 0.14, out=0.6, down=0.1),)),
    "AU23": Mix({"mouth-pursing": 1}),
    "AU24": Mix({"mouth-compression": 1}),
    "AU25": Mix({"mouth-parling": 1}),
    "AU26": Mix({"mouth-open": 1}),
    "AU43": Mix({"eye-{side}-closure": 1}),
}
"""The second basis: MakeHuman's own expression units. A unit not listed is that of the first basis."""

LEAKAGE: dict[str, dict[str, float]] = {
    "AU1": {"AU2": 0.35},
    "AU2": {"AU1": 0.35, "AU5": 0.15},
    "AU4": {"AU9": 0.25, "AU7": 0.2},
    "AU5": {"AU2": 0.15},
    "AU6": {"AU7": 0.4, "AU12": 0.15},
    "AU7": {"AU6": 0.35, "AU4": 0.1},
    "AU9": {"AU4": 0.3, "AU10": 0.3},
    "AU10": {"AU9": 0.35, "AU12": 0.15},
    "AU12": {"AU14": 0.35, "AU20": 0.25, "AU6": 0.3},
    "AU14": {"AU12": 0.2, "AU15": 0.2, "AU24": 0.3},
    "AU15": {"AU17": 0.3, "AU20": 0.2, "AU14": 0.2},
    "AU17": {"AU15": 0.2, "AU24": 0.25},
    "AU20": {"AU14": 0.3},
    "AU24": {"AU23": 0.4},
    "AU25": {"AU26": 0.05},
}
"""Uncoded traces of neighbouring muscles, relative to the unit's own largest displacement."""

RENDERED_UNITS: tuple[str, ...] = tuple(ARKIT)
"""Action units the source can move, in the order of the renderer's basis."""

BLINK = "AU43"
