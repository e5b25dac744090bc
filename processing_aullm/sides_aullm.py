"""On which side of the face a movement is, and how far the skin goes.

    side_of(skin[apex] - skin[onset], unit_fields(["AU12"]), trust)  # ("left", 1.4)

Left and right are the person's own, as in FACS: in a picture that is not mirrored the left half of the face is seen on
the right.
"""

import numpy as np

from .reading_types_aullm import Side
from .skin_field_aullm import EYES_APART, cell_centres
from .skin_traces_aullm import FACE

ONE_SIDED = 0.4  # of the stronger half: a half that moves less along the units does not take part
MIN_SIDE_PX = 0.15  # a movement whose skin goes less far has no side: noise would choose it
EYE_DISTANCE_MM = 63.0  # of adults, on average
MM_PER_PX = EYE_DISTANCE_MM / (EYES_APART * 224)  # a crop is two sides wide, the eyes stand twice EYES_APART apart
LEFT = cell_centres()[0][FACE] > 0  # (C,) the person's


def side_of(moved: np.ndarray, fields: np.ndarray, trust: np.ndarray) -> tuple[Side | None, float]:
    """Which half of the face takes part in a movement, and how far its skin goes.

    The units' templates are fitted to the whole face first; how much of this pattern each half shows is compared then.

    Args:
        moved: (C, 2) displacement from onset to apex in px of a 224-px crop, head movement removed.
        fields: (U, C, 2) templates of the units that act.
        trust: (C,) weight of each cell.

    Returns:
        "left", "right" or "both", None where too little moves to tell; and the px that the pattern reaches where it is
        largest.

    Source: our choice, from templates whose one half was set to zero: after the removal of head movement, which takes a
        part of a one-sided movement for a turn of the head, the still half shows 0.24 of the other's at most (AU14),
        and 0.36 with 0.05 px of noise (AU12).
    """
    weights = np.sqrt(trust).repeat(2)  # (2C,)
    basis = fields.reshape(len(fields), -1).T  # (2C, U)
    strengths = np.linalg.lstsq(weights[:, None] * basis, weights * moved.ravel(), rcond=None)[0]
    pattern = (basis @ strengths).reshape(moved.shape)
    left, right = (_reach(moved[half], pattern[half], trust[half]) for half in (LEFT, ~LEFT))
    size = max(left, right)
    if size < MIN_SIDE_PX:
        return None, size
    if min(left, right) >= ONE_SIDED * size:
        return "both", size
    return ("left" if left > right else "right"), size


def _reach(moved: np.ndarray, pattern: np.ndarray, trust: np.ndarray) -> float:
    """How far a half moves along its part of the pattern where that is largest; 0 where it moves against it."""
    weighted = pattern * trust[:, None]
    share = float((weighted * moved).sum() / ((weighted * pattern).sum() + 1e-9))
    return max(share, 0.0) * float(np.hypot(*pattern.T).max())
