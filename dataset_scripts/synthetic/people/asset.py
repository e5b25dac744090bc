"""The committed head: a base mesh, its shape and expression targets, masks. Made by `make_asset.py`, CC0 (see NOTICE).

Lengths are decimetres of the MakeHuman base mesh: x to the subject's left (right in the picture), y up, z forward.

Tested in tests/dataset_scripts/synthetic/people/test_head.py.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

ASSET_FILE = Path(__file__).parent / "data" / "head.npz"
PARTS = ("skin", "eye_left", "eye_right", "lash", "teeth", "tongue")
DRAWN_PARTS = ("skin", "eye_left", "eye_right", "teeth")
ANCESTRIES = ("african", "asian", "caucasian")

MAP_SIZE = 768  # pixels of the canonical map that skin is painted on
_MAP_HALF_ANGLE = 1.25  # radians to the map's left and right edge
_MAP_TOP, _MAP_BOTTOM, _MAP_AXIS = 8.35, 6.05, 0.45

_OPPOSITES = (
    ("decr", "incr"),
    ("down", "up"),
    ("in", "out"),
    ("backward", "forward"),
    ("concave", "convex"),
    ("compress", "uncompress"),
)


def canonical_map(vertices: np.ndarray) -> np.ndarray:
    """Unroll the head onto a cylinder.

    Args:
        vertices: (V, 3).
    Returns:
        (V, 2) column and row in a map of MAP_SIZE pixels; the face fills its middle.
    """
    angle = np.arctan2(vertices[:, 0], vertices[:, 2] - _MAP_AXIS)
    column = (angle / _MAP_HALF_ANGLE * 0.5 + 0.5) * MAP_SIZE
    row = (_MAP_TOP - vertices[:, 1]) / (_MAP_TOP - _MAP_BOTTOM) * MAP_SIZE
    return np.stack([column, row], 1)


class HeadAsset:
    """Mesh, targets and masks, dequantised.

    Attributes:
        vertices: (C, 3) coarse vertices. triangles: (N, 3) of the fine mesh. drawn: (M, 3) those that are rendered.
        drawn_part, vertex_part: index into PARTS per drawn triangle and per fine vertex.
        macro, arkit, makehuman: {name: (C, 3) displacement}. modifiers: opposite pairs of local targets.
        template: (V, 3) mean head. map_position: (V, 2) of each fine vertex in the canonical map.
        lips, eyelids, eye_hole: (MAP_SIZE, MAP_SIZE) in [0, 1]. ears: (V,) in [0, 1].
    """

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.vertices = arrays["vertices"]
        self.triangles = arrays["triangles"].astype(np.int32)
        part = arrays["triangle_part"]
        self._subdivide = tuple(arrays[f"subdivide_{name}"] for name in ("data", "indices", "indptr"))
        self.macro, self.local, self.arkit, self.makehuman = (
            _targets(arrays, name) for name in ("macro", "local", "arkit", "makehuman")
        )
        self.modifiers, self.head_shapes = _pair_up(sorted(self.local))
        drawn = np.isin(part, [PARTS.index(name) for name in DRAWN_PARTS])
        self.drawn, self.drawn_part = self.triangles[drawn], part[drawn]
        self.vertex_part = np.zeros(len(self._subdivide[2]) - 1, np.uint8)
        self.vertex_part[self.triangles.ravel()] = np.repeat(part, 3)
        self.template = self.subdivide(self.body(0.5, 0.15, dict.fromkeys(ANCESTRIES, 1 / 3), 0.5, 0.5))
        self.map_position = canonical_map(self.template).astype(np.float32)
        for name in ("lips", "eyelids", "eye_hole", "ears"):
            if name in arrays:
                setattr(self, name, arrays[name].astype(np.float32) / 255)

    def subdivide(self, coarse: np.ndarray) -> np.ndarray:
        """Coarse positions or displacements (C, 3) -> fine ones (V, 3), one Catmull-Clark step."""
        data, indices, indptr = self._subdivide
        return np.add.reduceat(data[:, None] * coarse[indices], indptr[:-1], axis=0)

    def body(self, maleness: float, age: float, ancestry: dict[str, float], muscle: float, weight: float) -> np.ndarray:
        """The macro shape.

        Args:
            maleness, age, muscle, weight: each in [0, 1]. ancestry: weights over ANCESTRIES that sum to 1.
        Returns:
            (C, 3) coarse vertices.
        Source: MakeHuman's own interpolation of its macro targets.
        """
        shape = self.vertices.copy()
        for sex, sex_share in (("female", 1 - maleness), ("male", maleness)):
            for stage, stage_share in (("young", 1 - age), ("old", age)):
                for name, share in ancestry.items():
                    shape += sex_share * stage_share * share * self.macro[f"{name}-{sex}-{stage}"]
                for muscle_name, muscle_share in _three_way(muscle).items():
                    for weight_name, weight_share in _three_way(weight).items():
                        share = sex_share * stage_share * muscle_share * weight_share
                        if share:
                            name = f"universal-{sex}-{stage}-{muscle_name}muscle-{weight_name}weight"
                            shape += share * self.macro[name]
        return shape


@lru_cache(maxsize=1)
def load_head() -> HeadAsset:
    """The committed asset, read once per process."""
    with np.load(ASSET_FILE, allow_pickle=False) as archive:
        return HeadAsset({name: archive[name] for name in archive.files})


def _targets(arrays: dict[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    delta = arrays[f"{kind}_delta"] * arrays[f"{kind}_scale"][:, None, None]
    return dict(zip(arrays[f"{kind}_name"].tolist(), delta, strict=True))


def _pair_up(names: list[str]) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Local targets as (stem, lesser, greater), and the one-sided shapes of the whole head."""
    pairs = []
    for name in names:
        for lesser, greater in _OPPOSITES:
            stem = name.removesuffix("-" + lesser)
            if stem != name and f"{stem}-{greater}" in names:
                pairs.append((stem, name, f"{stem}-{greater}"))
    paired = {name for _, *both in pairs for name in both}
    return pairs, [name for name in names if name.startswith("head-") and name not in paired]


def _three_way(value: float) -> dict[str, float]:
    return {"min": max(0.0, 1 - 2 * value), "average": 1 - abs(2 * value - 1), "max": max(0.0, 2 * value - 1)}
