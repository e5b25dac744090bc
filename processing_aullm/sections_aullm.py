"""A long video cut into sections that are read independently: an interrupted reading resumes with equal results.

    for section in cut_sections(stream, options):
        section.first, section.stop, section.read_from, section.read_to

Each section is read with a few seconds more on both sides; it reports what starts, or peaks, from `first` to `stop`.

Tested in tests/processing_aullm/test_video_reader_aullm.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from .reading_types_aullm import Resume
from .stream_aullm import FaceStream

SECTION_S = 120.0
LEAD_S = 5.0  # read before and after a section, at least: spotting looks back and ahead
SAME_FACE = 0.3  # intersection over union of a face's boxes on both sides of a cut


@dataclass(frozen=True)
class Section:
    """A part of a video.

    Args:
        index: its place among the sections.
        first, stop: frames whose results it reports, `stop` not included; None: to the end.
        read_from, read_to: seconds that are read.
        whole: whether it is the only section.
        begin, total: first frame of all sections, and how many frames they have together, if known.
        hands_over: the frame with which the reading of the next section begins, None: there is none.
    """

    index: int
    first: int
    stop: int | None
    read_from: float | None
    read_to: float | None
    whole: bool
    begin: int
    total: int | None
    hands_over: int | None = None

    def owns(self, frame: int) -> bool:
        """Whether what starts or peaks in this frame belongs here."""
        return frame >= self.first and (self.stop is None or frame < self.stop)

    def is_cut(self, frame: int, fps: float) -> bool:
        """Whether a face is not followed beyond this frame only because the next section goes on with it."""
        return self.stop is not None and frame >= round(self.read_to * fps) - 1

    def share(self, frame: int | None) -> float:
        """Share of all sections that is read with this frame, or with the whole of this section."""
        if not self.total:
            return 1.0 if frame is None and self.stop is None else 0.0
        last = frame + 1 if frame is not None else self.begin + self.total if self.stop is None else self.stop
        if self.stop is not None:
            last = min(last, self.stop)
        return round(min(1.0, max(0.0, (last - self.begin) / self.total)), 4)


def cut_sections(stream: FaceStream, start: float | None, end: float | None) -> list[Section]:
    """Cut the wanted part of a video.

    Args:
        stream: of the whole part, not read yet; gives frame rate and length, and how long a window is.
        start, end: seconds, None: the video's own.

    Returns:
        Sections of equal length; one that is whole for a short video, or one whose length is not known.
    """
    fps = stream.fps
    begin = round((start or 0) * fps)
    ends = [count for count in (stream.frames, None if end is None else round(end * fps)) if count is not None]
    total = min(ends) - begin if ends else None
    count = 1 if stream.frames is None else max(1, round(total / fps / SECTION_S))
    if count == 1:
        return [
            Section(index=0, first=begin, stop=None, read_from=start, read_to=end, whole=True, begin=begin, total=total)
        ]
    length, sections = ceil(total / count), []
    lead = max(LEAD_S, stream.overlap / fps)  # a section's last window lies whole in what is read

    def read_from(first: int) -> float:
        return max(start or 0.0, first / fps - lead)

    for index in range(count):
        first, final = begin + index * length, index == count - 1
        stop = None if final else first + length
        read_to = end if final else stop / fps + lead
        sections.append(
            Section(
                index=index,
                first=first,
                stop=stop,
                read_from=read_from(first),
                read_to=read_to,
                whole=False,
                begin=begin,
                total=total,
                hands_over=None if final else round(read_from(stop) * fps),
            )
        )
    return sections


class FaceNumbers:
    """Gives a face the number that it had in the section before, by its position.

    Args:
        used: how many numbers were given so far.
        left: number -> box (4,) of each face that was in the picture where the last section ended.
        known: boxes of the faces that were followed in the frame with which the next section begins to be read.
    """

    def __init__(
        self, used: int = 0, left: dict[int, list[float]] | None = None, known: Sequence[list[float]] = ()
    ) -> None:
        self.used, self.left, self.known = used, left or {}, list(known)
        self._given: dict[tuple[int, int], int] = {}

    @classmethod
    def restored(cls, state: Resume | None) -> "FaceNumbers":
        """As after an earlier section, or new."""
        if state is None:
            return cls()
        left = {int(number): box for number, box in state["left"].items()}
        return cls(state["used"], left, state.get("known", ()))  # earlier versions did not note them

    def state(self, section: int) -> Resume:
        """Plain numbers to restore it from, after a section."""
        left = {str(number): box for number, box in self.left.items()}
        return {"section": section, "used": self.used, "left": left, "known": self.known}

    def number(self, section: int, key: int, box: list[float]) -> int:
        """Number of the face that this section's stream calls `key` and that was first at `box`."""
        if (section, key) not in self._given:
            likely = {number: _overlap(box, known) for number, known in self.left.items()}
            best = max(likely, key=likely.get, default=None)
            if best is not None and likely[best] >= SAME_FACE:
                self.left.pop(best)
            else:
                best, self.used = self.used, self.used + 1
            self._given[section, key] = best
        return self._given[section, key]

    def leave(self, boxes: Iterable[tuple[int, int, list[float]]], known: Iterable[list[float]]) -> None:
        """Remember (section, key, last box) of the faces in the picture where a section ends, and `known` ones."""
        self.left = {self._given[section, key]: box for section, key, box in boxes if (section, key) in self._given}
        self._given, self.known = {}, list(known)


def _overlap(box: list[float], other: list[float]) -> float:
    """Intersection over union of two boxes."""
    a, b = np.asarray(box), np.asarray(other)
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner))
