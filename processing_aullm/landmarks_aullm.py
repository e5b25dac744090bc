"""Faces in a frame and 468 landmarks of one face: detector and landmark model as plain functions of an image.

Both are protocols: any callable of the same shape can take their place (`AullmImageProcessor.use_faces`). A detector
that does not look for all faces where one will do has a method `every` that does.

    files = FaceFiles.packaged()
    faces = BlazeFaceDetector.load(files)(image)
    landmarks = FaceMesh.load(files)(image, faces[0].region())
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from .face_networks_aullm import FaceFiles, FaceNetwork
from .geometry_aullm import apply, square_to_image, to_rgb, warp

RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263  # the subject's right eye stands on the left of the image
OVERLAP = 0.3  # intersection over union of two boxes, above which they are of one face
REGION_SCALE = 1.5  # side of the mesh's region over the face box, as MediaPipe's graph has it


@dataclass(frozen=True)
class Region:
    """A rotated square of an image: centre (x, y), side in pixels, angle in radians."""

    center: np.ndarray
    side: float
    angle: float


@dataclass(frozen=True)
class Face:
    """One detected face.

    Args:
        box: (4,) left, top, right, bottom in pixels.
        eyes: (2, 2) the subject's right eye, then the left, (x, y) in pixels.
        score: Between 0 and 1.
    """

    box: np.ndarray
    eyes: np.ndarray
    score: float

    @property
    def center(self) -> np.ndarray:
        """(x, y) of the box's centre."""
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def side(self) -> float:
        """Longer side of the box in pixels."""
        return float((self.box[2:] - self.box[:2]).max())

    def region(self) -> Region:
        """Where to look for this face's landmarks."""
        right, left = self.eyes
        return Region(self.center, self.side * REGION_SCALE, _angle(left - right))


@dataclass(frozen=True)
class Landmarks:
    """468 points (468, 2) in pixels of the image, and how sure the network is of a face there, between 0 and 1."""

    points: np.ndarray
    score: float

    def region(self) -> Region:
        """Where to look for the same face again, here or in the next frame."""
        angle = _angle(self.points[LEFT_EYE_OUTER] - self.points[RIGHT_EYE_OUTER])
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        upright = self.points @ turn
        low, high = upright.min(0), upright.max(0)
        return Region(turn @ ((low + high) / 2), float((high - low).max()) * REGION_SCALE, angle)


FaceDetector = Callable[[np.ndarray], list[Face]]
LandmarkModel = Callable[[np.ndarray, Region], Landmarks]


class BlazeFaceDetector:
    """Faces of an image by size, the largest first: short range first, full range where that is not enough.

    The short-range network is fast and knows large faces, but merges the faces of a group; full range finds them all.
    So its answer is taken only where it saw one large face and nothing else, and only where one is enough: a small one
    beside it is not seen. A face that fills the whole image is found after a margin is put around the image.

    Args:
        short_range: Network of 128 px.
        full_range: Network of 192 px.
        threshold: Least score of a face.
        large: A single face is trusted to the short range when its side is at least this part of the image's longer
            side.
    """

    def __init__(
        self, short_range: FaceNetwork, full_range: FaceNetwork, threshold: float = 0.5, large: float = 0.3
    ) -> None:
        self.short_range = short_range
        self.full_range = full_range
        self.threshold = threshold
        self.large = large
        self.short_anchors = np.concatenate([_anchors(16, 2), _anchors(8, 6)])
        self.full_anchors = _anchors(48, 1)

    @classmethod
    def load(cls, files: FaceFiles) -> "BlazeFaceDetector":
        """Read both networks."""
        return cls(files.load("short_range"), files.load("full_range"))

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Find faces, or the one large face alone where there is one.

        Args:
            image: (H, W) or (H, W, 3) uint8, RGB.
        """
        image = to_rgb(image)
        near = self._detect(self.short_range, self.short_anchors, image)
        return near if self._is_large(near, image) else self._detect_far(image, near)

    def every(self, image: np.ndarray) -> list[Face]:
        """Find small faces beside a large one, too; that one is found as by a call.

        Args:
            image: (H, W) or (H, W, 3) uint8, RGB.
        """
        image = to_rgb(image)
        near = self._detect(self.short_range, self.short_anchors, image)
        far = self._detect_far(image, near)
        if not self._is_large(near, image):
            return far
        apart = _intersection_over_union(near[0].box, np.stack([face.box for face in far])) <= OVERLAP
        if (~apart).sum() > 1:  # the short range took several for one
            return far
        beside = [face for face, is_other in zip(far, apart, strict=True) if is_other]
        return sorted([*near, *beside], key=lambda face: -face.side)

    def _is_large(self, near: list[Face], image: np.ndarray) -> bool:
        return len(near) == 1 and near[0].side >= self.large * max(image.shape)

    def _detect_far(self, image: np.ndarray, near: list[Face]) -> list[Face]:
        return self._detect(self.full_range, self.full_anchors, image) or near or self._detect_with_margin(image)

    def _detect_with_margin(self, image: np.ndarray) -> list[Face]:
        margin = max(image.shape) // 3
        wider = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
        faces = self._detect(self.short_range, self.short_anchors, wider)
        return [Face(face.box - margin, face.eyes - margin, face.score) for face in faces]

    def _detect(self, network: FaceNetwork, anchors: np.ndarray, image: np.ndarray) -> list[Face]:
        height, width = image.shape[:2]
        side = max(height, width)
        matrix = square_to_image(np.array([(width - 1) / 2, (height - 1) / 2]), side, 0.0, network.size)
        pixels = _letterbox(image, network.size)
        regressed, logits = network(_to_tensor(pixels) / 127.5 - 1)
        scores = torch.sigmoid(logits[0, :, 0]).numpy()
        keep = scores > self.threshold
        values = regressed[0].numpy()[keep] / network.size
        centers = values[:, :2] + anchors[keep]
        boxes = np.concatenate([centers - values[:, 2:4] / 2, centers + values[:, 2:4] / 2], axis=1)
        eyes = values[:, 4:8].reshape(-1, 2, 2) + anchors[keep][:, None]
        found = _merge_overlapping(boxes, eyes, scores[keep])
        faces = [
            Face(
                apply(matrix, box.reshape(2, 2) * network.size - 0.5).reshape(4),
                apply(matrix, eye * network.size - 0.5),
                score,
            )
            for box, eye, score in found
        ]
        return sorted(faces, key=lambda face: -face.side)


class FaceMesh:
    """468 landmarks inside a region of an image.

    Args:
        network: Network of 192 px; its outputs are 468 points (x, y, z) in its own pixels, and a logit of a face.
    """

    def __init__(self, network: FaceNetwork) -> None:
        self.network = network

    @classmethod
    def load(cls, files: FaceFiles) -> "FaceMesh":
        """Read the network."""
        return cls(files.load("mesh"))

    def __call__(self, image: np.ndarray, region: Region) -> Landmarks:
        """Find the landmarks of the face in the region.

        Args:
            image: (H, W) or (H, W, 3) uint8, RGB.
            region: Square around the face, about 1.5 times its size.
        """
        matrix = square_to_image(region.center, region.side, region.angle, self.network.size)
        points, logit = self.network(_to_tensor(to_rgb(warp(image, matrix, self.network.size))) / 255)
        points = points.reshape(-1, 3)[:, :2].numpy().astype(np.float64)
        return Landmarks(apply(matrix, points), float(torch.sigmoid(logit.flatten()[0])))


def _letterbox(image: np.ndarray, size: int) -> np.ndarray:
    """The whole image in the middle of a black square."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    square = np.zeros((size, size, 3), np.uint8)
    left, top = (size - inner[0]) // 2, (size - inner[1]) // 2
    square[top : top + inner[1], left : left + inner[0]] = smaller
    return square


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].float()


def _anchors(cells: int, per_cell: int) -> np.ndarray:
    """Centres (cells * cells * per_cell, 2) of a grid's cells in the unit square, row by row."""
    axis = (np.arange(cells, dtype=np.float32) + 0.5) / cells
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel()], axis=1).repeat(per_cell, axis=0)


def _merge_overlapping(
    boxes: np.ndarray, eyes: np.ndarray, scores: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Average, by score, the boxes that stand on the same face, as BlazeFace does, instead of keeping the best."""
    merged, left = [], np.ones(len(boxes), bool)
    for best in np.argsort(-scores):
        if not left[best]:
            continue
        same = left & (_intersection_over_union(boxes[best], boxes) > OVERLAP)
        left &= ~same
        left[best] = False
        weights = scores[same] / scores[same].sum()
        merged.append((weights @ boxes[same], np.tensordot(weights, eyes[same], 1), float(scores[best])))
    return merged


def _intersection_over_union(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    inner = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0, None).prod(1)
    return inner / ((box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1) - inner)


def _angle(vector: np.ndarray) -> float:
    return math.atan2(vector[1], vector[0])
