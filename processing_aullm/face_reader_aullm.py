"""One face of a section: its windows and movements, the clips that wait for the model, and the results that are final.

reader.add(chunk)
for target, crops in reader.take_waiting(ends=False): ...
part = reader.settled(ends=False)
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from .asked_clips_aullm import Candidate, MovementClip, WindowClip
from .blinks_aullm import EyesClosed, FinalBlinks, find_blinks, lids_move
from .head_pose_aullm import talk, turned
from .kept_crops_aullm import KeptCrops
from .movement_templates_aullm import TemplateFit
from .reading_types_aullm import LISTS, Blink, Extent, FacePart, Movement, Window
from .rest_aullm import RestFrame, RestReference
from .rises_aullm import LONGEST_RISE_S, Rise, SkinMotion, find_rises
from .second_opinion_aullm import SecondOpinion, SeenMovement, begun, stands
from .sections_aullm import Section
from .skin_step_aullm import SkinStep, agreed
from .skin_traces_aullm import SkinTraces
from .spotting_aullm import MovementSpotter, Spotted, apart
from .stream_aullm import FaceChunk
from .timing_aullm import time_movement
from .view_aullm import ViewFault, view_faults
from .windows_aullm import WindowGrid

MIN_MOVED = 0.35  # px along some unit's template; a window with less movement is not given to the model
OVER_NOISE = 3.0  # the same limit as a multiple of a cell's frame-to-frame noise
LOOK_BACK_S, LOOK_AHEAD_S = 3.0, 4.7  # around the top of a rise: rest before it, and its offset, depend on these frames
BLINK_S = 3.0  # after which a blink is final
TALK_S = 0.7  # before and after a rise, in which lips that go back and forth speak against it
TURN_S = 0.35  # before and after a brief movement, in which a head that turns speaks against it
WIDER_S = 0.1  # a movement is also read from so much earlier, and to so much later: no single frame decides


class FaceReader:
    """Reads one face.

    Args:
        grid: of windows.
        section: the part of the video whose results are reported.
        num_frames: T, frames of a clip that the model sees.
        action_units: K names. threshold: probability from which a unit is present. fps: frames per second.
        second: opinion on movements; the chunks have blendshapes then.

    Attributes:
        over: whether the face is not followed any more.
        left: whether the face left before the next section, and reading did not just stop there.
        first_box, last_box: (4,) of the face in the first and last frame of the section, None before.
        handed_over: (4,) of the face where the reading of the next section begins, None where it is not seen there.
    """

    def __init__(
        self,
        grid: WindowGrid,
        section: Section,
        num_frames: int,
        action_units: list[str],
        threshold: float,
        fps: float,
        second: SecondOpinion | None = None,
    ) -> None:
        self.second = second
        self.grid, self.section, self.num_frames, self.fps = grid, section, num_frames, fps
        self.spotter = MovementSpotter(fps, threshold, action_units)
        self._begin()
        self.over = self.left = False
        self.waiting: list[tuple[WindowClip | MovementClip, list[np.ndarray]]] = []
        self._new: list[Window] = []
        self._view: list[ViewFault] = []
        self._candidates: list[Candidate] = []
        self._seen: list[tuple[SeenMovement, Extent]] = []  # that wait for what our model may find
        self._closed: list[EyesClosed] = []  # blinks that are final
        self._next = self._moved_to = 0
        self._first = self._last = self._told_to = self.first_box = self.last_box = self.handed_over = None

    def _begin(self) -> None:
        """Remember nothing: before a stretch, and behind it, since many faces may come and go."""
        self.traces, self.rest, self.kept = SkinTraces(self.fps), RestReference(self.fps), KeptCrops(self.fps)
        if self.second is not None:
            self.second = SecondOpinion(self.fps)
        self._copies: dict[int, np.ndarray] = {}
        self._told: list[SeenMovement] = []  # that were there before, of which frames are remembered
        self._found: list[tuple[Spotted, Movement]] = []
        self._motion: SkinMotion | None = None
        self._blinks, self._final = [], FinalBlinks()

    def add(self, chunk: FaceChunk) -> None:
        """Take the next chunk; the one after a chunk that was the last of a stretch starts anew."""
        if chunk.new_from == 0:
            self._next = -(-chunk.first // self.grid.step) * self.grid.step
            self._moved_to = chunk.first - 1
            self._begin()
        self._forget()
        self.traces.add(chunk)
        self.kept.add(chunk)
        if self.second is not None:
            self.second.add(chunk)
        self._view += [fault for fault in view_faults(chunk) if fault not in self._view]
        self._copies = {}
        self.over, last = chunk.last, chunk.first + len(chunk) - 1
        ends = chunk.last and not self.section.is_cut(last, self.fps)
        self.left = ends and (self.section.stop is None or last < self.section.stop)
        self._blinks = find_blinks(self.traces.openness, self.fps)
        self._note_final_blinks(False)  # with the next chunk their frames may go, and pieces are seconds apart
        self._lids = lids_move(self.traces.openness, self._blinks, self.fps)
        self._motion = SkinMotion.of(self.traces, self._blinks)
        self._min_moved = max(MIN_MOVED, OVER_NOISE * self.traces.noise)
        self.rest.add(chunk, self.traces, self._motion, self._lids)
        for first, offset in self.grid.inside(chunk.first, last, self._next, ends):
            self._next = first + self.grid.step
            self._add_window(chunk, first, offset)
        self._add_candidates(self.over)
        self._note_boxes(chunk)

    @property
    def unsettled(self) -> bool:
        """Whether results have to be settled before the next chunk: with it the frames that they rest on may go."""
        return self.over or bool(self._candidates or self._seen)

    def take_waiting(self, ends: bool) -> list[tuple[WindowClip | MovementClip, list[np.ndarray]]]:
        """What waits for the model, and T crops (S, S) of each; the caller notes the answers (`note`) and asks again.

        One array where clips share a frame. Each is a copy: what waits does not keep its chunk in memory.

        Args:
            ends: whether the section ends here, so that nothing will be known better later.
        """
        if ends and len(self.traces.skin) and not self.over:
            self._add_candidates(True)
        for candidate in self._candidates:
            self._read_wider(candidate)
        waiting, self.waiting = self.waiting, []
        return waiting

    def settled(self, ends: bool) -> FacePart | None:
        """Results that became final since the last call, None where there are none; all where the stretch `ends`."""
        part = {
            "first": self._first,
            "last": self._last,
            "box": self.first_box,
            "view": self._view,
            "windows": [window for window in self._new if self.section.owns(window["onset"])],
            "movements": self._final_movements(ends or self.over),
            "blinks": self._final_blinks(ends or self.over),
        }
        some = self._last != self._told_to or any(part[kind] for kind in ("view", *LISTS))
        self._new, self._view, self._told_to = [], [], self._last
        if self.over:
            self._begin()
        return part if some and self._first is not None else None

    def _add_window(self, chunk: FaceChunk, first: int, last: int) -> None:
        rest, start = self.rest.at(first), self.traces.first
        along = self._motion.along[first - start : last - start + 1]
        moved = float((along - self._motion.along_of(rest.skin)).max())
        box = chunk.boxes[first - chunk.first].round(1).tolist()
        window = Window(onset=first, offset=last, rest=rest.number, moved=round(moved, 4), probabilities=None, box=box)
        self._new.append(window)
        if moved >= self._min_moved and not self._lids[first - start : last - start + 1].all():
            parted = max(0.0, float(self.traces.mouth[last - start]) - rest.mouth)
            self.waiting.append((WindowClip(window, self.spotter.believed(parted)), self.cut(chunk, first, last)))

    def cut(self, chunk: FaceChunk, first: int, last: int) -> list[np.ndarray]:
        """T crops (S, S) of a window of the chunk that was added last: the face at rest, then frames up to `last`."""
        crops = [self._crop(chunk, number) for number in self._seeing(first, last)[1:]]
        return [self._rest_crop(self.rest.at(first)), *crops]

    def cut_movement(self, onset: int, apex: int) -> list[np.ndarray]:
        """T crops (S, S) from onset to apex, which may lie in several chunks."""
        return list(self.kept.near(self._seeing(onset, apex)))

    def _seeing(self, first: int, last: int) -> list[int]:
        """T frames spread evenly from the first to the last one; where lids move, the nearest one where they do not."""
        numbers = np.rint(np.linspace(first, last, self.num_frames)).astype(int)
        usable = first + np.flatnonzero(~self._lids[first - self.traces.first : last - self.traces.first + 1])
        if not len(usable):
            return numbers.tolist()
        return usable[np.abs(numbers[:, None] - usable).argmin(1)].tolist()

    def _crop(self, chunk: FaceChunk, number: int) -> np.ndarray:
        """The one copy of a crop for all windows of its chunk."""
        if number not in self._copies:
            self._copies[number] = chunk.crops[number - chunk.first].copy()
        return self._copies[number]

    def _rest_crop(self, rest: RestFrame) -> np.ndarray:
        """The one copy of a crop at rest for all windows of a chunk."""
        key = -1 - rest.number
        if key not in self._copies:
            self._copies[key] = self.rest.crop(rest)
        return self._copies[key]

    def _add_candidates(self, ends: bool) -> None:
        """Movements of which everything is known are cut as clips, from onset to apex and a little wider."""
        horizon = self.traces.last - (0 if ends else round(LOOK_AHEAD_S * self.fps))
        levels = self.rest.courses(self._motion, self.traces.first)
        for rise in find_rises(self._motion, levels, self._min_moved, self.spotter.places):
            if not self._moved_to < self.traces.first + rise.top <= horizon:
                continue
            spotted = self._spotted(rise)
            if self.spotter.still(spotted) < self.spotter.min_score:
                continue
            first, *wider = self._readings(spotted)
            self._wait(first)
            self._candidates.append(Candidate(spotted, [first], wider))
        if self.second is not None:
            self._add_seen(horizon)
        self._moved_to = max(self._moved_to, horizon)

    def _read_wider(self, candidate: Candidate) -> None:
        """Let the other clips of a movement wait, too, once its first answer has left it in reach."""
        if candidate.clips[0].answer is None or not candidate.wider:
            return
        spotted = replace(candidate.spotted, along=candidate.step(self.traces).along)
        if self.spotter.in_reach(spotted, candidate.clips[0].answer.probabilities):
            candidate.clips += candidate.wider
            for clip in candidate.wider:
                self._wait(clip)
        candidate.wider = []

    def _wait(self, clip: MovementClip) -> None:
        self.waiting.append((clip, self.cut_movement(clip.onset, clip.offset)))

    def _add_seen(self, horizon: int) -> None:
        """Movements of the second opinion up to a frame; one that went on when it was first seen is still the same."""
        self._told = [each for each in self._told if each.apex >= self.traces.first]
        found = [seen for seen in self.second.movements(self._blinks) if self._moved_to < seen.apex <= horizon]
        new = [seen for seen in found if not any(seen.goes_on(each) for each in self._told)]
        self._seen += [(seen, self._extent(seen)) for seen in new]
        self._told += new

    def _readings(self, spotted: Spotted) -> Iterator[MovementClip]:
        """The clips that a movement is read from, its own first; a brief one is shown once, there and back."""
        if spotted.brief:
            yield MovementClip(spotted.onset, spotted.offset)
            return
        wider = round(WIDER_S * self.fps)
        onsets = (spotted.onset, max(spotted.onset - wider, self.traces.first))
        apexes = (spotted.apex, min(spotted.apex + wider, self.traces.last))
        for number, (onset, apex) in enumerate(product(onsets, apexes)):
            yield MovementClip(onset, apex, as_spotted=number == 0)

    def _spotted(self, rise: Rise) -> Spotted:
        """A rise in frame numbers, with what speaks against it; where it can, it begins and peaks with open eyes."""
        first, reach = self.traces.first, round(TALK_S * self.fps)
        within, around = slice(rise.onset, rise.top + 1), round(TURN_S * self.fps) if rise.brief else 0
        lips = self.traces.mouth[max(0, rise.onset - reach) : rise.top + reach]
        before = np.flatnonzero(~self._lids[: rise.onset + 1])
        after = rise.apex + np.flatnonzero(~self._lids[rise.apex : rise.offset + 1])
        return Spotted(
            onset=first + (int(before[-1]) if len(before) else rise.onset),
            top=first + rise.top,
            apex=first + (int(after[0]) if len(after) else rise.apex),
            offset=first + rise.offset,
            along=rise.along,
            turn=turned(self.traces.pose[max(0, rise.onset - around) : rise.top + 1 + around]),
            talk=float(np.ptp(lips)) if rise.brief else talk(lips),
            lids=float(self._lids[within].mean()),
            parted=max(0.0, float(self.traces.mouth[rise.apex] - self.traces.mouth[rise.onset])),
            stands_out=rise.stands_out,
            speed_around=float(self._motion.speed[rise.onset : rise.offset + 1].max()),
        )

    def _note_boxes(self, chunk: FaceChunk) -> None:
        for place in range(chunk.new_from, len(chunk)):
            number, box = chunk.first + place, chunk.boxes[place].round(1).tolist()
            if number == self.section.hands_over:
                self.handed_over = box
            if self.section.owns(number):
                self._last, self.last_box = number, box
                if self._first is None:
                    self._first, self.first_box = number, self.last_box

    def _note_final_blinks(self, ends: bool) -> None:
        horizon = self.traces.last - (0 if ends else round(BLINK_S * self.fps))
        self._closed += self._final.told(self._blinks, self.traces.openness, self.traces.first, horizon, ends)

    def _final_blinks(self, ends: bool) -> list[Blink]:
        self._note_final_blinks(ends)
        final, self._closed = self._closed, []
        return [blink._asdict() for blink in final if self.section.owns(blink.apex)]

    def _final_movements(self, ends: bool) -> list[Movement]:
        """Movements whose clips were answered, weighed against the second opinion."""
        found = []
        for candidate in self._candidates:
            step = candidate.step(self.traces)
            spotted = replace(candidate.spotted, along=step.along)
            movement = self.spotter.movement(spotted, candidate.probabilities, partial(self._timed, spotted))
            if movement is not None:
                names, coarse = list(movement["action_units"]), candidate.coarse_step(self.traces)
                extent = agreed(step.extent(names), coarse.extent(names))
                seen = None if self.second is None else self.second.units(movement["onset"], movement["apex"])
                found.append((spotted, {**movement, **extent, "named_by": "aullm", "second_opinion": seen}))
        self._candidates = []
        own = apart(found, self._found)
        self._found = [each for each in [*self._found, *own] if each[0].offset >= self.traces.first]
        # One that does not stand takes its parts with it.
        seen = self.second.movements(self._blinks) if self.second is not None and self._found else []
        movements = [
            begun(movement, seen, self.fps)
            for spotted, movement in own
            if self.section.owns(spotted.top) and stands(movement, seen, self.fps)
        ]
        return sorted([*movements, *self._only_seen(ends, seen)], key=lambda each: each["onset"])

    def _only_seen(self, ends: bool, seen: list[SeenMovement]) -> list[Movement]:
        """Movements that the second opinion alone names, once all is known that our model may find there."""
        known = [movement for _, movement in self._found if stands(movement, seen, self.fps)]
        until = self._moved_to - (0 if ends else round(LONGEST_RISE_S * self.fps))
        final = [each for each in self._seen if each[0].apex <= until]
        self._seen = [each for each in self._seen if each[0].apex > until]
        return [
            seen.rated(self.fps, extent)
            for seen, extent in final
            if self.section.owns(seen.apex) and not seen.is_among(known, self.fps)
        ]

    def _extent(self, seen: SeenMovement) -> Extent:
        first = self.traces.first
        step = SkinStep.of_traces(self.traces, max(0, seen.onset - first), seen.apex - first)
        return step.extent(list(seen.units))

    def _timed(self, spotted: Spotted, name: str) -> TemplateFit | None:
        """The movement template that the skin matches best along a unit, in frame numbers."""
        first = self.traces.first
        fit = time_movement(self.traces, self._blinks, [name], (spotted.onset + spotted.top) // 2 - first)
        return None if fit is None else fit.later(first)

    def _forget(self) -> None:
        """Drop frames that are needed no more; what `add` found in the others stays true until it is called again."""
        before = self._moved_to - round(LOOK_BACK_S * self.fps)
        self.traces.forget(min(before, self.traces.last - self.grid.span))
        self.rest.forget(self.traces.first)
        self.kept.forget(self.traces.first)  # movements that are known later may begin there
        if self.second is not None:
            self.second.forget(self.traces.first)
