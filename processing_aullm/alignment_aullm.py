"""One stable crop for a whole clip: the face of the first frame, and every later frame aligned to it.

Per frame: landmarks inside the last region (the detector runs only at the start and when the face is lost), the
similarity of all landmarks, its refinement by grey values, and one warp from the source pixels.

    aligner = FaceAligner(detector, mesh, Framing())
    clip = aligner.align(frames, size=224, name="smile.mp4")
    clip.crops.shape, clip.transforms.shape  # (N, 224, 224), (N, 2, 3)
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from .clip_error_aullm import ClipError, ClipFault
from .geometry_aullm import apply, box_of, compose, fit_similarity, invert, is_near, resize_matrix, to_gray, warp
from .landmarks_aullm import Face, FaceDetector, LandmarkModel, Landmarks, Region
from .refinement_aullm import LEFT_EYE, LIPS, RIGHT_EYE, RigidRefiner

ALIGNMENT_VERSION = "1"
"""Raised when the same frames give other crops (detection, landmarks, refinement, warp, resizing, sampling): whatever
keeps crops, or what was measured on them, makes them anew. `test_alignment_version.py` says when."""

MIN_SCORE = 0.5  # of the landmark network; below it there is no face
WORK_SIZE = 224  # px; refinement always works on a crop of this size, whatever size is asked for
EYE_CORNERS = ((33, 133), (263, 362))
SUBNASALE = 2
WhichFace = int | Sequence[float]
"""A face of a frame: its place by size, the largest is 0; or where it stands, as a reading has it: left, top, right,
bottom in pixels of the frame."""
FEATURES = (*RIGHT_EYE, *LEFT_EYE, *LIPS, 1, SUBNASALE)  # what must stay inside the frame


@dataclass(frozen=True)
class Framing:
    """Where a face stands in its crop, in parts of the crop's side.

    The defaults reproduce the rendered clips, whose crop is 2.5 eye distances wide: FaceMesh on their neutral first
    frames (68 subjects of both domains) gave, on average at 224 px, eye centres (middle of the eye's two corners)
    87.6 px apart, 69.7 px from there to the subnasale, and the middle of the two 115.8 px from the top. docs/faces.md
    has the table.

    Args:
        eye_distance: Distance of the eye centres.
        eye_to_nose: Distance from the middle of the eyes to the subnasale (FaceMesh point 2).
        center_x: Where the middle between eyes and subnasale stands.
        center_y: The same, from the top.
    """

    eye_distance: float = 0.391
    eye_to_nose: float = 0.311
    center_x: float = 0.5
    center_y: float = 0.519

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 < value < 1:
                raise ValueError(f"framing: {name} is {value}, it must lie between 0 and 1 (parts of the crop's side)")

    def to_dict(self) -> dict[str, float]:
        """The fields, as a configuration file holds them."""
        return asdict(self)

    def crop_matrix(self, points: np.ndarray, size: int) -> np.ndarray:
        """Upright crop of a face.

        The scale is the geometric mean of what eye distance and eye-to-nose distance ask for: a turned head shortens
        the first, a nodding one the second. Mouth and chin have no say, since expressions move them.

        Args:
            points: (468, 2) landmarks in pixels of the frame.
            size: Side of the crop in pixels.

        Returns:
            (2, 3) matrix from crop pixels to frame pixels.
        """
        right, left = (points[list(corners)].mean(0) for corners in EYE_CORNERS)
        eyes = (right + left) / 2
        across, down = left - right, points[SUBNASALE] - eyes
        side = np.sqrt(np.hypot(*across) / self.eye_distance * np.hypot(*down) / self.eye_to_nose)
        angle = np.arctan2(across[1], across[0])
        step = side / size
        linear = step * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        anchor = np.array([self.center_x, self.center_y]) * size - 0.5
        return np.hstack([linear, (eyes + down / 2 - linear @ anchor)[:, None]])


@dataclass
class AlignedClip:
    """An aligned face over consecutive frames, or over the frames that were sampled.

    Args:
        crops: (N, S, S) uint8 grey.
        transforms: (N, 2, 3), crop pixels to source pixels.
        first: Position of the first crop's frame in what was read.
        last: Position of the last crop's frame.
        lost: Why the clip ends before its last frame, None if it does not.
        fps: Frames per second, None if not known.
    """

    crops: np.ndarray
    transforms: np.ndarray
    first: int
    last: int
    lost: str | None = None
    fps: float | None = None

    def __len__(self) -> int:
        return len(self.crops)


class FaceAligner:
    """Holds one face of a clip still.

    Args:
        detector: Finds the faces of a frame, the largest first.
        mesh: Finds the landmarks inside a region of a frame.
        framing: Where the face stands in the crop.
        refine: Whether grey values refine the landmarks' similarity; only a study turns it off.
    """

    def __init__(self, detector: FaceDetector, mesh: LandmarkModel, framing: Framing, refine: bool = True) -> None:
        self.detector = detector
        self.mesh = mesh
        self.framing = framing
        self.refine = refine

    def align(
        self,
        frames: Iterable[np.ndarray],
        size: int,
        name: str,
        indices: Sequence[int] | None = None,
        face: WhichFace = 0,
        skip_empty: bool = False,
    ) -> AlignedClip:
        """Hold the face of the first frame still in all that follow, until it is lost.

        Args:
            frames: (H, W) or (H, W, 3) uint8 RGB, read once.
            size: Side of the crops in pixels.
            name: What errors call the clip.
            indices: The frames' numbers, for errors; None counts from 0.
            face: Which face of the first frame to follow.
            skip_empty: Start at the first frame that shows a face, instead of demanding one in the first frame.

        Raises:
            ClipError: No face where one is needed, or not the one that `face` asks for.
            ValueError: `face` is neither a number nor a box.
        """
        track, first, lost, crops, matrices = None, 0, None, [], []
        for position, frame in enumerate(frames):
            number = position if indices is None else int(indices[position])
            if track is None:
                track = self._start(frame, face, f"{name}: frame {number}", skip_empty)
                if track is None:
                    continue
                first, matrix = position, track.first_matrix
            else:
                matrix, lost = track.follow(frame)
            if lost:
                lost = f"{lost} at frame {number}"
                break
            matrix = compose(matrix, resize_matrix(WORK_SIZE, WORK_SIZE, size))
            crops.append(warp(to_gray(frame), matrix, size))
            matrices.append(matrix)
        if track is None:
            message = f"{name}: no face in any frame; check that the video shows one, upright and large enough"
            raise ClipError(message, ClipFault.NO_FACE)
        return AlignedClip(np.stack(crops), np.stack(matrices), first, first + len(crops) - 1, lost)

    def faces(self, frame: np.ndarray, several: bool = False) -> list[Landmarks]:
        """The faces of a frame that detector and landmark network agree on, the largest first.

        Args:
            frame: (H, W) or (H, W, 3) uint8, RGB.
            several: Whether the largest is not enough.
        """
        detect = self._every if several else self.detector
        found = [settle(self.mesh, frame, face.region()) for face in detect(frame)]
        return [landmarks for landmarks in found if landmarks.score >= MIN_SCORE]

    def nearest_face(self, frame: np.ndarray, region: Region) -> Face | None:
        """The detected face of about a region's size that stands within its own size of it."""
        for detect in dict.fromkeys((self.detector, self._every)):  # the first may be content with another, larger face
            near = [f for f in detect(frame) if np.hypot(*(f.center - region.center)) < f.side]
            near = [f for f in near if 0.6 < f.region().side / region.side < 1.6]
            if near:
                return min(near, key=lambda f: np.hypot(*(f.center - region.center)))
        return None

    @property
    def _every(self) -> FaceDetector:
        """The detector where the largest face is not enough."""
        return getattr(self.detector, "every", self.detector)

    def _start(self, frame: np.ndarray, face: WhichFace, where: str, skip_empty: bool) -> "Track | None":
        """Follow one of the frame's faces."""
        faces = self.faces(frame, several=np.ndim(face) > 0 or face != 0)
        if not faces and skip_empty:
            return None
        if not faces:
            advice = "pass align=False if the clip is registered already"
            raise ClipError(f"{where} shows no face", ClipFault.NO_FACE, advice)
        chosen = _chosen(faces, face)
        if chosen is None:
            asked = f"face {face} was asked for; they are counted from 0"
            asked = asked if np.ndim(face) == 0 else f"none of them at {list(face)}"
            message = f"{where} shows {len(faces)} face{'s' if len(faces) > 1 else ''}, {asked}"
            raise ClipError(message, ClipFault.NO_SUCH_FACE)
        return Track(self, frame, chosen)


class Track:
    """One face, followed from its first frame.

    Args:
        aligner: Its parts are used.
        frame: The first frame.
        landmarks: The face's landmarks there.
    """

    def __init__(self, aligner: FaceAligner, frame: np.ndarray, landmarks: Landmarks) -> None:
        self.aligner = aligner
        self.region = landmarks.region()
        self.first_points = landmarks.points
        self.first_matrix = aligner.framing.crop_matrix(self.first_points, WORK_SIZE)
        crop = warp(to_gray(frame), self.first_matrix, WORK_SIZE)
        self.refiner = RigidRefiner(crop, apply(invert(self.first_matrix), self.first_points))

    def follow(self, frame: np.ndarray) -> tuple[np.ndarray, str | None]:
        """Crop matrix (work size) of the face in the next frame, and why it is lost, None if it is not."""
        landmarks = self._look(frame)
        if landmarks is None:
            return self.first_matrix, "the face is lost"
        if outside(landmarks.points, frame) > 0.1:
            return self.first_matrix, "the face leaves the frame"
        matrix = compose(fit_similarity(self.first_points, landmarks.points), self.first_matrix)
        if not self.aligner.refine:
            return matrix, None
        return compose(matrix, self.refiner.refine(warp(to_gray(frame), matrix, WORK_SIZE))), None

    def _look(self, frame: np.ndarray) -> Landmarks | None:
        """Landmarks in the last region, which moves only when the face has moved: a still region jitters less."""
        found = self.aligner.mesh(frame, self.region)
        if found.score < MIN_SCORE:
            return self._look_again(frame)
        if moved(self.region, found.region()):
            found = settle(self.aligner.mesh, frame, found.region())
            self.region = found.region()
        return found

    def _look_again(self, frame: np.ndarray) -> Landmarks | None:
        """The same face after a leap: the nearest one, if it stands within its own size of where it was."""
        face = self.aligner.nearest_face(frame, self.region)
        if face is None:
            return None
        found = settle(self.aligner.mesh, frame, face.region())
        self.region = found.region()
        return found if found.score >= MIN_SCORE else None


def _chosen(faces: list[Landmarks], face: WhichFace) -> Landmarks | None:
    """One of the faces of a frame, None where it is not there."""
    if np.ndim(face) == 0:
        return faces[face] if 0 <= face < len(faces) else None
    box = np.asarray(face, float)
    if box.shape != (4,):
        raise ValueError(f"face is {face}: give its number, 0 is the largest, or its box: left, top, right, bottom")
    return next((each for each in faces if is_near(box_of(each.points), box)), None)


def settle(mesh: LandmarkModel, frame: np.ndarray, region: Region, passes: int = 2) -> Landmarks:
    """Landmarks from a rough region: each pass gives the next its region."""
    for _ in range(passes):
        found = mesh(frame, region)
        region = found.region()
    return found


def moved(old: Region, new: Region) -> bool:
    """Whether a region moved so far that its landmarks would suffer: 4% of its side, 6% in size, or 0.06 radians."""
    return bool(
        np.hypot(*(new.center - old.center)) > 0.04 * old.side
        or abs(np.log(new.side / old.side)) > 0.06
        or abs(new.angle - old.angle) > 0.06
    )


def outside(points: np.ndarray, frame: np.ndarray) -> float:
    """Part of the eye, nose and mouth points that stands outside of the frame."""
    x, y = points[list(FEATURES)].T
    return float(((x < 0) | (y < 0) | (x > frame.shape[1] - 1) | (y > frame.shape[0] - 1)).mean())
