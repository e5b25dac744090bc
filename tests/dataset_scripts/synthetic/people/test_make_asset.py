"""The asset maker's geometry. (Building from the wheel itself is done by hand; see the module.)"""

import numpy as np

from dataset_scripts.synthetic.people.make_asset import fine_corners, quantise, subdivide

CUBE = np.array([[0, 1, 2, 3], [7, 6, 5, 4], [0, 4, 5, 1], [1, 5, 6, 2], [2, 6, 7, 3], [3, 7, 4, 0]])
CORNERS = np.array([[-1, -1, -1], [1, -1, -1], [1, 1, -1], [-1, 1, -1], [-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]])


def test_catmull_clark_of_a_cube():
    matrix, quads = subdivide(CUBE, 8)
    points = matrix @ CORNERS
    assert matrix.shape == (26, 8) and quads.shape == (24, 4)
    assert np.allclose(matrix.sum(1), 1)
    assert np.allclose(np.abs(points[:8]), 5 / 9)  # corners: known limit of one step
    assert np.allclose(np.sort(np.abs(points[8:14]), axis=1), [0, 0, 1])  # face centres stay
    assert np.allclose(np.sort(np.abs(points[14:]), axis=1), [0, 0.75, 0.75])  # edges


def test_fine_quads_share_a_face_point_and_tile_the_surface():
    _, quads = subdivide(CUBE, 8)
    assert (quads[:, 2].reshape(6, 4) == np.arange(8, 14)[:, None]).all()
    edges = np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def test_an_open_rim_keeps_its_outline():
    matrix, _ = subdivide(np.array([[0, 1, 2, 3]]), 4)
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    points = matrix @ square
    assert np.allclose(points[0], 0.75 * square[0] + 0.125 * (square[1] + square[3]))
    assert np.allclose(points[4], [0.5, 0.5])
    assert np.allclose(np.sort(points[5:], axis=0)[[0, -1]], [[0, 0], [1, 1]])


def test_texture_corners_follow_the_fine_quads():
    corner = np.array([[[0, 0], [4, 0], [4, 4], [0, 4]]], float)
    fine = fine_corners(corner)
    assert fine[0].tolist() == [[0, 0], [2, 0], [2, 2], [0, 2]]
    assert fine.shape == (4, 4, 2)


def test_sixteen_bits_are_enough():
    rng = np.random.default_rng(0)
    shapes = {"a": rng.normal(size=(50, 3)), "b": 1e-3 * rng.normal(size=(50, 3))}
    arrays = quantise(shapes, "macro")
    back = arrays["macro_delta"] * arrays["macro_scale"][:, None, None]
    assert arrays["macro_name"].tolist() == ["a", "b"]
    for index, shape in enumerate(shapes.values()):
        assert np.abs(back[index] - shape).max() < 2e-5 * np.abs(shape).max()
