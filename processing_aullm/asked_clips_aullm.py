"""Clips of a face that wait for the model's answers: of windows, and of what may be movements.

    for target, crops in reader.take_waiting(ends=False):
        note(target, answer)

Tested in tests/processing_aullm/test_face_reader_aullm.py.
"""

from dataclasses import dataclass

import numpy as np

from .reading_types_aullm import ClipAnswer, Window
from .skin_step_aullm import SkinStep
from .skin_traces_aullm import SkinTraces
from .spotting_aullm import Spotted

CERTAIN = 1e-6  # probabilities nearer to 0 or 1 than this count as so near: 0 and 1 themselves have no log-odds


@dataclass
class MovementClip:
    """A clip of a movement, by its first and last frame, that waits for the model's answer.

    Attributes:
        as_spotted: from its onset to its apex, or to its offset if it is brief, and no further.
    """

    onset: int
    offset: int
    as_spotted: bool = True
    answer: ClipAnswer | None = None


@dataclass
class WindowClip:
    """A window that waits for the model's answer.

    Attributes:
        believed: (K,) share of each probability that is left where lips part.
    """

    window: Window
    believed: np.ndarray


def note(target: WindowClip | MovementClip, answer: ClipAnswer) -> None:
    """Write the model's answer to what waited for it."""
    if isinstance(target, MovementClip):
        target.answer = answer
    else:
        believed = np.array(answer.probabilities) * target.believed
        target.window["probabilities"] = [round(float(p), 4) for p in believed]


@dataclass
class Candidate:
    """A movement, and its clips: the first from onset to apex, the others wider.

    Attributes:
        wider: clips that are only read if the first one's answer leaves it in reach.
    """

    spotted: Spotted
    clips: list[MovementClip]
    wider: list[MovementClip]

    @property
    def probabilities(self) -> list[float]:
        """K, by the mean of the log-odds of all readings."""
        said = np.array([clip.answer.probabilities for clip in self.clips]).clip(CERTAIN, 1 - CERTAIN)
        return (1 / (1 + np.exp(-np.log(said / (1 - said)).mean(0)))).tolist()

    def step(self, traces: SkinTraces) -> SkinStep:
        """How far the skin goes from onset to apex: by the model's own field, unless that shows the way back, too."""
        motion = self.clips[0].answer.motion
        return self.coarse_step(traces) if motion is None or self.spotted.brief else SkinStep.of_field(motion)

    def coarse_step(self, traces: SkinTraces) -> SkinStep:
        """The same by the traces."""
        own = self.spotted
        marks = [mark - traces.first for mark in (own.onset, own.apex, own.offset)]
        return SkinStep.there_and_back(traces, *marks) if own.brief else SkinStep.of_traces(traces, *marks[:2])
