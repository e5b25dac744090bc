"""Where the time of a video goes: processor time by stage, each without the stages inside it."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from processing_aullm import tracking_aullm
from processing_aullm.blinks_aullm import EyeWatch
from processing_aullm.clip_aullm import AullmImageProcessor
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.face_reading_aullm import FaceReader
from processing_aullm.refinement_aullm import RigidRefiner
from processing_aullm.spotting_aullm import MovementSpotter
from processing_aullm.tracking_aullm import AlignedFrame

METHODS = (
    (RigidRefiner, "match", "refinement"),
    (RigidRefiner, "__init__", "refinement"),
    (AlignedFrame, "crop", "warp"),
    (tracking_aullm, "warp", "warp"),
    (EyeWatch, "__init__", "eyes"),
    (EyeWatch, "changed", "eyes"),
    (FaceReader, "add", "motion gate"),
    (MovementSpotter, "spot", "spotting"),
)


class Stopwatch:
    """Processor seconds and calls by name.

    Attributes:
        seconds, calls: of each name.
    """

    def __init__(self) -> None:
        self.seconds, self.calls, self._inside = Counter(), Counter(), []

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count what happens inside; what is timed within that counts for its own name only."""
        self.calls[name] += 1
        self._inside.append(0.0)
        start = time.process_time()
        try:
            yield
        finally:
            spent = time.process_time() - start
            self.seconds[name] += spent - self._inside.pop()
            if self._inside:
                self._inside[-1] += spent

    def timed(self, function: Callable, name: str) -> Callable:
        """The function, timed."""

        def run(*args, **kwargs):
            with self.timing(name):
                return function(*args, **kwargs)

        return run

    def each(self, items: Iterable, name: str) -> Iterator:
        """The items, the making of each timed."""
        iterator, end = iter(items), object()
        while (item := self.timed(next, name)(iterator, end)) is not end:
            yield item

    @contextmanager
    def watching(self, reader: AullmImageProcessor) -> Iterator[None]:
        """Time the stages of everything that reads videos, with this processor's networks."""
        aligner = reader.aligner
        decode = NumberedFrames.__iter__
        with ExitStack() as stack:
            for place, method, name in METHODS:
                stack.enter_context(patch.object(place, method, self.timed(getattr(place, method), name)))
            stack.enter_context(
                patch.object(NumberedFrames, "__iter__", lambda frames: self.each(decode(frames), "decode"))
            )
            stack.enter_context(patch.object(aligner, "detector", self.timed(aligner.detector, "detection")))
            stack.enter_context(patch.object(aligner, "mesh", self.timed(aligner.mesh, "landmarks")))
            yield
