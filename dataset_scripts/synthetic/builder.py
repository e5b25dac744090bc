"""Synthetic clips as a `datasets.Dataset`: planned, rendered in parallel, cached by subject.

    from dataset_scripts.synthetic import load_synthetic
    clips = load_synthetic("casme2-like")

The cache folder is named after a hash of the arguments, the configuration and the code that renders. A subject's file
appears only when it is complete, so a killed run loses at most the subjects in progress and the next call goes on.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetInfo
from tqdm.auto import tqdm

from dataset_scripts.schema import FEATURES
from dataset_scripts.synthetic.asset import ASSET_FILE
from dataset_scripts.synthetic.combinations import draw_labels
from dataset_scripts.synthetic.config import SOURCE_VERSION, Domain, get_domain
from dataset_scripts.synthetic.shards import Job, encode_job, write_shard

CACHE_VARIABLE = "AULLM_CACHE"
_NOT_RENDERING = ("__init__.py", "builder.py", "make_asset.py", "video.py")


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
) -> Dataset:
    """Load a synthetic data set, rendering what is not cached yet.

    Args:
        domain: "casme2-like" (26 subjects, 255 clips, first basis of movements) or "samm-like" (29, 159, second basis).
        subjects: how many; the domain's own number by default.
        clips: how many in all; by default the domain's own number, scaled to `subjects`.
        frames: per clip, evenly from onset to offset.
        size: pixels a side of the grey crops; the framing stays the same.
        seed: another seed gives other people, labels and movements.
        num_proc: processes that render; two by default, fewer on a smaller machine. The result does not depend on it.
        cache_dir: where rendered clips are kept; $AULLM_CACHE, else ~/.cache/aullm, by default.
        progress: show a bar while rendering.
    Returns:
        A data set with the columns of `schema.FEATURES`, ordered by subject and clip.
    Raises:
        ValueError: an unknown domain or an argument out of range.
        RuntimeError: a rendering process died; its last words are in the message.
    """
    settings = get_domain(domain)
    subjects = settings.subjects if subjects is None else subjects
    _require("subjects", subjects, 1, 10_000)
    clips = max(subjects, round(settings.clips * subjects / settings.subjects)) if clips is None else clips
    _require("clips", clips, subjects, 1_000_000, "every subject has at least one clip")
    _require("frames", frames, 2, 1000, "a clip needs its onset and its offset")
    _require("size", size, 32, 1024)
    _require("seed", seed, 0, 2**32)
    num_proc = min(2, os.cpu_count() or 1) if num_proc is None else num_proc
    _require("num_proc", num_proc, 1, 256)

    counts = {"subjects": subjects, "clips": clips, "frames": frames, "size": size, "seed": seed}
    plan = {"domain": asdict(settings), **counts}
    key = fingerprint(plan)
    folder = (Path(cache_dir) if cache_dir else default_cache()) / "synthetic" / f"{domain}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    jobs = _plan_jobs(settings, folder, plan)
    missing = [job for job in jobs if not Path(job.path).exists()]
    if missing:
        with tqdm(total=len(missing), desc=f"rendering {domain}", unit="subject", disable=not progress) as bar:
            for _ in _render(missing, num_proc):
                bar.update()
    table = pa.concat_tables(pq.read_table(job.path) for job in jobs).cast(FEATURES.arrow_schema)
    return Dataset(table, info=DatasetInfo(features=FEATURES, dataset_name=domain), fingerprint=key)


def default_cache() -> Path:
    """$AULLM_CACHE, else ~/.cache/aullm."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "aullm")


def fingerprint(plan: dict) -> str:
    """Hash a plan together with everything that decides what it renders to: head, code and version."""
    digest = hashlib.sha256(json.dumps([SOURCE_VERSION, plan], sort_keys=True).encode())
    package = Path(__file__).parent
    code = (path for path in sorted(package.glob("*.py")) if path.name not in _NOT_RENDERING)
    for path in (ASSET_FILE, *code, package.parent / "labels.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _require(name: str, value: int, least: int, most: int, why: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        reason = f" ({why})" if why else ""
        raise ValueError(f"{name} must be a whole number from {least} to {most}{reason}, not {value!r}")


def _plan_jobs(domain: Domain, folder: Path, plan: dict) -> list[Job]:
    """One job per subject, in order."""
    labels = draw_labels(domain, plan["subjects"], plan["clips"], plan["seed"])
    return [
        Job(
            path=str(folder / f"subject-{subject:04d}.parquet"),
            domain=domain.name,
            seed=plan["seed"],
            subject=subject,
            units=[list(units) for units in combinations],
            frames=plan["frames"],
            size=plan["size"],
        )
        for subject, combinations in enumerate(labels)
    ]


def _render(jobs: list[Job], num_proc: int) -> Iterator[None]:
    """Render jobs, the longest first; yields once per finished one."""
    jobs = sorted(jobs, key=lambda job: -len(job.units))
    if num_proc == 1:
        for job in jobs:
            yield write_shard(job)
        return
    workers = [_Worker() for _ in range(min(num_proc, len(jobs)))]
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def render(job: Job) -> None:
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
    """A process that renders the jobs it is handed. See `shards.main`."""

    def __init__(self):
        root = str(Path(__file__).parents[2])
        search = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONPATH": search, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        errors, name = tempfile.mkstemp(prefix="aullm-render-", suffix=".log")
        self._errors = Path(name)
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from dataset_scripts.synthetic.shards import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        os.close(errors)

    def render(self, job: Job) -> None:
        """Wait until the job is done.

        Raises:
            RuntimeError: the process has ended.
        """
        try:
            print(encode_job(job), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer.strip() != "done":
            code = self._process.wait()
            last_words = self._errors.read_text(errors="replace")[-2000:].strip() or "no message"
            raise RuntimeError(
                f"the process rendering subject {job.subject} of {job.domain} ended with code {code}: {last_words}\n"
                "Subjects rendered so far are kept; calling again goes on from there."
            )

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._errors.unlink(missing_ok=True)
