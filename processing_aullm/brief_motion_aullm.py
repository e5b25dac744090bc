"""Brief motion of a face's skin, there and back, against what this very face's skin does by itself.

    seen = brief_motion(skin, trust, fps)  # (n, U): how far each unit stands out in each frame

Skin at rest strays as far as a micro-expression moves it, but slowly, and in ways of its own: the same patches go back
and forth again and again. Slow motion cancels where a frame is compared with the mean of frames before and after it.
And how the patches go together, the face itself shows in all the other frames: a unit is looked for at right angles
to that.
"""

import numpy as np

from .skin_traces_aullm import smoothed
from .unit_templates_aullm import unit_patterns

SMOOTH_S = 0.07  # standard deviation over time, beside that of the traces: together as wide as what is looked for
REACH_S = 0.2  # from the middle of a brief movement to where the skin is before and after it
LOADING = 2.0  # of a cell's mean square brief motion, added to all: some seconds do not show all that a face does
USUAL, USUAL_AT = 0.95, 1.96  # this share of the brief motion along a unit is usual; where it ends for a normal one
BACK = 0.2  # of the farther of both ways, out and back, the other one is at least: some stay halfway
NOTHING = 1e-9


def brief_motion(skin: np.ndarray, trust: np.ndarray, fps: float) -> np.ndarray:
    """How far the skin goes along each unit and back, in standard deviations of what this face does along it.

    Args:
        skin: (n, C, 2) px of all frames that are known, head movement removed.
        trust: (C,) weight of each cell.
        fps: frames per second.

    Returns:
        (n, U); 0 where it does not come back, near either end, where before or after is not known, and where frames
        are farther apart than `REACH_S`.

    Source: the adaptive matched filter, with diagonal loading (Robey, Fuhrmann, Kelly, Nitzberg, "A CFAR adaptive
        matched filter detector", IEEE Trans. AES 1992; Carlson, same journal, 1988). That it looks at brief motion of
        skin, and all numbers, are our choice.
    """
    patterns, reach = unit_patterns(trust), reach_of(fps)  # (U, 2C)
    if len(skin) <= 2 * reach or fps * REACH_S < 1:  # too few frames, or too far apart for anything brief
        return np.zeros((len(skin), len(patterns)))
    cells = smoothed((skin * np.sqrt(trust)[:, None]).reshape(len(skin), -1), SMOOTH_S * fps)  # (n, 2C)
    moved = there_and_back(cells, reach)  # (m, 2C)
    spread = moved.T @ moved / len(moved)
    spread[np.diag_indices_from(spread)] += LOADING * spread.trace() / len(spread) + NOTHING
    course = cells @ np.linalg.solve(spread, patterns.T)  # (n, U)
    far = there_and_back(course, reach)  # (m, U)
    usual = np.quantile(np.abs(far), USUAL, axis=0) / USUAL_AT + NOTHING
    out, back = course[reach:-reach] - course[: -2 * reach], course[reach:-reach] - course[2 * reach :]
    comes_back = np.minimum(out, back) >= BACK * np.maximum(out, back)
    return np.pad(np.where(comes_back, far / usual, 0).clip(0), ((reach, reach), (0, 0)))


def there_and_back(course: np.ndarray, reach: int) -> np.ndarray:
    """(n - 2 reach, D) how far a course (n, D) is from the middle between so many frames before and after."""
    return course[reach:-reach] - (course[: -2 * reach] + course[2 * reach :]) / 2


def reach_of(fps: float) -> int:
    """Frames of `REACH_S`."""
    return max(1, round(REACH_S * fps))
