"""One face of a section: its windows, those that wait for the model, and the results that are final.

reader.add(chunk)
for window, crops in reader.take_waiting(): ...
part = reader.settled(ends=False)

Tested in tests/processing_aullm/test_video_reader_aullm.py.
"""

import numpy as np

from .blinks_aullm import find_blinks
from .reading_types_aullm import Blink, FacePart, Movement, Window
from .sections_aullm import Section
from .skin_traces_aullm import SkinTraces
from .spotting_aullm import LOOK_AHEAD_S, LOOK_BACK_S, MovementSpotter
from .stream_aullm import FaceChunk
from .unit_templates_aullm import along_units
from .windows_aullm import WindowGrid

MIN_MOVED = 0.35  # px along some unit's template; a window with less movement is not given to the model
OVER_NOISE = 3.0  # the same limit as a multiple of a cell's frame-to-frame noise
MAX_MOVEMENT_S = 6.0  # of a movement
BLINK_S = 1.5  # after which a blink is final


class FaceReader:
    """Reads one face.

    Args:
        grid: of windows.
        section: the part of the video whose results are reported.
        num_frames: T, frames of a window that the model sees.
        action_units: K names. threshold: probability from which a unit is present. fps: frames per second.

    Attributes:
        over: whether the face is not followed any more.
        left: whether the face left, and reading did not just stop at the end of the section.
        first_box, last_box: (4,) of the face in the first and last frame of the section, None before.
    """

    def __init__(
        self,
        grid: WindowGrid,
        section: Section,
        num_frames: int,
        action_units: list[str],
        threshold: float,
        fps: float,
    ) -> None:
        self.grid, self.section, self.num_frames, self.fps = grid, section, num_frames, fps
        self.spotter = MovementSpotter(fps, threshold, action_units)
        self.traces = SkinTraces(fps)
        self.over = self.left = False
        self.waiting: list[tuple[Window, list[np.ndarray]]] = []
        self._copies: dict[int, np.ndarray] = {}
        self._new: list[Window] = []
        self._past: list[Window] = []
        self._next = self._blinked_to = self._moved_to = 0
        self._first = self._last = self.first_box = self.last_box = None

    def add(self, chunk: FaceChunk) -> None:
        """Take the next chunk; the one after a chunk that was the last of a stretch starts anew."""
        if chunk.new_from == 0:
            self._next = -(-chunk.first // self.grid.step) * self.grid.step
            self._blinked_to = self._moved_to = chunk.first - 1
            self._past = []
        self.traces.add(chunk)
        self._copies = {}
        last = chunk.first + len(chunk) - 1
        self.over = chunk.last
        ends = self.left = chunk.last and not self.section.is_cut(last, self.fps)
        skin, blinks = self.traces.smooth(), self._blinks()
        along = [along_units(skin, self.traces.trust, lids) for lids in (True, False)]
        min_moved = max(MIN_MOVED, OVER_NOISE * self.traces.noise)
        for first, offset in self.grid.inside(chunk.first, last, self._next, ends):
            self._next = first + self.grid.step
            self._add_window(chunk, first, offset, self._moved(along, blinks, first, offset), min_moved)
        self._note_boxes(chunk)

    def take_waiting(self) -> list[tuple[Window, list[np.ndarray]]]:
        """Windows that wait for the model, and their crops; the caller fills in `probabilities`.

        T crops (S, S) a window, one array where windows share a frame. Each is a copy: a window that waits does not
        keep its chunk in memory.
        """
        waiting, self.waiting = self.waiting, []
        return waiting

    def settled(self, ends: bool) -> FacePart | None:
        """Results that became final since the last call, None where there are none; all where the stretch `ends`."""
        ends = ends or self.over
        blinks = self._blinks()
        self._past += self._new
        part = {
            "first": self._first,
            "last": self._last,
            "box": self.first_box,
            "windows": [window for window in self._new if self.section.owns(window["onset"])],
            "movements": self._final_movements(blinks, ends),
            "blinks": self._final_blinks(blinks, ends),
        }
        self._new = []
        self._forget()
        return None if self._first is None else part

    def _add_window(self, chunk: FaceChunk, first: int, last: int, moved: float, min_moved: float) -> None:
        box = chunk.boxes[first - chunk.first].round(1).tolist()
        window: Window = {"onset": first, "offset": last, "moved": round(moved, 4), "probabilities": None, "box": box}
        self._new.append(window)
        if moved >= min_moved:
            places = np.rint(np.linspace(first, last, self.num_frames)).astype(int) - chunk.first
            self.waiting.append((window, [self._crop(chunk, place) for place in places.tolist()]))

    def _crop(self, chunk: FaceChunk, place: int) -> np.ndarray:
        """The one copy of a crop for all windows of its chunk."""
        if place not in self._copies:
            self._copies[place] = chunk.crops[place].copy()
        return self._copies[place]

    def _moved(self, along: list[np.ndarray], blinks: list[tuple[int, int, int]], first: int, last: int) -> float:
        """Largest movement along a unit's template since the window's first frame; during a blink without the lids."""
        blinking = any(onset <= last and offset >= first for onset, _, offset in blinks)
        inside = along[blinking][first - self.traces.first : last - self.traces.first + 1]
        return float((inside - inside[0]).max())

    def _note_boxes(self, chunk: FaceChunk) -> None:
        for place in range(chunk.new_from, len(chunk)):
            number = chunk.first + place
            if self.section.owns(number):
                self._last, self.last_box = number, chunk.boxes[place].round(1).tolist()
                if self._first is None:
                    self._first, self.first_box = number, self.last_box

    def _blinks(self) -> list[tuple[int, int, int]]:
        """Blinks in the frames of the traces, in frame numbers."""
        found = find_blinks(self.traces.openness, self.fps)
        return [tuple(mark + self.traces.first for mark in blink) for blink in found]

    def _final_blinks(self, blinks: list[tuple[int, int, int]], ends: bool) -> list[Blink]:
        horizon = self.traces.last - (0 if ends else round(BLINK_S * self.fps))
        final = [blink for blink in blinks if self._blinked_to < blink[2] <= horizon]
        self._blinked_to = max(self._blinked_to, horizon)
        return [dict(zip(("onset", "apex", "offset"), b, strict=True)) for b in final if self.section.owns(b[1])]

    def _final_movements(self, blinks: list[tuple[int, int, int]], ends: bool) -> list[Movement]:
        horizon = self.traces.last - (0 if ends else round(LOOK_AHEAD_S * self.fps))
        found = self.spotter.spot(self.traces, self._past, blinks)
        final = [each for each in found if self._moved_to < each["apex"] <= horizon]
        self._moved_to = max(self._moved_to, horizon)
        return [each for each in final if self.section.owns(each["apex"])]

    def _forget(self) -> None:
        """Drop frames that spotting needs no more: those before the longest movement that is not final yet."""
        before = self._moved_to - round((LOOK_BACK_S + MAX_MOVEMENT_S) * self.fps)
        self.traces.forget(min(before, self.traces.last - self.grid.span))
        self._past = [window for window in self._past if window["onset"] >= self.traces.first]
