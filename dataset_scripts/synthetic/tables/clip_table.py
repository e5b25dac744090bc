"""Synthetic clips as a `datasets.Dataset`: planned, rendered in parallel, cached by subject.

    from dataset_scripts.synthetic import load_synthetic
    clips = load_synthetic("casme2-like")

The cache folder is named after a hash of the arguments, the configuration and the code that renders. A subject's file
appears only when it is complete, so a killed run loses at most the subjects in progress and the next call goes on.
"""

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
from datasets import Dataset, DatasetInfo
from tqdm.auto import tqdm

from dataset_scripts.schema import FEATURES
from dataset_scripts.synthetic.acting.combinations import deal_neutral, draw_labels
from dataset_scripts.synthetic.config import SOURCE_VERSION, Domain, get_domain
from dataset_scripts.synthetic.people.asset import ASSET_FILE
from dataset_scripts.synthetic.tables.columns import complete
from dataset_scripts.synthetic.tables.shards import Job, read_shard, write_shard
from dataset_scripts.synthetic.tables.workers import run_jobs

CACHE_VARIABLE = "AULLM_CACHE"
_NOT_RENDERING = ("__init__.py", "builder.py", "columns.py", "make_asset.py", "video.py", "workers.py")
_ONLY_TAKES = ("lively.py", "script.py", "takes.py", "take_table.py")


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
        seed: another seed gives other people, labels and movements.
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
        RuntimeError: a rendering process died; its last words are in the message.
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
    plan = {"domain": asdict(settings), **counts}
    key = fingerprint(plan)
    folder = (Path(cache_dir) if cache_dir else default_cache()) / "synthetic" / f"{domain}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    jobs = _plan_jobs(settings, folder, plan)
    missing = [job for job in jobs if not Path(job.path).exists()]
    missing.sort(key=lambda job: -len(job.units) - job.neutral)
    if missing:
        with tqdm(total=len(missing), desc=f"rendering {domain}", unit="subject", disable=not progress) as bar:
            for _ in run_jobs(missing, write_shard, num_proc):
                bar.update()
    rendered = pa.concat_tables(read_shard(job.path) for job in jobs)
    table = complete(rendered, FEATURES.arrow_schema)
    return Dataset(table, info=DatasetInfo(features=FEATURES, dataset_name=domain), fingerprint=key)


def processes(num_proc: int | None) -> int:
    """How many processes render: two by default, fewer on a smaller machine."""
    num_proc = min(2, os.cpu_count() or 1) if num_proc is None else num_proc
    require("num_proc", num_proc, 1, 256)
    return num_proc


def default_cache() -> Path:
    """$AULLM_CACHE, else ~/.cache/aullm."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "aullm")


def fingerprint(plan: dict, takes: bool = False) -> str:
    """Hash a plan together with everything that decides what it renders to: head, code and version.

    Args:
        plan: all arguments. takes: whether long takes are rendered, or clips.
    Returns:
        16 hexadecimal digits.
    """
    without = _NOT_RENDERING if takes else _NOT_RENDERING + _ONLY_TAKES
    digest = hashlib.sha256(json.dumps([SOURCE_VERSION, plan], sort_keys=True).encode())
    package = Path(__file__).parents[1]
    code = (path for path in sorted(package.rglob("*.py")) if path.name not in without)
    for path in (ASSET_FILE, *code):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def require(name: str, value: int, least: int, most: int, why: str = "") -> None:
    """Raise ValueError, with the reason, unless a value is a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        reason = f" ({why})" if why else ""
        raise ValueError(f"{name} must be a whole number from {least} to {most}{reason}, not {value!r}")


def _plan_jobs(domain: Domain, folder: Path, plan: dict) -> list[Job]:
    """One job per subject, in order."""
    labels = draw_labels(domain, plan["subjects"], plan["clips"], plan["seed"])
    neutral = deal_neutral(labels, domain.variety.neutral, plan["seed"])
    return [
        Job(
            path=str(folder / f"subject-{subject:04d}.arrow"),
            domain=domain.name,
            seed=plan["seed"],
            subject=subject,
            units=[list(units) for units in combinations],
            neutral=neutral[subject],
            frames=plan["frames"],
            size=plan["size"],
            variety=asdict(domain.variety),
        )
        for subject, combinations in enumerate(labels)
    ]
