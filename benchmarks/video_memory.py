"""Memory of reading a long film, from its first minute to its last.

Tested in tests/benchmarks/test_video.py.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from processing_aullm.clip_aullm import AullmImageProcessor
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.video_aullm import open_clip
from training_aullm.figures.style import BLUE, new_figure
from training_aullm.loading import load_pipeline
from training_aullm.videos.video_files import read_to_files

SAMPLES = 240  # points of a curve
FILES = ("csv", "json", "parquet", "vtt")


def memory_curve(film: Path, model: str | None = None, second_opinion: bool = True) -> dict:
    """Read a film to its end and look at the process's memory on the way.

    Args:
        film: of one face.
        model: a run, folder or Hub id: all that `aullm predict` does, with FILES written at the end; None follows
            faces only.
        second_opinion: whether it is asked for, where there is a model.

    Returns:
        {"minutes": [of the film], "megabytes": [resident then], "end_megabytes": when all files are written,
        "ms_per_frame": wall time, "frames", "files": {ending: bytes}}
    """
    minutes, megabytes, start = [], [], time.perf_counter()
    frames = NumberedFrames(open_clip(film))
    seconds = frames.count / frames.fps

    def look(share: float) -> None:
        minutes.append(round(share * seconds / 60, 3))
        megabytes.append(_resident())

    sizes = _follow(film, look) if model is None else _predict(film, model, {"second_opinion": second_opinion}, look)
    step = max(1, len(minutes) // SAMPLES)
    return {
        "minutes": minutes[::step],
        "megabytes": megabytes[::step],
        "end_megabytes": _resident(),
        "ms_per_frame": round((time.perf_counter() - start) / frames.count * 1e3, 2),
        "frames": frames.count,
        "files": sizes,
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


def _follow(film: Path, look: Callable[[float], None]) -> dict[str, int]:
    """Follow the faces; nothing is kept and no file is written."""
    for chunk in AullmImageProcessor().open_stream(film):
        look(chunk.done)
    return {}


def _predict(film: Path, model: str, options: dict, look: Callable[[float], None]) -> dict[str, int]:
    """What `aullm predict` does; gives the sizes of the files."""
    with tempfile.TemporaryDirectory() as folder:
        pipe, base = load_pipeline(model), Path(folder, "film")
        _, files = read_to_files(film, pipe, base, options, FILES, model, lambda what, share: look(share))
        return {path.name.removeprefix("film."): path.stat().st_size for path in files}


def _resident() -> float:
    """Megabytes of this process that stand in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
