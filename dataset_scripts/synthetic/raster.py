"""A z-buffer in numpy: which triangle covers which pixel, and interpolation across it.

Weak perspective, so interpolation is affine. Screen x grows to the right, y downwards, pixel centres lie at +0.5, and a
smaller depth is nearer. Front faces turn counter-clockwise on a y-up page, which is a negative area here.
"""

from typing import NamedTuple

import numpy as np


class Window(NamedTuple):
    """A rectangle of pixels: left column, top row, width, height."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def around(cls, mask: np.ndarray) -> "Window":
        """The smallest that holds every marked pixel of a mask (h, w)."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            return cls(0, 0, 0, 0)
        left, top = int(columns[0]), int(rows[0])
        return cls(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)

    def grown(self, margin: int, size: int) -> "Window":
        """Wider by a margin on every side, within a picture of `size` pixels a side."""
        left, top = max(0, self.x - margin), max(0, self.y - margin)
        right, bottom = min(size, self.x + self.width + margin), min(size, self.y + self.height + margin)
        return Window(left, top, right - left, bottom - top)

    @property
    def inside(self) -> tuple[slice, slice]:
        """Rows and columns, to index a picture with."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


class Cover(NamedTuple):
    """What a rasterised window shows.

    triangle: (h, w) int32, index of the nearest triangle, -1 where there is none.
    bary: (h, w, 2) float32, weights of the triangle's second and third corner.
    """

    triangle: np.ndarray
    bary: np.ndarray


def rasterise(points: np.ndarray, triangles: np.ndarray, window: Window) -> Cover:
    """Find the nearest front-facing triangle at every pixel centre of a window.

    Args:
        points: (V, 3) screen x, y in pixels and depth.
        triangles: (N, 3) vertex indices.
        window: the pixels to fill.
    Returns:
        The cover of the window.
    Source: Our choice: every triangle's bounding box is unrolled into one list of candidate pixels, which numpy tests
        at once; about 30 ms for a head at 448x448, so no compiler is needed for work done once per session.
    """
    x, y, z = (points[:, axis].astype(np.float32) for axis in range(3))
    x -= window.x
    y -= window.y
    corners = [np.ascontiguousarray(triangles[:, i]) for i in range(3)]
    xs, ys = [x[i] for i in corners], [y[i] for i in corners]
    area = (xs[1] - xs[0]) * (ys[2] - ys[0]) - (xs[2] - xs[0]) * (ys[1] - ys[0])
    left, width = _span(xs, window.width)
    top, height = _span(ys, window.height)
    keep = np.flatnonzero((area < -1e-9) & (width > 0) & (height > 0))
    count = width[keep] * height[keep]
    local = np.repeat(np.arange(len(keep), dtype=np.int32), count)
    step = np.arange(len(local), dtype=np.int32) - np.repeat(np.cumsum(count) - count, count).astype(np.int32)
    row, column = np.divmod(step, width[keep][local])
    row += top[keep][local]
    column += left[keep][local]
    plane = _Planes.of([values[keep] for values in xs], [values[keep] for values in ys], [z[i][keep] for i in corners])
    return _resolve(keep.astype(np.int32), plane, local, row, column, window)


def _span(values: list[np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """First pixel and number of pixels that triangles cover along one axis, clipped to the window."""
    low = np.minimum(np.minimum(values[0], values[1]), values[2])
    high = np.maximum(np.maximum(values[0], values[1]), values[2])
    first = np.maximum(np.ceil(low - 0.5), 0).astype(np.int32)
    return first, np.minimum(np.floor(high - 0.5), size - 1).astype(np.int32) - first + 1


class _Planes(NamedTuple):
    """Two barycentric weights and the depth as linear functions of a pixel: each (N, 3) for column, row, constant."""

    second: np.ndarray
    third: np.ndarray
    depth: np.ndarray

    @classmethod
    def of(cls, x: list[np.ndarray], y: list[np.ndarray], z: list[np.ndarray]) -> "_Planes":
        x1, y1, x2, y2 = x[1] - x[0], y[1] - y[0], x[2] - x[0], y[2] - y[0]
        inverse = 1 / (x1 * y2 - x2 * y1)
        from_x, from_y = 0.5 - x[0], 0.5 - y[0]
        second = np.stack([y2, -x2, from_x * y2 - x2 * from_y], 1) * inverse[:, None]
        third = np.stack([-y1, x1, x1 * from_y - from_x * y1], 1) * inverse[:, None]
        depth = second * (z[1] - z[0])[:, None] + third * (z[2] - z[0])[:, None]
        depth[:, 2] += z[0]
        return cls(second, third, depth)


def _resolve(keep: np.ndarray, plane: _Planes, local: np.ndarray, row: np.ndarray, column: np.ndarray, window: Window):
    """Keep, among the candidates inside their triangle, the nearest of each pixel."""
    x, y = column.astype(np.float32), row.astype(np.float32)

    def at(coefficients: np.ndarray) -> np.ndarray:
        a, b, c = (np.ascontiguousarray(coefficients[:, i])[local] for i in range(3))
        return a * x + b * y + c

    w1, w2 = at(plane.second), at(plane.third)
    inside = np.flatnonzero((w1 >= -1e-5) & (w2 >= -1e-5) & (w1 + w2 <= 1 + 1e-5))
    local, x, y, w1, w2 = local[inside], x[inside], y[inside], w1[inside], w2[inside]
    pixel = row[inside] * window.width + column[inside]
    depth = at(plane.depth)
    nearest = np.full(window.width * window.height, np.inf, np.float32)
    np.minimum.at(nearest, pixel, depth)
    seen = np.flatnonzero(depth == nearest[pixel])
    triangle = np.full(len(nearest), -1, np.int32)
    bary = np.zeros((len(nearest), 2), np.float32)
    triangle[pixel[seen]] = keep[local[seen]]
    bary[pixel[seen], 0], bary[pixel[seen], 1] = w1[seen], w2[seen]
    shape = (window.height, window.width)
    return Cover(triangle.reshape(shape), bary.reshape(*shape, 2))


def interpolate(cover: Cover, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Spread vertex values over the covered pixels.

    Args:
        cover: of a window of (h, w) pixels, or any subsample of one.
        triangles: (N, 3), those given to `rasterise`.
        values: (V, C) per vertex.
    Returns:
        (h, w, C) float32, zero where nothing is covered.
    """
    out = np.zeros((*cover.triangle.shape, values.shape[1]), np.float32)
    hit = np.flatnonzero(cover.triangle >= 0)
    corner = triangles[cover.triangle.ravel()[hit]]
    bary = cover.bary.reshape(-1, 2)[hit]
    values = np.ascontiguousarray(values, np.float32)
    mixed = values.take(corner[:, 0], axis=0) * (1 - bary.sum(1))[:, None]
    mixed += values.take(corner[:, 1], axis=0) * bary[:, :1]
    mixed += values.take(corner[:, 2], axis=0) * bary[:, 1:]
    out.reshape(-1, out.shape[-1])[hit] = mixed
    return out


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals.

    Args:
        vertices: (V, 3).
        triangles: (N, 3), counter-clockwise seen from outside.
    Returns:
        (V, 3).
    """
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    index = triangles.T.ravel()
    normal = np.stack([np.bincount(index, np.tile(face[:, i], 3), len(vertices)) for i in range(3)], 1)
    return normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12)
