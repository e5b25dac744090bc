"""Everything that touches the model: loaded as any user loads it, asked within limits, silent about who is seen.

reader = Reader(Settings.from_environment())
reading = reader.read("face.mp4")
explanation = reader.explain("face.mp4", onset=60, offset=85)
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:  # ZeroGPU needs it before torch is imported; elsewhere it is not there, or does nothing
    import spaces
except ImportError:
    spaces = None

import gradio as gr
import problems
from logs import note
from problems import Problem
from settings import Settings
from transformers import pipeline

TASK = "action-unit-detection"
GPU_SECONDS = {"_read": 120, "_explain": 30}  # that a step is lent a GPU on ZeroGPU; it is ended then
SPARE_SECONDS = 10  # before that, to tell the person


class Reader:
    """A model behind limits. What goes wrong comes out as a `Problem`.

    Args:
        settings: model and limits.
        pipe: used instead of loading the model; for tests.
    """

    def __init__(self, settings: Settings, pipe=None) -> None:
        self.settings = settings
        self.pipe = load(settings) if pipe is None else pipe
        self._on_gpu = spaces.GPU(duration=lent_seconds)(self._guarded) if spaces else self._guarded

    @property
    def action_units(self) -> list[str]:
        """The K names, in the model's order."""
        names = self.pipe.model.config.id2label
        return [names[k] for k in range(len(names))]

    def check(self, video: str | None) -> float | None:
        """Whether a whole video keeps the limits of file and picture; its length does not matter yet.

        Returns:
            Seconds it lasts, None where the file does not say.

        Raises:
            Problem: as for `read`.
        """
        with unnamed(video, self.settings.max_megabytes) as clip:
            return self._length(clip)

    def read(self, video: str | None, start: float | None = None, end: float | None = None) -> dict:
        """Read a part of a video.

        Args:
            video: path of a file.
            start, end: seconds; None is the video's own start and end, and so is an end of 0.

        Returns:
            The pipeline's reading, without the file's name.

        Raises:
            Problem: with what is wrong and what to do.
        """
        with unnamed(video, self.settings.max_megabytes) as clip:
            start, end = self._part(clip, start or 0.0, end or None)
            reading = self._on_gpu("_read", clip, start, end)
        if not reading["faces"]:
            raise problems.no_face()
        if not any(face["windows"] for face in reading["faces"]):
            raise problems.no_motion_to_read()
        return reading | {"video": "video"}

    def explain(self, video: str | None, onset: int, offset: int, face: int = 0) -> dict:
        """Why the model answers as it does for one movement.

        Args:
            video: the path that was read.
            onset, offset: frames of the movement.
            face: as numbered in the reading.

        Returns:
            The pipeline's explanation.

        Raises:
            Problem: the upload is gone, or could not be read again.
        """
        if not video or not Path(video).is_file():
            raise problems.gone()
        with unnamed(video, self.settings.max_megabytes) as clip:
            return self._on_gpu("_explain", clip, onset, offset, face)

    def portraits(self, video: str, reading: dict) -> dict[int, object]:
        """One aligned grey crop (S, S) uint8 of each face, from its first frames; for choosing among several."""
        wanted = {face["face"]: face["first"] / reading["fps"] for face in reading["faces"]}
        found = {}
        with unnamed(video, self.settings.max_megabytes) as clip:
            start, end = min(wanted.values()), max(wanted.values()) + 1.0
            for chunk in self.pipe.processor.open_stream(clip, faces=len(wanted), start=start, end=end):
                found.setdefault(chunk.face, chunk.crops[0])
        return {face: crop for face, crop in found.items() if face in wanted}

    def explain_in_numbers(self, video: str | None, onset: int, offset: int, face: int = 0) -> dict:
        """`explain` without its pictures, as plain numbers; for the API."""
        explanation = self.explain(video, int(onset), int(offset), int(face or 0))
        kept = {name: explanation.get(name) for name in ("probabilities", "expert_weights", "counterfactuals")}
        relations = explanation.get("relations")
        return kept | {
            "action_units": self.action_units,
            "frame_indices": [int(i) for i in explanation["frame_indices"]],
            "relations": None if relations is None else [[float(s) for s in row] for row in relations],
        }

    def _length(self, clip: str) -> float | None:
        """Seconds that a video lasts, once its picture is known to keep the limits."""
        with translated():
            stream = self.pipe.processor.open_stream(clip)
            (width, height), fps, frames = stream.size, stream.fps, stream.frames
        limits = self.settings
        if max(width, height) > limits.longest_side:
            raise problems.too_wide(width, height, limits.longest_side)
        if min(width, height) < limits.shortest_side:
            raise problems.too_narrow(width, height, limits.shortest_side)
        return frames / fps if frames and fps else None

    def _part(self, clip: str, start: float, end: float | None) -> tuple[float, float | None]:
        """The seconds to read, once the video is known to keep the limits."""
        length, most = self._length(clip), self.settings.max_seconds
        if start < 0 or (end is not None and end <= start) or (length is not None and start >= length):
            raise problems.bad_part(length)
        stops = [each for each in (end, length) if each is not None]
        if stops and min(stops) - start > most:
            raise problems.too_long(min(stops) - start, most)
        return start, min(stops) if stops else start + most

    def _read(self, clip: str, start: float, end: float | None) -> dict:
        most = 60 * self.settings.max_minutes
        if on_zero_gpu():
            most = min(most, lent_seconds("_read") - SPARE_SECONDS)
        progress, deadline = gr.Progress(), time.monotonic() + most

        def tick(share: float) -> None:
            if time.monotonic() > deadline:
                raise problems.too_slow(most)
            progress(min(max(share, 0.0), 1.0), desc="Watching the face")

        return self.pipe(clip, faces=self.settings.max_faces, start=start, end=end, progress=tick)

    def _explain(self, clip: str, onset: int, offset: int, face: int) -> dict:
        return self.pipe.explain(clip, onset=onset, offset=offset, face=face)

    def _guarded(self, step: str, *arguments):
        """Run one step of this class; only a `Problem` leaves it, also from a ZeroGPU worker."""
        with translated():
            return getattr(self, step)(*arguments)


def load(settings: Settings):
    """The pipeline, as any user loads it; on ZeroGPU its weights go to the GPU that functions are lent."""
    device = "cuda" if on_zero_gpu() else None
    return pipeline(TASK, model=settings.model, revision=settings.revision, trust_remote_code=True, device=device)


def on_zero_gpu() -> bool:
    """Whether functions are lent a GPU here."""
    return bool(os.environ.get("SPACES_ZERO_GPU"))


def lent_seconds(step: str, *_arguments) -> int:
    """How long a step may keep the GPU that it is lent; a person's quota is charged for what is asked for."""
    return GPU_SECONDS[step]


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the pipeline become problems; what is printed names a kind of error and a line, never a file."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        problem = problems.problem_for(error)
        if problem is None:
            note(error)
            problem = problems.unexpected()
        raise problem from None


@contextmanager
def unnamed(video: str | None, max_megabytes: float) -> Iterator[str]:
    """The same file under a name that tells nothing, for as long as the block lasts.

    Raises:
        Problem: there is no file, or it is too heavy.
    """
    if not video:
        raise problems.nothing_chosen()
    if not Path(video).is_file():
        raise problems.gone()
    megabytes = os.path.getsize(video) / 1e6
    if megabytes > max_megabytes:
        raise problems.too_heavy(megabytes, max_megabytes)
    with tempfile.TemporaryDirectory(prefix="aullm-") as folder:
        clip = Path(folder) / f"video{Path(video).suffix.lower()}"
        try:
            os.link(video, clip)
        except OSError:  # another file system
            shutil.copyfile(video, clip)
        yield str(clip)
