"""Subjects prepared one after another, or by several processes at once."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process

import datasets

from processing_aullm import AullmImageProcessor
from processing_aullm.alignment_aullm import FaceAligner
from training_aullm.prepare.aligning import ClipForm
from training_aullm.prepare.subject_shards import SubjectJob, write_subject

_worker: tuple = ()


def write_subjects(
    jobs: Sequence[SubjectJob],
    source: datasets.Dataset,
    form: ClipForm,
    code: str,
    num_proc: int = 1,
    aligner: FaceAligner | None = None,
) -> Iterator[SubjectJob]:
    """Prepare every subject that has no current shard.

    Args:
        jobs: the subjects.
        source: the whole table.
        form: how clips are stored.
        code: a hash of the code that aligns.
        num_proc: processes.
        aligner: holds faces, in this process; None: the packaged networks.

    Yields:
        Each finished subject; with several processes those with most clips come first.
    """
    if num_proc == 1 or len(jobs) == 1 or aligner is not None:
        aligner = aligner or new_aligner(form)
        for job in jobs:
            write_subject(job, source, form, code, aligner)
            yield job
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the workers import torch
    pool = ProcessPoolExecutor(min(num_proc, len(jobs)), get_context("spawn"), _start_worker, (source, form, code))
    try:
        longest_first = sorted(jobs, key=lambda job: -len(job.rows))
        for future in as_completed([pool.submit(_work, job) for job in longest_first]):
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def new_aligner(form: ClipForm) -> FaceAligner | None:
    """The packaged face networks; None where nothing is aligned."""
    return AullmImageProcessor(size=form.size).aligner if form.align else None


def _start_worker(source: datasets.Dataset, form: ClipForm, code: str) -> None:
    """What every job of this process needs, once; the process ends when its parent is killed."""
    global _worker
    _worker = (source, form, code, new_aligner(form))
    threading.Thread(target=lambda: (parent_process().join(), os._exit(1)), daemon=True).start()


def _work(job: SubjectJob) -> SubjectJob:
    write_subject(job, *_worker)
    return job
