"""A reading made for people: arrays over time, a table for the terminal, and a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from rich.table import Table

from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.geometry_aullm import to_gray, warp
from processing_aullm.video_aullm import open_clip
from training_aullm.figures.timeline import THUMBNAILS, draw_timeline
from training_aullm.videos.overview import MOST_MARKED, MOST_POINTS, Overview

THUMBNAIL = 160  # px


@dataclass(frozen=True)
class FaceTimeline:
    """Probabilities of K action units in W windows of one face.

    Attributes:
        action_units: the K names.
        starts, ends: (W,) seconds from the video's first frame.
        probabilities: (W, K) in [0, 1]; 0 where nothing moved and the model was not asked.
        threshold: at and above it an action unit counts as present.
    """

    action_units: tuple[str, ...]
    starts: np.ndarray
    ends: np.ndarray
    probabilities: np.ndarray
    threshold: float

    @classmethod
    def of(cls, reading: dict, face: int = 0) -> "FaceTimeline":
        """Of one face of a reading, by its place in it."""
        windows, names = reading["faces"][face]["windows"], tuple(reading["action_units"])
        nothing = [0.0] * len(names)
        rows = np.array([window["probabilities"] or nothing for window in windows]).reshape(-1, len(names))
        starts, ends = (np.array([w[mark] for w in windows]) / reading["fps"] for mark in ("onset", "offset"))
        return cls(names, starts, ends, rows, reading["threshold"])

    @property
    def centres(self) -> np.ndarray:
        """(W,) the middle of each window, in seconds."""
        return (self.starts + self.ends) / 2

    def thinned(self, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
        """Times (N,) and probabilities (N, K) with at most `most` points: the highest of neighbours stays."""
        size = -(-len(self.starts) // most) if len(self.starts) else 1
        edges = range(0, len(self.starts), size)
        highest = np.array([self.probabilities[at : at + size].max(0) for at in edges]).reshape(
            -1, len(self.action_units)
        )
        return self.centres[::size], highest


def reading_table(reading: dict) -> Table:
    """The overview of one whole reading as a table for rich."""
    return Overview.of(lambda: [reading]).table()


def draw_reading(
    path: str | Path, reading: dict, video: str | Path, face: int = 0, truth: Sequence[tuple[float, float, str]] = ()
) -> None:
    """Write the curves of one face, what was spotted, and a strip of its frames.

    Args:
        path: PNG file.
        reading: of the video.
        video: the file that was read.
        face: by its place in the reading.
        truth: (start, end, text) spans in seconds where something is known to happen.
    """
    timeline, part, fps = FaceTimeline.of(reading, face), reading["faces"][face], reading["fps"]
    strongest = f", and the {MOST_MARKED} strongest movements" if len(part["movements"]) == MOST_MARKED else ""
    times, probabilities = timeline.thinned()
    frames, frame_times = _strip(video, part, fps)
    draw_timeline(
        path,
        title=f"{Path(reading['video']).name}: probability of each action unit over time{strongest}",
        times=times,
        probabilities=probabilities,
        action_units=timeline.action_units,
        meanings=reading["meanings"],
        frames=frames,
        frame_times=frame_times,
        threshold=timeline.threshold,
        truth=truth,
        movements=[(m["onset"] / fps, m["apex"] / fps, m["offset"] / fps, m["kind"]) for m in part["movements"]],
        blinks=[blink["apex"] / fps for blink in part["blinks"]],
    )


def _strip(video: str | Path, part: dict, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Some evenly spaced pictures of a face (F, S, S), and the times in seconds where they were taken."""
    windows = part["windows"]
    picks = np.unique(np.linspace(0, len(windows) - 1, min(THUMBNAILS, len(windows))).round().astype(int))
    pictures, times = [], []
    for window in (windows[pick] for pick in picks):
        source = NumberedFrames(open_clip(video), start=window["onset"] / fps, fps=fps)
        for _, pixels in islice(source, 1):
            left, top, right, bottom = window["box"]
            side = 1.1 * max(right - left, bottom - top) / THUMBNAIL
            corner = np.array([left + right, top + bottom]) / 2 - side * (THUMBNAIL - 1) / 2
            pictures.append(warp(to_gray(pixels), np.array([[side, 0, corner[0]], [0, side, corner[1]]]), THUMBNAIL))
            times.append(window["onset"] / fps)
    span = [part["first"] / fps, part["last"] / fps]
    return np.stack(pictures), np.array([span[0], *times[1:-1], span[1]])
