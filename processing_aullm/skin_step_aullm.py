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

SPREAD = 2  # frames around onset and apex that are averaged in traces
UNSEEN = 1e-3  # added to confidence: cells of which nothing is known count as still


@dataclass(frozen=True)
class SkinStep:
    """A step of the skin, head movement removed.

    Attributes:
        moved: (C, 2) px right and down of a 224-px crop. trust: (C,) weight of each cell.
    """

    moved: np.ndarray
    trust: np.ndarray

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
        before, after = (traces.skin[max(0, place - SPREAD) : place + SPREAD + 1].mean(0) for place in (onset, apex))
        return cls(after - before, traces.trust)

    @classmethod
    def there_and_back(cls, traces: SkinTraces, onset: int, apex: int, offset: int) -> "SkinStep":
        """From the mean of two places in the traces to one between them, so that slow motion does not count."""
        before, there, after = (traces.skin[max(0, at - 1) : at + 2].mean(0) for at in (onset, apex, offset))
        return cls(there - (before + after) / 2, traces.trust)

    @property
    def along(self) -> np.ndarray:
        """(U,) px along each of `UNIT_TEMPLATES`."""
        return along_units(self.moved[None], self.trust)[0]

    def extent(self, names: Sequence[str]) -> Extent:
        """Side and size of it, from the units that act in it."""
        side, size = side_of(self.moved, unit_fields(names), self.trust)
        return {"side": side, "size_px": round(size, 3), "size_mm": round(size * MM_PER_PX, 3)}


def agreed(fine: Extent, coarse: Extent) -> Extent:
    """The finer of two measurements of a movement; it has one side only if both say so.

    A grin of 16 px may be measured well on one half of the face alone; that is no grin of one half.
    """
    doubted = fine["side"] in ("left", "right") and coarse["side"] not in (fine["side"], None)
    return {**fine, "side": "both"} if doubted else fine
