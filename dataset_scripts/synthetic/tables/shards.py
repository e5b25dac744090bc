"""A subject's clips as one Arrow file, written whole or not at all, read without being copied into memory."""

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from dataset_scripts.labels import ACTION_UNITS, label_vector
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import SOURCE_VERSION, get_domain
from dataset_scripts.synthetic.tables.session import Session
from dataset_scripts.synthetic.variety import Variety
from dataset_scripts.whole_files import whole_file

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
    """One subject to render: `units[i]` are the coded action units of clip i, and `neutral` more clips show none."""

    path: str
    domain: str
    seed: int
    subject: int
    units: list[list[str]]
    neutral: int
    frames: int
    size: int
    variety: dict


def write_shard(job: Job) -> None:
    """Render a subject and put the file in place when it is complete.

    Args:
        job: what to render and where to.
    """
    variety = Variety(**job.variety)
    domain = replace(get_domain(job.domain), variety=variety)
    session = Session(domain, job.seed, job.subject, Camera(size=job.size, colour=variety.colour))
    rows = [_row(job, session, number, tuple(units)) for number, units in enumerate(job.units)]
    rows += [_row(job, session, number, ()) for number in range(job.neutral)]
    with (
        whole_file(Path(job.path)) as unfinished,
        pa.OSFile(str(unfinished), "wb") as sink,
        pa.ipc.new_file(sink, ARROW_SCHEMA) as writer,
    ):
        writer.write_table(pa.Table.from_pylist(rows, schema=ARROW_SCHEMA))


def read_shard(path: str) -> pa.Table:
    """A shard as a table whose pictures stay on disk until they are looked at."""
    with pa.memory_map(path) as source:
        return pa.ipc.open_file(source).read_all()


def _row(job: Job, session: Session, number: int, units: tuple[str, ...]) -> dict:
    clip = session.clip(units, number, job.frames)
    letter = ("m" if job.variety["expression"] == "macro" else "c") if units else "n"
    subject, name = f"s{job.subject:03d}", f"{letter}{number:03d}"
    return {
        "sample_id": f"{job.domain}/{subject}/{name}",
        "data_set": job.domain,
        "label_release": f"synthetic-{SOURCE_VERSION}",
        "subject": subject,
        "clip": name,
        "frames": [{"bytes": frame, "path": None} for frame in clip.frames],
        "fps": clip.fps,
        "onset": clip.onset,
        "apex": clip.apex,
        "offset": clip.offset,
        "action_units": label_vector(units),
        "emotion": None,
        "objective_class": None,
        "amplitude_px": [clip.amplitude_px.get(unit, 0.0) for unit in ACTION_UNITS],
    }
