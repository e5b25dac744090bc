"""Memory of reading a long film, from its first minute to its last."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from processing_aullm.clip_aullm import AullmImageProcessor
from training_aullm.figures.style import BLUE, new_figure
from training_aullm.predict import load_pipeline

SAMPLES = 240  # points of a curve


def memory_curve(film: Path, model: str | None = None) -> dict:
    """Read a film to its end and look at the process's memory on the way.

    Args:
        film: of one face.
        model: a run, folder or Hub id; None follows faces only.

    Returns:
        {"minutes": [of the film], "megabytes": [resident then], "ms_per_frame": wall time, "frames"}
    """
    minutes, megabytes, frames, start = [], [], 0, time.perf_counter()
    for read, seconds in _progress(film, model):
        frames = read
        minutes.append(round(seconds / 60, 3))
        megabytes.append(_resident())
    step = max(1, len(minutes) // SAMPLES)
    return {
        "minutes": minutes[::step],
        "megabytes": megabytes[::step],
        "ms_per_frame": round((time.perf_counter() - start) / max(1, frames) * 1e3, 2),
        "frames": frames,
    }


def draw_memory(path: Path, curve: dict) -> None:
    """Write the curve of `memory_curve` as a PNG."""
    with new_figure(path, 6.4, 2.8) as figure:
        axis = figure.subplots()
        axis.plot(curve["minutes"], curve["megabytes"], color=BLUE, lw=1.5)
        axis.set(
            title=f"memory of the process over {curve['frames']:,} frames",
            xlabel="minutes of the video",
            ylabel="MB resident",
            ylim=(0, 1.25 * max(curve["megabytes"])),
        )


def _progress(film: Path, model: str | None) -> Iterator[tuple[int, float]]:
    """(frames read, seconds of the film read), after each chunk or piece; nothing of it is kept."""
    if model is None:
        stream = AullmImageProcessor().open_stream(film)
        for chunk in stream:
            last = chunk.first + len(chunk)
            yield last, last / stream.fps
        return
    for piece in load_pipeline(model).stream(film):
        yield round(piece["done"] * piece["frames"]), piece["done"] * piece["frames"] / piece["fps"]


def _resident() -> float:
    """Megabytes of this process that stand in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
