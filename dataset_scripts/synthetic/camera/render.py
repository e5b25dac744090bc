"""A linearised head: one neutral picture, and per action unit a flow field and a change of shading.

Micro-movements are a pixel or two, so sum the flows, bend the neutral picture along them, and multiply by the summed
shading. Setting up costs half a second; a grey 224-pixel frame then costs 2 ms and lies 48 to 58 dB from `shading`.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from dataset_scripts.synthetic.camera.eyes import STRAIGHT, Eyeballs, Gaze
from dataset_scripts.synthetic.camera.overlay import Overlay
from dataset_scripts.synthetic.camera.shading import POSE_AXES, Shot, Studio, rotation
from dataset_scripts.synthetic.people.asset import PARTS
from dataset_scripts.synthetic.people.muscles import RENDERED_UNITS
from dataset_scripts.synthetic.people.sides import ONE_SIDED, Side, share_of_left, unit_and_side
from dataset_scripts.synthetic.raster import Cover, Window, interpolate

_UNITS = len(RENDERED_UNITS)
_REFERENCE_PX = 2.0  # displacement at which the change of shading is taken
_CUBIC_REACH = 2  # output pixels from which a cubic interpolation takes a value
_MAX_SHADING = 0.7  # of the logarithm; only blinks, far beyond the reference, would go further
_FULL_FURROW = 0.5  # weight of a unit beyond which its lines hardly deepen
_SKIN = PARTS.index("skin")


class LinearHead:
    """Fast frames of one studio.

    Skin and background bend; eyes and teeth lie behind the skin as a second layer that only follows the head.

    Args:
        studio: subject, camera, light and pose.
        worn: what the head carries in front, such as glasses.
        rest: {unit: weight} of the face that is linearised; one at rest by default. Weights count from there.
    Attributes:
        size: pixels a side. reach: {unit, or name of one side of it: output pixels that weight 1 moves the skin at most
            (99.7th percentile)}.
    """

    def __init__(self, studio: Studio, worn: Overlay | None = None, rest: dict[str, float] | None = None):
        self.size = studio.camera.size
        self._studio, self._worn = studio, worn
        self._eyes = Eyeballs(studio)
        self._displacement = {unit: studio.head.displacement(unit) for unit in RENDERED_UNITS}
        self._start, self._lines = self._pose_face(rest) if rest else (None, None)
        self._neutral = studio.shoot(self._start, self._lines)
        flow = _flows(studio, self._neutral, self._displacement, self._start)
        self._flow, self._left = flow[:-1], np.ascontiguousarray(flow[-1, ..., 0])
        self._layers = _layers(studio, self._neutral)
        rows, columns = np.mgrid[: self.size, : self.size].astype(np.float32)
        self._grid = np.dstack([columns, rows])
        self._shading: dict[str, np.ndarray] = {}
        self._fields = dict(zip(RENDERED_UNITS, self._flow, strict=False))

    @cached_property
    def reach(self) -> dict[str, float]:
        """See the class."""
        return _reach(self._studio, self._neutral, self._displacement)

    def frame(
        self,
        weights: dict[str, float],
        pose: np.ndarray,
        shaded: dict[str, float],
        gaze: Gaze = STRAIGHT,
        drift: np.ndarray | None = None,
    ) -> np.ndarray:
        """One picture.

        Args:
            weights: {unit, or name of one side of it as `sides.one_sided` has them: weight} of the bending; others are
                at rest. pose: (6,) small deviation from the studio's,
                along shading.POSE_AXES. shaded: {unit: weight} of the change of shading. A unit's shading is measured
                at first use, 30 ms each, so leave out those that only tremble. gaze: where the eyes look, in radians.
            drift: (size, size, 2) output pixels that the skin goes besides.
        Returns:
            (size, size, C) float32 in linear light.
        """
        rigid = self._rigid(pose)
        image = self._bend(weights, rigid, gaze, drift)
        self._shade(image, shaded)
        self._dress(image, pose, rigid)
        return image

    def moved(self, unit: str) -> np.ndarray:
        """How far each pixel goes at weight 1 of a unit: (size, size) output pixels."""
        field = self.field(unit)
        return np.hypot(field[..., 0], field[..., 1])

    def field(self, unit: str) -> np.ndarray:
        """Where each pixel goes at weight 1 of a unit: (size, size, 2) output pixels, right and down."""
        if unit not in self._fields:
            whole, side = unit_and_side(unit)
            self._fields[unit] = self._fields[whole] * self._share(side)[..., None]
        return self._fields[unit]

    def _share(self, side: Side) -> np.ndarray:
        return self._left if side == "L" else 1 - self._left

    def _pose_face(self, weights: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Displacement (V, 3) and furrows (S, S) of a face that is not at rest."""
        head, furrows = self._studio.head, self._studio.skin.furrows
        left = share_of_left(head.vertices)[:, None]
        displacement, lines = np.zeros_like(head.vertices), np.zeros_like(next(iter(furrows.values())))
        for name, weight in weights.items():
            unit, side = unit_and_side(name)
            share = {"both": 1.0, "L": left, "R": 1 - left}[side]
            displacement += weight * share * self._displacement[unit]
            if unit in furrows:
                depth = float(np.tanh(weight / _FULL_FURROW)) * _FULL_FURROW * head.furrow_gain
                # Furrows are central or soft enough to be shared: one side alone draws them half as deep.
                lines += np.float32(depth * np.mean(share)) * furrows[unit]
        return displacement, lines

    def _rigid(self, pose: np.ndarray) -> np.ndarray:
        """How far each pixel goes when the head moves: (size, size, 2)."""
        return self._sum_flow(zip(self._flow[_UNITS:], pose, strict=True))

    def _bend(
        self, weights: dict[str, float], rigid: np.ndarray, gaze: Gaze = STRAIGHT, drift: np.ndarray | None = None
    ) -> np.ndarray:
        """The skin as units and pose move it, and eyes and teeth where it leaves them to be seen: (size, size, C)."""
        flow = self._sum_flow((self.field(unit), weight) for unit, weight in weights.items())
        flow += rigid if drift is None else rigid + drift
        back = flow
        for _ in range(2):  # from "where a point goes" to "where a pixel comes from"
            back = cv2.remap(flow, self._grid - back, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image = self._fetch(self._layers.skin, back)
        farthest = int(np.ceil(cv2.norm(back, cv2.NORM_INF)))
        window = self._layers.opening.grown(farthest + _CUBIC_REACH, self.size)
        inner_back = rigid if gaze == STRAIGHT else rigid + self._eyes.turn(gaze)
        gap = 1 - np.clip(self._fetch(self._layers.opacity, back, window), 0, 1)
        image[window.inside] += gap * self._fetch(self._layers.behind, inner_back, window)
        return image

    def _sum_flow(self, terms: Iterable[tuple[np.ndarray, float]]) -> np.ndarray:
        total = np.zeros((self.size, self.size, 2), np.float32)
        for field, weight in terms:
            if weight:
                cv2.scaleAdd(field, weight, total, total)
        return total

    def _fetch(self, layer: np.ndarray, back: np.ndarray, window: Window | None = None) -> np.ndarray:
        """A layer read where pixels come from, all of them or those of a window: (h, w, C)."""
        inside = ... if window is None else window.inside
        source = 2 * (self._grid[inside] - back[inside])
        found = cv2.remap(layer, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return found.reshape(*source.shape[:2], -1)

    def _shade(self, image: np.ndarray, shaded: dict[str, float]) -> None:
        """Change the light on a picture as the units do, in place."""
        change = np.zeros((self.size, self.size), np.float32)
        for unit, weight in shaded.items():
            if weight:
                cv2.scaleAdd(self._shading_of(unit), weight, change, change)
        image *= over_channels(cv2.exp(np.clip(change, -_MAX_SHADING, _MAX_SHADING)), image.shape[-1])

    def _dress(self, image: np.ndarray, pose: np.ndarray, rigid: np.ndarray) -> None:
        """Put on what the head wears, in place."""
        if self._worn is not None:
            self._worn.put_on(image, self._grid, rigid)

    def _shading_of(self, name: str) -> np.ndarray:
        if name not in self._shading:
            unit, side = unit_and_side(name)
            whole = self._measure_shading(unit) if side == "both" else self._shading_of(unit) * self._share(side)
            self._shading[name] = whole
        return self._shading[name]

    def _measure_shading(self, unit: str) -> np.ndarray:
        """Log ratio of the full render to the bent one, per weight, where the unit acts: (size, size)."""
        studio = self._studio
        weight = min(1.0, _REFERENCE_PX / max(self.reach[unit], 0.5))
        furrow = studio.skin.furrows.get(unit)
        if furrow is not None:
            furrow = furrow * np.float32(weight * studio.head.furrow_gain)
        area = _active_area(self._fields[unit] * weight, self._neutral, furrow)
        double = Window(*(2 * value for value in area))
        displacement = weight * self._displacement[unit]
        if self._start is not None:
            displacement = displacement + self._start
            furrow = self._lines if furrow is None else furrow + self._lines
        full = studio.shoot(displacement, furrow, double).image
        full = cv2.resize(full, (area.width, area.height), interpolation=cv2.INTER_AREA)
        bent = self._bend({unit: weight}, np.zeros_like(self._flow[0]))[area.inside]
        shading = np.zeros((self.size, self.size), np.float32)
        shading[area.inside] = np.clip(np.log(_smooth_grey(full) / _smooth_grey(bent)), -0.5, 0.5) / weight
        return shading


def _flows(studio: Studio, neutral: Shot, displacement: dict[str, np.ndarray], rest: np.ndarray | None) -> np.ndarray:
    """Per unit and pose axis, how far a skin pixel goes per unit weight: (K + 1, size, size, 2) in output pixels.

    The last one is no flow: its first half says how far a pixel belongs to the person's left.

    Read off every second pixel of the double-size cover; pixels that show no skin take the value of the nearest skin.
    """
    vertices = studio.head.vertices if rest is None else studio.head.vertices + rest
    turn = rotation(*studio.pose[:3]).T
    per_vertex = []
    for field in displacement.values():
        turned = field @ turn
        per_vertex.append(np.stack([turned[:, 0], -turned[:, 1]], 1) * studio.scale / 2)
    start = studio.project(studio.place(vertices, studio.pose), studio.pose)
    for axis in range(POSE_AXES):
        pose = studio.pose.copy()
        pose[axis] += 1e-3
        moved = studio.project(studio.place(vertices, pose), pose)
        per_vertex.append((moved - start)[:, :2] / 2 / 1e-3)
    per_vertex.append(np.repeat(share_of_left(studio.head.vertices)[:, None], 2, axis=1))
    every_second = Cover(neutral.cover.triangle[::2, ::2], neutral.cover.bary[::2, ::2])
    flow = interpolate(every_second, studio.head.asset.drawn, np.concatenate(per_vertex, 1))
    flow = fill_holes(flow, neutral.part[::2, ::2] == _SKIN)
    size = studio.camera.size
    return np.ascontiguousarray(flow.reshape(size, size, -1, 2).transpose(2, 0, 1, 3))


def over_channels(plane: np.ndarray, channels: int) -> np.ndarray:
    """A plane repeated as often as there are channels (h, w, C), since numpy is slow at spreading it by itself."""
    return plane[..., None] if channels == 1 else cv2.merge([plane] * channels)


def fill_holes(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Give unknown pixels the nearest known value, smoothed within the hole: (h, w, C)."""
    _, label = cv2.distanceTransformWithLabels(np.uint8(~known), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    index_of = np.zeros(label.max() + 1, np.int32)
    index_of[label[known]] = np.flatnonzero(known)
    channels = values.shape[-1]
    spread = values.reshape(-1, channels)[index_of[label]]
    groups = np.array_split(spread, -(-channels // 4), axis=-1)  # OpenCV blurs up to four channels at once
    smooth = np.dstack([cv2.GaussianBlur(np.ascontiguousarray(group), (0, 0), 4) for group in groups])
    return np.where(known[..., None], values, smooth)


class _Layers(NamedTuple):
    """The head at rest, at twice the output resolution and prefiltered.

    skin: (2s, 2s, C), skin and background, which bend; black where they show what lies behind. opacity: (2s, 2s), of
    the skin. behind: (2s, 2s, C), eyes and teeth, which only follow the head. opening: output pixels that show them.
    """

    skin: np.ndarray
    opacity: np.ndarray
    behind: np.ndarray
    opening: Window


def _layers(studio: Studio, neutral: Shot) -> _Layers:
    behind = studio.shoot(without_skin=True)
    inner = np.where((behind.part >= 0)[..., None], behind.image, np.float32(0.02))
    inner = np.where((neutral.part > _SKIN)[..., None], neutral.image, inner)
    opaque = (neutral.part <= _SKIN).astype(np.float32)
    box = np.full((2, 2), 0.25, np.float32)
    skin, opacity, inner = (
        cv2.filter2D(np.float32(layer), -1, box, anchor=(0, 0))
        for layer in (neutral.image * opaque[..., None], opaque, inner)
    )
    return _Layers(skin, opacity, inner, Window.around(opacity[::2, ::2] < 1))


def _reach(studio: Studio, neutral: Shot, displacement: dict[str, np.ndarray]) -> dict[str, float]:
    seen = np.unique(studio.head.asset.drawn[neutral.cover.triangle[neutral.part == _SKIN]])
    turn = rotation(*studio.pose[:3]).T
    length = {unit: np.linalg.norm((field[seen] @ turn)[:, :2], axis=1) for unit, field in displacement.items()}
    left = share_of_left(studio.head.vertices[seen])
    for name in ONE_SIDED:
        unit, side = unit_and_side(name)
        length[name] = length[unit][(left > 0.5) == (side == "L")]
    return {name: float(np.percentile(value, 99.7)) * studio.scale / 2 for name, value in length.items()}


def _active_area(flow: np.ndarray, neutral: Shot, furrow: np.ndarray | None) -> Window:
    """The output pixels that move by more than 0.01 px or wrinkle, with a margin."""
    active = np.hypot(flow[..., 0], flow[..., 1]) > 0.01
    if furrow is not None:
        column, row = (np.ascontiguousarray(neutral.map_position[::2, ::2, i]) for i in (0, 1))
        active |= cv2.remap(furrow, column, row, cv2.INTER_LINEAR) > 0.01
    return Window.around(active).grown(6, len(active))


def _smooth_grey(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image if image.ndim == 2 else image.mean(-1), (0, 0), 1.6) + 0.01
