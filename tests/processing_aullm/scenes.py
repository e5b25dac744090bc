"""Scenes with faces at known places, and a detector and a landmark model that read these places from the pictures.

So a stream can be tested on thousands of frames: no network runs. Each face writes where it stands into the first
rows of the picture, one row a face, as little-endian pairs of bytes.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from processing_aullm.blinks_aullm import LIDS
from processing_aullm.landmarks_aullm import Face, Landmarks, Region

WIDTH, HEIGHT = 480, 300
SIDE = 160  # px of a face's picture at scale 1
TAG = 99


@dataclass(frozen=True)
class Place:
    """A face in a scene: top left corner in pixels, size, whether its eyes are shut, whether it is another person."""

    x: float
    y: float = 60.0
    scale: float = 1.0
    shut: bool = False
    other: bool = False

    @property
    def matrix(self) -> np.ndarray:
        """(2, 3), pixels of the face's own picture to pixels of the scene."""
        return np.array([[self.scale, 0.0, self.x], [0.0, self.scale, self.y]])


class Scenes:
    """Draws frames of one face's picture.

    Args:
        picture: (H, W) uint8 of a face. points: (468, 2) landmarks in it.
    """

    def __init__(self, picture: np.ndarray, points: np.ndarray) -> None:
        ratio = SIDE / picture.shape[0]
        self.picture = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        self.points = (points + 0.5) * ratio - 0.5
        self.detected = self.meshed = 0

    def frame(self, *places: Place, seed: int = 0) -> np.ndarray:
        """(HEIGHT, WIDTH) uint8 with a little noise."""
        scene = np.full((HEIGHT, WIDTH), 120, np.uint8)
        for place in places:
            picture = 255 - self.picture[:, ::-1] if place.other else self.picture
            warped = cv2.warpAffine(picture, place.matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
            inside = cv2.warpAffine(np.full_like(picture, 255), place.matrix, (WIDTH, HEIGHT)) == 255
            scene[inside] = warped[inside]
        noise = np.random.default_rng(seed).normal(0, 1.5, scene.shape)
        scene = np.clip(np.rint(scene + noise), 0, 255).astype(np.uint8)
        for row, place in enumerate(places):
            numbers = [round(place.x * 16) + 16384, round(place.y * 16) + 16384, round(place.scale * 4096), place.shut]
            scene[row, :9] = [TAG, *np.array(numbers, "<u2").view(np.uint8)]
        scene[len(places), :9] = 0
        return scene

    def detector(self, image: np.ndarray) -> list[Face]:
        """The faces of a scene, the largest first."""
        self.detected += 1
        faces = []
        for points, _ in self._places(image):
            box = np.concatenate([points.min(0), points.max(0)])
            faces.append(Face(box, points[[33, 263]], 0.9))
        return sorted(faces, key=lambda face: -face.side)

    def mesh(self, image: np.ndarray, region: Region) -> Landmarks:
        """Landmarks of the face in the region, a little uncertain; score 0 where there is none."""
        self.meshed += 1
        for points, shut in self._places(image):
            if np.hypot(*(points.mean(0) - region.center)) < region.side / 3:
                wrong = np.random.default_rng(self.meshed).normal(0, 0.3, points.shape)
                return Landmarks((_shut(points) if shut else points) + wrong, 1.0)
        return Landmarks(self.points, 0.0)

    def _places(self, image: np.ndarray) -> list[tuple[np.ndarray, bool]]:
        tags = image if image.ndim == 2 else image[..., 0]
        found = []
        for row in tags[:8, :9]:
            if row[0] != TAG:
                break
            x, y, scale, shut = np.ascontiguousarray(row[1:]).view("<u2").astype(float)
            points = self.points * (scale / 4096) + [(x - 16384) / 16, (y - 16384) / 16]
            if points.min() > -20 and points[:, 0].max() < WIDTH + 20:
                found.append((points, bool(shut)))
        return found


class ForTheLargest:
    """A detector that sees the largest face alone, unless every one is asked for."""

    def __init__(self, scenes):
        self.every = scenes.detector

    def __call__(self, image):
        return self.every(image)[:1]


def _shut(points: np.ndarray) -> np.ndarray:
    points = points.copy()
    for upper, lower in (pair for eye in LIDS for pair in eye):
        points[upper] += 0.7 * (points[lower] - points[upper])
    return points
