"""What was read, drawn on a frame's own pixels: faces, action units, and a strip of the spotted intervals.

trail = FaceTrail(0)
trail.add(part)
draw_face(picture, trail, now, names, frame=120)
draw_strip(picture, events, frame=120, fps=30.0)
"""

from bisect import bisect_left, bisect_right

import cv2
import numpy as np

CALM, MICRO, MACRO, BLINK = (200, 208, 216), (224, 123, 38), (46, 160, 90), (92, 140, 220)
COLOURS = {"micro": MICRO, "macro": MACRO, "blink": BLINK}
DARK, LIGHT = (24, 30, 36), (245, 247, 249)
STRIP_S = 10.0  # seconds that the strip at the bottom shows
FONT = cv2.FONT_HERSHEY_SIMPLEX


class FaceTrail:
    """One face of a reading, looked up by frame; only what is near in time need be kept.

    Args:
        number: of the face.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.onsets: list[int] = []
        self.boxes: list[list[float]] = []
        self.answers: list[list[float] | None] = []
        self.last, self.span = 0, 1

    def add(self, part: dict) -> None:
        """Take the windows of a piece."""
        self.last = part["last"]
        for window in part["windows"]:
            self.onsets.append(window["onset"])
            self.boxes.append(window["box"])
            self.answers.append(window["probabilities"])
            self.span = window["offset"] - window["onset"]

    def box(self, frame: int) -> np.ndarray | None:
        """(4,) between those of the windows before and after; None where the face is not followed."""
        place = bisect_right(self.onsets, frame) - 1
        if not 0 <= place < len(self.onsets) or frame > self.last or frame - self.onsets[place] > 2 * self.span:
            return None
        after = min(place + 1, len(self.onsets) - 1)
        gap = max(1, self.onsets[after] - self.onsets[place])
        share = min(1.0, (frame - self.onsets[place]) / gap)
        return (1 - share) * np.array(self.boxes[place]) + share * np.array(self.boxes[after])

    def answer(self, frame: int) -> list[float] | None:
        """Probabilities of the window whose middle is nearest; None where nothing moved."""
        place = bisect_right(self.onsets, frame - self.span // 2) - 1
        return self.answers[max(place, 0)] if self.onsets else None

    def forget(self, frame: int) -> None:
        """Drop the windows that start before a frame."""
        place = bisect_left(self.onsets, frame)
        del self.onsets[:place], self.boxes[:place], self.answers[:place]


def draw_face(picture: np.ndarray, trail: FaceTrail, now: list[dict], names: list[str], frame: int) -> None:
    """Box, what happens now, and a bar for each action unit beside the face.

    Args:
        picture: (H, W, 3) uint8, drawn on. trail: of the face. now: its events. names: K action units. frame: number.
    """
    box = trail.box(frame)
    if box is None:
        return
    unit = _unit(picture)
    left, top, right, bottom = (round(value) for value in box.tolist())
    colour = COLOURS[now[0]["kind"]] if now else CALM
    cv2.rectangle(picture, (left, top), (right, bottom), colour, max(1, unit // 8), cv2.LINE_AA)
    label = ", ".join(f"{row['kind']} {row['action_units'].replace(':', ' ')}".strip() for row in now)
    _write(picture, label or f"face {trail.number}", (left, max(unit, top - unit // 3)), unit, colour)
    answer = trail.answer(frame) or [0.0] * len(names)
    room = right + unit // 2 + 9 * unit < picture.shape[1]
    at = right + unit // 2 if room else max(0, left - unit // 2 - 8 * unit)
    for row, (name, value) in enumerate(zip(names, answer, strict=True)):
        line = top + (row + 1) * unit
        _write(picture, name, (at, line), unit, LIGHT)
        start, length = at + 4 * unit, 4 * unit
        cv2.rectangle(picture, (start, line - unit // 2), (start + length, line - unit // 6), DARK, -1)
        filled = start + int(length * value)
        cv2.rectangle(
            picture, (start, line - unit // 2), (filled, line - unit // 6), MICRO if value >= 0.5 else CALM, -1
        )


def draw_strip(picture: np.ndarray, events: list[dict], frame: int, fps: float) -> None:
    """The events of some seconds around now as a strip at the bottom, now in its middle."""
    height, width = picture.shape[:2]
    thick = max(6, height // 40)
    reach = STRIP_S * fps / 2
    band = picture[height - thick :]
    band[:] = (band.astype(np.float32) * 0.35 + np.array(DARK) * 0.65).astype(np.uint8)
    for row in events:
        if row["offset"] < frame - reach or row["onset"] > frame + reach:
            continue
        ends = (int((mark - frame + reach) / (2 * reach) * width) for mark in (row["onset"], row["offset"]))
        first, last = ends
        cv2.rectangle(picture, (first, height - thick), (max(last, first + 2), height - 1), COLOURS[row["kind"]], -1)
    cv2.line(picture, (width // 2, height - thick), (width // 2, height - 1), LIGHT, 1)


def _unit(picture: np.ndarray) -> int:
    """Height of a line of text in pixels."""
    return max(10, picture.shape[0] // 28)


def _write(picture: np.ndarray, text: str, at: tuple[int, int], unit: int, colour: tuple[int, int, int]) -> None:
    scale, width = unit / 30, max(1, unit // 14)
    for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):  # a thicker outline would be wider than the text
        cv2.putText(picture, text, (at[0] + x, at[1] + y), FONT, scale, DARK, width, cv2.LINE_AA)
    cv2.putText(picture, text, at, FONT, scale, colour, width, cv2.LINE_AA)
