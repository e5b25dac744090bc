"""Unit templates: the displacement of the skin by each action unit, to separate it from noise, light and head movement.

fields = unit_fields(["AU4", "AU12"])  # (2, C, 2), right and down, per pixel of the unit's size
"""

from collections.abc import Sequence

import numpy as np

from .skin_field_aullm import cell_centres
from .skin_traces_aullm import FACE, without_head

MIN_ENERGY = 0.3  # added to a template's energy, so that one of which few cells are left does not amplify noise
UNIT_TEMPLATES: dict[str, tuple[tuple[float, ...], ...]] = {
    "AU1": ((0.23, -0.63, 0.19, 0.15, -0.03, -0.75),),
    "AU2": ((0.61, -0.62, 0.18, 0.14, 0.09, -0.69),),
    "AU4": ((0.39, -0.64, 0.23, 0.15, -0.43, 0.73),),
    "AU5": ((0.54, -0.63, 0.26, 0.12, 0.00, -0.17), (0.39, -0.39, 0.14, 0.09, -0.01, -0.38)),
    "AU6": ((0.58, 0.09, 0.17, 0.25, 0.37, -0.74),),
    "AU7": ((0.48, -0.54, 0.18, 0.13, -0.18, 0.53), (0.52, -0.10, 0.17, 0.24, -0.10, -0.44)),
    "AU9": ((0.25, -0.62, 0.21, 0.16, -0.35, 0.58), (0.31, 0.14, 0.15, 0.21, -0.09, -0.61)),
    "AU10": ((0.29, 0.23, 0.16, 0.24, 0.22, -0.66),),
    "AU12": ((0.59, 0.29, 0.17, 0.27, 0.13, -0.21), (0.35, 0.61, 0.14, 0.18, 0.27, -0.43)),
    "AU14": ((0.40, 0.59, 0.17, 0.21, 0.54, -0.43),),
    "AU15": ((0.36, 0.60, 0.14, 0.20, 0.23, 0.55),),
    "AU17": ((0.01, 0.80, 0.26, 0.19, 1.20, -0.40),),
    "AU20": ((0.36, 0.61, 0.14, 0.21, 0.51, 0.26),),
    "AU23": ((0.33, 0.61, 0.18, 0.21, -0.61, -0.07),),
    "AU24": ((0.35, 0.61, 0.18, 0.21, 0.26, -0.52),),
    "AU25": ((0.09, 0.77, 0.11, 0.21, -0.02, 0.42), (0.02, 0.46, 0.19, 0.10, 0.56, -0.36)),
    "AU26": ((0.02, 0.85, 0.51, 0.25, -1.20, 0.40),),
    "AU28": ((0.10, 0.55, 0.16, 0.23, -0.10, 0.71), (0.10, 0.73, 0.15, 0.18, 0.05, -0.88)),
}
"""Each unit's template as a sum of Gaussians on the half of the crop with x > 0: centre x and y, standard deviations in
x and y, pixels right and down at the centre. Sides of a crop are -1 and 1; the other half is the mirror image.

Source: our choice. Least squares to the mean displacement of 24 rendered people of three domains, at a size of one
pixel (`python -m benchmarks.unit_templates`, version 3 of the clip source; cosine 0.96 to 0.99). The median cosine of
single people with that mean is 0.73 (AU25) to 0.95 (AU26); the lowest of any person is 0.16, in AU25.
"""


def unit_fields(names: Sequence[str]) -> np.ndarray:
    """(U, C, 2) templates of the named units that have one, the part that head movement explains removed.

    Where none of them has one, all templates are returned.
    """
    known = [name for name in names if name in UNIT_TEMPLATES] or list(UNIT_TEMPLATES)
    return np.stack([_FIELDS[name] for name in known])


def along_units(skin: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Projection of skin displacement on each unit's template, in pixels of the unit's size: (n, C, 2) -> (n, U).

    Args:
        skin: displacement of a face's cells, head movement removed.
        trust: (C,) weight of each cell.
    """
    fields = np.stack(list(_FIELDS.values())) * trust[:, None]  # (U, C, 2)
    energy = (fields * np.stack(list(_FIELDS.values()))).sum((1, 2)) + MIN_ENERGY
    return np.einsum("ncp,ucp->nu", skin, fields) / energy


def unit_axes(trust: np.ndarray) -> np.ndarray:
    """(C, 2, D) axes of the space that all templates span; along them a unit moves by about its pixels.

    Args:
        trust: (C,) weight of each cell.
    """
    weights = np.sqrt(trust)[:, None].repeat(2, 1)  # (C, 2)
    fields = (np.stack(list(_FIELDS.values())) * weights).reshape(len(_FIELDS), -1)  # (U, 2C)
    axes = np.linalg.svd(fields, full_matrices=False)[2] / np.median(np.linalg.norm(fields, axis=1))
    return (axes * weights.ravel()).T.reshape(*weights.shape, -1)


def unit_patterns(trust: np.ndarray) -> np.ndarray:
    """(U, 2C) all templates, cells weighed by the square root of their trust (C,)."""
    fields = np.stack(list(_FIELDS.values())) * np.sqrt(trust)[:, None]
    return fields.reshape(len(fields), -1)


def template_field(gaussians: Sequence[Sequence[float]]) -> np.ndarray:
    """(C, 2) displacement of the cells of a face, right and down, from Gaussians as in `UNIT_TEMPLATES`."""
    x, y = (axis[FACE] for axis in cell_centres())
    field = np.zeros((len(x), 2))
    for centre_x, centre_y, wide, high, right, down in gaussians:
        for side in (1, -1):
            near = np.exp(-0.5 * ((side * x - centre_x) / wide) ** 2 - 0.5 * ((y - centre_y) / high) ** 2)
            field += near[:, None] * (side * right, down)
    return field


def _known_fields() -> dict[str, np.ndarray]:
    fields = np.stack([template_field(template) for template in UNIT_TEMPLATES.values()]).astype(np.float32)
    alone = without_head(fields, np.ones(fields.shape[1], np.float32))
    return dict(zip(UNIT_TEMPLATES, alone, strict=True))


_FIELDS = _known_fields()
