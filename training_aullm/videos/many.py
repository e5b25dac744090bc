"""Many videos read over processes or machines: one task a video, a manifest, and a run that goes on where it stopped.

tasks = [Task(video, out / video.stem, "runs/demo", {}, ("tables",)) for video in videos]
for record in read_many(tasks, Manifest(out / "manifest.jsonl"), partial(run_jobs, num_proc=4)):
    print(record["video"], record["error"] or record["movements"])
"""

import json
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from processing_aullm import ClipError
from training_aullm.loading import load_pipeline, model_place
from training_aullm.videos.video_files import identity, read_to_files

Run = Callable[[Callable, Sequence], Iterator]


@dataclass(frozen=True)
class Task:
    """One video to read; travels to other processes and machines.

    Args:
        video: a file or a folder of images.
        base: path of its files without an ending.
        model: a run's folder, a published folder or a Hub id.
        options: of `AullmPipeline.stream`.
        formats: of `read_to_files`.
    """

    video: Path
    base: Path
    model: str
    options: dict
    formats: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.video)

    @property
    def key(self) -> str:
        """All that decides the files: a finished task with an equal key is not done again."""
        model = identity(Path(model_place(self.model)))
        return json.dumps([identity(self.video), str(self.base), model, self.options, self.formats], sort_keys=True)

    @property
    def bytes(self) -> int:
        """How large the video is, 0 where it is not there."""
        return identity(self.video)[2]


class Manifest:
    """What became of each task: a JSON object a line, appended as tasks end; of several for one video the last counts.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def done(self) -> dict[str, dict]:
        """Records of tasks that ended well and whose files are there, by key."""
        records = {record["video"]: record for record in self._lines()}
        fine = (record for record in records.values() if record["error"] is None)
        return {record["key"]: record for record in fine if all(Path(name).exists() for name in record["files"])}

    def add(self, record: dict) -> None:
        """Append a record."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # a run was killed amid a line
                    file.write(b"\n")
            file.write(json.dumps(record).encode("utf-8") + b"\n")

    def _lines(self) -> Iterator[dict]:
        for line in self.path.read_text("utf-8").splitlines() if self.path.exists() else ():
            try:
                yield json.loads(line)
            except ValueError:  # the line that a killed run was writing
                continue


def read_many(tasks: Sequence[Task], manifest: Manifest, run: Run) -> Iterator[dict]:
    """Read videos, those first that take longest; finished ones are not read again.

    Args:
        tasks: one a video.
        manifest: told of each task that ends.
        run: does jobs, as `dataset_scripts.parallel.run_jobs`.

    Yields:
        A record a video, as soon as it is there: video, key, error (None where all went well), files, seconds (of wall
        time), frames, fps, faces, movements, blinks; `again` where it was finished before.
    """
    done, left = manifest.done(), []
    for task in tasks:
        if (record := done.get(task.key)) is None:
            left.append(task)
        else:
            yield {**record, "again": True}
    for record in run(read_task, sorted(left, key=lambda task: -task.bytes)):
        manifest.add(record)
        yield record


def read_task(task: Task) -> dict:
    """Read one video to files, whatever happens: the record says what."""
    started = time.monotonic()
    record = {"video": str(task.video), "key": task.key, "error": None, "files": []}
    try:
        summary, files = read_to_files(task.video, _pipe(task.model), task.base, task.options, task.formats, task.model)
    except Exception as error:
        record["error"] = str(error) or type(error).__name__
        if not isinstance(error, (ClipError, OSError)):
            record["traceback"] = traceback.format_exc()
    else:
        movements = sum(row["score"] is not None for row in summary.events)
        record |= {"files": [str(path) for path in files], "faces": len(summary.faces)}
        record |= {"frames": summary.head["frames"], "fps": summary.head["fps"]}
        record |= {"movements": movements, "blinks": len(summary.events) - movements}
    return {**record, "seconds": round(time.monotonic() - started, 2)}


_pipe = lru_cache(1)(load_pipeline)
"""One model a process."""
