"""Furrows that an action unit deepens, one map per unit, placed differently on every subject.

Coordinates below are offsets in eye widths from the landmarks of `painting.anchors`, on both sides unless central.

Tested in tests/dataset_scripts/synthetic/people/test_head.py.
"""

import numpy as np

from dataset_scripts.synthetic.people.painting import MIDDLE, SIDES, anchors, noise, spot, strokes


def furrow_maps(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw a subject's furrows.

    Args:
        rng: of the subject.
    Returns:
        {unit: (S, S) depth, about 1 at its deepest}. Units without a furrow are left out.
    """
    return _upper_furrows(rng) | _lower_furrows(rng)


def _upper_furrows(rng: np.random.Generator) -> dict[str, np.ndarray]:
    mark, maps = anchors(), {}
    eye, out, y = mark.eye, mark.eye_x - MIDDLE, mark.eye_y

    def both(*points):
        """A path on each side; x in eye widths from the middle, y from the eyes."""
        return [[(MIDDLE + side * px * eye, y + py * eye) for px, py in points] for side in SIDES]

    forehead = -1.9
    across = [[(-1.1, 0.0), (0.0, -0.1), (1.1, 0.0)], [(0.9, 0.0), (1.6, -0.15), (2.3, 0.1)]]
    lines = [[(MIDDLE + px * eye, y + (forehead + k * 0.42 + py) * eye) for px, py in across[0]] for k in range(-2, 2)]
    maps["AU1"] = strokes(rng, lines, 3, 3)
    lines = [path for k in range(-1, 2) for path in both(*((px, forehead + k * 0.42 + py) for px, py in across[1]))]
    maps["AU2"] = strokes(rng, lines, 3, 3)
    maps["AU4"] = strokes(rng, both((0.22, -1.15), (0.17, -0.75), (0.24, -0.3)), 4, 2)
    eye_at = out / eye
    crow = [path for k in (-1, 0, 1, 2) for path in both((eye_at + 0.62, k * 0.16), (eye_at + 0.95, k * 0.3))]
    bag = both((eye_at - 0.4, 0.42), (eye_at, 0.56), (eye_at + 0.5, 0.4))
    maps["AU6"] = strokes(rng, crow, 2, 2) + 0.6 * strokes(rng, bag, 3, 1)
    maps["AU7"] = 0.7 * strokes(rng, both((eye_at - 0.4, 0.34), (eye_at, 0.44), (eye_at + 0.45, 0.32)), 2, 1)
    bunny = [path for k in (-1, 0, 1, 2) for path in both((0.05, k * 0.14), (0.33, k * 0.14 + 0.12))]
    maps["AU9"] = strokes(rng, bunny, 2, 2)
    return maps


def _lower_furrows(rng: np.random.Generator) -> dict[str, np.ndarray]:
    mark, maps = anchors(), {}
    eye, y = mark.eye, mark.mouth_y
    corner = mark.mouth / 2 / eye

    def both(*points):
        """A path on each side; x in eye widths from the middle, y from the mouth."""
        return [[(MIDDLE + side * px * eye, y + py * eye) for px, py in points] for side in SIDES]

    maps["AU10"] = strokes(rng, both((0.42, -1.35), (0.85, -0.75), (0.95, -0.5)), 4, 2, blur=2)
    maps["AU12"] = strokes(rng, both((0.42, -1.35), (0.85, -0.75), (corner + 0.35, -0.02)), 4, 2, blur=2)
    maps["AU14"] = strokes(rng, both((corner + 0.1, -0.22), (corner + 0.2, 0), (corner + 0.1, 0.22)), 3, 1, blur=1.5)
    maps["AU15"] = strokes(rng, both((corner, 0.1), (corner + 0.12, 0.3), (corner + 0.1, 0.55)), 3, 1, blur=1.5)
    dimples = np.clip(noise(rng, 9), -1, 1) * spot(MIDDLE, y + 0.95 * eye, 0.4 * eye, 0.25 * eye)
    fold = [[(MIDDLE - 0.4 * eye, y + 0.55 * eye), (MIDDLE, y + 0.48 * eye), (MIDDLE + 0.4 * eye, y + 0.55 * eye)]]
    maps["AU17"] = 0.7 * dimples + 0.6 * strokes(rng, fold, 3, 1)
    maps["AU20"] = strokes(rng, both((corner + 0.25, -0.2), (corner + 0.3, 0.3)), 3, 1)
    return maps
