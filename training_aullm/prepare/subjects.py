"""The subjects of a set, prepared one after another or by several processes: each becomes one parquet file.

A subject whose file was made of the same clips in the same form is left as it is.

Tested in tests/training_aullm/prepare/test_preparing.py.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import datasets

from dataset_scripts.clip_files import findings_of, write_clips
from dataset_scripts.parallel import run_jobs
from dataset_scripts.schema import FEATURES
from processing_aullm import AullmImageProcessor
from processing_aullm.alignment_aullm import ALIGNMENT_VERSION, FaceAligner
from training_aullm.clips.stored_frames import camera_note, stored_rows
from training_aullm.prepare.aligning import CLIP_VERSION, ClipForm, prepare_clip

VERSION = f"{ALIGNMENT_VERSION}.{CLIP_VERSION}"
"""Of everything that turns stored frames into prepared ones; crops of another version are made anew."""


@dataclass(frozen=True)
class SubjectJob:
    """One subject to prepare: its rows, which pickle by the name of their file, and the file they go to."""

    subject: str
    rows: datasets.Dataset = field(repr=False)
    path: Path

    def __str__(self) -> str:
        return f"subject {self.subject}"


def prepare_subjects(
    jobs: Sequence[SubjectJob], form: ClipForm, num_proc: int = 1, aligner: FaceAligner | None = None
) -> Iterator[SubjectJob]:
    """Prepare every subject that has no current file.

    Args:
        jobs: the subjects.
        form: how clips are stored.
        num_proc: processes.
        aligner: holds faces, in this process; None: the packaged networks.

    Yields:
        Each finished subject; with several processes those with most clips are begun first.
    """
    if aligner is not None or num_proc == 1:
        return run_jobs(partial(_prepare, form=form, aligner=aligner), jobs, 1)
    longest_first = sorted(jobs, key=lambda job: -len(job.rows))
    return run_jobs(partial(_prepare, form=form), longest_first, num_proc)


def _prepare(job: SubjectJob, form: ClipForm, aligner: FaceAligner | None = None) -> SubjectJob:
    made_of = _fingerprint(job.rows, form)
    if findings_of(job.path, made_of) is None:
        aligner = aligner or _packaged_aligner(form)
        clips = (prepare_clip(row, form, aligner) for row in stored_rows(job.rows))
        write_clips(job.path, clips, FEATURES.arrow_schema, made_of)
    return job


@lru_cache(maxsize=1)
def _packaged_aligner(form: ClipForm) -> FaceAligner | None:
    """The packaged face networks, loaded once a process; None where nothing is aligned."""
    return AullmImageProcessor(size=form.size).aligner if form.align else None


def _fingerprint(rows: datasets.Dataset, form: ClipForm) -> str:
    """A hash of everything that a subject's file depends on."""
    digest = hashlib.sha256(json.dumps([asdict(form), VERSION]).encode())
    for row in stored_rows(rows):
        frames = row.pop("frames")
        digest.update(json.dumps([row, len(frames)], sort_keys=True, default=str).encode())
        for frame in frames:
            digest.update(frame["bytes"] if frame["bytes"] is not None else str(frame["path"]).encode())
            digest.update(camera_note(frame["bytes"] or b"").encode())
    return digest.hexdigest()[:16]
