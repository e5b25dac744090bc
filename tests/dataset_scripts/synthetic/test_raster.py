"""The z-buffer against a slow and plain one."""

import numpy as np

from dataset_scripts.synthetic.raster import Window, interpolate, rasterise, vertex_normals


def plain(points, triangles, window):
    """Nearest front-facing triangle per pixel, one pixel after the other."""
    nearest = np.full((window.height, window.width), -1)
    for row in range(window.height):
        for column in range(window.width):
            at, best = np.array([column + window.x + 0.5, row + window.y + 0.5]), np.inf
            for index, corners in enumerate(triangles):
                a, b, c = points[corners, :2]
                matrix = np.stack([b - a, c - a], 1)
                if np.linalg.det(matrix) >= 0:
                    continue
                w1, w2 = np.linalg.solve(matrix, at - a)
                depth = points[corners, 2] @ [1 - w1 - w2, w1, w2]
                if min(w1, w2, 1 - w1 - w2) >= 0 and depth < best:
                    nearest[row, column], best = index, depth
    return nearest


def test_agrees_with_the_plain_way_also_in_a_window():
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-5, 30, (40, 2)), rng.uniform(0, 10, 40)])
    triangles = rng.permutation(40)[:39].reshape(13, 3)
    whole = plain(points, triangles, Window(0, 0, 24, 20))
    assert (rasterise(points, triangles, Window(0, 0, 24, 20)).triangle == whole).mean() > 0.995
    part = rasterise(points, triangles, Window(7, 5, 10, 9)).triangle
    assert (part == whole[5:14, 7:17]).mean() > 0.98


def test_a_window_holds_what_is_marked_and_ends_with_the_picture():
    mask = np.zeros((20, 20), bool)
    mask[3, 5:8] = mask[9, 6] = True
    window = Window.around(mask)
    assert window == Window(5, 3, 3, 7)
    assert window.grown(4, 20) == Window(1, 0, 11, 14)
    assert mask[window.inside].sum() == mask.sum()
    assert Window.around(np.zeros((4, 4), bool)) == Window(0, 0, 0, 0)


def test_back_faces_and_empty_windows_show_nothing():
    points = np.array([[0, 0, 1], [0, 9, 1], [9, 0, 1]], float)
    front, back = np.array([[0, 1, 2]]), np.array([[0, 2, 1]])
    assert (rasterise(points, front, Window(0, 0, 9, 9)).triangle == 0).sum() > 20
    assert (rasterise(points, back, Window(0, 0, 9, 9)).triangle == -1).all()
    assert (rasterise(points, front, Window(50, 50, 4, 4)).triangle == -1).all()


def test_interpolation_is_exact_for_a_plane():
    points = np.array([[0, 0, 1], [0, 16, 1], [16, 0, 1]], float)
    triangles = np.array([[0, 1, 2]])
    cover = rasterise(points, triangles, Window(0, 0, 8, 8))
    values = interpolate(cover, triangles, points[:, :2] @ np.array([[1, 2], [3, -1]]))
    row, column = np.mgrid[:8, :8] + 0.5
    hit = cover.triangle >= 0
    expected = np.stack([column + 3 * row, 2 * column - row], -1)
    assert np.abs(values - expected)[hit].max() < 1e-3
    assert not values[~hit].any()


def test_normals_of_a_tetrahedron_point_away_from_its_centre():
    vertices = np.array([[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]], float)
    triangles = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    normals = vertex_normals(vertices, triangles)
    assert np.allclose(normals, vertices / np.sqrt(3), atol=1e-6)
