"""How expression shapes, and pulls on the skin where no shape does it, add up to the field of an action unit.

Tested in tests/dataset_scripts/synthetic/people/test_unit_fields.py.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dataset_scripts.synthetic.people.asset import PARTS, HeadAsset
from dataset_scripts.synthetic.raster import vertex_normals

PULL = 0.07  # decimetres that a pull of size 1 moves the mean head's skin: 10 px of the standard crop, as browDown does
_CROP_HALF, _CROP_DROP = 1.25, 0.42  # of the standard crop, in distances between the eyes
_FRONT = (-0.5, 0.3)  # decimetres before the eyes' middle between which skin begins to take part
_MIDLINE = 0.15  # decimetres over which a shape of both sides turns from one to the other


@dataclass(frozen=True)
class Pull:
    """A smooth tug along the skin, one on either side of the face, or a single one on its midline.

    Attributes:
        x, y: the centre in the standard crop, whose sides are -1 and 1, y down; x 0 is a single one.
        wide, high: standard deviations of its Gaussian, in the same unit.
        out, down: its direction and size, in units of PULL.
    Source: our choice. Muscles end in the skin and drag it along, most where they are attached.
    """

    x: float
    y: float
    wide: float
    high: float
    out: float
    down: float

    def on_side(self, asset: HeadAsset, side: int) -> np.ndarray:
        """Displacement (C, 3) of the mean head's coarse vertices; side 1 is the subject's left, -1 the right."""
        skin = _mean_skin(asset)
        near = ((side * skin.x - self.x) / self.wide) ** 2 + ((skin.y - self.y) / self.high) ** 2
        along = np.array([side * self.out, -self.down, 0.0])
        along = along - skin.normals * (skin.normals @ along)[:, None]  # along the skin, not into it
        return PULL * (skin.front * np.exp(-0.5 * near))[:, None] * along


@dataclass(frozen=True)
class Mix:
    """An action unit as one basis has it.

    Attributes:
        shapes: {name of an expression shape of the head: weight}. A name with {Side} or {side} is a pair.
        pulls: added to them.
        focus: the field is multiplied by this power of its own relative size, so that it is more local.
    """

    shapes: dict[str, float] = field(default_factory=dict)
    pulls: tuple[Pull, ...] = ()
    focus: float = 0.0

    def field(self, asset: HeadAsset, lean: float) -> np.ndarray:
        """Displacement (C, 3) of the coarse vertices at weight 1, decimetres; stronger on one side by `lean`."""
        known = asset.arkit | asset.makehuman
        leaning = 1 + lean * np.tanh(asset.vertices[:, :1] / _MIDLINE)
        total = np.zeros_like(asset.vertices)
        for name, weight in self.shapes.items():
            left, right = (known[name.format(side=side, Side=side.title())] for side in ("left", "right"))
            paired = left is not right
            total += weight * ((1 + lean) * left + (1 - lean) * right if paired else leaning * left)
        for pull in self.pulls:
            if pull.x:
                total += (1 + lean) * pull.on_side(asset, 1) + (1 - lean) * pull.on_side(asset, -1)
            else:
                total += leaning * pull.on_side(asset, 1)
        size = np.linalg.norm(total, axis=1, keepdims=True)
        return total * (size / size.max()) ** self.focus


class _MeanSkin(NamedTuple):
    """The mean head seen from the front: x, y (C,) in the standard crop, normals (C, 3), front (C,) in [0, 1]."""

    x: np.ndarray
    y: np.ndarray
    normals: np.ndarray
    front: np.ndarray


@lru_cache(maxsize=1)
def _mean_skin(asset: HeadAsset) -> _MeanSkin:
    count = len(asset.vertices)
    eyes = [asset.template[asset.vertex_part == PARTS.index(f"eye_{side}")].mean(0) for side in ("left", "right")]
    middle, apart = (eyes[0] + eyes[1]) / 2, np.linalg.norm(eyes[0] - eyes[1])
    place = (asset.template[:count] - middle) / (apart * _CROP_HALF)
    depth = asset.template[:count, 2] - middle[2]
    front = np.clip((depth - _FRONT[0]) / (_FRONT[1] - _FRONT[0]), 0, 1)
    soft = np.isin(asset.vertex_part[:count], [PARTS.index("skin"), PARTS.index("lash")])
    normals = vertex_normals(asset.template, asset.triangles)[:count]
    return _MeanSkin(place[:, 0], -place[:, 1] - _CROP_DROP / _CROP_HALF, normals, front * soft)
