"""A head for long films: it also shuts its eyes, talks, grins and turns, which is beyond small linear movements.

Heads linearised in other poses (eyes shut, mouth open, mouth wide open) are mixed in where lids and lips are on the way
to them. A large expression passes through stations, heads linearised every few pixels of its way, and each picture is
mixed from the two nearest. A turn moves every pixel as the rigid head would, and relights it.

Tested in tests/dataset_scripts/synthetic/acting/test_lively.py.
"""

from functools import cached_property, partial
from typing import NamedTuple

import cv2
import numpy as np

from dataset_scripts.synthetic.acting.motion import ramp
from dataset_scripts.synthetic.camera.eyes import STRAIGHT, Gaze
from dataset_scripts.synthetic.camera.overlay import Overlay
from dataset_scripts.synthetic.camera.render import LinearHead, fill_holes, over_channels
from dataset_scripts.synthetic.camera.shading import Studio, rotation
from dataset_scripts.synthetic.people.muscles import BLINK
from dataset_scripts.synthetic.people.sides import OTHER, one_sided
from dataset_scripts.synthetic.raster import Cover, interpolate, vertex_normals

LIDS = tuple(one_sided(BLINK, side) for side in OTHER)
"""Names of the movements of the left and of the right lid; at weight 1 it is shut."""

_OPEN_PX = {"AU25": 2.5, "AU26": 7.0}
_GAPE_PX = {"AU25": 4.5, "AU26": 16.0}
"""Mouths of other heads: lips and jaw in pixels of the standard crop. Eyes are shut in the first."""

_LID_PX = 4.5  # of the standard crop; further lids tear
_STATION_PX = 6.0  # of the standard crop, between two stations of a large expression
_SMALL_TURN = 0.02  # rad
_FRAME = np.vstack([np.zeros(3), np.eye(3)])  # a turn is affine: where these four points go, all others follow


class TurningHead(LinearHead):
    """A linear head that can be turned by some ten degrees. Arguments as for `LinearHead`."""

    def __init__(self, studio: Studio, worn: Overlay | None = None, rest: dict[str, float] | None = None):
        super().__init__(studio, worn, rest)
        head, size = studio.head, self.size
        vertices = head.vertices if self._start is None else head.vertices + self._start
        every_second = Cover(self._neutral.cover.triangle[::2, ::2], self._neutral.cover.bary[::2, ::2])
        normals = vertex_normals(studio.place(vertices, studio.pose), head.asset.triangles)
        values = interpolate(every_second, head.asset.drawn, np.column_stack([vertices, normals, head.openness]))
        known = self._neutral.part[::2, ::2] == 0
        self._place = _without_jumps(fill_holes(values[..., :3], known))
        self._turned_light = self._light_by_angle(values[..., 3:6], values[..., 6], known).reshape(2, size, size)

    def _rigid(self, pose: np.ndarray) -> np.ndarray:
        if np.abs(pose[:3]).max() < _SMALL_TURN:
            return super()._rigid(pose)
        before = self._studio.pose
        origin, *axes = (self._project(_FRAME, before + pose) - self._project(_FRAME, before)) / 2
        return cv2.transform(self._place, np.column_stack([*(axis - origin for axis in axes), origin]))

    def _project(self, points: np.ndarray, pose: np.ndarray) -> np.ndarray:
        return self._studio.project(self._studio.place(points, pose), pose)[:, :2]

    def _dress(self, image: np.ndarray, pose: np.ndarray, rigid: np.ndarray) -> None:
        """Put on what the head wears, and change the light on a turned head, in place."""
        super()._dress(image, pose, rigid)
        if np.abs(pose[:3]).max() < _SMALL_TURN:
            return
        change = np.tensordot(np.float32(pose[:2]), self._turned_light, 1)
        change = cv2.remap(change, self._grid - rigid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image *= over_channels(cv2.exp(change), image.shape[-1])

    def _light_by_angle(self, normal: np.ndarray, openness: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Change of log light per radian about x and y (2, h, w); none off the skin."""
        normal = normal / (np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-6)
        step, before = 0.1, self._studio.diffuse(normal, openness) + 0.05
        changes = []
        for turn in (rotation(step, 0, 0), rotation(0, step, 0)):
            after = self._studio.diffuse(normal @ turn.T, openness) + 0.05
            change = np.where(known, np.log(after / before) / step, 0).astype(np.float32)
            changes.append(cv2.GaussianBlur(change, (0, 0), 1.5))
        return np.stack(changes)


def _without_jumps(place: np.ndarray) -> np.ndarray:
    """Close the steps in depth at ears, jaw and lips (h, w, 3), where a turned picture would tear."""
    flat = np.dstack([cv2.medianBlur(np.ascontiguousarray(place[..., axis]), 5) for axis in range(3)])
    return cv2.GaussianBlur(flat, (0, 0), max(1.0, 0.018 * len(place)))


class Posed(NamedTuple):
    """A head and the weights at which it was linearised."""

    head: TurningHead
    rest: dict[str, float]


class Way(NamedTuple):
    """Heads on the way to an expression, evenly spaced, at rest first and at the apex last; how far it has come."""

    stations: list[Posed]
    come: float


class LivelyHead:
    """All heads of one person together; `reach` and `size` as of `LinearHead`.

    Args:
        studio: subject, camera, light and pose. worn: what the head carries in front. pixel: output pixels per pixel of
            the standard crop.
    """

    def __init__(self, studio: Studio, worn: Overlay | None, pixel: float):
        calm = TurningHead(studio, worn)
        self._studio, self._worn, self._pixel = studio, worn, pixel
        self._calm = Posed(calm, {})
        self.size, self.reach = calm.size, calm.reach
        self._open = self._weights(_OPEN_PX)
        self._wide = self._posed(dict.fromkeys(LIDS, 1.0) | self._open)
        self._most_lid = _LID_PX * pixel / self.reach[BLINK]
        self._lid_areas = [self._area({lid: 1.0}) for lid in LIDS]
        self._mouth_area = self._area(self._open)

    def stations(self, apex: dict[str, float]) -> list[Posed]:
        """Heads on the way to an expression, see `Way`.

        Args:
            apex: {unit, or name of one side of it: weight}.
        """
        farthest = max(abs(weight) * self.reach[unit] for unit, weight in apex.items()) / self._pixel
        steps = int(np.ceil(farthest / _STATION_PX))
        on_the_way = ({unit: weight * step / steps for unit, weight in apex.items()} for step in range(1, steps + 1))
        return [self._calm, *(self._posed(rest) for rest in on_the_way)]

    def frame(
        self,
        weights: dict[str, float],
        pose: np.ndarray,
        shaded: dict[str, float],
        gaze: Gaze = STRAIGHT,
        drift: np.ndarray | None = None,
        way: Way | None = None,
    ) -> np.ndarray:
        """One picture; the first arguments as for `LinearHead.frame`, with weights of LIDS and none of AU43.

        Args:
            way: of the large expression that is on, if one is.
        """
        way = way or Way([self._calm], 0.0)
        show = partial(self._frame, weights=weights, pose=pose, shaded=shaded, gaze=gaze, drift=drift)
        at = min(way.come, 1.0) * (len(way.stations) - 1)
        picture = show(way.stations[int(at)])
        if (share := _between(at - int(at), 0, 1)) > 0:
            picture += share * (show(way.stations[int(at) + 1]) - picture)
        passed = way.stations[-1].rest
        mouth = np.mean(
            [(weights.get(unit, 0) - way.come * passed.get(unit, 0)) / px for unit, px in self._open.items()]
        )
        lids = [weights.get(lid, 0.0) for lid in LIDS]
        shares = [_between(mouth, 0.1, 0.9), *(_between(lid, 0.2, 0.7) for lid in lids)]
        if max(shares) > 0:
            areas = zip(shares, (self._mouth_area, *self._lid_areas), strict=True)
            self._mix(picture, show(self._wide), sum(share * area for share, area in areas), pose)
        if (share := _between(mouth, 1.1, 2.0)) > 0:
            self._mix(picture, show(self._gaping), share * self._mouth_area, pose)
        return picture

    def moved(self, unit: str) -> np.ndarray:
        """As `LinearHead.moved`, at rest."""
        return self._calm.head.moved(unit)

    @cached_property
    def _gaping(self) -> Posed:
        """Set up when first needed: few mouths open so far."""
        return self._posed(self._weights(_GAPE_PX))

    def _posed(self, rest: dict[str, float]) -> Posed:
        return Posed(TurningHead(self._studio, self._worn, rest), rest)

    def _weights(self, pixels: dict[str, float]) -> dict[str, float]:
        return {unit: value * self._pixel / self.reach[unit] for unit, value in pixels.items()}

    def _frame(self, posed: Posed, weights, pose: np.ndarray, shaded, gaze: Gaze, drift) -> np.ndarray:
        """A head's own picture; away from rest its light is that of its pose."""
        rest = posed.rest
        weights = {unit: weights.get(unit, 0.0) - rest.get(unit, 0.0) for unit in sorted({*weights, *rest})}
        shaded = {} if rest else dict(shaded)
        for lid in LIDS:
            weights[lid] = float(np.clip(weights.get(lid, 0.0), -1.5 * self._most_lid, self._most_lid))
            if lid in shaded:
                shaded[lid] = min(weights[lid], shaded[lid])
        return posed.head.frame(weights, pose, shaded, gaze, drift)

    def _mix(self, picture: np.ndarray, other: np.ndarray, share: np.ndarray, pose: np.ndarray) -> None:
        """Put another picture in where `share` (size, size) says so, in place."""
        share = np.clip(cv2.warpAffine(share, np.float32([[1, 0, pose[3]], [0, 1, pose[4]]]), share.shape), 0, 1)
        picture += over_channels(share, picture.shape[-1]) * (other - picture)

    def _area(self, weights: dict[str, float]) -> np.ndarray:
        """Where another head is to be seen (size, size): what these movements reach, with a soft edge."""
        moved = sum(self.moved(unit) * weight for unit, weight in weights.items())
        area = np.uint8(moved > 0.25 * self._pixel)
        margin = max(1, round(3 * self._pixel))
        area = cv2.dilate(area, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))
        return cv2.GaussianBlur(area.astype(np.float32), (0, 0), 2 * self._pixel)


def _between(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, smooth between them."""
    return float(ramp(np.array((value - low) / (high - low))))
