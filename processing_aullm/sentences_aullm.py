"""An explanation in plain sentences, each made from its numbers.

for sentence in describe(explanation):
    print(sentence)

Tested in tests/processing_aullm/test_explained_aullm.py.
"""

import numpy as np

from .pictures_aullm import attended_region
from .prompt_aullm import ACTION_UNIT_MEANINGS
from .reading_types_aullm import PicturedExplanation
from .skin_field_aullm import EYES_APART

PLAIN = {
    "AU1": "the inner ends of the brows go up",
    "AU2": "the outer ends of the brows go up",
    "AU4": "the brows are pulled down and together",
    "AU5": "the upper eyelids are raised",
    "AU6": "the cheeks are lifted, and the skin below the eyes is pushed up",
    "AU7": "the eyelids are tightened",
    "AU9": "the nose is wrinkled",
    "AU10": "the upper lip is raised",
    "AU12": "the corners of the mouth are pulled up",
    "AU14": "the corners of the mouth are pressed in, as a dimple",
    "AU15": "the corners of the mouth are pulled down",
    "AU17": "the chin is pushed up",
    "AU18": "the lips are pushed forward",
    "AU20": "the lips are stretched sideways",
    "AU23": "the lips are tightened",
    "AU24": "the lips are pressed together",
    "AU25": "the lips part",
    "AU26": "the jaw drops",
    "AU28": "the lips are sucked in",
    "AU43": "the eyes are closed",
}
"""What is seen on a face, for people who have never heard of FACS; one phrase for each of `ACTION_UNIT_MEANINGS`."""

THRESHOLD = 0.5  # at and above it an action unit counts as present; counterfactuals flip units by it too
MAX_CHANGES = 3  # that a sentence holds
MIN_CHANGE = 0.05  # of a probability; smaller changes are called none
EYES_MM = 63.0  # between the eyes of an adult, on average (Dodgson, "Variation and extrema of interpupillary...", 2004)
PLACES = (  # (name, lower edge as a share of the crop's height) from the top
    ("the forehead", 0.17),
    ("the brows", 0.29),
    ("the eyes", 0.42),
    ("the nose and cheeks", 0.64),
    ("the mouth", 0.86),
    ("the chin", 1.0),
)


def describe(explanation: PicturedExplanation, threshold: float = THRESHOLD) -> list[str]:
    """An explanation as sentences: which units, where and how far the skin moved, and what would change the answer.

    Args:
        explanation: of `explain`; pictures are not needed.
        threshold: at and above it an action unit counts as seen.

    Returns:
        The sentences, most important first. Nothing is said of what the model was built without.
    """
    probabilities = explanation["probabilities"]
    seen = [name for name in sorted(probabilities, key=lambda n: -probabilities[n]) if probabilities[name] >= threshold]
    sentences = [_answer(probabilities, seen)]
    sentences += [say_place(explanation, name) for name in seen if name in explanation["attentions"]]
    sentences += [say_what_if(explanation, name) for name in seen if explanation["counterfactuals"]]
    sentences += [say_relation(explanation, name) for name in seen if explanation["relations"] is not None]
    if explanation["expert_weights"]:
        sentences.append(say_experts(explanation["expert_weights"]))
    return [sentence for sentence in sentences if sentence]


def _answer(probabilities: dict[str, float], seen: list[str]) -> str:
    if not seen:
        name = max(probabilities, key=probabilities.get)
        return f"The model sees no action unit here; the nearest is {_named(name)} with {probabilities[name]:.2f}."
    units = "; ".join(f"{_named(name)}: {PLAIN[name]} ({probabilities[name]:.2f})" for name in seen)
    return f"The model sees {units}."


def say_place(explanation: PicturedExplanation, name: str) -> str:
    """Where a unit's attention lies, and how far the skin moves there.

    Args:
        explanation: of `explain`; with `crops`, the crop's real size is used.
        name: the unit.
    """
    region = attended_region(explanation["attentions"][name])
    rows = np.repeat((np.arange(len(region)) + 0.5) / len(region), region.sum(1))
    where = f"For {name} it looks mostly at {place_name(float(np.median(rows)))}"
    if explanation["displacement"] is None:
        return f"{where}."
    length, (across, down) = region_movement(explanation["displacement"], region)
    size = explanation["crops"].shape[-1] if "crops" in explanation else 224
    far = f"{length:.1f} px in the crop, about {length * EYES_MM / (EYES_APART * size):.1f} mm on an adult's face"
    return f"{where}; the skin there moves{_direction(length, across, down)} by up to {far}."


def place_name(height: float) -> str:
    """The part of a registered face at a height of the crop, 0 at its top and 1 at its bottom."""
    return next((name for name, edge in PLACES if height <= edge), PLACES[-1][0])


def region_movement(displacement: np.ndarray, region: np.ndarray) -> tuple[float, tuple[float, float]]:
    """How far a region moves, in the frame where it has gone furthest.

    Args:
        displacement: (T - 1, 2, h, w) in crop pixels.
        region: (h', w') bool, cells that cover the same crop.

    Returns:
        The length that a tenth of its cells exceeds, and the mean movement (right, down), in crop pixels.
    """
    inside = _inside(displacement, region)
    lengths = region_course(displacement, region)
    furthest = int(lengths.argmax())
    return float(lengths[furthest]), tuple(float(value) for value in inside[furthest].mean(1))


def region_course(displacement: np.ndarray, region: np.ndarray) -> np.ndarray:
    """How far a region has moved in each frame after the onset; arguments as for `region_movement`.

    Returns:
        (T - 1,) crop pixels, the length that a tenth of its cells exceeds.
    """
    inside = _inside(displacement, region)
    return np.quantile(np.hypot(inside[:, 0], inside[:, 1]), 0.9, axis=1)


def _inside(displacement: np.ndarray, region: np.ndarray) -> np.ndarray:
    """(T - 1, 2, cells): movements of the cells of a region, whose own cells may be larger."""
    rows, columns = (np.arange(n) * m // n for n, m in zip(displacement.shape[2:], region.shape, strict=True))
    return displacement[:, :, region[np.ix_(rows, columns)]]


def _direction(length: float, across: float, down: float) -> str:
    """Which way, where the region moves one way; its two halves may well move in opposite ones."""
    if np.hypot(across, down) < 0.4 * length:
        return " in several directions"
    if abs(down) >= abs(across):
        return " down" if down > 0 else " up"
    return " to the right of the picture" if across > 0 else " to the left of the picture"


def say_what_if(explanation: PicturedExplanation, flipped: str) -> str:
    """How the answers change when one action unit is flipped.

    Args:
        explanation: of `explain`.
        flipped: name of the unit that is set to the opposite of the model's answer.

    Returns:
        A sentence with the largest changes of the other units, those below `MIN_CHANGE` left out.
    """
    before, after = explanation["probabilities"], explanation["counterfactuals"][flipped]
    how = "Without" if before[flipped] > THRESHOLD else "With"
    changes = {name: after[name] - before[name] for name in before if name != flipped}
    clear = sorted((name for name in changes if abs(changes[name]) >= MIN_CHANGE), key=lambda n: -abs(changes[n]))
    if not clear:
        return f"{how} {flipped}, no other answer would change by {MIN_CHANGE} or more."
    parts = [
        f"{name} {'rises' if changes[name] > 0 else 'falls'} from {before[name]:.2f} to {after[name]:.2f}"
        for name in clear[:MAX_CHANGES]
    ]
    return f"{how} {flipped}, {_listed(parts)}."


def say_relation(explanation: PicturedExplanation, name: str) -> str:
    """The unit with the strongest influence on this one, now and before training; empty where none has any."""
    k, names = explanation["action_units"].index(name), explanation["action_units"]
    strengths, prior = np.array(explanation["relations"][k]), np.array(explanation["prior"][k])
    j = int(np.abs(strengths).argmax())
    if strengths[j] == 0:
        return ""
    if all_tied(explanation["prior"]):
        if strengths[j] <= prior[j]:
            return ""
        return (
            f"In its graph {name} listens most to {names[j]} "
            f"(strength {strengths[j]:.2f} in this clip, {prior[j]:.2f} before training)."
        )
    sign = "for" if strengths[j] > 0 else "against"
    tie = f"strength {abs(strengths[j]):.2f} in this clip, {abs(prior[j]):.2f} before training"
    return f"In its graph the strongest hint {sign} {name} comes from {names[j]} ({tie})."


def all_tied(prior: np.ndarray) -> bool:
    """Whether the graph began with every two units tied, as in `base`: then no tie has a sign that means something.

    Args:
        prior: (K, K) strengths before training.
    """
    return bool((np.asarray(prior) + np.eye(len(prior)) == 1).all())


def say_experts(weights: dict[str, float]) -> str:
    """The expert with the largest weight, and the weights of the others."""
    loudest, *rest = sorted(weights, key=lambda name: -weights[name])
    others = _listed([f"{name} {weights[name]:.0%}" for name in rest])
    return f"Of its views of the movement, “{loudest}” counts most ({weights[loudest]:.0%}; {others})."


def _named(name: str) -> str:
    return f"{name} ({ACTION_UNIT_MEANINGS[name]})"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
