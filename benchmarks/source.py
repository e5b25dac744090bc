"""Speed and memory of the clip source: set-up of a session, clips a second, whether their cost stays flat, takes.

    python -m benchmarks.source
    python -m benchmarks.source --domain casme3-like --sizes 224
    python -m benchmarks.source --subjects 5000 --clips 5000 --sizes 112      # a whole set, with its memory
    python -m benchmarks.source --pictures                                    # docs/img/source_*.png

A clip is six frames with sensor noise and JPEG. Rates are per core, in CPU time and in wall time (which a busy machine
stretches), after the session has measured the shading of the units; "first use" is what that costs, once a unit and
session. Prints a table, then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console

from benchmarks.source_pictures import draw_pictures
from dataset_scripts.synthetic import load_synthetic, open_take
from dataset_scripts.synthetic.acting.combinations import draw_labels
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import get_domain
from dataset_scripts.synthetic.people.muscles import RENDERED_UNITS
from dataset_scripts.synthetic.tables.session import Session
from training_aullm.score.report import json_line, result_table

FRAMES = 6
COLUMNS = {
    "size": "pixels a side",
    "setup_cpu": "set-up, CPU s",
    "setup_wall": "wall s",
    "unit_ms": "first use of a unit, CPU ms",
    "clips_cpu": "clips per CPU s",
    "clips_wall": "per wall s",
    "first": "first block, CPU ms a clip",
    "last": "last block",
    "take_ms": "take, CPU ms a frame",
}
PICTURES = Path(__file__).parents[1] / "docs" / "img"


def clock(do: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    do()
    return time.process_time() - cpu, time.perf_counter() - wall


def measure(domain_name: str, size: int, blocks: int) -> dict:
    """Numbers of one domain at one size, on this core; `blocks` times 50 clips are filmed."""
    domain = get_domain(domain_name)
    camera = Camera(size=size, colour=domain.variety.colour)
    Session(domain, 0, 1000, camera)  # loads the head
    setups = [clock(lambda number=number: Session(domain, 0, number, camera)) for number in range(5)]
    setup_cpu, setup_wall = (sorted(seconds)[2] for seconds in zip(*setups, strict=True))
    session = Session(domain, 0, 0, camera)
    unit_cpu, _ = clock(lambda: [session.clip((unit,), 0, 2) for unit in RENDERED_UNITS])
    labels = [units for subject in draw_labels(domain, 5, 50, 0) for units in subject]
    spent = []
    for block in range(blocks):
        start = block * len(labels)
        spent.append(clock(lambda start=start: [session.clip(u, start + n, FRAMES) for n, u in enumerate(labels)]))
    cpu, wall = (sorted(seconds)[blocks // 2] for seconds in zip(*spent, strict=True))
    take = open_take(domain=domain_name, seconds=4, size=size, framing="crop", events={"blink": 1, "speech": 0})
    frames_cpu, _ = clock(lambda: sum(1 for _ in take.frames()))
    return {
        "size": size,
        "setup_cpu": setup_cpu,
        "setup_wall": setup_wall,
        "unit_ms": 1000 * unit_cpu / len(RENDERED_UNITS),
        "clips_cpu": len(labels) / cpu,
        "clips_wall": len(labels) / wall,
        "first": 1000 * spent[0][0] / len(labels),
        "last": 1000 * spent[-1][0] / len(labels),
        "take_ms": 1000 * frames_cpu / take.truth["frames"],
    }


def whole_set(domain: str, subjects: int, clips: int, size: int, processes: int | None) -> dict:
    """Render a set from nothing into a folder that is thrown away: time, size on disk, and memory by tenth of it."""
    with tempfile.TemporaryDirectory() as folder, MemoryWatch() as memory:
        spent = clock(
            lambda: load_synthetic(domain, subjects, clips, FRAMES, size, num_proc=processes, cache_dir=folder)
        )
        megabytes = sum(path.stat().st_size for path in Path(folder).rglob("*.arrow")) / 1e6
    shown = {"domain": domain, "subjects": subjects, "clips": clips, "size": size, "wall_s": spent[1]}
    return shown | {"disk_mb": megabytes, "memory_mb_by_tenth": memory.by_tenth(), "memory_mb_most": memory.most()}


class MemoryWatch:
    """A thread that looks once a second; a context manager.

    Counted is what a process cannot give back: anonymous pages, not files mapped into memory. Linux only; elsewhere
    nothing is seen and the lists are empty.
    """

    def __init__(self, every: float = 1.0):
        self._every, self._seen, self._stop = every, [], threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()

    def by_tenth(self) -> list[int]:
        """Megabytes of all processes together: the most seen in each tenth of the time."""
        count = len(self._seen)
        parts = [self._seen[count * part // 10 : count * (part + 1) // 10] for part in range(10)]
        return [round(max(part)) for part in parts if part]

    def most(self) -> int:
        """Megabytes: the most seen."""
        return round(max(self._seen, default=0))

    def _watch(self) -> None:
        while not self._stop.is_set():
            family = [os.getpid(), *_children(os.getpid())]
            self._seen.append(sum(_anonymous(process) for process in family))
            time.sleep(self._every)


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(folder.name))
    return found


def _anonymous(process: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0


def main(
    domain: Annotated[str, typer.Option(help="Which domain to render.")] = "casme2-like",
    sizes: Annotated[str, typer.Option(help="Pixels a side, separated by commas.")] = "224,112",
    blocks: Annotated[int, typer.Option(min=2, help="Blocks of 50 clips.")] = 6,
    subjects: Annotated[int, typer.Option(help="Render a whole set of so many subjects instead.")] = 0,
    clips: Annotated[
        int | None, typer.Option(help="Of the whole set; as the domain has per subject by default.")
    ] = None,
    processes: Annotated[int | None, typer.Option(help="That render the whole set.")] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Draw the pictures of the documentation instead.")
    ] = False,
) -> None:
    """Measure the clip source, or draw what it can do."""
    cv2.setNumThreads(1)
    if pictures:
        for path in draw_pictures(PICTURES):
            typer.echo(path)
        return
    numbers = [int(size) for size in sizes.split(",")]
    if subjects:
        count = clips or round(get_domain(domain).clips * subjects / get_domain(domain).subjects)
        rows = [whole_set(domain, subjects, count, size, processes) for size in numbers]
        columns = {key: key.replace("_", " ") for key in rows[0]}
    else:
        rows, columns = [measure(domain, size, blocks) for size in numbers], COLUMNS
    shown = [
        {key: f"{value:.3g}" if isinstance(value, float) else str(value) for key, value in row.items()} for row in rows
    ]
    Console(width=150).print(result_table(shown, columns, f"{domain}, {FRAMES} frames a clip"))
    print(json_line({"benchmark": "source", "domain": domain, "frames": FRAMES, "rows": rows}))


if __name__ == "__main__":
    typer.run(main)
