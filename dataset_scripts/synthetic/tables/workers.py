"""Processes that render: jobs go in, finished files come out.

Workers are plain processes, started without `multiprocessing`, so that a user's script needs no
`if __name__ == "__main__"` guard. They read jobs as JSON lines and answer each with a line.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

import cv2

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_KEEP_PAGES = {"MALLOC_MMAP_THRESHOLD_": str(2**26), "MALLOC_TRIM_THRESHOLD_": str(2**28)}
"""glibc hands large arrays back to the system at once; keeping them makes set-up about a fifth faster."""


def run_jobs(jobs: list, do: Callable, num_proc: int) -> Iterator[None]:
    """Do all jobs, in any order.

    Args:
        jobs: dataclasses of one kind with plain values and the fields `domain` and `subject`; the longest first.
        do: a function of a module, that does one; the module also holds the class of the jobs.
        num_proc: processes; with 1 the jobs are done in this one.
    Yields:
        None after each job.
    Raises:
        RuntimeError: a process died; its last words are in the message.
    """
    if num_proc == 1:
        for job in jobs:
            yield do(job)
        return
    workers = [_Worker(do) for _ in range(min(num_proc, len(jobs)))]
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def render(job) -> None:
        worker = idle.get()
        try:
            worker.render(job)
        finally:
            idle.put(worker)

    pool = ThreadPoolExecutor(len(workers))
    try:
        for future in as_completed([pool.submit(render, job) for job in jobs]):
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.stop()


class _Worker:
    """A process that does the jobs it is handed. See `main`."""

    def __init__(self, do: Callable):
        root = str(Path(__file__).parents[3])
        search = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        environment = _KEEP_PAGES | os.environ | {"PYTHONPATH": search} | dict.fromkeys(_THREADS, "1")
        errors, name = tempfile.mkstemp(prefix="aullm-render-", suffix=".log")
        self._errors = Path(name)
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main({do.__module__!r}, {do.__name__!r})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        os.close(errors)

    def render(self, job) -> None:
        """Wait until the job is done.

        Raises:
            RuntimeError: the process has ended.
        """
        line = json.dumps({"class": type(job).__name__, "fields": asdict(job)})
        try:
            print(line, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer.strip() != "done":
            code = self._process.wait()
            last_words = self._errors.read_text(errors="replace")[-2000:].strip() or "no message"
            raise RuntimeError(
                f"the process rendering subject {job.subject} of {job.domain} ended with code {code}: {last_words}\n"
                "What was rendered so far is kept; calling again goes on from there."
            )

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._errors.unlink(missing_ok=True)


def main(module_name: str, function: str) -> None:
    """Do the jobs of standard input one by one; a line "done" follows each.

    Args:
        module_name, function: what does a job, and where its class is found.
    """
    cv2.setNumThreads(1)
    module = importlib.import_module(module_name)
    for line in sys.stdin:
        job = json.loads(line)
        getattr(module, function)(getattr(module, job["class"])(**job["fields"]))
        print("done", flush=True)
