"""A head for long films: it also shuts its eyes, opens its mouth and turns, which is beyond small linear movements.

Two linearised heads, one at rest and one with closed eyes and open mouth, are mixed where lids and lips are between the
two; a turn moves every pixel as the rigid head would, and relights it.

Tested in tests/dataset_scripts/synthetic/tables/test_takes.py.
"""

import cv2
import numpy as np

from dataset_scripts.synthetic.acting.motion import ramp
from dataset_scripts.synthetic.camera.eyes import STRAIGHT, Gaze
from dataset_scripts.synthetic.camera.overlay import Overlay
from dataset_scripts.synthetic.camera.render import LinearHead, fill_holes, over_channels
from dataset_scripts.synthetic.camera.shading import Studio, rotation
from dataset_scripts.synthetic.people.muscles import BLINK
from dataset_scripts.synthetic.raster import Cover, interpolate, vertex_normals

_SHUT = {BLINK: 1.0}
_OPEN_PX = {"AU25": 2.5, "AU26": 7.0}
"""The second head: lids by weight, lips and jaw by pixels of the standard crop."""

_LID_PX = 4.5  # of the standard crop; further lids tear
_SMALL_TURN = 0.02  # rad
_FRAME = np.vstack([np.zeros(3), np.eye(3)])  # a turn is affine: where these four points go, all others follow


class TurningHead(LinearHead):
    """A linear head that can be turned by some ten degrees. Arguments as for `LinearHead`."""

    def __init__(self, studio: Studio, worn: Overlay | None = None, rest: np.ndarray | None = None):
        super().__init__(studio, worn, rest)
        head, size = studio.head, self.size
        vertices = head.vertices if rest is None else head.vertices + rest
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


class LivelyHead:
    """The two heads together; `reach` and `size` as of `LinearHead`.

    Args:
        studio: subject, camera, light and pose. worn: what the head carries in front. pixel: output pixels per pixel of
            the standard crop.
    """

    def __init__(self, studio: Studio, worn: Overlay | None, pixel: float):
        self._calm = TurningHead(studio, worn)
        self.size, self.reach = self._calm.size, self._calm.reach
        self._rest = _SHUT | {unit: pixels * pixel / self.reach[unit] for unit, pixels in _OPEN_PX.items()}
        displaced = sum(weight * studio.head.displacement(unit) for unit, weight in self._rest.items())
        self._wide = TurningHead(studio, worn, displaced)
        self._most_lid = _LID_PX * pixel / self.reach[BLINK]
        self._areas = [self._area([BLINK], pixel), self._area(list(_OPEN_PX), pixel)]

    def frame(
        self, weights: dict[str, float], pose: np.ndarray, shaded: dict[str, float], gaze: Gaze = STRAIGHT
    ) -> np.ndarray:
        """One picture; arguments as for `LinearHead.frame`, AU43 at weight 1 is a closed eye."""
        lid = weights.get(BLINK, 0.0)
        mouth = np.mean([weights.get(unit, 0.0) / self._rest[unit] for unit in _OPEN_PX])
        shares = [float(ramp(np.array((lid - 0.2) / 0.5))), float(ramp(np.array((mouth - 0.1) / 0.8)))]
        calm = self._frame(self._calm, weights, pose, shaded, gaze, {})
        if max(shares) == 0:
            return calm
        wide = self._frame(self._wide, weights, pose, shaded, gaze, self._rest)
        mix = sum(share * area for share, area in zip(shares, self._areas, strict=True))
        mix = np.clip(cv2.warpAffine(mix, np.float32([[1, 0, pose[3]], [0, 1, pose[4]]]), mix.shape), 0, 1)
        return calm + over_channels(mix, calm.shape[-1]) * (wide - calm)

    def _frame(self, head: TurningHead, weights, pose, shaded, gaze: Gaze, rest: dict[str, float]) -> np.ndarray:
        weights, shaded = (
            {unit: course.get(unit, 0.0) - rest.get(unit, 0.0) for unit in sorted({*course, *rest})}
            for course in (weights, shaded)
        )
        weights[BLINK] = float(np.clip(weights.get(BLINK, 0.0), -1.5 * self._most_lid, self._most_lid))
        shaded[BLINK] = 0.0 if rest else min(weights[BLINK], shaded.get(BLINK, 0.0))
        return head.frame(weights, pose, shaded, gaze)

    def _area(self, units: list[str], pixel: float) -> np.ndarray:
        """Where the second head is to be seen (size, size): what these units move, with a soft edge."""
        moved = sum(self._calm.moved(unit) * self._rest[unit] for unit in units)
        area = np.uint8(moved > 0.25 * pixel)
        margin = max(1, round(3 * pixel))
        area = cv2.dilate(area, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))
        return cv2.GaussianBlur(area.astype(np.float32), (0, 0), 2 * pixel)
