"""Movements in a stretch of video: onset, apex and offset, from the answers for windows and the course of the skin.

The model says that something moves within a window, and what; when exactly it starts, peaks and ends is read off the
skin. A blink, a gaze shift or a turn of the head is no movement here.

    spotter = MovementSpotter(fps=30.0, threshold=0.5)
    spotter.spot(courses, windows, blinks)  # [{"onset", "apex", "offset", "score", "action_units", "kind"}, ...]
"""

from dataclasses import dataclass

import numpy as np

from .courses_aullm import BLINKING, SkinCourses, strongest

MICRO_S = 0.5  # a movement that lasts no longer is a micro-expression, by the field's convention
AROUND_S = 3.0  # each way, where the resting face is looked for
COARSE_HZ = 10.0  # frames a second that the resting face is taken from
LEAST_SPREAD = 0.06  # px: a cell that wanders less is not trusted to wander less
QUIET = 1.8  # in spreads of a resting cell; below it the strongest cells show nothing
LOUD = 3.3  # the peak of a movement
EDGE = 0.35  # of the peak, where a movement begins and ends
LONGEST_S = 6.0
TURNING = 0.5  # px: a turn of the head that moves the skin so far explains other movement,
EXPLAINED = 0.6  # up to so many times its own size
LIDS_S = 0.07  # before and after a blink the lids are on their way


@dataclass(frozen=True)
class Stillness:
    """How far a face is from rest, frame by frame.

    Args:
        size: (n,) px, the strongest cells' distance from the resting face.
        certainty: (n,) the same in spreads of resting cells.
        turned: (n,) px, what a turn of the head moves.
    """

    size: np.ndarray
    certainty: np.ndarray
    turned: np.ndarray


class MovementSpotter:
    """Finds movements.

    Args:
        fps: frames per second.
        threshold: an action unit counts as present from there on.
        action_units: K names.
    """

    def __init__(self, fps: float, threshold: float, action_units: list[str]) -> None:
        self.fps, self.threshold, self.action_units = fps, threshold, action_units

    def spot(self, courses: SkinCourses, windows: list[dict], blinks: list[tuple[int, int, int]]) -> list[dict]:
        """Movements in the frames that are remembered, in order.

        Args:
            courses: of one face.
            windows: of this face as a reading holds them, in order of time.
            blinks: (onset, apex, offset) frames.
        """
        if len(courses.skin) < 3:
            return []
        still, found = self.stillness(courses, blinks), []
        for group in self._groups(windows):
            movement = self._movement(still, courses.first, group)
            if movement is None:
                continue
            if found and movement["onset"] <= found[-1]["offset"]:
                found[-1] = max(found[-1], movement, key=lambda each: each["score"])
            else:
                found.append(movement)
        return found

    def stillness(self, courses: SkinCourses, blinks: list[tuple[int, int, int]]) -> Stillness:
        """Distance from rest of every remembered frame; lids do not count while they blink."""
        skin = courses.smooth()
        away = skin - resting(skin, self.fps)
        sizes = np.hypot(away[..., 0], away[..., 1])
        spread = np.maximum(1.4826 * np.median(sizes, axis=0), LEAST_SPREAD)
        seen = np.ones(sizes.shape, np.float32)
        margin = round(LIDS_S * self.fps)
        for onset, _, offset in blinks:
            frames = slice(max(0, onset - margin - courses.first), max(0, offset + margin + 1 - courses.first))
            seen[frames, BLINKING] = 0
        turned = courses.turned(resting(courses.turns, self.fps))
        return Stillness(strongest(sizes * courses.trust * seen), strongest(sizes / spread * seen), turned)

    def _groups(self, windows: list[dict]) -> list[list[dict]]:
        """Runs of neighbouring windows in which some action unit is present."""
        groups, open_group = [], []
        for window in windows:
            if window["probabilities"] is not None and max(window["probabilities"]) >= self.threshold:
                open_group.append(window)
            elif open_group:
                groups.append(open_group)
                open_group = []
        return [*groups, open_group] if open_group else groups

    def _movement(self, still: Stillness, first: int, group: list[dict]) -> dict | None:
        """The movement that a run of windows tells of, None where the skin shows none."""
        low = max(0, group[0]["onset"] - first)
        high = min(len(still.size) - 1, group[-1]["offset"] - first)
        if high <= low:
            return None
        apex = low + int(still.certainty[low : high + 1].argmax())
        peak = still.certainty[apex]
        if peak < LOUD or self._is_turn(still, apex):
            return None
        edge = max(QUIET, EDGE * peak)
        onset, offset = self._extent(still.certainty, apex, edge)
        around = [window for window in group if window["onset"] <= first + apex <= window["offset"]]
        best = max(around or group, key=lambda window: max(window["probabilities"]))
        units = {
            name: p for name, p in zip(self.action_units, best["probabilities"], strict=True) if p >= self.threshold
        }
        seconds = (offset - onset) / self.fps
        return {
            "onset": first + onset,
            "apex": first + apex,
            "offset": first + offset,
            "score": round(float(max(units.values()) * (1 - np.exp(-peak / LOUD))), 4),
            "action_units": units,
            "kind": "micro" if seconds <= MICRO_S else "macro",
        }

    def _is_turn(self, still: Stillness, apex: int) -> bool:
        turned = still.turned[apex]
        return bool(turned > TURNING and still.size[apex] < EXPLAINED * turned)

    def _extent(self, certainty: np.ndarray, apex: int, edge: float) -> tuple[int, int]:
        reach = round(LONGEST_S * self.fps)
        quiet = np.flatnonzero(certainty < edge)
        before, after = quiet[quiet < apex], quiet[quiet > apex]
        onset = before[-1] if len(before) else 0
        offset = after[0] if len(after) else len(certainty) - 1
        return int(max(onset, apex - reach)), int(min(offset, apex + reach))


def resting(values: np.ndarray, fps: float) -> np.ndarray:
    """Running median over the first axis: where the face is while it rests, at every frame."""
    step = max(1, round(fps / COARSE_HZ))
    coarse, reach = values[::step], max(1, round(AROUND_S * fps / step))
    medians = np.stack([np.median(coarse[max(0, k - reach) : k + reach + 1], axis=0) for k in range(len(coarse))])
    place = np.minimum(np.arange(len(values)) / step, len(coarse) - 1)
    low = place.astype(int)
    share = (place - low).reshape(-1, *[1] * (values.ndim - 1))
    return medians[low] * (1 - share) + medians[np.minimum(low + 1, len(coarse) - 1)] * share
