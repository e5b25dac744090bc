"""Synthetic clips as a `datasets.Dataset`: planned, rendered in parallel, cached by subject.

    from dataset_scripts.synthetic import load_synthetic
    clips = load_synthetic("casme2-like")

The cache folder is named after a hash of the arguments, the configuration, the head and `SOURCE_VERSION`. A subject's
file appears only when it is complete, so a killed run loses at most the subjects in progress and the next call goes on.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
from datasets import Dataset, DatasetInfo
from tqdm.auto import tqdm

from dataset_scripts.cache import default_cache
from dataset_scripts.clip_files import read_arrow, write_clips
from dataset_scripts.labels import ACTION_UNITS, label_vector
from dataset_scripts.parallel import run_jobs
from dataset_scripts.schema import FEATURES
from dataset_scripts.synthetic.acting.combinations import deal_neutral, draw_labels
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import SOURCE_VERSION, Domain, get_domain
from dataset_scripts.synthetic.people.asset import ASSET_FILE
from dataset_scripts.synthetic.tables.columns import STORED, complete, subject_name
from dataset_scripts.synthetic.tables.session import Session


@dataclass(frozen=True)
class SubjectJob:
    """One subject to render: `units[i]` are the coded action units of clip i, and `neutral` more clips show none."""

    path: Path
    domain: Domain
    seed: int
    subject: int
    units: list[tuple[str, ...]]
    neutral: int
    frames: int
    size: int

    def __str__(self) -> str:
        return f"{subject_name(self.seed, self.subject)} of {self.domain.name}"


def load_synthetic(
    domain: str,
    subjects: int | None = None,
    clips: int | None = None,
    frames: int = 6,
    size: int = 224,
    seed: int = 0,
    num_proc: int | None = None,
    cache_dir: str | os.PathLike | None = None,
    progress: bool = True,
    **variety,
) -> Dataset:
    """Load a synthetic data set, rendering what is not cached yet.

    Args:
        domain: "casme2-like" (26 subjects, 255 clips, first basis of movements), "samm-like" (29, 159, second basis) or
            "casme3-like" (100, 860, both bases mixed, colour at 30 frames a second).
        subjects: how many; the domain's own number by default.
        clips: how many in all; by default the domain's own number, scaled to `subjects`.
        frames: per clip, evenly from onset to offset.
        size: pixels a side of the crops; the framing stays the same.
        seed: another seed gives other people, labels and movements; their names carry it (`columns.subject_name`).
        num_proc: processes that render; two by default, fewer on a smaller machine. The result does not depend on it.
        cache_dir: where rendered clips are kept; $AULLM_CACHE, else ~/.cache/aullm, by default.
        progress: show a bar while rendering.
        variety: options of `variety.Variety`, such as neutral=0.2, glasses=0.3 or expression="macro"; the domain's own
            by default.
    Returns:
        A data set with the columns of `schema.FEATURES`, ordered by subject and clip. Neutral clips have names in "n",
        no apex and no unit; they come on top of `clips`, and leave the others as they are.
    Raises:
        ValueError: an unknown domain or option, or an argument out of range.
        RuntimeError: a rendering process died; the message names whom it was rendering.
    """
    settings = get_domain(domain)
    settings = replace(settings, variety=settings.variety.but(**variety))
    subjects = settings.subjects if subjects is None else subjects
    require("subjects", subjects, 1, 10_000)
    clips = max(subjects, round(settings.clips * subjects / settings.subjects)) if clips is None else clips
    require("clips", clips, subjects, 1_000_000, "every subject has at least one clip")
    require("frames", frames, 2, 1000, "a clip needs its onset and its offset")
    require("size", size, 32, 1024)
    if settings.variety.h264 is not None and size % 2:
        raise ValueError(f"size must be even for h264, not {size}")
    require("seed", seed, 0, 2**32)
    num_proc = processes(num_proc)

    counts = {"subjects": subjects, "clips": clips, "frames": frames, "size": size, "seed": seed}
    key = fingerprint(SOURCE_VERSION, {"domain": asdict(settings), **counts})
    folder = (Path(cache_dir) if cache_dir else default_cache()) / "synthetic" / f"{domain}-{key}"
    jobs = _plan_jobs(settings, folder, **counts)
    missing = [job for job in jobs if not job.path.exists()]
    missing.sort(key=lambda job: -len(job.units) - job.neutral)
    if missing:
        with tqdm(total=len(missing), desc=f"rendering {domain}", unit="subject", disable=not progress) as bar:
            for _ in run_jobs(write_subject, missing, num_proc):
                bar.update()
    rendered = pa.concat_tables(read_arrow(job.path) for job in jobs)
    table = complete(rendered, FEATURES.arrow_schema)
    return Dataset(table, info=DatasetInfo(features=FEATURES, dataset_name=domain), fingerprint=key)


def processes(num_proc: int | None) -> int:
    """How many processes render: two by default, fewer on a smaller machine."""
    num_proc = min(2, os.cpu_count() or 1) if num_proc is None else num_proc
    require("num_proc", num_proc, 1, 256)
    return num_proc


def fingerprint(version: str, plan: dict) -> str:
    """A name for everything that decides what is rendered. Code is not among it: whoever changes what the code draws
    raises its version, and a golden test asks for that.

    Args:
        version: of the code that renders. plan: all arguments and the configuration.
    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps([version, plan], sort_keys=True).encode())
    digest.update(ASSET_FILE.read_bytes())
    return digest.hexdigest()[:16]


def require(name: str, value: int, least: int, most: int, why: str = "") -> None:
    """Raise ValueError, with the reason, unless a value is a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        reason = f" ({why})" if why else ""
        raise ValueError(f"{name} must be a whole number from {least} to {most}{reason}, not {value!r}")


def write_subject(job: SubjectJob) -> None:
    """Render a subject and put the file in place when it is complete."""
    session = Session(job.domain, job.seed, job.subject, Camera(size=job.size, colour=job.domain.variety.colour))
    clips = [*enumerate(job.units), *((number, ()) for number in range(job.neutral))]
    write_clips(job.path, ((_row(job, session, *clip), []) for clip in clips), STORED)


def _plan_jobs(
    domain: Domain, folder: Path, subjects: int, clips: int, seed: int, frames: int, size: int
) -> list[SubjectJob]:
    """One job per subject, in order."""
    labels = draw_labels(domain, subjects, clips, seed)
    neutral = deal_neutral(labels, domain.variety.neutral, seed)
    return [
        SubjectJob(
            path=folder / f"subject-{subject:04d}.arrow",
            domain=domain,
            seed=seed,
            subject=subject,
            units=[tuple(units) for units in combinations],
            neutral=neutral[subject],
            frames=frames,
            size=size,
        )
        for subject, combinations in enumerate(labels)
    ]


def _row(job: SubjectJob, session: Session, number: int, units: tuple[str, ...]) -> dict:
    clip = session.clip(units, number, job.frames)
    letter = ("m" if job.domain.variety.expression == "macro" else "c") if units else "n"
    name = f"{letter}{number:03d}"
    return {
        "sample_id": f"{job.domain.name}/{session.name}/{name}",
        "data_set": job.domain.name,
        "label_release": f"synthetic-{SOURCE_VERSION}",
        "subject": session.name,
        "clip": name,
        "frames": [{"bytes": frame, "path": None} for frame in clip.frames],
        "fps": clip.fps,
        "onset": clip.onset,
        "apex": clip.apex,
        "offset": clip.offset,
        "action_units": label_vector(units),
        "amplitude_px": [clip.amplitude_px.get(unit, 0.0) for unit in ACTION_UNITS],
        "sides": [clip.sides.get(unit, "both") for unit in ACTION_UNITS],
    }
