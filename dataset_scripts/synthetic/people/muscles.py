"""Which expression shapes make an action unit, in each of the two bases, and which neighbours tend to join in.

A domain of "mixed" basis takes both, each subject in shares of its own.

A shape name with {side} stands for the left and the right one; such pairs can be asymmetric.

Tested in tests/dataset_scripts/synthetic/people/test_head.py.
"""

ARKIT: dict[str, dict[str, float]] = {
    "AU1": {"browInnerUp": 1},
    "AU2": {"browOuterUp{side}": 1},
    "AU4": {"browDown{side}": 1},
    "AU5": {"eyeWide{side}": 1},
    "AU6": {"cheekSquint{side}": 1, "eyeSquint{side}": 0.25},
    "AU7": {"eyeSquint{side}": 1},
    "AU9": {"noseSneer{side}": 1, "browDown{side}": 0.12, "mouthUpperUp{side}": 0.1},
    "AU10": {"mouthUpperUp{side}": 1, "noseSneer{side}": 0.2},
    "AU12": {"mouthSmile{side}": 1},
    "AU14": {"mouthDimple{side}": 1},
    "AU15": {"mouthFrown{side}": 1},
    "AU17": {"mouthShrugLower": 1, "mouthShrugUpper": 0.3},
    "AU20": {"mouthStretch{side}": 1},
    "AU23": {"mouthPress{side}": 0.35, "mouthPucker": 0.18, "mouthRollUpper": 0.15, "mouthRollLower": 0.15},
    "AU24": {"mouthPress{side}": 1},
    "AU25": {"mouthLowerDown{side}": 0.7, "mouthUpperUp{side}": 0.25},
    "AU26": {"jawOpen": 1},
    "AU28": {"mouthRollLower": 1, "mouthRollUpper": 0.8},
    "AU43": {"eyeBlink{side}": 1},
}
"""Face Units (ARKit naming). The sums over a pair move twice the weight, once a side."""

MAKEHUMAN: dict[str, str] = {
    "AU1": "eyebrows-{side}-inner-up",
    "AU2": "eyebrows-{side}-extern-up",
    "AU4": "eyebrows-{side}-down",
    "AU5": "eye-{side}-opened-up",
    "AU7": "eye-{side}-slit",
    "AU9": "nose-{side}-elevation",
    "AU10": "mouth-upward-retraction",
    "AU12": "mouth-corner-puller",
    "AU14": "mouth-retraction",
    "AU15": "mouth-depression-retraction",
    "AU17": "mouth-elevation",
    "AU20": "mouth-depression",
    "AU23": "mouth-pursing",
    "AU24": "mouth-compression",
    "AU25": "mouth-parling",
    "AU26": "mouth-open",
    "AU43": "eye-{side}-closure",
}
"""MakeHuman's own expression units. A unit not listed falls back to the ARKit shape."""

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
