"""A reading as a picture: the curves of one face, what was spotted, and a strip of its frames.

draw_reading(Path("out/face.png"), journal, Summary.of(journal), "face.mp4")
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path

import numpy as np

from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.geometry_aullm import to_gray, warp
from processing_aullm.reading_types_aullm import Piece, Window
from processing_aullm.video_aullm import open_clip
from training_aullm.figures.timeline import THUMBNAILS, MarkedMovement, draw_timeline
from training_aullm.videos.summary import SIDES, Summary

MAX_POINTS = 1500  # of a curve: more than a picture has columns
MAX_MARKED = 500  # movements, the strongest
THUMBNAIL = 160  # px
SOUGHT_S = 4.0  # from one picture to the next: key frames often lie as far apart


@dataclass(frozen=True)
class FaceTimeline:
    """Probabilities of K action units in W windows of one face.

    Attributes:
        action_units: the K names.
        starts, ends: (W,) seconds from the video's first frame.
        boxes: (W, 4) where the face stood at the start.
        probabilities: (W, K) in [0, 1]; 0 where nothing moved and the model was not asked.
        threshold: at and above it an action unit counts as present.
    """

    action_units: tuple[str, ...]
    starts: np.ndarray
    ends: np.ndarray
    boxes: np.ndarray
    probabilities: np.ndarray
    threshold: float

    @classmethod
    def of(cls, pieces: Iterable[Piece], face: int = 0, max_points: int = MAX_POINTS) -> "FaceTimeline":
        """Of one face of a reading; neighbours are joined where there are too many, and give their highest.

        Args:
            pieces: of the reading; gone through twice, so that memory does not grow with the video.
            face: its number.
            max_points: W at most.
        """
        head = next(iter(pieces))
        names, fps = tuple(head["action_units"]), head["fps"]
        size = -(-sum(1 for _ in _windows_of(pieces, face)) // max_points)
        firsts, highest = [], []
        for place, window in enumerate(_windows_of(pieces, face)):
            answer = np.array(window["probabilities"] or [0.0] * len(names))
            if place % size:
                np.maximum(highest[-1], answer, out=highest[-1])
            else:
                firsts.append(window)
                highest.append(answer)
        starts, ends = (np.array([window[mark] for window in firsts]) / fps for mark in ("onset", "offset"))
        boxes = np.array([window["box"] for window in firsts])
        return cls(names, starts, ends, boxes, np.array(highest).reshape(-1, len(names)), head["threshold"])


def draw_reading(
    path: str | Path,
    pieces: Iterable[Piece],
    summary: Summary,
    video: str | Path,
    face: int = 0,
    truth: Sequence[tuple[float, float, str]] = (),
) -> None:
    """Write the picture of one face.

    Args:
        path: PNG file.
        pieces: of the reading, as for `FaceTimeline.of`.
        summary: of the same.
        video: the file that was read.
        face: its number; it has windows.
        truth: (start, end, text) spans in seconds where something is known to happen.
    """
    timeline, head, about = FaceTimeline.of(pieces, face), summary.head, summary.faces[face].about
    events, fps = [row for row in summary.events if row["face"] == face], head["fps"]
    movements = nlargest(MAX_MARKED, (row for row in events if row["score"] is not None), key=lambda row: row["score"])
    strongest = f", and the {MAX_MARKED} strongest movements" if len(movements) == MAX_MARKED else ""
    draw_timeline(
        path,
        title=f"{Path(head['video']).name}: probability of each action unit over time{strongest}",
        times=(timeline.starts + timeline.ends) / 2,
        probabilities=timeline.probabilities,
        action_units=timeline.action_units,
        meanings=head["meanings"],
        frames=_strip(video, timeline, fps),
        limits=(about["first"] / fps, about["last"] / fps),
        threshold=timeline.threshold,
        truth=truth,
        movements=[
            MarkedMovement(
                *(row[mark] / fps for mark in ("onset", "apex", "offset")),
                kind=row["kind"],
                name=short_name(row),
                second=row["named_by"] == "blendshapes",
            )
            for row in movements
        ],
        blinks=[row["apex"] / fps for row in events if row["score"] is None],
    )


def short_name(row: dict) -> str:
    """The action units of an event and its side, as FACS coders write it: "AU4+7", "L AU12"."""
    names = [unit.partition(":")[0] for unit in row["action_units"].split()]
    return SIDES.get(row["side"], "") + "+".join([*names[:1], *(name.removeprefix("AU") for name in names[1:])])


def _windows_of(pieces: Iterable[Piece], face: int) -> Iterator[Window]:
    return (window for piece in pieces for part in piece["faces"] if part["face"] == face for window in part["windows"])


def _strip(video: str | Path, timeline: FaceTimeline, fps: float) -> np.ndarray:
    """Some evenly spaced pictures of a face (F, S, S)."""
    count, pictures = len(timeline.starts), []
    picks = np.unique(np.linspace(0, count - 1, min(THUMBNAILS, count)).round().astype(int))
    for pick, pixels in zip(picks, pictures_at(video, timeline.starts[picks], fps), strict=False):
        left, top, right, bottom = timeline.boxes[pick]
        side = 1.1 * max(right - left, bottom - top) / THUMBNAIL
        corner = np.array([left + right, top + bottom]) / 2 - side * (THUMBNAIL - 1) / 2
        pictures.append(warp(to_gray(pixels), np.array([[side, 0, corner[0]], [0, side, corner[1]]]), THUMBNAIL))
    return np.stack(pictures)


def pictures_at(video: str | Path, seconds: Iterable[float], fps: float) -> Iterator[np.ndarray]:
    """The pictures of a video at rising times: over a short way what lies between is decoded, over a longer one sought.

    Args:
        video: a file or folder.
        seconds: from the first frame.
        fps: frames per second.

    Yields:
        (H, W, 3) or (H, W) uint8; none for times behind the video's last frame.
    """
    clip, frames, number, pixels = open_clip(video), iter(()), None, None
    for start in seconds:
        wanted = round(start * fps)
        if number is None or wanted - number > SOUGHT_S * fps:
            frames, number = iter(NumberedFrames(clip, start=start, fps=fps)), -1
        while number < wanted:
            number, pixels = next(frames, (math.inf, None))
        if pixels is None:
            return
        yield pixels
