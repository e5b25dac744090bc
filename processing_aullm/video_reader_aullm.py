"""Reading a video piece by piece: faces are followed, windows answered by the model, movements spotted.

for piece in processor.read_video("face.mp4", answer):
    ...
reading = processor.join_pieces(pieces)
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from itertools import islice

import numpy as np
import torch

from .asked_clips_aullm import note
from .clip_error_aullm import ClipError, ClipFault
from .face_reader_aullm import FaceReader
from .prompt_aullm import ACTION_UNIT_MEANINGS
from .reading_types_aullm import ClipAnswer, FaceReading, Piece, Reading, Resume, joined
from .second_opinion_aullm import VISIBLE, SecondOpinion
from .sections_aullm import FaceNumbers, Section, cut_sections
from .stream_aullm import FaceStream
from .video_file_aullm import VideoFile
from .windows_aullm import WindowGrid

Answer = Callable[[torch.Tensor, torch.Tensor], list[tuple[list[float], torch.Tensor | None]]]
MAX_PIECE_S = 8.0
AT_ONCE = 8  # videos of a list that are open at the same time
PASSED_OVER = (ClipFault.NO_FACE, ClipFault.BAD_SPAN)  # of a section: no face in it, or the file broke off before it


@dataclass(frozen=True)
class Question:
    """Windows that wait for the model's answers.

    Args:
        windows: B windows of T crops (S, S); one array where windows share a frame.
    """

    windows: list[list[np.ndarray]]


Steps = Generator[Piece | Question, list[ClipAnswer] | None, None]
"""A reading under way: gives pieces, and questions, to which B answers are sent back."""


@dataclass(frozen=True)
class ReadingOptions:
    """How a video is read, see `VideoReading.read_video`."""

    faces: int = 1
    start: float | None = None
    end: float | None = None
    length: float = 0.5
    hop: float = 0.1
    threshold: float = 0.5
    fps: float | None = None
    batch_size: int = 16
    second_opinion: bool = True

    @classmethod
    def of(cls, options: dict[str, object]) -> "ReadingOptions":
        """The options that a call names.

        Raises:
            ValueError: one is out of range, or there is none of that name.
        """
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f", is {near[0]} meant?" if near else "."
                raise ValueError(f"there is no option {name}{hint} There are {', '.join(known)}")
        return cls(**options)

    def __post_init__(self) -> None:
        for name in ("faces", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, it must be at least 1")
        for name in ("length", "hop"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)} s, it must be above zero")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold is {self.threshold}, it must lie between 0 and 1")
        if self.start is not None and self.start < 0:
            raise ValueError(f"start is {self.start} s, it must not be negative")
        if self.end is not None and self.end <= (self.start or 0):
            raise ValueError(f"end is {self.end} s, it must come after start, {self.start or 0} s")


class VideoReading:
    """What a processor does with whole videos; a base class of `AullmProcessor`."""

    def window_inputs(self, crops: torch.Tensor, windows: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the model needs to answer for windows that share crops.

        Args:
            crops: (N, S, S) uint8.
            windows: (B, T) indices of each window's frames among them.

        Returns:
            `pixel_values` (N, 1, S, S) in [0, 1], `windows`, and a prompt for each window.
        """
        prompt = self.prompt()
        ids = torch.tensor(prompt.input_ids).expand(len(windows), -1)
        return {
            "pixel_values": crops[:, None].float() / 255,
            "windows": windows,
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "au_positions": torch.tensor(prompt.au_positions).expand(len(windows), -1),
        }

    def read_video(
        self,
        video: object,
        answer: Answer,
        progress: Callable[[float], None] | None = None,
        after: Resume | None = None,
        **options,
    ) -> Iterator[Piece]:
        """Read a video piece by piece, in memory that does not grow with it.

        Args:
            video: what `open_clip` reads.
            answer: gives what makes a `ClipAnswer`, for crops (N, S, S) uint8 and windows (B, T), the indices of their
                frames among the crops; called only for windows in which something moves.
            progress: called with the share that has been read.
            after: the `resume` of a piece: go on after its section.
            **options: fields of `ReadingOptions`; seconds for start, end, length and hop.

        Yields:
            Pieces: readings with the results that became final since the last piece, `done`, and `resume` on the last
            piece of a section (None on others).

        Raises:
            ClipError: the video cannot be read or shows no face.
            ValueError: an option is out of range, or the frame rate is not known.
        """
        wanted = ReadingOptions.of(options)
        steps, answers = self._steps(video, wanted, progress, after), None
        while (step := _next(steps, answers)) is not None:
            answers = None
            if isinstance(step, Question):
                answers = answers_to(step.windows, answer, wanted.batch_size)
            else:
                yield step

    def read_videos(self, videos: Iterable[object], answer: Answer, **options) -> list[Reading]:
        """Read many videos, several at a time, so that the model answers full batches over videos.

        Args:
            videos: each as for `read_video`.
            answer: as there.
            **options: as there; with `batch_size` above what one video asks for at once, batches hold several videos.

        Returns:
            A reading a video, in their order.

        Raises:
            ClipError, ValueError: as there.
        """
        progress = options.pop("progress", None)
        wanted, left = ReadingOptions.of(options), iter(videos)
        readings: list[_UnderWay] = []
        asking: list[_UnderWay] = []
        while True:
            while len(asking) < AT_ONCE and sum(len(each.windows) for each in asking) < wanted.batch_size:
                if (video := next(left, None)) is None:
                    break
                readings.append(_UnderWay(self._steps(video, wanted, progress, None)))
                asking += [each for each in readings[-1:] if each.windows]
            if not asking:
                return [self.join_pieces(each.pieces) for each in readings]
            windows = [window for each in asking for window in each.windows]
            answers = iter(answers_to(windows, answer, wanted.batch_size))
            for each in asking:
                each.go_on(list(islice(answers, len(each.windows))))
            asking = [each for each in asking if each.windows]

    def _steps(
        self, video: object, wanted: ReadingOptions, progress: Callable[[float], None] | None, after: Resume | None
    ) -> Steps:
        plan = self._stream(video, wanted, wanted.start, wanted.end)
        sections = cut_sections(plan, wanted.start, wanted.end)
        numbers = FaceNumbers.restored(after)
        failure = None
        for section in sections[0 if after is None else after["section"] + 1 :]:
            if _is_empty(plan, section):
                continue
            try:
                # The clip opened for the plan, not `video`: what it has looked up of the file serves all sections.
                stream = plan
                if not section.whole:
                    stream = self._stream(plan.clip, wanted, section.read_from, section.read_to, numbers.known)
                yield from _SectionReader(self, stream, section, wanted, numbers, progress).steps()
            except ClipError as error:
                if error.code not in PASSED_OVER:  # what follows would be missing from a reading that looks complete
                    raise
                failure = failure or error
        if not numbers.used:
            message = f"{plan.name}: a face is seen in one frame only; motion needs at least 2"
            raise failure or ClipError(message, ClipFault.TOO_SHORT)

    def join_pieces(self, pieces: Iterable[Piece]) -> Reading:
        """One reading out of its pieces, in order."""
        reading, parts = None, {}
        for piece in pieces:
            reading = {name: value for name, value in piece.items() if name not in ("faces", "done", "resume")}
            for part in piece["faces"]:
                parts.setdefault(part["face"], []).append(part)
        faces = [joined(parts[number]) for number in sorted(parts)]
        for face in faces:  # what the second opinion alone sees is known a little later
            face["movements"].sort(key=lambda each: each["onset"])
        return {**reading, "faces": faces}

    def _stream(
        self,
        video: object,
        wanted: ReadingOptions,
        start: float | None,
        end: float | None,
        known: Sequence[list[float]] = (),
    ) -> FaceStream:
        return self.open_stream(
            video,
            faces=wanted.faces,
            start=start,
            end=end,
            fps=wanted.fps,
            length=wanted.length,
            second_opinion=wanted.second_opinion,
            known=known,
        )


def _is_empty(plan: FaceStream, section: Section) -> bool:
    """Whether a section lies in a gap of the file, which may last longer than all the rest."""
    if section.whole or section.read_to is None or not isinstance(plan.clip, VideoFile):
        return False
    first, stop = (round((at or 0) * plan.fps) for at in (section.read_from, section.read_to))
    return not plan.clip.holds(first, stop)


class _SectionReader:
    """Reads one section of a video."""

    def __init__(
        self,
        processor: VideoReading,
        stream: FaceStream,
        section: Section,
        wanted: ReadingOptions,
        numbers: FaceNumbers,
        progress: Callable[[float], None] | None,
    ) -> None:
        self.processor, self.stream, self.section, self.wanted = processor, stream, section, wanted
        self.numbers, self.progress = numbers, progress
        self.grid = WindowGrid.of(stream.fps, wanted.length, wanted.hop)
        self.readers: dict[int, FaceReader] = {}
        self.read_to = section.first

    def steps(self) -> Steps:
        """The section's pieces, each after the question that it depends on; `resume` of the last one is not None."""
        since = self.section.first
        for chunk in self.stream:
            reader = self._reader(chunk.face)
            reader.add(chunk)
            self.read_to = max(self.read_to, chunk.first + len(chunk) - 1)
            full = (
                reader.unsettled or sum(len(each.waiting) for each in self.readers.values()) >= self.wanted.batch_size
            )
            if full or self.read_to - since >= MAX_PIECE_S * self.stream.fps:
                since = self.read_to
                yield from self._piece(False)
        yield from self._piece(True)

    def _piece(self, ends: bool) -> Steps:
        """Results that became final since the last piece; `resume` where the section ends."""
        yield from self._ask(ends)
        faces, resume = self._settled(ends), None
        if ends:
            left = (
                (self.section.index, key, reader.last_box)
                for key, reader in self.readers.items()
                if reader.last_box is not None and not reader.left
            )
            handed_over = (reader.handed_over for reader in self.readers.values())
            self.numbers.leave(left, (box for box in handed_over if box is not None))
            resume = self.numbers.state(self.section.index)
        done = self.section.share(None if ends else self.read_to)
        if self.progress is not None:
            self.progress(done)
        yield {**self._head(), "faces": faces, "done": done, "resume": resume}

    def _head(self) -> dict:
        names = list(self.processor.action_units)
        return {
            "video": self.stream.name,
            "fps": self.stream.fps,
            "frames": self.stream.frames or self.stream.decoded,
            "size": [int(side) for side in self.stream.size],
            "action_units": names,
            "meanings": {name: ACTION_UNIT_MEANINGS[name] for name in (*names, *self._only_seen(names))},
            "threshold": self.wanted.threshold,
        }

    def _only_seen(self, names: list[str]) -> list[str]:
        """Units that the second opinion may name and the model does not know."""
        if not self.wanted.second_opinion:
            return []
        return [name for name in ACTION_UNIT_MEANINGS if name in VISIBLE and name not in names]

    def _reader(self, face: int) -> FaceReader:
        if face not in self.readers:
            frames = self.processor.image_processor.num_frames
            names = list(self.processor.action_units)
            self.readers[face] = FaceReader(
                self.grid,
                self.section,
                num_frames=frames,
                action_units=names,
                threshold=self.wanted.threshold,
                fps=self.stream.fps,
                second=SecondOpinion(self.stream.fps) if self.wanted.second_opinion else None,
            )
        return self.readers[face]

    def _ask(self, ends: bool) -> Steps:
        """Ask for what waits of all faces together, and note the answers."""
        while waiting := [task for reader in self.readers.values() for task in reader.take_waiting(ends)]:
            answers = yield Question([crops for _, crops in waiting])
            for (target, _), answer in zip(waiting, answers, strict=True):
                note(target, answer)

    def _settled(self, ends: bool) -> list[FaceReading]:
        """The results that are final."""
        parts = []
        for key in sorted(self.readers):
            part = self.readers[key].settled(ends)
            if part is not None:
                parts.append({"face": self.numbers.number(self.section.index, key, part["box"]), **part})
        return parts


class _UnderWay:
    """One of many readings, gone on with to its next question.

    Attributes:
        pieces: those that are there.
        windows: of the question that waits; none where the reading has ended.
    """

    def __init__(self, steps: Steps) -> None:
        self.steps, self.pieces = steps, []
        self.go_on(None)

    def go_on(self, answers: list[ClipAnswer] | None) -> None:
        """Take the answers that it waits for."""
        self.windows = []
        while (step := _next(self.steps, answers)) is not None:
            if isinstance(step, Question):
                self.windows = step.windows
                return
            self.pieces.append(step)
            answers = None


def _next(steps: Steps, answers: list[ClipAnswer] | None) -> Piece | Question | None:
    """The next step, None behind the last one."""
    try:
        return steps.send(answers)
    except StopIteration:
        return None


def answers_to(windows: list[list[np.ndarray]], answer: Answer, batch_size: int) -> list[ClipAnswer]:
    """The model's answers to windows of crops, in batches."""
    batches = (windows[at : at + batch_size] for at in range(0, len(windows), batch_size))
    return [ClipAnswer(*each) for batch in batches for each in answer(*shared_crops(batch))]


def shared_crops(windows: list[list[np.ndarray]]) -> tuple[torch.Tensor, torch.Tensor]:
    """The crops of several windows, each crop once.

    Args:
        windows: B windows of T crops (S, S); one array where windows share a frame.

    Returns:
        Crops (N, S, S) and indices (B, T) among them.
    """
    crops = {id(crop): crop for window in windows for crop in window}
    places = {key: place for place, key in enumerate(crops)}
    rows = [[places[id(crop)] for crop in window] for window in windows]
    return torch.from_numpy(np.stack(list(crops.values()))), torch.tensor(rows)
