"""One face followed through a video, with one refinement per frame as the main cost.

The aligner of a single clip reads landmarks in every frame. Here they are read a few times a second, when the eyes
change, and when grey values alone do not find the face again; in between, each frame starts from the placement of the
one before and is refined against the reference frame. So nothing drifts: every frame is aligned to the same one.

    track = FaceTrack(aligner, number, frame, landmarks, fps=30.0)
    aligned = track.follow(number + 1, next_frame)  # None where the face is lost
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from .alignment_aullm import MIN_SCORE, WORK_SIZE, FaceAligner, moved, outside, settle
from .blendshape_network_aullm import BlendshapeModel
from .blinks_aullm import EyeWatch, eye_openness
from .geometry_aullm import apply, box_of, compose, fit_similarity, invert, scale_of, to_gray, warp
from .landmarks_aullm import Landmarks, Region
from .refinement_aullm import RigidRefiner

MESH_EVERY_S = 1 / 6  # landmarks are read at least that often
DOUBT = 0.04  # a similarity that falls by more from one frame to the next asks for landmarks
FRESH = 0.9  # similarity expected of the frame after a new reference: noise alone lowers it
SAME = 0.5  # minimum similarity to the reference: below it the scene has changed, or the face is hidden
APART = 6.0  # px of the crop: landmarks and grey values that place the face farther apart are compared
LIDS_LOW = 0.8  # of the open eye: eyes that were narrower when they were last read are read in each frame
OPEN_HALVES_S = 3.0  # of such frames, after which the open eye counts half: a narrow eye is no reason for long
MARGIN = 0.12  # of the crop's side, around the pixels that are kept of a frame
FRAMING_STEP = 0.2  # of the way from the current framing to the one from landmarks, at each new reference
KEPT = np.array([[x, y] for x in (-MARGIN, 1 + MARGIN) for y in (-MARGIN, 1 + MARGIN)]) * WORK_SIZE
GRID = np.stack(np.meshgrid(*[np.linspace(20.0, WORK_SIZE - 21.0, 3)] * 2), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class AlignedFrame:
    """One frame of a face, and the transform that aligns it to the reference.

    Args:
        number: The frame's number.
        pixels: (h, w) uint8 grey, the part of the frame around the crop.
        corner: (x, y) of these pixels in the frame.
        matrix: (2, 3), pixels of a crop of WORK_SIZE to pixels of the frame.
        points: (468, 2) landmarks in pixels of the crop, as last read.
        openness: (2,) of the eyes, as last measured.
        shapes: (52,) blendshapes, None where they were not read.
    """

    number: int
    pixels: np.ndarray
    corner: np.ndarray
    matrix: np.ndarray
    points: np.ndarray
    openness: np.ndarray
    shapes: np.ndarray | None = None

    def crop(self, matrix: np.ndarray, size: int) -> np.ndarray:
        """Draw a (size, size) crop; its matrix takes crop pixels to pixels of the frame."""
        return warp(self.pixels, np.hstack([matrix[:, :2], matrix[:, 2:] - self.corner[:, None]]), size)

    def box(self) -> np.ndarray:
        """(4,) left, top, right, bottom of the face in the frame."""
        return box_of(apply(self.matrix, self.points))


class FaceTrack:
    """A face from the frame where it was found.

    Args:
        aligner: Its networks and framing are used.
        number: Number of that frame.
        frame: (H, W, 3) or (H, W) uint8, RGB.
        landmarks: Of the face in it.
        fps: Frames per second.

    Attributes:
        aligned: The last frame of the face.
        similarity: Of the last frame to the reference.
    """

    def __init__(self, aligner: FaceAligner, number: int, frame: np.ndarray, landmarks: Landmarks, fps: float) -> None:
        self.aligner = aligner
        self.every, self._fade = max(1, round(MESH_EVERY_S * fps)), 0.5 ** (1 / (OPEN_HALVES_S * fps))
        self._open = 0.0
        matrix = aligner.framing.crop_matrix(landmarks.points, WORK_SIZE)
        points = apply(invert(matrix), landmarks.points)
        self.view = _map_region(invert(matrix), landmarks.region())
        self.aligned = _keep(number, to_gray(frame), matrix, points, eye_openness(landmarks.points))
        self._refer(self.aligned)
        self._note_landmarks(self.aligned.crop(matrix, WORK_SIZE), self.aligned)

    def follow(self, number: int, frame: np.ndarray) -> AlignedFrame | None:
        """Align the face in the next frame; None where it is lost, hidden or leaves the picture."""
        gray = to_gray(frame)
        matrix, similarity = self._place(gray, self.aligned.matrix)
        landmarks = None
        if similarity < self.similarity - DOUBT or number - self.read >= self.every:
            landmarks = self._look(frame, matrix if similarity >= SAME else self.aligned.matrix)
            if landmarks is None:
                return None
            matrix, similarity = self._check(gray, matrix, similarity, landmarks)
        if similarity < SAME or outside(apply(matrix, self.aligned.points), frame) > 0.1:
            return None
        aligned = _keep(number, gray, matrix, self.aligned.points, self.aligned.openness)
        crop = aligned.crop(matrix, WORK_SIZE)
        if landmarks is None and (self.eyes.changed(crop) or self._lids_low()):
            landmarks = self.aligner.mesh(frame, _map_region(matrix, self.view))
        if landmarks is not None and landmarks.score >= MIN_SCORE:
            points = apply(invert(matrix), landmarks.points)
            aligned = replace(aligned, points=points, openness=eye_openness(points))
            self._note_landmarks(crop, aligned)
        self.aligned, self.similarity = aligned, similarity
        return aligned

    def read_shapes(self, frame: np.ndarray, blendshapes: BlendshapeModel) -> AlignedFrame:
        """The last frame of the face with its blendshapes, if they can be read off it."""
        shapes = blendshapes(frame, _map_region(self.aligned.matrix, self.view))
        self.aligned = replace(self.aligned, shapes=shapes)
        return self.aligned

    def rebase(self, kept: list[AlignedFrame]) -> list[AlignedFrame]:
        """Take the first of these frames as the new reference, and align all of them to it.

        The framing is kept and only moved a little towards the one that landmarks give, so that it neither jumps nor
        drifts.

        Args:
            kept: Consecutive frames of this face up to the last one.
        """
        first = kept[0]
        matrix = _moved_framing(first, self.aligner.framing.crop_matrix(apply(first.matrix, first.points), WORK_SIZE))
        change = compose(invert(first.matrix), matrix)  # pixels of the new crop to pixels of the old one
        back = invert(change)
        renewed = [
            replace(aligned, matrix=compose(aligned.matrix, change), points=apply(back, aligned.points))
            for aligned in kept
        ]
        self.view = _map_region(back, self.view)
        self._refer(renewed[0])
        for place, aligned in enumerate(renewed[1:], start=1):
            fit, self.similarity = self.refiner.match(aligned.crop(aligned.matrix, WORK_SIZE))
            renewed[place] = replace(aligned, matrix=compose(aligned.matrix, fit))
        self.aligned = renewed[-1]
        self._note_landmarks(self.aligned.crop(self.aligned.matrix, WORK_SIZE), self.aligned, self.read)
        return renewed

    def _refer(self, aligned: AlignedFrame) -> None:
        """Align later frames to this one."""
        self.reference = aligned
        self.refiner = RigidRefiner(aligned.crop(aligned.matrix, WORK_SIZE), aligned.points)
        self.similarity = FRESH

    def _lids_low(self) -> bool:
        """Whether the eyes were partly shut when landmarks were last read, so that they may open any moment."""
        return bool(self.aligned.openness.mean() < LIDS_LOW * self._open)

    def _note_landmarks(self, crop: np.ndarray, aligned: AlignedFrame, read: int | None = None) -> None:
        self.read = aligned.number if read is None else read
        self._open = max(float(aligned.openness.mean()), self._open * self._fade)
        self.eyes = EyeWatch(crop, aligned.points)

    def _place(self, gray: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
        """Refine a placement of the crop; also its similarity to the reference."""
        fit, similarity = self.refiner.match(warp(gray, start, WORK_SIZE))
        return compose(start, fit), similarity

    def _check(
        self, gray: np.ndarray, matrix: np.ndarray, similarity: float, landmarks: Landmarks
    ) -> tuple[np.ndarray, float]:
        """The better of two placements: the one found so far, and the one that starts from landmarks."""
        before = apply(self.reference.matrix, self.reference.points)
        start = compose(fit_similarity(before, landmarks.points), self.reference.matrix)
        apart = np.abs(apply(compose(invert(matrix), start), GRID) - GRID).max()
        if apart <= APART and similarity >= self.similarity - DOUBT:
            return matrix, similarity
        other, other_similarity = self._place(gray, start)
        return (other, other_similarity) if other_similarity > similarity else (matrix, similarity)

    def _look(self, frame: np.ndarray, matrix: np.ndarray) -> Landmarks | None:
        """Landmarks where the face is believed to be, or near there; None where there is no face."""
        region = _map_region(matrix, self.view)
        found = self.aligner.mesh(frame, region)
        if found.score < MIN_SCORE:
            near = self.aligner.nearest_face(frame, region)
            if near is None:
                return None
            found = settle(self.aligner.mesh, frame, near.region())
        elif moved(region, found.region()):
            found = settle(self.aligner.mesh, frame, found.region(), passes=1)
            self.view = _map_region(invert(matrix), found.region())
        return found if found.score >= MIN_SCORE else None


def _keep(number: int, gray: np.ndarray, matrix: np.ndarray, points: np.ndarray, openness: np.ndarray) -> AlignedFrame:
    """Keep the part of a frame that its crop needs."""
    corners = apply(matrix, KEPT)
    limit = np.array(gray.shape[::-1])
    low = np.clip(np.floor(corners.min(0)), 0, limit - 2).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 1, low + 2, limit).astype(int)
    return AlignedFrame(number, gray[low[1] : high[1], low[0] : high[0]].copy(), low, matrix, points, openness)


def _map_region(matrix: np.ndarray, region: Region) -> Region:
    """A region of one image in another."""
    rotation = math.atan2(matrix[1, 0], matrix[0, 0])
    return Region(apply(matrix, region.center), region.side * scale_of(matrix), region.angle + rotation)


def _moved_framing(aligned: AlignedFrame, wanted: np.ndarray) -> np.ndarray:
    """Crop matrix a part of the way from a frame's own to another."""
    step = compose(invert(aligned.matrix), wanted)
    return compose(aligned.matrix, fit_similarity(GRID, GRID + FRAMING_STEP * (apply(step, GRID) - GRID)))
