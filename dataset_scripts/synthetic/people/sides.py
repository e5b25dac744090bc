"""One side of the face: which units can move on one side alone, and what such a movement is called.

"L12" is AU12 on the person's own left, which is right in the picture, as FACS coders write it.

Tested in tests/dataset_scripts/synthetic/camera/test_render.py.
"""

from typing import Literal

import numpy as np

from dataset_scripts.synthetic.people.muscles import BLINK

Side = Literal["L", "R", "both"]  # as in `cells.coding`

TWO_SIDED = ("AU1", "AU2", "AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU14", "AU15", "AU20")
"""Units that are drawn one-sided at times. Lips that press or part, chin and jaw move as a whole."""

OTHER: dict[Side, Side] = {"L": "R", "R": "L"}
_MIDLINE = 0.12  # decimetres from the middle at which 88% of a movement belong to that side


def one_sided(unit: str, side: Side) -> str:
    """The name of a unit's movement on one side; "both" leaves the unit's own."""
    return unit if side == "both" else f"{side}{unit.removeprefix('AU')}"


def unit_and_side(name: str) -> tuple[str, Side]:
    """What `one_sided` was given."""
    return (name, "both") if name.startswith("AU") else (f"AU{name[1:]}", name[0])


def share_of_left(vertices: np.ndarray) -> np.ndarray:
    """How far each vertex (V, 3) belongs to the person's left (V,): 0 to 1, softly at the midline."""
    return 0.5 + 0.5 * np.tanh(vertices[:, 0] / _MIDLINE)


ONE_SIDED = tuple(one_sided(unit, side) for unit in (*TWO_SIDED, BLINK) for side in OTHER)
"""Names of all movements of one side, those of a single lid too."""
