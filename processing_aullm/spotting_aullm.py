"""Movements in a stretch of video: onset, apex and offset, from the answers for windows and the course of the skin.

The model says that an action unit acts within a window. The skin says when: its course along the fields of just these
units (`unit_templates_aullm.py`) is followed by a bump (`movement_templates_aullm.py`), from rest to the apex and back.

    spotter = MovementSpotter(fps=30.0, threshold=0.5, action_units=["AU4", "AU12"])
    spotter.spot(courses, windows, blinks)  # [{"onset", "apex", "offset", "score", "action_units", "kind"}, ...]
"""

from collections.abc import Iterator

import numpy as np

from .movement_templates_aullm import MACRO, MICRO, BumpFit
from .skin_traces_aullm import BLINKING, SkinCourses
from .unit_templates_aullm import unit_fields

MICRO_S = 0.5  # a movement that lasts no longer is a micro-expression, by the field's convention
LEAST_SCORE = 0.8  # of the threshold: a score is a product of three shares, so it lies below the model's answers
INSET_S = 0.1  # a window sees a movement whose rise lies so far inside it, or a quarter of its own length
RUN = 0.7  # of the peak: evidence that falls below ends a run
TOP = 0.9  # of the peak: the middle of the frames above it is the middle of the rise
TOGETHER = 0.7  # of the strongest unit's evidence: units above it move with it
MOST_UNITS = 3
SIZE_PX = 0.25  # a step of so many pixels along its units counts 63%, twice as many 86%
LIDS_S = (0.4, 0.9)  # before and after the middle: a blink there leaves no lids to look at
LOOK_BACK_S, LOOK_AHEAD_S = 2.0, 4.7  # from an apex, what its marks depend on


class MovementSpotter:
    """Finds movements.

    Args:
        fps: frames per second.
        threshold: an action unit counts as present from there on.
        action_units: K names.
    """

    def __init__(self, fps: float, threshold: float, action_units: list[str]) -> None:
        self.fps, self.action_units = fps, action_units
        self.least = LEAST_SCORE * threshold

    def spot(self, courses: SkinCourses, windows: list[dict], blinks: list[tuple[int, int, int]]) -> list[dict]:
        """Movements in the frames that are remembered, in order; no two of them overlap by the middle of their rise.

        Args:
            courses: of one face.
            windows: of this face as a reading holds them, in order of time; without answers where nothing moved.
            blinks: (onset, apex, offset) frames.
        """
        answered = [window for window in windows if window["probabilities"] is not None]
        if not answered or len(courses.skin) < 3:
            return []
        evidence = self.evidence(courses, windows)
        found = []
        for peak, middle in self._runs(evidence.max(1)):
            movement = self._movement(courses, answered, blinks, evidence[peak], middle)
            if movement is not None and movement[1]["score"] >= self.least:
                found.append(movement)
        return _apart(found)

    def evidence(self, courses: SkinCourses, windows: list[dict]) -> np.ndarray:
        """(n, K) mean probability of each unit over the windows that would see a rise in each remembered frame."""
        nothing, frames = [0.0] * len(self.action_units), np.arange(courses.first, courses.last + 1)
        onset, offset = (np.array([window[mark] for window in windows])[:, None] for mark in ("onset", "offset"))
        inset = np.minimum(round(INSET_S * self.fps), (offset - onset) // 4)  # (W, 1)
        sees = ((onset + inset <= frames) & (frames <= offset - inset)).astype(np.float32)  # (W, n)
        answers = np.array([window["probabilities"] or nothing for window in windows], np.float32)  # (W, K)
        return sees.T @ answers / np.maximum(sees.sum(0), 1)[:, None]

    def _runs(self, strongest: np.ndarray) -> Iterator[tuple[int, int]]:
        """Peak and middle of each stretch in which the evidence is strong: (n,) -> places."""
        at = 0
        while at < len(strongest):
            if strongest[at] < self.least:
                at += 1
                continue
            first = peak = at
            while at < len(strongest) and strongest[at] >= max(RUN * strongest[peak], self.least):
                peak = at if strongest[at] > strongest[peak] else peak
                at += 1
            top = first + np.flatnonzero(strongest[first:at] >= TOP * strongest[peak])
            yield peak, int(np.rint(top.mean()))

    def _movement(
        self,
        courses: SkinCourses,
        answered: list[dict],
        blinks: list[tuple[int, int, int]],
        evidence: np.ndarray,
        middle: int,
    ) -> tuple[int, dict] | None:
        """The middle of its rise and the movement that a run tells of, None where the skin shows none."""
        strongest = np.argsort(-evidence)[:MOST_UNITS]
        units = [int(unit) for unit in strongest if evidence[unit] >= TOGETHER * evidence.max()]
        frame = courses.first + middle
        fit, size = self._fit(courses, blinks, [self.action_units[unit] for unit in units], middle)
        if fit is None:
            return None
        seen = [window for window in answered if window["onset"] <= frame <= window["offset"]]
        best = {self.action_units[unit]: max(each["probabilities"][unit] for each in seen) for unit in units}
        score = evidence.max() * (1 - np.exp(-size / SIZE_PX)) * max(fit.explained, 0.0)
        return frame, {
            "onset": courses.first + fit.onset,
            "apex": courses.first + fit.apex,
            "offset": courses.first + fit.offset,
            "score": round(float(score), 4),
            "action_units": best,
            "kind": "micro" if (fit.offset - fit.onset) / self.fps <= MICRO_S else "macro",
        }

    def _fit(
        self, courses: SkinCourses, blinks: list[tuple[int, int, int]], names: list[str], middle: int
    ) -> tuple[BumpFit | None, float]:
        """The bump that the skin follows best along the fields of these units, and its size in their pixels."""
        weights = np.sqrt(courses.trust)[:, None].repeat(2, 1)  # (C, 2)
        before, after = (round(seconds * self.fps) for seconds in LIDS_S)
        frame = courses.first + middle
        if any(onset <= frame + after and offset >= frame - before for onset, _, offset in blinks):
            weights[BLINKING] = 0
        fields = (unit_fields(names) * weights).reshape(-1, weights.size)  # (U, 2C)
        lengths = np.linalg.norm(fields, axis=1)
        axes = np.linalg.svd(fields, full_matrices=False)[2]  # (U, 2C)
        course = (courses.skin * weights).reshape(len(courses.skin), -1) @ axes.T  # (n, U)
        towards = (fields / lengths[:, None]) @ axes.T
        fits = [bumps.fit(course, self.fps, middle, towards) for bumps in (MICRO, MACRO)]
        best = max((fit for fit in fits if fit is not None), key=lambda fit: fit.explained, default=None)
        return best, 0.0 if best is None else best.size / float(lengths.max())


def _apart(found: list[tuple[int, dict]]) -> list[dict]:
    """Of movements that tell of the same, the surest: (middle of the rise, movement) -> movements in order of time."""
    kept = []
    for middle, movement in sorted(found, key=lambda each: -each[1]["score"]):
        if not any(_same(middle, movement, other) for other in kept):
            kept.append(movement)
    return sorted(kept, key=lambda each: each["onset"])


def _same(middle: int, movement: dict, other: dict) -> bool:
    """Whether a movement rises within another one, or shares a fifth of its time with it."""
    shared = min(movement["offset"], other["offset"]) - max(movement["onset"], other["onset"])
    both = max(movement["offset"], other["offset"]) - min(movement["onset"], other["onset"])
    return other["onset"] <= middle <= other["offset"] or shared >= 0.2 * both
