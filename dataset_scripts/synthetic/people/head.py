"""A person: the shape of the head, its shading under open sky, and how each action unit moves it."""

from dataclasses import dataclass

import numpy as np

from dataset_scripts.synthetic.config import Domain
from dataset_scripts.synthetic.people.asset import ANCESTRIES, PARTS, HeadAsset, load_head
from dataset_scripts.synthetic.people.muscles import ARKIT, BLINK, LEAKAGE, MAKEHUMAN, RENDERED_UNITS
from dataset_scripts.synthetic.raster import vertex_normals

TEMPLATE_EYE_DISTANCE = 0.62  # of the mean head; expressions scale with the subject's own
_MIXED = (0.25, 0.75)  # share of the second basis where a domain mixes both, the subject's own for each unit


EVERY_ANCESTRY, EVERY_AGE = (0.5, 0.5, 0.5), (1.0, 1.0)  # Dirichlet and beta weights of `Variety.everybody`


@dataclass(frozen=True)
class Traits:
    """What is drawn first and colours everything else."""

    ancestry: dict[str, float]
    maleness: float
    age: float


class Head:
    """One subject's geometry.

    Args:
        domain: whose people and movement basis to use.
        seed: integers that name the subject; the same ones give the same head.
    Attributes:
        vertices: (V, 3) neutral. eye_centres: (2, 3), left then right. eye_radii: (2,). eye_distance: float.
        middle: (3,) between the eyes. openness: (V,) ambient occlusion in [0, 1].
    """

    def __init__(self, domain: Domain, seed: tuple[int, ...]):
        self.asset, self.domain, self.seed = load_head(), domain, seed
        rng = np.random.default_rng([*seed, 1])
        self.traits = draw_traits(domain, rng)
        self._coarse = _draw_shape(self.asset, self.traits, domain, rng)
        self.vertices = self.asset.subdivide(self._coarse)
        eyes = [self.vertices[self.asset.vertex_part == PARTS.index(f"eye_{side}")] for side in ("left", "right")]
        self.eye_centres = np.stack([eye.mean(0) for eye in eyes])
        self.eye_radii = np.array([np.linalg.norm(eye - eye.mean(0), axis=1).mean() for eye in eyes])
        self.eye_distance = float(np.linalg.norm(self.eye_centres[0] - self.eye_centres[1]))
        self.middle = self.eye_centres.mean(0)
        self.openness = _ambient_occlusion(self.vertices, self.asset, self.middle)
        face = domain.face
        self.furrow_gain = float(np.exp(rng.normal() * face.furrow_sigma - 0.2) * (0.5 + 1.2 * self.traits.age))
        self._lean = {unit: float(np.clip(rng.normal() * face.asymmetry, -0.6, 0.6)) for unit in RENDERED_UNITS}
        self._lean[BLINK] = 0.0

    def displacement(self, unit: str) -> np.ndarray:
        """How a unit at weight 1 moves this subject's vertices, with the subject's own habits.

        Args:
            unit: one of RENDERED_UNITS.
        Returns:
            (V, 3) decimetres.
        Source: Our choice: one shape per unit would be learnt by heart. Neighbours join in by a share that is the
            subject's own, and the field is scaled by a smooth random function of the place on the head.
        """
        face = self.domain.face
        rng = np.random.default_rng([*self.seed, 2, RENDERED_UNITS.index(unit)])
        field = self._pure(unit, self._lean[unit])
        largest = _largest(field)
        for neighbour, share in LEAKAGE.get(unit, {}).items():
            joined = self._pure(neighbour, 0.0)
            strength = share * max(0.0, face.leak[0] + face.leak[1] * rng.normal())
            field = field + joined * (largest / _largest(joined)) * strength
        place = self._coarse - self._coarse.mean(0)
        waves, phase = rng.normal(size=(6, 3)) * 2.2, rng.random(6) * 6
        field = field * (1 + np.sin(place @ waves.T + phase) @ rng.normal(size=6) * face.warp)[:, None]
        return self.asset.subdivide(field) * (self.eye_distance / TEMPLATE_EYE_DISTANCE)

    def _pure(self, unit: str, lean: float) -> np.ndarray:
        """A unit as its basis has it (C, 3), stronger on one side by `lean`."""
        first, second = ARKIT[unit], MAKEHUMAN.get(unit, ARKIT[unit])
        if self.domain.basis != "mixed":
            return (first if self.domain.basis == "arkit" else second).field(self.asset, lean)
        share = np.random.default_rng([*self.seed, 10, RENDERED_UNITS.index(unit)]).uniform(*_MIXED)
        first, second = (mix.field(self.asset, lean) for mix in (first, second))
        return (1 - share) * first + share * second * (_largest(first) / _largest(second))


def _largest(field: np.ndarray) -> float:
    return float(np.linalg.norm(field, axis=1).max())


def draw_traits(domain: Domain, rng: np.random.Generator) -> Traits:
    """Whom a subject looks like: one of the domain's people, or of everybody."""
    weights, ages = (EVERY_ANCESTRY, EVERY_AGE) if domain.variety.everybody else (domain.ancestry, domain.age)
    ancestry = dict(zip(ANCESTRIES, rng.dirichlet(weights).tolist(), strict=True))
    return Traits(ancestry, float(np.clip(rng.beta(0.5, 0.5), 0.05, 0.95)), float(rng.beta(*ages)))


def _draw_shape(asset: HeadAsset, traits: Traits, domain: Domain, rng: np.random.Generator) -> np.ndarray:
    """Macro shape plus random local features; the two sides of the face are nearly alike."""
    shape = asset.body(traits.maleness, traits.age, traits.ancestry, 0.5, float(rng.beta(2, 2)))
    by_stem = {stem: both for stem, *both in asset.modifiers}

    def apply(stem: str, amount: float) -> None:
        lesser, greater = by_stem[stem]
        shape[:] += abs(amount) * asset.local[greater if amount > 0 else lesser]

    for stem in by_stem:
        if stem.startswith("r-"):
            continue
        moves_whole_feature = stem.startswith(("head-trans", "nose-trans", "mouth-trans"))
        sigma = domain.face.placement_sigma if moves_whole_feature else domain.face.shape_sigma
        amount = float(np.clip(rng.normal() * sigma, -0.5, 0.5))
        apply(stem, amount)
        if stem.startswith("l-") and "r-" + stem[2:] in by_stem:
            apply("r-" + stem[2:], amount * 0.85 + rng.normal() * sigma * 0.25)
    for name in asset.head_shapes:
        shape += max(0.0, rng.normal() * 0.25 - 0.1) * asset.local[name]
    return shape


def _ambient_occlusion(vertices: np.ndarray, asset: HeadAsset, middle: np.ndarray) -> np.ndarray:
    """Share of the upper sky each vertex sees (V,), from 40 directions with a splatted depth map each."""
    directions, cells, span = 40, 72, 3.6
    normals = vertex_normals(vertices, asset.triangles)
    centred = (vertices - (middle + np.array([0, -0.3, -0.5]))).astype(np.float32)
    seen, total = np.zeros(len(vertices)), np.zeros(len(vertices))
    for index in range(directions):
        turn, height = index * 2.39996, 1 - 1.4 * (index + 0.5) / directions
        radius = np.sqrt(max(0.0, 1 - height * height))
        to_sky = np.array([radius * np.cos(turn), height, radius * np.sin(turn)])
        if to_sky[2] < -0.25:
            to_sky[2] *= -1
        right = np.cross([0, 1, 0], to_sky)
        right /= np.linalg.norm(right) + 1e-9
        up = np.cross(to_sky, right)
        axes = np.stack([right, -up, -to_sky], 1).astype(np.float32)
        column, row, depth = (centred @ axes).T
        cell = np.clip((row / span + 0.5) * cells, 0, cells - 1).astype(np.int32) * cells
        cell += np.clip((column / span + 0.5) * cells, 0, cells - 1).astype(np.int32)
        nearest = np.full(cells * cells, np.inf, np.float32)
        np.minimum.at(nearest, cell, depth)
        facing = np.clip(normals @ to_sky, 0, 1)
        seen += facing * (depth <= nearest[cell] + 0.06)
        total += facing
    return np.clip(seen / (total + 1e-6), 0, 1) ** 0.9
