"""Movements in a stretch of video: onset, apex and offset, from the model's answers for windows and the skin traces.

The model says which action units act within a window. The skin says when: its displacement is projected on the
templates of these units (`unit_templates_aullm.py`) and matched with movement templates
(`movement_templates_aullm.py`).

    spotter = MovementSpotter(fps=30.0, threshold=0.5, action_units=["AU4", "AU12"])
    spotter.spot(traces, windows, blinks)  # list of `Movement`
"""

from collections.abc import Iterator

import numpy as np

from .movement_templates_aullm import MACRO, MICRO, TemplateFit
from .reading_types_aullm import Movement, Window
from .sides_aullm import extent_of
from .skin_traces_aullm import BLINKING, SkinTraces
from .unit_templates_aullm import unit_fields

MICRO_S = 0.5  # a movement that lasts no longer is a micro-expression, by the field's convention
MIN_SCORE = (
    0.8  # of the threshold: a score is a product of three factors of at most 1, so it is lower than the model's answers
)
INSET_S = 0.1  # a window covers a movement whose rise lies at least so far inside it, or a quarter of its own length
RUN = 0.7  # of the peak: evidence that falls below ends a run
TOP = 0.9  # of the peak: the middle of the frames above it is the middle of the rise
TOGETHER = 0.7  # of the strongest unit's evidence: units above it belong to the same movement
MAX_UNITS = 3
SIZE_PX = 0.25  # a step of so many pixels along its units counts 63%, twice as many 86%
LIDS_S = (0.4, 0.9)  # before and after the middle: after a blink there, the cells of the lids are not used
LOOK_BACK_S, LOOK_AHEAD_S = 2.0, 4.7  # around an apex: its onset and offset depend on these frames


class MovementSpotter:
    """Finds movements.

    Args:
        fps: frames per second.
        threshold: an action unit counts as present from there on.
        action_units: K names.
    """

    def __init__(self, fps: float, threshold: float, action_units: list[str]) -> None:
        self.fps, self.action_units = fps, action_units
        self.min_score = MIN_SCORE * threshold

    def spot(self, traces: SkinTraces, windows: list[Window], blinks: list[tuple[int, int, int]]) -> list[Movement]:
        """Movements in the frames of the traces, in order of time; no two of them overlap by the middle of their rise.

        Args:
            traces: of one face.
            windows: of this face, in order of time; `probabilities` is None where nothing moved.
            blinks: (onset, apex, offset) frames.
        """
        answered = [window for window in windows if window["probabilities"] is not None]
        if not answered or len(traces.skin) < 3:
            return []
        evidence = self.evidence(traces, windows)
        found = []
        for peak, middle in self._runs(evidence.max(1)):
            movement = self._movement(traces, answered, blinks, evidence[peak], middle)
            if movement is not None and movement[1]["score"] >= self.min_score:
                found.append(movement)
        return _apart(found)

    def evidence(self, traces: SkinTraces, windows: list[Window]) -> np.ndarray:
        """(n, K) mean probability of each unit over the windows that cover a rise in each frame of the traces."""
        nothing, frames = [0.0] * len(self.action_units), np.arange(traces.first, traces.last + 1)
        onset, offset = (np.array([window[mark] for window in windows])[:, None] for mark in ("onset", "offset"))
        inset = np.minimum(round(INSET_S * self.fps), (offset - onset) // 4)  # (W, 1)
        covers = ((onset + inset <= frames) & (frames <= offset - inset)).astype(np.float32)  # (W, n)
        answers = np.array([window["probabilities"] or nothing for window in windows], np.float32)  # (W, K)
        return covers.T @ answers / np.maximum(covers.sum(0), 1)[:, None]

    def _runs(self, strongest: np.ndarray) -> Iterator[tuple[int, int]]:
        """Peak and middle of each stretch in which the evidence is strong: (n,) -> places."""
        at = 0
        while at < len(strongest):
            if strongest[at] < self.min_score:
                at += 1
                continue
            first = peak = at
            while at < len(strongest) and strongest[at] >= max(RUN * strongest[peak], self.min_score):
                peak = at if strongest[at] > strongest[peak] else peak
                at += 1
            top = first + np.flatnonzero(strongest[first:at] >= TOP * strongest[peak])
            yield peak, int(np.rint(top.mean()))

    def _movement(
        self,
        traces: SkinTraces,
        answered: list[Window],
        blinks: list[tuple[int, int, int]],
        evidence: np.ndarray,
        middle: int,
    ) -> tuple[int, Movement] | None:
        """The middle of its rise and the movement of one run of evidence, None where the skin shows none."""
        strongest = np.argsort(-evidence)[:MAX_UNITS]
        units = [int(unit) for unit in strongest if evidence[unit] >= TOGETHER * evidence.max()]
        frame = traces.first + middle
        fit, size = self._fit(traces, blinks, [self.action_units[unit] for unit in units], middle)
        if fit is None:
            return None
        around = [window for window in answered if window["onset"] <= frame <= window["offset"]]
        best = {self.action_units[unit]: max(each["probabilities"][unit] for each in around) for unit in units}
        score = evidence.max() * (1 - np.exp(-size / SIZE_PX)) * max(fit.explained, 0.0)
        return frame, {
            "onset": traces.first + fit.onset,
            "apex": traces.first + fit.apex,
            "offset": traces.first + fit.offset,
            "score": round(float(score), 4),
            "action_units": best,
            "kind": "micro" if (fit.offset - fit.onset) / self.fps <= MICRO_S else "macro",
            **extent_of(traces, fit.onset, fit.apex, list(best)),
        }

    def _fit(
        self, traces: SkinTraces, blinks: list[tuple[int, int, int]], names: list[str], middle: int
    ) -> tuple[TemplateFit | None, float]:
        """The movement template that the skin matches best along these units, and its size in their pixels."""
        weights = np.sqrt(traces.trust)[:, None].repeat(2, 1)  # (C, 2)
        before, after = (round(seconds * self.fps) for seconds in LIDS_S)
        frame = traces.first + middle
        if any(onset <= frame + after and offset >= frame - before for onset, _, offset in blinks):
            weights[BLINKING] = 0
        fields = (unit_fields(names) * weights).reshape(-1, weights.size)  # (U, 2C)
        lengths = np.linalg.norm(fields, axis=1)
        axes = np.linalg.svd(fields, full_matrices=False)[2]  # (U, 2C)
        trace = (traces.skin * weights).reshape(len(traces.skin), -1) @ axes.T  # (n, U)
        towards = (fields / lengths[:, None]) @ axes.T
        fits = [family.fit(trace, self.fps, middle, towards) for family in (MICRO, MACRO)]
        best = max((fit for fit in fits if fit is not None), key=lambda fit: fit.explained, default=None)
        return best, 0.0 if best is None else best.size / float(lengths.max())


def _apart(found: list[tuple[int, Movement]]) -> list[Movement]:
    """Of movements that overlap, the one with the highest score: (middle of the rise, movement) -> in order of time."""
    kept = []
    for middle, movement in sorted(found, key=lambda each: -each[1]["score"]):
        if not any(_same(middle, movement, other) for other in kept):
            kept.append(movement)
    return sorted(kept, key=lambda each: each["onset"])


def _same(middle: int, movement: Movement, other: Movement) -> bool:
    """Whether a movement rises within another one, or shares a fifth of its time with it."""
    shared = min(movement["offset"], other["offset"]) - max(movement["onset"], other["onset"])
    both = max(movement["offset"], other["offset"]) - min(movement["onset"], other["onset"])
    return other["onset"] <= middle <= other["offset"] or shared >= 0.2 * both
