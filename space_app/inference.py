"""Everything that touches the model: loaded as any user loads it, asked within limits, silent about who is seen.

reader = Reader(Settings.from_environment())
reading = reader.read("face.mp4")
explanation = reader.explain("face.mp4", onset=60, offset=85)
"""

import gc
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

try:  # ZeroGPU needs it before torch is imported; elsewhere it is not there, or does nothing
    import spaces
except ImportError:
    spaces = None

import film
import gradio as gr
import problems
import torch
from admission import Admitted, translated, unnamed
from deadline import OutOfTime, within
from settings import Settings
from transformers import pipeline

TASK = "action-unit-detection"
GPU_SECONDS = {"_read": 120, "_explain": 30}  # that a step is lent a GPU on ZeroGPU; it is ended then
LIVE_RATES = {20.0: 0.25, 10.0: 0.5}
"""Pictures a second that are read live, and seconds from one answer to the next; the second pair for slow machines.
A window of half a second has six frames at the least, as many as the model sees.
"""
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
        with self._admitted(video) as clip:
            return clip.length

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
        with self._admitted(video) as clip:
            start, end = clip.part(start or 0.0, end or None)
            reading = self._on_gpu("_read", clip.path, start, end)
        if not reading["faces"]:
            raise problems.no_face()
        if not any(face["windows"] for face in reading["faces"]):
            raise problems.no_motion_to_read()
        return reading | {"video": "video"}

    def explain(self, video: str | None, onset: int, offset: int, face: int | Sequence[float] = 0) -> dict:
        """Why the model answers as it does for one movement.

        Args:
            video: the path that was read.
            onset, offset: frames of the movement.
            face: by size in the onset's frame, the largest is 0; or its box there.

        Returns:
            The pipeline's explanation.

        Raises:
            Problem: the upload is gone, could not be read again, or more is asked for than is taken.
        """
        with self._admitted(video) as clip:
            clip.refuse_span(onset, offset, face)
            return self._on_gpu("_explain", clip.path, onset, offset, face)

    def portraits(self, video: str, reading: dict) -> dict[int, object]:
        """One aligned grey crop (S, S) uint8 of each face, from its first frames; for choosing among several."""
        wanted = {face["face"]: (face["first"], face["box"]) for face in reading["faces"]}
        with self._admitted(video) as clip:
            return self._guarded("_portraits", clip.path, wanted, reading["fps"])

    def with_points(self, video: str | None, reading: dict) -> bytes:
        """The part of a video that was read, with the followed points of its faces drawn on it: an MP4.

        Args:
            video: the path that was read.
            reading: of it.

        Raises:
            Problem: as for `read`.
        """
        faces = reading["faces"]
        first, last = min(face["first"] for face in faces), max(face["last"] for face in faces)
        span = first / reading["fps"], (last + 1) / reading["fps"]
        with self._admitted(video) as clip:
            return self._guarded("_with_points", clip.path, len(faces), *span)

    def live(self, rate: float):
        """A reading of a face while it is filmed.

        Args:
            rate: pictures a second, one of LIVE_RATES.
        """
        return self.pipe.live(fps=rate, hop=LIVE_RATES[rate], chunk=LIVE_RATES[rate])

    @property
    def reads_live(self) -> bool:
        """Whether faces can be read while they are filmed: on ZeroGPU a step would wait for a GPU each time."""
        return hasattr(self.pipe, "live") and not on_zero_gpu()

    def explain_in_numbers(self, video: str | None, onset: int, offset: int, face: int = 0) -> dict:
        """`explain` without its pictures, as plain numbers; for the API."""
        asked = (onset, offset, face or 0)
        if not all(isinstance(each, (int, float)) and math.isfinite(each) for each in asked):
            raise problems.bad_part()
        explanation = self.explain(video, *map(int, asked))
        kept = {name: explanation.get(name) for name in ("probabilities", "expert_weights", "counterfactuals")}
        relations = explanation.get("relations")
        return kept | {
            "action_units": self.action_units,
            "frame_indices": [int(i) for i in explanation["frame_indices"]],
            "relations": None if relations is None else [[float(s) for s in row] for row in relations],
        }

    @contextmanager
    def _admitted(self, video: str | None) -> Iterator[Admitted]:
        """The one door: a video that keeps the limits of bytes, picture and time to open it."""
        with unnamed(video, self.settings.max_megabytes) as path:
            yield self._guarded("_open", path)

    def _open(self, path: str) -> Admitted:
        return Admitted.opened(self.pipe.processor.open_stream(path), path, self.settings)

    def _read(self, clip: str, start: float, end: float | None) -> dict:
        most = self._most_seconds("_read")
        progress, deadline = gr.Progress(), time.monotonic() + most

        def tick(share: float) -> None:
            if time.monotonic() > deadline:
                raise problems.too_slow(most)
            if not os.path.exists(clip):
                raise problems.gone()
            progress(min(max(share, 0.0), 1.0), desc="Watching the face")

        return self.pipe(clip, faces=self.settings.max_faces, start=start, end=end, progress=tick)

    def _explain(self, clip: str, onset: int, offset: int, face: int | Sequence[float]) -> dict:
        return self.pipe.explain(clip, onset=onset, offset=offset, face=face)

    def _portraits(self, clip: str, wanted: dict[int, tuple[int, list[float]]], fps: float) -> dict[int, object]:
        """Of each face that stands where it should in its first frame: its number is the reading's own."""
        frames, found = [first for first, _ in wanted.values()], {}
        start, end = min(frames) / fps, max(frames) / fps + 1.0
        for chunk in self.pipe.processor.open_stream(clip, faces=len(wanted), start=start, end=end):
            for face, (first, box) in wanted.items():
                place = first - chunk.first
                if 0 <= place < len(chunk.crops) and _is_same(chunk.boxes[place], box):
                    found.setdefault(face, chunk.crops[place])
            if len(found) == len(wanted):
                break
        return found

    def _with_points(self, clip: str, faces: int, start: float, end: float) -> bytes:
        return film.with_points(lambda: self.pipe.processor.open_stream(clip, faces=faces, start=start, end=end))

    def _most_seconds(self, step: str) -> float:
        """How long a step may take; portraits may come from anywhere in what was read."""
        long = step in ("_read", "_portraits", "_with_points")
        most = 60 * self.settings.max_minutes if long else self.settings.max_explain_seconds
        if on_zero_gpu() and step in GPU_SECONDS:
            most = min(most, lent_seconds(step) - SPARE_SECONDS)
        return most

    def _guarded(self, step: str, *arguments):
        """Run one step of this class within its time; only a `Problem` leaves it, also from a ZeroGPU worker."""
        most = self._most_seconds(step)
        try:
            with translated(), within(most):
                return getattr(self, step)(*arguments)
        except OutOfTime:
            raise problems.too_slow(most) from None


def _is_same(box: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two boxes are of one face: their sides lie within an eighth of its width."""
    return max(abs(a - b) for a, b in zip(box, other, strict=True)) < (other[2] - other[0]) / 8


def load(settings: Settings):
    """The pipeline, as any user loads it; on ZeroGPU its weights go to the GPU that functions are lent."""
    if settings.comes_along:
        from training_aullm.loading import load_pipeline  # only a checkout has it

        pipe = load_pipeline(settings.model)
    else:
        device = "cuda" if on_zero_gpu() else None
        model = {"model": settings.model, "revision": settings.revision}
        pipe = pipeline(TASK, **model, trust_remote_code=True, device=device)
    # Each reading keeps to one thread: several people are read at once, and threads that wait for each other while a
    # browser or another reading has the cores took 18 times as long.
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # a search for garbage among all that torch and transformers hold takes half a second of everybody's
    return pipe


def on_zero_gpu() -> bool:
    """Whether functions are lent a GPU here."""
    return bool(os.environ.get("SPACES_ZERO_GPU"))


def lent_seconds(step: str, *_arguments) -> int:
    """How long a step may keep the GPU that it is lent; a person's quota is charged for what is asked for."""
    return GPU_SECONDS[step]
