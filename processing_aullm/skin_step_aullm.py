"""How far a face's skin goes from one frame to another, cell by cell, and how far along each action unit.

    SkinStep.of_field(answer.motion).along  # (U,) px of each of `UNIT_TEMPLATES`

Coarse skin traces find movements in every frame of a video. What a movement *is* its clip tells, and there the model
has measured the skin more finely, with teeth and shut lids left out: name, size and side come from that field.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from .reading_types_aullm import Extent
from .sides_aullm import MM_PER_PX, side_of
from .skin_field_aullm import CELLS
from .skin_traces_aullm import FACE, SkinTraces
from .unit_templates_aullm import along_units, unit_fields

SPREAD_S = 0.067  # before and after onset and apex, over which traces are averaged
BRIEF_SPREAD_S = 0.033  # the same of a brief movement, of which more would be averaged away
LEAST_LEFT = 0.5  # of a brief movement by averaging; less where its marks coincide, as when eyes are shut at its apex
UNSEEN = 1e-3  # added to confidence: cells of which nothing is known count as still


@dataclass(frozen=True)
class SkinStep:
    """A step of the skin, head movement removed.

    Attributes:
        moved: (C, 2) px right and down of a 224-px crop. trust: (C,) weight of each cell.
        left: what averaging over frames has left of it, 0 to 1: sizes are told without that loss.
    """

    moved: np.ndarray
    trust: np.ndarray
    left: float = 1.0

    @classmethod
    def of_field(cls, motion: torch.Tensor) -> "SkinStep":
        """From the model's motion (3, g, g): px right, px down, confidence."""
        right, down, confidence = motion.numpy()
        cells = np.dstack([right * confidence, down * confidence, confidence])
        cells = cv2.resize(cells, (CELLS, CELLS), interpolation=cv2.INTER_AREA)[FACE]  # (C, 3)
        return cls(cells[:, :2] / (cells[:, 2:] + UNSEEN), cells[:, 2])

    @classmethod
    def of_traces(cls, traces: SkinTraces, onset: int, apex: int) -> "SkinStep":
        """Between two places in the traces."""
        before, after = (_around(traces.skin, place, SPREAD_S * traces.fps) for place in (onset, apex))
        return cls(after - before, traces.trust)

    @classmethod
    def there_and_back(cls, traces: SkinTraces, onset: int, apex: int, offset: int) -> "SkinStep":
        """From the mean of two places in the traces to one between them, so that slow motion does not count.

        `left` is what the averages leave of a movement there and back along a cosine.
        """
        marks, spread = (onset, apex, offset), BRIEF_SPREAD_S * traces.fps
        course = (1 - np.cos(2 * np.pi * np.interp(np.arange(len(traces.skin)), marks, (0, 0.5, 1)))) / 2
        step, left = (_there_and_back(each, marks, spread) for each in (traces.skin, course))
        return cls(step, traces.trust, max(float(left), LEAST_LEFT))

    @property
    def along(self) -> np.ndarray:
        """(U,) px along each of `UNIT_TEMPLATES`, as averaged: what is weighed was chosen on that."""
        return along_units(self.moved[None], self.trust)[0]

    def extent(self, names: Sequence[str]) -> Extent:
        """Side and size of it, from the units that act in it."""
        side, size = side_of(self.moved, unit_fields(names), self.trust)
        size /= self.left
        return {"side": side, "size_px": round(size, 3), "size_mm": round(size * MM_PER_PX, 3)}


def _there_and_back(course: np.ndarray, marks: Sequence[int], spread: float) -> np.ndarray:
    """From the mean of a course (n, ...) at onset and offset to its apex."""
    before, there, after = (_around(course, at, spread) for at in marks)
    return there - (before + after) / 2


def _around(course: np.ndarray, place: int, spread: float) -> np.ndarray:
    """Mean of a course (n, ...) over so many frames before and after a place."""
    reach = round(spread)
    return course[max(0, place - reach) : place + reach + 1].mean(0)


def agreed(fine: Extent, coarse: Extent) -> Extent:
    """The finer of two measurements of a movement; it has one side only if both say so.

    A grin of 16 px may be measured well on one half of the face alone; that is no grin of one half.
    """
    doubted = fine["side"] in ("left", "right") and coarse["side"] not in (fine["side"], None)
    return {**fine, "side": "both"} if doubted else fine
