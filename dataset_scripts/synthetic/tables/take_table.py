"""Long takes as a `datasets.Dataset`: films in a cache folder, a row each, with what happens in them as truth.

from dataset_scripts.synthetic import load_takes
takes = load_takes("casme3-like", subjects=4, seconds=30)
takes[0]["video"], takes[0]["events"]

Tested in tests/dataset_scripts/synthetic/tables/test_takes.py.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from datasets import Dataset, DatasetInfo, Features, List, Value
from tqdm.auto import tqdm

from dataset_scripts.cache import default_cache
from dataset_scripts.parallel import run_jobs
from dataset_scripts.synthetic.config import SOURCE_VERSION, TAKES_VERSION, get_domain
from dataset_scripts.synthetic.tables.clip_table import fingerprint, processes, require
from dataset_scripts.synthetic.tables.columns import subject_name
from dataset_scripts.synthetic.tables.takes import check_take, render_take

TAKE_FEATURES = Features(
    {
        "sample_id": Value("string"),  # "casme3-like/s003/t00"
        "data_set": Value("string"),
        "label_release": Value("string"),
        "subject": Value("string"),
        "take": Value("string"),
        "video": Value("string"),  # path of the film
        "fps": Value("float32"),
        "frames": Value("int32"),  # how many
        "size": Value("int32"),
        "events": List(
            {
                "kind": Value("string"),  # one of script.KINDS
                "onset": Value("int32"),  # numbers of frames
                "apex": Value("int32"),
                "release": Value("int32"),  # where it begins to go back; null where nobody has said, or nothing is held
                "offset": Value("int32"),
                "action_units": List(Value("string")),  # of expressions; in takes also of mouths and winks
                "amplitude_px": List(Value("float32")),  # of each, in the standard crop; empty or null where not known
                "sides": List(Value("string")),  # of each: "L", "R" (the person's own) or "both"
            }
        ),
    }
)


@dataclass(frozen=True)
class TakeJob:
    """One film to make; `settings` are those of `takes.open_take` but for domain and subject."""

    path: Path
    domain: str
    subject: int
    settings: dict

    def __str__(self) -> str:
        return f"{self.path.name} of {self.domain}"


def write_take(job: TakeJob) -> None:
    """Film a take; its truth appears last."""
    render_take(job.path, domain=job.domain, subject=job.subject, **job.settings)


def load_takes(
    domain: str = "casme3-like",
    subjects: int = 4,
    takes: int = 1,
    seconds: float = 20.0,
    fps: int = 30,
    size: int = 320,
    framing: str = "head",
    events: dict[str, int] | None = None,
    seed: int = 0,
    num_proc: int | None = None,
    cache_dir: str | os.PathLike | None = None,
    progress: bool = True,
    **variety,
) -> Dataset:
    """Load long takes, filming what is not cached yet.

    Args:
        domain: whose people and movements; subjects are those of `load_synthetic` with the same seed.
        subjects, takes: how many people, and takes of each. seconds, fps, size, framing, events: see `takes.open_take`.
        seed: another seed gives other people and other events.
        num_proc: processes that film; two by default. cache_dir: where films are kept, as for `load_synthetic`.
        progress: show a bar while filming. variety: options of `variety.Variety.in_takes`.
    Returns:
        A data set with the columns of TAKE_FEATURES, ordered by subject and take.
    Raises:
        ValueError: an unknown domain, kind or option, or an argument out of range.
        RuntimeError: a process died; the message names the take it was filming.
    """
    look = get_domain(domain).variety.in_takes(**variety)
    check_take(seconds, fps, size, framing, events or {})
    require("subjects", subjects, 1, 10_000)
    require("takes", takes, 1, 100)
    require("seed", seed, 0, 2**32)
    shown = {"seconds": seconds, "fps": fps, "size": size, "framing": framing, "events": events or {}, "seed": seed}
    plan = {"domain": asdict(get_domain(domain)), "variety": asdict(look), **shown}
    key = fingerprint(f"{SOURCE_VERSION}, takes {TAKES_VERSION}", plan)
    folder = (Path(cache_dir) if cache_dir else default_cache()) / "takes" / f"{domain}-{key}"
    jobs = [
        TakeJob(
            path=folder / f"{subject_name(seed, subject)}-t{number:02d}.mp4",
            domain=domain,
            subject=subject,
            settings={**shown, "number": number, **variety},
        )
        for subject in range(subjects)
        for number in range(takes)
    ]
    missing = [job for job in jobs if not job.path.with_suffix(".json").exists()]
    if missing:
        with tqdm(total=len(missing), desc=f"filming {domain}", unit="take", disable=not progress) as bar:
            for _ in run_jobs(write_take, missing, processes(num_proc)):
                bar.update()
    rows = [_row(job.path) for job in jobs]
    table = Dataset.from_list(rows, features=TAKE_FEATURES)
    return Dataset(table.data, info=DatasetInfo(features=TAKE_FEATURES, dataset_name=domain))


def _row(path: Path) -> dict:
    truth = json.loads(path.with_suffix(".json").read_text("utf-8"))
    truth |= {"sample_id": f"{truth['data_set']}/{truth['subject']}/{truth['take']}", "video": str(path)}
    return {name: truth[name] for name in TAKE_FEATURES}
