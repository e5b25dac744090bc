"""A reading with a row a frame, in the columns that people's scripts know from OpenFace and py-feat.

    write_openface(Path("out/face"), journal, summary)  # out/face.openface.csv

A frame has the answer of the window whose middle is nearest. Numbers are probabilities, no intensities: docs/video.md
says what each column means.
"""

from collections import deque
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import takewhile
from pathlib import Path

from processing_aullm.reading_types_aullm import Window
from training_aullm.videos.journal import Journal
from training_aullm.videos.summary import EXTENT, Summary, seconds
from training_aullm.videos.tables import write_lines

MORE = {"movement": "kind", "movement_units": "action_units", **{name: name for name in (*EXTENT, "named_by")}}
"""Columns behind those that the others have, and what of a movement stands there."""


def write_openface(base: Path, journal: Journal, summary: Summary) -> list[Path]:
    """BASE.openface.csv."""
    units = _columns(summary)
    names = ["frame", "face_id", "timestamp", "confidence", "success"]
    names += [f"{unit}_{what}" for what in "rc" for unit in units] + list(MORE)
    return [_write(base, "openface", journal, summary, names, _openface_row)]


def write_fex(base: Path, journal: Journal, summary: Summary) -> list[Path]:
    """BASE.fex.csv."""
    names = ["input", "frame", "timestamp", "Identity"]
    names += ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", *_columns(summary), *MORE]
    return [_write(base, "fex", journal, summary, names, _fex_row)]


def frames_of(windows: Iterator[Window]) -> Iterator[tuple[int, Window]]:
    """Frame numbers of one face, each with the window whose middle is nearest; frames without a window are left out."""
    reached, now = -1, next(windows, None)
    while now is not None:
        after = next(windows, None)
        last = now["offset"]
        if after is not None:
            last = min(last, (now["onset"] + now["offset"] + after["onset"] + after["offset"]) // 4)
        for frame in range(max(now["onset"], reached + 1), last + 1):
            yield frame, now
            reached = frame
        now = after


def _write(
    base: Path, kind: str, journal: Journal, summary: Summary, names: list[str], row: Callable[..., dict]
) -> Path:
    """A table of all faces, in order of frames."""
    path = base.with_name(f"{base.name}.{kind}.csv")
    faces = [_face_rows(journal, summary, number, row) for number in summary.faces]
    write_lines(path, names, (line for _, _, line in merge(*faces, key=lambda each: each[:2])))
    return path


def _face_rows(
    journal: Journal, summary: Summary, number: int, row: Callable[..., dict]
) -> Iterator[tuple[int, int, dict]]:
    """Frame, face and row of each frame of a face."""
    face = summary.faces[number]
    parts = (part for piece in journal.pieces(face.first, face.stop) for part in piece["faces"])
    windows = (window for part in parts if part["face"] == number for window in part["windows"])
    waiting = deque(event for event in summary.events if event["face"] == number and event["score"] is not None)
    for frame, window in frames_of(windows):
        while waiting and waiting[0]["offset"] < frame:
            waiting.popleft()
        begun = takewhile(lambda event, now=frame: event["onset"] <= now, waiting)
        under_way = [event for event in begun if frame <= event["offset"]]
        surest = max(under_way, key=lambda event: event["score"], default={})
        more = {column: surest.get(name) for column, name in MORE.items()}
        yield frame, number, row(frame, number, window, summary) | more


def _openface_row(frame: int, face: int, window: Window, summary: Summary) -> dict:
    """OpenFace counts frames from 1."""
    answers = _answers(window, summary)
    present = {f"{unit}_c": int((p or 0) >= summary.head["threshold"]) for unit, p in answers.items()}
    place = {"frame": frame + 1, "face_id": face, "timestamp": seconds(frame, summary.head["fps"])}
    return {**place, "confidence": 1, "success": 1, **{f"{unit}_r": p for unit, p in answers.items()}, **present}


def _fex_row(frame: int, face: int, window: Window, summary: Summary) -> dict:
    left, top, right, bottom = window["box"]
    box = {"FaceRectX": left, "FaceRectY": top, "FaceRectWidth": right - left, "FaceRectHeight": bottom - top}
    place = {"input": summary.head["video"], "frame": frame, "timestamp": seconds(frame, summary.head["fps"])}
    return {**place, "Identity": face, **{name: round(value, 1) for name, value in box.items()}} | _answers(
        window, summary
    )


def _answers(window: Window, summary: Summary) -> dict[str, float | None]:
    """The window's probabilities by column, None where nothing moved and the model was not asked."""
    units = _columns(summary)
    return dict(zip(units, window["probabilities"] or [None] * len(units), strict=True))


def _columns(summary: Summary) -> list[str]:
    """ "AU01", "AU12": units as OpenFace and py-feat name them."""
    return [f"AU{int(name.removeprefix('AU')):02d}" for name in summary.head["action_units"]]
