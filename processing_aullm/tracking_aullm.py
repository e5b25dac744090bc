"""One face followed through a video for the price of a refinement a frame.

The aligner of a single clip reads landmarks in every frame. Here they are read a few times a second, where the eyes
change, and where grey values alone do not find the face again; in between, each frame is placed as the one before it
and refined against the reference frame. So nothing drifts: every frame is held on the same one.

    track = FaceTrack(aligner, number, frame, landmarks, fps=30.0)
    held = track.follow(number + 1, next_frame)  # None where the face is lost
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from .alignment_aullm import LEAST_SCORE, WORK_SIZE, FaceAligner, moved, outside, settle
from .blinks_aullm import EyeWatch, eye_openness
from .geometry_aullm import apply, compose, fit_similarity, invert, scale_of, to_gray, warp
from .landmarks_aullm import Landmarks, Region
from .refinement_aullm import RigidRefiner

MESH_EVERY_S = 1 / 6  # landmarks are read that often at least
DOUBT = 0.04  # a likeness that falls by more from one frame to the next asks for landmarks
FRESH = 0.9  # likeness expected of the frame after a new reference: noise alone takes some
SAME = 0.5  # least likeness to the reference: below it this is another picture, or the face is hidden
APART = 6.0  # px of the crop between landmarks' and grey values' placing that ask for a second look
MARGIN = 0.12  # of the crop's side, around the pixels that are kept of a frame
PULL = 0.2  # of the way from a carried framing to the one that landmarks ask for, at each new reference
KEPT = np.array([[x, y] for x in (-MARGIN, 1 + MARGIN) for y in (-MARGIN, 1 + MARGIN)]) * WORK_SIZE
GRID = np.stack(np.meshgrid(*[np.linspace(20.0, WORK_SIZE - 21.0, 3)] * 2), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Held:
    """One frame of a face that is held still.

    Args:
        number: The frame's number.
        pixels: (h, w) uint8 grey, what is kept of the frame.
        corner: (x, y) of these pixels in the frame.
        matrix: (2, 3), pixels of a crop of WORK_SIZE to pixels of the frame.
        points: (468, 2) landmarks in pixels of the crop, as last read.
        openness: Of the eyes, as last read.
    """

    number: int
    pixels: np.ndarray
    corner: np.ndarray
    matrix: np.ndarray
    points: np.ndarray
    openness: float

    def crop(self, matrix: np.ndarray, size: int) -> np.ndarray:
        """Draw a (size, size) crop; its matrix takes crop pixels to pixels of the frame."""
        return warp(self.pixels, np.hstack([matrix[:, :2], matrix[:, 2:] - self.corner[:, None]]), size)

    def box(self) -> np.ndarray:
        """(4,) left, top, right, bottom of the face in the frame."""
        points = apply(self.matrix, self.points)
        return np.concatenate([points.min(0), points.max(0)])


class FaceTrack:
    """A face from the frame where it was found.

    Args:
        aligner: Its networks and framing are used.
        number: Number of that frame.
        frame: (H, W, 3) or (H, W) uint8, RGB.
        landmarks: Of the face in it.
        fps: Frames per second.

    Attributes:
        held: The last frame of the face.
        likeness: Of the last frame to the reference.
    """

    def __init__(self, aligner: FaceAligner, number: int, frame: np.ndarray, landmarks: Landmarks, fps: float) -> None:
        self.aligner = aligner
        self.every = max(1, round(MESH_EVERY_S * fps))
        matrix = aligner.framing.crop_matrix(landmarks.points, WORK_SIZE)
        points = apply(invert(matrix), landmarks.points)
        self.view = _map_region(invert(matrix), landmarks.region())
        self.held = _hold(number, to_gray(frame), matrix, points, eye_openness(landmarks.points))
        self._refer(self.held)
        self._note_landmarks(self.held.crop(matrix, WORK_SIZE), self.held)

    def follow(self, number: int, frame: np.ndarray) -> Held | None:
        """Hold the face in the next frame; None where it is lost, hidden or leaves the picture."""
        gray = to_gray(frame)
        matrix, likeness = self._place(gray, self.held.matrix)
        landmarks = None
        if likeness < self.likeness - DOUBT or number - self.read >= self.every:
            landmarks = self._look(frame, matrix if likeness >= SAME else self.held.matrix)
            if landmarks is None:
                return None
            matrix, likeness = self._check(gray, matrix, likeness, landmarks)
        if likeness < SAME or outside(apply(matrix, self.held.points), frame) > 0.1:
            return None
        held = _hold(number, gray, matrix, self.held.points, self.held.openness)
        crop = held.crop(matrix, WORK_SIZE)
        if landmarks is None and self.eyes.changed(crop):
            landmarks = self.aligner.mesh(frame, _map_region(matrix, self.view))
        if landmarks is not None and landmarks.score >= LEAST_SCORE:
            points = apply(invert(matrix), landmarks.points)
            held = replace(held, points=points, openness=eye_openness(points))
            self._note_landmarks(crop, held)
        self.held, self.likeness = held, likeness
        return held

    def rebase(self, kept: list[Held]) -> list[Held]:
        """Take the first of these frames as the new reference, and hold them all on it.

        The framing is carried over and only pulled a little towards what the landmarks ask for, so that it neither
        jumps nor drifts.

        Args:
            kept: Consecutive frames of this face up to the last one.
        """
        first = kept[0]
        matrix = _pulled(first, self.aligner.framing.crop_matrix(apply(first.matrix, first.points), WORK_SIZE))
        change = compose(invert(first.matrix), matrix)  # pixels of the new crop to pixels of the old one
        back = invert(change)
        renewed = [replace(held, matrix=compose(held.matrix, change), points=apply(back, held.points)) for held in kept]
        self.view = _map_region(back, self.view)
        self._refer(renewed[0])
        for place, held in enumerate(renewed[1:], start=1):
            fit, self.likeness = self.refiner.match(held.crop(held.matrix, WORK_SIZE))
            renewed[place] = replace(held, matrix=compose(held.matrix, fit))
        self.held = renewed[-1]
        self._note_landmarks(self.held.crop(self.held.matrix, WORK_SIZE), self.held, self.read)
        return renewed

    def _refer(self, held: Held) -> None:
        """Hold later frames on this one."""
        self.reference = held
        self.refiner = RigidRefiner(held.crop(held.matrix, WORK_SIZE), held.points)
        self.likeness = FRESH

    def _note_landmarks(self, crop: np.ndarray, held: Held, read: int | None = None) -> None:
        self.read = held.number if read is None else read
        self.eyes = EyeWatch(crop, held.points)

    def _place(self, gray: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
        """Refine a placing of the crop; how like the reference it then is."""
        fit, likeness = self.refiner.match(warp(gray, start, WORK_SIZE))
        return compose(start, fit), likeness

    def _check(
        self, gray: np.ndarray, matrix: np.ndarray, likeness: float, landmarks: Landmarks
    ) -> tuple[np.ndarray, float]:
        """The better of two placings: the one found so far, and the one that starts from landmarks."""
        before = apply(self.reference.matrix, self.reference.points)
        start = compose(fit_similarity(before, landmarks.points), self.reference.matrix)
        apart = np.abs(apply(compose(invert(matrix), start), GRID) - GRID).max()
        if apart <= APART and likeness >= self.likeness - DOUBT:
            return matrix, likeness
        other, other_likeness = self._place(gray, start)
        return (other, other_likeness) if other_likeness > likeness else (matrix, likeness)

    def _look(self, frame: np.ndarray, matrix: np.ndarray) -> Landmarks | None:
        """Landmarks where the face is believed to be, or near there; None where there is no face."""
        region = _map_region(matrix, self.view)
        found = self.aligner.mesh(frame, region)
        if found.score < LEAST_SCORE:
            near = self.aligner.nearest_face(frame, region)
            if near is None:
                return None
            found = settle(self.aligner.mesh, frame, near.region())
        elif moved(region, found.region()):
            found = settle(self.aligner.mesh, frame, found.region(), passes=1)
            self.view = _map_region(invert(matrix), found.region())
        return found if found.score >= LEAST_SCORE else None


def _hold(number: int, gray: np.ndarray, matrix: np.ndarray, points: np.ndarray, openness: float) -> Held:
    """Keep of a frame what its crop needs."""
    corners = apply(matrix, KEPT)
    limit = np.array(gray.shape[::-1])
    low = np.clip(np.floor(corners.min(0)), 0, limit - 2).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 1, low + 2, limit).astype(int)
    return Held(number, gray[low[1] : high[1], low[0] : high[0]].copy(), low, matrix, points, openness)


def _map_region(matrix: np.ndarray, region: Region) -> Region:
    """A region of one image in another."""
    turn = math.atan2(matrix[1, 0], matrix[0, 0])
    return Region(apply(matrix, region.center), region.side * scale_of(matrix), region.angle + turn)


def _pulled(held: Held, wanted: np.ndarray) -> np.ndarray:
    """Crop matrix a part of the way from a frame's own one to another."""
    step = compose(invert(held.matrix), wanted)
    return compose(held.matrix, fit_similarity(GRID, GRID + PULL * (apply(step, GRID) - GRID)))
