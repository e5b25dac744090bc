"""The full renderer: a head, its skin, two lamps and a camera to an image in linear light.

Slow (tens of milliseconds a frame), so sessions use it to set up `render.LinearHead` and no further.

Tested in tests/dataset_scripts/synthetic/camera/test_render.py.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from dataset_scripts.synthetic.config import Light
from dataset_scripts.synthetic.people.asset import DRAWN_PARTS, MAP_SIZE, PARTS
from dataset_scripts.synthetic.people.head import Head
from dataset_scripts.synthetic.people.skin import Skin
from dataset_scripts.synthetic.raster import Cover, Window, interpolate, rasterise, vertex_normals

GREY = np.array([0.299, 0.587, 0.114], np.float32)
POSE_AXES = 6  # rotation about x, y, z (rad); shift right, down (output pixels); relative size
_TO_CAMERA = np.array([0.0, 0.0, 1.0])
_WRAP = 0.25  # light that creeps round the terminator
_FADE = 90  # rows of the canonical map over which painted skin turns plain towards the neck


@dataclass(frozen=True)
class Camera:
    """An upright square picture.

    Attributes:
        size: output pixels a side. span: side of the picture in distances between the eyes' centres.
        drop: how far the picture's centre lies below the eyes, in the same unit. colour: three channels, else grey.
    """

    size: int = 224
    span: float = 2.5
    drop: float = 0.42
    colour: bool = False


@dataclass
class Shot:
    """A rendered window at twice the output resolution.

    image: (h, w, C) linear light. part: (h, w) index into PARTS, -1 where nothing is. cover: the triangles seen.
    map_position: (h, w, 2) column and row in the canonical map.
    """

    image: np.ndarray
    part: np.ndarray
    cover: Cover
    map_position: np.ndarray


class Studio:
    """One subject before one camera, in one pose, under one light.

    Args:
        head, skin: the subject. camera, light: the set-up. background: its linear grey level. pose: (6,) POSE_AXES.
    """

    SUPERSAMPLE = 2

    def __init__(self, head: Head, skin: Skin, camera: Camera, light: Light, background: float, pose: np.ndarray):
        self.head, self.skin, self.camera, self.light = head, skin, camera, light
        self.background, self.pose = background, pose
        self.side = camera.size * self.SUPERSAMPLE
        self.scale = self.side / (camera.span * head.eye_distance)
        self.centre = head.middle - np.array([0, camera.drop * head.eye_distance, 0])
        self.pivot = head.middle + np.array([0, -1.2, -0.6])
        self.albedo = self.colours(skin.albedo)
        self._key, self._fill = (_unit(lamp) for lamp in (light.key, light.fill))
        self._key_half, self._fill_half = _unit(self._key + _TO_CAMERA), _unit(self._fill + _TO_CAMERA)

    @property
    def full(self) -> Window:
        return Window(0, 0, self.side, self.side)

    def place(self, vertices: np.ndarray, pose: np.ndarray) -> np.ndarray:
        """Turn the head about its neck: (V, 3) -> (V, 3)."""
        return (vertices - self.pivot) @ rotation(*pose[:3]).T + self.pivot

    def project(self, placed: np.ndarray, pose: np.ndarray) -> np.ndarray:
        """Placed points -> supersampled pixel columns, rows, and depths (V, 3)."""
        scale = self.scale * (1 + pose[5])
        column = (placed[:, 0] - self.centre[0]) * scale + self.side / 2 + pose[3] * self.SUPERSAMPLE
        row = (self.centre[1] - placed[:, 1]) * scale + self.side / 2 + pose[4] * self.SUPERSAMPLE
        return np.stack([column, row, -placed[:, 2]], 1)

    def shoot(
        self,
        displacement: np.ndarray | None = None,
        furrow: np.ndarray | None = None,
        window: Window | None = None,
        without_skin: bool = False,
    ) -> Shot:
        """Render.

        Args:
            displacement: (V, 3) added to the neutral head. furrow: (S, S) map of deepened lines.
            window: supersampled pixels to render; all by default. without_skin: show what lies behind the skin.
        Returns:
            The shot of that window.
        """
        asset, window = self.head.asset, window or self.full
        vertices = self.head.vertices if displacement is None else self.head.vertices + displacement
        placed = self.place(vertices, self.pose)
        points, normals = self.project(placed, self.pose), vertex_normals(placed, asset.triangles)
        shown = asset.drawn_part > 0 if without_skin else slice(None)
        triangles, parts = asset.drawn[shown], asset.drawn_part[shown]
        cover = rasterise(points, triangles, window)
        attributes = np.column_stack([asset.map_position, normals, self.head.openness, asset.ears])
        buffer = interpolate(cover, triangles, attributes)
        part = np.where(cover.triangle >= 0, parts[cover.triangle].astype(np.int8), -1)
        return Shot(self._shade(buffer, part, furrow, window), part, cover, buffer[..., :2])

    def _shade(self, buffer: np.ndarray, part: np.ndarray, furrow: np.ndarray | None, window: Window) -> np.ndarray:
        column, row = (np.ascontiguousarray(buffer[..., i]) - 0.5 for i in (0, 1))
        image = cv2.remap(self.albedo, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image = image.reshape(*part.shape, -1)
        below_map = np.clip(row / _FADE - (MAP_SIZE / _FADE - 1), 0, 1)
        image += np.maximum(buffer[..., 6], below_map)[..., None] * (self.colours(self.skin.base[None]) - image)
        if furrow is not None:
            image *= np.exp(-0.9 * cv2.remap(furrow, column, row, cv2.INTER_LINEAR))[..., None]
        normal = np.ascontiguousarray(buffer[..., 2:5])
        normal /= np.sqrt(np.einsum("...i,...i", normal, normal))[..., None] + 1e-6
        diffuse = self.diffuse(normal, buffer[..., 5])
        image *= diffuse[..., None]
        image += (self._highlight(normal) * buffer[..., 5])[..., None]
        for eye, name in enumerate(("eye_left", "eye_right")):
            inside = part == PARTS.index(name)
            if inside.any():
                image[inside] = self._eye(eye, inside, diffuse[inside], buffer[..., 5][inside], window)
        teeth = part == PARTS.index(DRAWN_PARTS[3])
        enamel = self.colours(np.array([[0.66, 0.62, 0.55]]))
        image[teeth] = enamel * (0.2 + 0.8 * diffuse[teeth] * buffer[..., 5][teeth])[:, None]
        image[part < 0] = self.background
        return image

    def colours(self, colour: np.ndarray) -> np.ndarray:
        """Keep (..., 3) colours, or weigh them to (..., 1) grey: the whole of shading is linear in colour."""
        colour = colour.astype(np.float32)
        return colour if self.camera.colour else np.ascontiguousarray((colour @ GREY)[..., None])

    def diffuse(self, normal: np.ndarray, openness: np.ndarray) -> np.ndarray:
        """Light on a matt white surface: normals (..., 3), openness (...) -> (...)."""
        light = self.light
        key, fill = (np.clip((normal @ lamp + _WRAP) / (1 + _WRAP), 0, 1) for lamp in (self._key, self._fill))
        sky = light.ambient * openness * (0.75 + 0.25 * normal[..., 1])
        return light.key_power * key * (0.35 + 0.65 * openness) + light.fill_power * fill * (0.3 + 0.7 * openness) + sky

    def _highlight(self, normal: np.ndarray) -> np.ndarray:
        key, fill = (np.clip(normal @ half, 0, 1) ** 18 for half in (self._key_half, self._fill_half))
        return self.skin.shine * (self.light.key_power * key + self.light.fill_power * fill)

    def _eye(self, eye: int, inside: np.ndarray, diffuse: np.ndarray, openness: np.ndarray, window: Window):
        """A sphere with sclera, iris, pupil and two glints, looking where the head points: (n, C)."""
        centre = self.project(self.place(self.head.eye_centres[eye : eye + 1], self.pose), self.pose)[0]
        row, column = np.nonzero(inside)
        unit = self.scale * self.head.eye_radii[eye]
        x, y = (column + window.x + 0.5 - centre[0]) / unit, -(row + window.y + 0.5 - centre[1]) / unit
        ball = np.stack([x, y, np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))], 1)
        gaze = rotation(*self.pose[:3]) @ _TO_CAMERA
        angle = np.arccos(np.clip(ball @ gaze, -1, 1))
        around = np.arctan2(y - gaze[1], x - gaze[0])
        iris, pupil = _edge(angle - 0.5, 0.025)[:, None], _edge(angle - 0.2, 0.02)[:, None]
        rim = 0.6 * np.exp(-(((angle - 0.5) / 0.06) ** 2))[:, None]
        fibres = (0.85 + 0.25 * np.sin(around * 23 + 3 * np.sin(around * 5)))[:, None]
        white = self.colours(np.array([[0.68, 0.63, 0.60]])) * (1 - 0.15 * np.clip(np.abs(x), 0, 1)[:, None] ** 2)
        colour = white * (1 - iris) + iris * self.colours(self.skin.iris[None]) * fibres * 1.6
        colour = colour * (1 - 0.75 * rim * iris) * (1 - 0.9 * pupil)
        lit = np.clip(diffuse / max(0.2, float(np.median(diffuse))), 0, 1.3)
        shadow = (0.25 + 0.75 * np.clip(openness, 0, 1) ** 1.3) * (0.55 + 0.45 * lit)
        glint = 0.9 * np.clip(ball @ self._key_half, 0, 1) ** 900 + 0.4 * np.clip(ball @ self._fill_half, 0, 1) ** 1200
        return colour * shadow[:, None] + glint[:, None]


def rotation(x: float, y: float, z: float) -> np.ndarray:
    """(3, 3) of turns about x, then y, then z, in radians."""
    (cx, cy, cz), (sx, sy, sz) = np.cos([x, y, z]), np.sin([x, y, z])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]) @ about_y @ about_x


def _unit(vector) -> np.ndarray:
    vector = np.asarray(vector, float)
    return vector / np.linalg.norm(vector)


def _edge(distance: np.ndarray, softness: float) -> np.ndarray:
    """1 inside (negative distance), 0 outside."""
    return 1 / (1 + np.exp(np.clip(distance / softness, -30, 30)))
