"""Laying pictures out on a sheet: tiles with captions, rows, grids, and a timeline of events."""

from collections.abc import Sequence

import cv2
import numpy as np

_FONT, _INK, _PAPER = cv2.FONT_HERSHEY_SIMPLEX, (30, 30, 30), 255
_HEAD, _CAPTION = 18, 15  # pixels of a heading and of a caption
_LANES = {
    "micro": (200, 40, 40),
    "macro": (220, 130, 30),
    "speech": (40, 120, 200),
    "blink": (90, 90, 90),
    "gaze": (40, 150, 90),
    "turn": (140, 80, 170),
}


def tile(picture: np.ndarray, caption: str) -> np.ndarray:
    """A picture (h, w, 3) with a caption written over its upper edge."""
    shown = picture.copy()
    shown[:_CAPTION] = _PAPER
    cv2.putText(shown, caption, (3, _CAPTION - 4), _FONT, 0.36, _INK, 1, cv2.LINE_AA)
    return shown


def row(pictures: Sequence[np.ndarray], heading: str) -> np.ndarray:
    """Pictures of one height side by side under a heading."""
    strip = np.hstack(pictures)
    head = np.full((_HEAD, strip.shape[1], 3), _PAPER, np.uint8)
    cv2.putText(head, heading, (4, _HEAD - 5), _FONT, 0.4, _INK, 1, cv2.LINE_AA)
    return np.vstack([head, strip])


def column(rows: Sequence[np.ndarray], heading: str | None = None) -> np.ndarray:
    """Rows under each other; narrow ones are filled up."""
    width = max(each.shape[1] for each in rows)
    padded = [np.pad(each, ((0, 0), (0, width - each.shape[1]), (0, 0)), constant_values=_PAPER) for each in rows]
    return np.vstack(padded) if heading is None else row([np.vstack(padded)], heading)


def grid(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Tiles from left to right and downwards, with a gap between them."""
    height, width = (max(each.shape[axis] for each in tiles) for axis in (0, 1))
    sheet = []
    for start in range(0, len(tiles), columns):
        line = [*tiles[start : start + columns]]
        line += [np.full((1, 1, 3), _PAPER, np.uint8)] * (columns - len(line))
        cells = [
            np.pad(each, ((0, height - each.shape[0]), (0, width + 6 - each.shape[1]), (0, 0)), constant_values=_PAPER)
            for each in line
        ]
        sheet.append(np.pad(np.hstack(cells), ((0, 6), (0, 0), (0, 0)), constant_values=_PAPER))
    return np.vstack(sheet)


def difference(picture: np.ndarray, rest: np.ndarray, gain: int) -> np.ndarray:
    """How a picture differs from another, around mid-grey and amplified."""
    return np.uint8(np.clip(128 + gain * (picture.astype(float) - rest), 0, 255))


def timeline(events: Sequence[dict], frames: int, fps: float, width: int) -> np.ndarray:
    """A lane for each kind of event (h, width, 3), seconds below."""
    lane, left = 16, 60
    sheet = np.full((lane * (len(_LANES) + 1) + 6, width, 3), _PAPER, np.uint8)
    scale = (width - left - 8) / frames
    for index, (kind, colour) in enumerate(_LANES.items()):
        top = index * lane + 3
        cv2.putText(sheet, kind, (4, top + 11), _FONT, 0.38, _INK, 1, cv2.LINE_AA)
        for event in (event for event in events if event["kind"] == kind):
            start, end = (round(left + scale * event[name]) for name in ("onset", "offset"))
            cv2.rectangle(sheet, (start, top), (max(end, start + 2), top + lane - 4), colour, -1)
    for second in range(0, int(frames / fps) + 1, 2):
        place = (round(left + scale * second * fps), sheet.shape[0] - 5)
        cv2.putText(sheet, f"{second} s", place, _FONT, 0.35, _INK, 1, cv2.LINE_AA)
    return sheet
