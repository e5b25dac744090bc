"""The shape of what is read from a video: a reading, its pieces, and an explanation with its pictures.

They are plain dicts, so that `json.dumps` takes a reading as it is; docs/video.md and docs/explanations.md describe the
keys. All frames are numbers as `video_file_aullm` counts them, both ends included; boxes are left, top, right, bottom
in pixels of the frame.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypedDict

import numpy as np
import torch

LISTS = ("windows", "movements", "blinks")  # of what was found for a face
Side = Literal["left", "right", "both"]  # the person's own, as in FACS


class ClipAnswer(NamedTuple):
    """What a model says of a clip, and what it has measured."""

    probabilities: list[float]  # K
    motion: torch.Tensor | None  # (3, g, g) from the first to the last frame: px right, px down, confidence


class Window(TypedDict):
    """A stretch of frames with the model's K probabilities against rest, or None where it was not asked."""

    onset: int
    offset: int
    rest: int  # the frame at rest that it is compared with, at the onset or before
    moved: float  # px of a 224-px crop, from rest on along some unit's template
    probabilities: list[float] | None
    box: list[float]


class Extent(TypedDict):
    """Where and how far the skin moves from onset to apex."""

    side: Side | None  # None where too little moves to tell
    size_px: float  # px of a 224-px crop, where the units move the skin most
    size_mm: float  # the same, for eyes 63 mm apart: an estimate


class RatedMovement(TypedDict):
    """A movement that was spotted, named and rated."""

    onset: int
    apex: int
    offset: int
    score: float
    action_units: dict[str, float]  # strongest first; probabilities, or how far shapes rise if `blendshapes` name them
    kind: Literal["micro", "macro"]


class Opinions(TypedDict):
    """Who says so."""

    named_by: Literal["aullm", "blendshapes"]
    second_opinion: dict[str, float] | None  # how far shapes rise, 0 to 1, by unit; None: not asked, or it saw no face


class Movement(RatedMovement, Extent, Opinions):
    """The same with its side and size, and whose opinion it is."""


class Blink(TypedDict):
    """Eyes that close and open again, which is no movement of its own."""

    onset: int
    apex: int
    offset: int
    kind: Literal["blink", "closure", "wink"]


class FacePart(TypedDict):
    """What became final for one face."""

    first: int
    last: int
    box: list[float]
    view: list[str]  # what speaks against reading this face: some of `view_aullm.VIEW_FAULTS`
    windows: list[Window]
    movements: list[Movement]
    blinks: list[Blink]


def joined(parts: Sequence[FacePart]) -> FacePart:
    """One part out of those of a face, in order; what else they hold is that of the first one."""
    lists = {kind: [each for part in parts for each in part[kind]] for kind in LISTS}
    view = dict.fromkeys(fault for part in parts for fault in part["view"])
    return {**parts[0], "last": parts[-1]["last"], "view": list(view), **lists}


class FaceReading(FacePart):
    """The same with the face's number, 0 for the largest of those that were seen first."""

    face: int


class Reading(TypedDict):
    """What `pipe(video)` returns."""

    video: str
    fps: float
    frames: int
    size: list[int]  # width, height
    action_units: list[str]  # K, in the order of all probabilities
    meanings: dict[str, str]
    threshold: float
    faces: list[FaceReading]


class Resume(TypedDict):
    """Where an interrupted reading goes on."""

    section: int
    used: int  # face numbers given so far
    left: dict[str, list[float]]  # face number -> its last box in this section
    known: list[list[float]]  # boxes of the faces in the frame with which the next section begins to be read


class Piece(Reading):
    """What `pipe.stream` yields: a reading with only what became final since the piece before."""

    done: float  # share of the video that has been read
    resume: Resume | None  # on the last piece of a section


class PairMovement(Extent, Opinions):
    """A movement between two pictures: how long it takes is not known."""

    score: float
    action_units: dict[str, float]  # as of `RatedMovement`


class PairReading(TypedDict):
    """What `pipe([neutral, apex])` returns."""

    video: str
    onset: int  # frame of the face at rest
    apex: int
    size: list[int]  # width, height of the picture at rest
    box: list[float]  # of the face in it
    box_at_apex: list[float]  # of the face in the other one
    action_units: list[str]  # K
    meanings: dict[str, str]
    threshold: float
    view: list[str]  # as of `FacePart`
    eyes_shut: list[bool] | None  # at rest, at the apex; None: nobody was asked
    probabilities: dict[str, float]  # K: our model's own, whatever stands among the movements
    second_opinion: dict[str, float] | None  # as of `Opinions`
    movements: list[PairMovement]
    refuted: list[PairMovement]  # of our model, of which the second opinion sees nothing


class ClipPictures(TypedDict):
    """The pictures of one clip that the model answered for."""

    onset: int
    offset: int
    frame_indices: np.ndarray  # (T,)
    crops: np.ndarray  # (T, S, S) uint8
    frames: np.ndarray  # (T, H, W, 3) uint8
    crop_transforms: np.ndarray  # (T, 2, 3) crop pixels to frame pixels


class PicturedExplanation(ClipPictures):
    """What `pipe.explain` returns: the pictures, and the model's own `Explanation` (explanation_aullm.py)."""

    action_units: list[str]
    probabilities: dict[str, float]
    attentions: dict[str, np.ndarray]  # (T', h, w)
    displacement: np.ndarray | None  # (T - 1, 2, h, w)
    confidence: np.ndarray | None  # (T - 1, h, w)
    expert_weights: dict[str, float]
    relations: np.ndarray | None  # (K, K)
    prior: np.ndarray | None  # (K, K)
    counterfactuals: dict[str, dict[str, float]]
