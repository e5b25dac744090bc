"""A subject's clips as one parquet file, written whole or not at all.

`main` is a worker: it reads jobs as JSON lines, renders, and answers each with a line. `builder.py` starts workers as
plain processes, so that a user's script needs no `if __name__ == "__main__"` guard.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.labels import ACTION_UNITS, label_vector
from dataset_scripts.synthetic.config import SOURCE_VERSION, get_domain
from dataset_scripts.synthetic.session import Session
from dataset_scripts.synthetic.shading import Camera

_IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})
ARROW_SCHEMA = pa.schema(
    {
        **dict.fromkeys(("sample_id", "data_set", "label_release", "subject", "clip"), pa.string()),
        "frames": pa.list_(_IMAGE),
        "fps": pa.float32(),
        **dict.fromkeys(("onset", "apex", "offset"), pa.int32()),
        "action_units": pa.list_(pa.int8(), len(ACTION_UNITS)),
        "emotion": pa.string(),
        "objective_class": pa.string(),
        "amplitude_px": pa.list_(pa.float32()),
    }
)
"""`schema.FEATURES` as stored; kept beside it by a test, so that a worker need not import `datasets`."""


@dataclass(frozen=True)
class Job:
    """One subject to render: `units[i]` are the coded action units of clip i."""

    path: str
    domain: str
    seed: int
    subject: int
    units: list[list[str]]
    frames: int
    size: int


def write_shard(job: Job) -> None:
    """Render a subject and put the file in place when it is complete.

    Args:
        job: what to render and where to.
    """
    session = Session(get_domain(job.domain), job.seed, job.subject, Camera(size=job.size))
    rows = [_row(job, session, number, tuple(units)) for number, units in enumerate(job.units)]
    path = Path(job.path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        pq.write_table(pa.Table.from_pylist(rows, schema=ARROW_SCHEMA), unfinished, compression="none")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _row(job: Job, session: Session, number: int, units: tuple[str, ...]) -> dict:
    clip = session.clip(units, number, job.frames)
    subject, name = f"s{job.subject:03d}", f"c{number:03d}"
    return {
        "sample_id": f"{job.domain}/{subject}/{name}",
        "data_set": job.domain,
        "label_release": f"synthetic-{SOURCE_VERSION}",
        "subject": subject,
        "clip": name,
        "frames": [{"bytes": frame, "path": None} for frame in clip.frames],
        "fps": clip.fps,
        "onset": 0,
        "apex": clip.apex,
        "offset": job.frames - 1,
        "action_units": label_vector(units),
        "emotion": None,
        "objective_class": None,
        "amplitude_px": [clip.amplitude_px.get(unit, 0.0) for unit in ACTION_UNITS],
    }


def encode_job(job: Job) -> str:
    """A job as one line of text."""
    return json.dumps(asdict(job))


def main() -> None:
    """Render the jobs of standard input one by one; a line "done" follows each."""
    cv2.setNumThreads(1)
    for line in sys.stdin:
        write_shard(Job(**json.loads(line)))
        print("done", flush=True)
