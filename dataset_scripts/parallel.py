"""Jobs done by several processes at once.

    for path in run_jobs(write_subject, jobs, num_proc=2):
        ...

The processes are joblib's (its loky backend): they start from a notebook, from `python -c` and from a script without
an `if __name__ == "__main__"` guard.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing

import cv2
from joblib import Parallel, delayed, parallel_config

from dataset_scripts.freed_memory import keep_freed_memory

IDLE_SECONDS = 10  # after which a process without a job gives its memory back


def run_jobs(do: Callable, jobs: Sequence, num_proc: int) -> Iterator:
    """Do all jobs; results do not depend on the number of processes, their order does.

    Args:
        do: what does one job; like its jobs and results it must be picklable.
        jobs: the longest first, so that none is left over at the end. Errors call them by `str`.
        num_proc: processes, of one thread each; with 1 the jobs are done in this process, in order.

    Yields:
        The result of each job, as soon as it is finished.

    Raises:
        RuntimeError: a process died; the message names the jobs that were in work.
        Exception: what a job raises, with a note that names the job. The other processes are ended.
    """
    num_proc = min(num_proc, len(jobs))
    if num_proc <= 1:
        for number, job in enumerate(jobs):
            yield _do(do, number, job)[1]
        return
    in_work: dict[int, object] = {}

    def calls():
        for number, job in enumerate(jobs):
            in_work[number] = job
            yield delayed(_do)(do, number, job)

    with parallel_config(
        "loky",
        inner_max_num_threads=1,
        idle_worker_timeout=IDLE_SECONDS,
        initializer=_start_worker,
        initargs=(os.getpid(),),
    ):
        # No job is handed out ahead of time, so that `in_work` holds those that a dying process can have had.
        pool = Parallel(num_proc, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")
        results = pool(calls())
    try:
        with closing(results):  # ends the processes where the caller stops early
            for number, result in results:
                del in_work[number]
                yield result
    except BrokenProcessPool as error:
        names = " or ".join(str(job) for job in in_work.values())
        raise RuntimeError(
            f"a process died while it worked on {names} (killed, or out of memory?). "
            "What was finished is kept; the same call again goes on from there."
        ) from error


def _do(do: Callable, number: int, job) -> tuple:
    try:
        return number, do(job)
    except Exception as error:
        error.add_note(f"while working on {job}; what was finished is kept")
        raise


def _start_worker(parent: int) -> None:
    """Settings of a new process that environment variables do not cover."""
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    keep_freed_memory()


def _end_with(parent: int) -> None:
    """End this process soon after the one that started it was killed: nobody is left to read its results."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
