"""Two pictures of a face, one at rest and one at the apex of a movement: what our model says, and the second opinion.

    reading = processor.read_pair(["rest.jpg", "apex.jpg"], answer)
    reading["movements"]  # [{"action_units": {"AU12": 0.97}, "named_by": "aullm", ...}]

Both are weighed as a movement of a video is: by the same bars, and what head and lips do meanwhile is what differs
between the pictures. What takes time (speech before and after, blinks, when it began) cannot be known here.

Tested in tests/processing_aullm/test_pair_reader_aullm.py.
"""

from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import torch
from transformers.image_processing_utils import BatchFeature

from .alignment_aullm import WORK_SIZE, FaceAligner
from .blendshape_network_aullm import BLENDSHAPES, BlendshapeModel
from .blinks_aullm import EyesClosed, eye_openness
from .clip_error_aullm import ClipError, ClipFault
from .explained_aullm import read_clip
from .geometry_aullm import IDENTITY, apply, compose, invert, square_to_image, to_gray, to_rgb, warp
from .head_pose_aullm import mouth_openness, pose_of, turned
from .landmarks_aullm import REGION_SCALE, Landmarks, Region
from .prompt_aullm import ACTION_UNIT_MEANINGS
from .reading_types_aullm import ClipAnswer, ClipPictures, Movement, PairReading
from .second_opinion_aullm import LEAST_RISE, VISIBLE, SecondOpinion, SeenMovement, may_be_seen, stands
from .skin_step_aullm import SkinStep, agreed
from .skin_traces_aullm import SkinTraces
from .spotting_aullm import MovementSpotter, Spotted
from .stream_aullm import NOT_READ, SAME_FACE, FaceChunk, thumbnail
from .video_aullm import Clip, FrameList, are_image_files, are_two_pictures, open_clip
from .video_reader_aullm import Answer
from .view_aullm import view_faults

FPS, STILL_S, MOVES_S = 30.0, 1.0, 0.2  # of the film that two pictures are taken for
ONSET, APEX = round(STILL_S * FPS), round((STILL_S + MOVES_S) * FPS)  # frames of it, between which the face moves
FRAMES = APEX + round(STILL_S * FPS) + 1
LIDS = [BLENDSHAPES.index(f"eyeBlink{side}") for side in ("Left", "Right")]
SQUARE = 512  # px of what is cut around faces that stand in different places; 1.5 faces wide
NEAR, AS_LARGE = 1.0, 0.6  # of a face's size: one that moves farther, or shrinks to less, stands in a different place
PICTURES = ("at rest", "at the apex")
FIELDS = ("score", "action_units", "side", "size_px", "size_mm", "named_by", "second_opinion")


@dataclass(frozen=True)
class StillOpinion:
    """What blendshapes say of two pictures.

    Attributes:
        seen: a movement, or none; frames are those of a made-up film.
        units: how far each unit's shape rises. shut: whether the eyes are shut, at rest and at the apex.
    """

    seen: list[SeenMovement]
    units: dict[str, float]
    shut: list[bool]

    @classmethod
    def of(cls, before: np.ndarray, after: np.ndarray) -> "StillOpinion":
        """Of (52,) blendshapes at rest and at the apex.

        They are read as a film in which the face stands as in one picture, moves within a fifth of a second, and stands
        as in the other: so every rule is that of a video. Eyes that are shut in a picture are a blink in it.
        """
        film = np.full((FRAMES, len(BLENDSHAPES)), np.nan, np.float32)
        film[: ONSET + 1], film[APEX:] = before, after
        second = SecondOpinion(FPS)
        second.note(film)
        shut = [bool(shapes[LIDS].mean() >= LEAST_RISE) for shapes in (before, after)]
        blink = EyesClosed(0 if shut[0] else ONSET, APEX, FRAMES - 1 if shut[1] else APEX)
        return cls(second.movements([blink] if any(shut) else []), second.units(ONSET, APEX) or {}, shut)


class PairReader:
    """What a processor does with two pictures; a base class of `AullmProcessor`."""

    are_image_files, are_two_pictures = staticmethod(are_image_files), staticmethod(are_two_pictures)

    def read_pair(
        self,
        video: object,
        answer: Answer,
        onset: int | None = None,
        apex: int | None = None,
        face: int = 0,
        threshold: float = 0.5,
        second_opinion: bool = True,
    ) -> PairReading:
        """Read a movement from a picture at rest and one at its apex, or from a clip in which both are marked.

        Args:
            video: whatever `open_clip` reads; of two pictures the first one is at rest.
            answer: as for `read_video`. Of a clip our model sees frames between, too; the second opinion does not.
            onset, apex: frames at rest and at the apex; None: the first and the last one.
            face: which face, counted by size from the largest, 0.
            threshold: from here on an action unit counts as present.
            second_opinion: whether MediaPipe's blendshapes are asked, too.

        Raises:
            ClipError: the clip cannot be read, a frame does not exist, the apex does not come after the onset, one of
                both pictures shows no face, or one of several faces is not found again in the other picture.
            ValueError: `align` is off, `threshold` out of range, or a mark is no number of a frame.
            FileNotFoundError: a second opinion is asked for and its networks are missing.

        Source: our choice; the bars are those of `MovementSpotter` and `SecondOpinion`.
        """
        images, names = self.image_processor, list(self.action_units)
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold is {threshold}, it must lie between 0 and 1")
        if not images.align:
            raise ValueError("this processor has align=False, for clips that are registered already: set align=True")
        given = open_clip(video)
        _check_marks(given, onset, apex)
        clip, back = _side_by_side(images.aligner, given, face)
        _, pictures = _read(self, clip, onset, apex, face if clip is given else 0)
        pair = _pair_of(images.aligner, pictures, clip.name, images.blendshapes if second_opinion else None, back)
        crops = torch.from_numpy(pictures["crops"])
        said = ClipAnswer(*answer(crops, torch.arange(len(crops))[None])[0])
        opinion = None
        if pair.shapes is not None and not np.isnan(pair.shapes).any():
            opinion = StillOpinion.of(*pair.shapes)
        apart = pictures["offset"] - pictures["onset"] == 1
        told, refuted = _weighed(pair, said, MovementSpotter(FPS, threshold, names), opinion, apart)
        also = [name for name in ACTION_UNIT_MEANINGS if second_opinion and name in VISIBLE and name not in names]
        height, width = pictures["frames"].shape[1:3]
        return {
            "video": clip.name,
            "onset": pictures["onset"],
            "apex": pictures["offset"],
            "size": [width, height] if clip is given else [int(side) for side in given.size],
            "box": pair.boxes[0].round(1).tolist(),
            "box_at_apex": pair.boxes[1].round(1).tolist(),
            "action_units": names,
            "meanings": {name: ACTION_UNIT_MEANINGS[name] for name in (*names, *also)},
            "threshold": threshold,
            "view": view_faults(pair),
            "eyes_shut": None if opinion is None else opinion.shut,
            "probabilities": {name: round(p, 4) for name, p in zip(names, said.probabilities, strict=True)},
            "second_opinion": None if opinion is None else opinion.units,
            "movements": [{name: each[name] for name in FIELDS} for each in told],
            "refuted": [{name: each[name] for name in FIELDS} for each in refuted],
        }


def _check_marks(clip: Clip, onset: int | None, apex: int | None) -> None:
    """Refuse marks that are no frames of a clip, in the words of who marked an apex; its length is checked later."""
    for field, mark in (("onset", onset), ("apex", apex)):
        if mark is None:
            continue
        if not isinstance(mark, Integral):
            raise ValueError(f"{field} is {mark!r}: give the number of a frame, counted from 0")
        if mark < 0:
            raise ClipError(f"{clip.name}: {field} {mark}: frames are counted from 0", ClipFault.NO_SUCH_FRAME)
    first = 0 if onset is None else onset
    if apex is not None and apex <= first:
        raise ClipError(f"{clip.name}: the apex, {apex}, must come after the onset, {first}", ClipFault.BAD_SPAN)


def _read(
    processor: "PairReader", clip: Clip, onset: int | None, apex: int | None, face: int
) -> tuple[BatchFeature, ClipPictures]:
    """As `read_clip`; errors do not advise to switch off the alignment, which is needed here."""
    try:
        return read_clip(processor, clip, onset, apex, face)
    except ClipError as error:
        raise ClipError(error.message, error.code) from error


def _weighed(
    pair: FaceChunk, said: ClipAnswer, spotter: MovementSpotter, opinion: StillOpinion | None, apart: bool
) -> tuple[list[Movement], list[Movement]]:
    """What our model names and the second opinion lets stand, with what this alone sees; and what it does not let.

    Args:
        apart: whether no frame lies between both pictures. Then nobody has seen the skin go: from one photograph to the
            next a face at rest, too, strays by half a pixel or more, so that of a movement something has to be seen.
    """
    traces = SkinTraces(FPS)
    traces.add(pair)
    coarse = SkinStep(traces.skin[1] - traces.skin[0], traces.trust)
    step = coarse if said.motion is None else SkinStep.of_field(said.motion)
    spotted = Spotted(
        onset=ONSET,
        top=APEX,
        apex=APEX,
        offset=FRAMES - 1,
        along=step.along,
        turn=turned(pair.pose),
        talk=0.0,
        lids=0.0,
        parted=max(0.0, float(pair.mouth[1] - pair.mouth[0])),
    )
    seen, rises = ([], None) if opinion is None else (opinion.seen, opinion.units)
    ours = spotter.movement(spotted, said.probabilities, lambda unit: None)
    told, refuted = [], []
    if ours is not None:
        extent = agreed(*(each.extent(list(ours["action_units"])) for each in (step, coarse)))
        movement = {**ours, **extent, "named_by": "aullm", "second_opinion": rises}
        lets_stand = may_be_seen(movement) if apart else stands(movement, seen, FPS)
        (told if lets_stand else refuted).append(movement)
    told += [each.rated(FPS, coarse.extent(list(each.units))) for each in seen if not each.is_among(told, FPS)]
    return told, refuted


def _side_by_side(aligner: FaceAligner, clip: Clip, face: int) -> tuple[Clip, np.ndarray]:
    """A clip in which the face can be followed, and (2, 2, 3) from its first and last frame to those that were given.

    Photographs need not be of one size, nor show the face in one place: of such two, squares around the faces are cut.

    Raises:
        ClipError: one of two pictures shows no face, the first one fewer than the one asked for, or the second one of
            several none that stands there or is like it.
    """
    if not isinstance(clip, FrameList) or len(clip) != 2:
        return clip, np.stack([IDENTITY, IDENTITY])
    pictures = [to_rgb(picture) for picture in clip.frames()]
    first, second = (aligner.faces(picture, face != 0) for picture in pictures)
    for index, found in enumerate((first, second)):
        if not found:
            raise ClipError(f"{_called(clip, index)} shows no face", ClipFault.NO_FACE)
    if not 0 <= face < len(first):
        message = f"{_called(clip, 0)} shows {len(first)} face{'s' if len(first) > 1 else ''}"
        raise ClipError(f"{message}, face {face} was asked for; they are counted from 0", ClipFault.NO_SUCH_FACE)
    at_rest, scale = first[face].region(), pictures[0].shape[1] / pictures[1].shape[1]
    near = [_is_near(at_rest, each.region(), scale) for each in second]
    chosen = 0 if len(first) == len(second) == 1 else _found_again(aligner, clip, pictures, (first, second), face, near)
    if near[chosen] and pictures[0].shape == pictures[1].shape:
        return clip, np.stack([IDENTITY, IDENTITY])
    regions = at_rest, second[chosen].region()
    cut = [square_to_image(each.center, each.side, each.angle, SQUARE) for each in regions]
    squares = [warp(picture, matrix, SQUARE) for picture, matrix in zip(pictures, cut, strict=True)]
    return FrameList(squares, clip.name), np.stack(cut)


def _found_again(
    aligner: FaceAligner,
    clip: FrameList,
    pictures: list[np.ndarray],
    found: tuple[list[Landmarks], list[Landmarks]],
    face: int,
    near: list[bool],
) -> int:
    """Which of several faces in the second picture it is: the one most like it, else one that stands where it does.

    Raises:
        ClipError: there is neither.
    """

    def looks(picture: np.ndarray, each: Landmarks) -> np.ndarray:
        matrix = aligner.framing.crop_matrix(each.points, WORK_SIZE)
        return thumbnail(warp(to_gray(picture), matrix, WORK_SIZE))

    first, second = found
    wanted = looks(pictures[0], first[face])
    like = [float(wanted @ looks(pictures[1], each)) for each in second]
    may_be = [rank for rank, each in enumerate(like) if each >= SAME_FACE] or np.flatnonzero(near).tolist()
    if not may_be:
        message = f"{_called(clip, 1)}: no face is like face {face} of {_called(clip, 0)}, or stands where it does"
        raise ClipError(message, ClipFault.NO_SUCH_FACE, "crop both pictures to one person")
    return max(may_be, key=like.__getitem__)


def _called(pair: FrameList, index: int) -> str:
    """What errors call one of two pictures."""
    picture = pair.images[index]
    return str(picture) if isinstance(picture, (str, Path)) else f"{pair.name}: the picture {PICTURES[index]}"


def _is_near(one: Region, other: Region, scale: float) -> bool:
    """Whether a face stands where another one stood, and is as large, once `scale` makes both pictures equally wide."""
    far = np.hypot(*(scale * other.center - one.center)) > NEAR * one.side / REGION_SCALE
    return not far and AS_LARGE < scale * other.side / one.side < 1 / AS_LARGE


def _pair_of(
    aligner: FaceAligner, pictures: ClipPictures, name: str, blendshapes: BlendshapeModel | None, back: np.ndarray
) -> FaceChunk:
    """The face at rest and at the apex, as a chunk of two frames: those that were given, to which `back` leads.

    Raises:
        ClipError: landmarks are found in none of the pictures.
    """
    ends = [0, -1]
    crops, transforms, frames = (pictures[each][ends] for each in ("crops", "crop_transforms", "frames"))
    middle, found = np.full(2, (crops.shape[-1] - 1) / 2), []
    for number, frame, transform in zip(pictures["frame_indices"][ends], frames, transforms, strict=True):
        faces, place = aligner.faces(frame, several=True), apply(transform, middle)
        if not faces:
            raise ClipError(f"{name}: frame {number} shows no face", ClipFault.NO_FACE)
        found.append(min(faces, key=lambda each: np.hypot(*(each.points.mean(0) - place))))
    points = [apply(invert(matrix), each.points) for matrix, each in zip(transforms, found, strict=True)]
    places = [apply(matrix, each.points) for matrix, each in zip(back, found, strict=True)]
    whole = np.stack([compose(matrix, transform) for matrix, transform in zip(back, transforms, strict=True)])
    shapes = None
    if blendshapes is not None:
        read = [blendshapes(frame, each.region()) for frame, each in zip(frames, found, strict=True)]
        shapes = np.stack([NOT_READ if each is None else each for each in read])
    return FaceChunk(
        face=0,
        first=0,
        crops=crops,
        transforms=whole,
        boxes=np.stack([_box(each) for each in places]),
        eye_openness=np.stack([eye_openness(each) for each in points]),
        pose=np.stack([pose_of(each, matrix) for each, matrix in zip(points, whole, strict=True)]),
        mouth=np.array([mouth_openness(each) for each in points]),
        new_from=0,
        last=True,
        done=1.0,
        points=np.stack(places),
        shapes=shapes,
    )


def _box(points: np.ndarray) -> np.ndarray:
    """(4,) left, top, right, bottom."""
    return np.concatenate([points.min(0), points.max(0)])
