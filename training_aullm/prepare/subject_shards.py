"""One subject's prepared clips as one parquet file, written whole or not at all.

The file carries what it was made of and what was found on the way, so that a preparation that was broken off can tell
finished subjects from others, and loses no finding of them.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.report import Finding
from dataset_scripts.schema import FEATURES
from dataset_scripts.whole_files import whole_file
from processing_aullm.alignment_aullm import FaceAligner
from training_aullm.clips.stored_frames import stored_rows
from training_aullm.prepare.aligning import ClipForm, prepare_clip

MADE_OF, FINDINGS = b"aullm_made_of", b"aullm_findings"


@dataclass(frozen=True)
class SubjectJob:
    """One subject to prepare: its rows in the source, and the file they go to."""

    subject: str
    rows: tuple[int, ...]
    path: str


def write_subject(
    job: SubjectJob, source: datasets.Dataset, form: ClipForm, code: str, aligner: FaceAligner | None
) -> None:
    """Prepare a subject's clips, unless its file was made of the same clips, in the same form, by the same code.

    Args:
        job: which subject.
        source: the whole table.
        form: how clips are stored.
        code: a hash of the code that aligns.
        aligner: holds the face; None where `form.align` is False.
    """
    rows, path = source.select(job.rows), Path(job.path)
    made_of = _digest(rows, form, code)
    if read_metadata(path).get(MADE_OF) == made_of:
        return
    with whole_file(path) as unfinished:
        _write(unfinished, rows, form, aligner, made_of)


def read_metadata(path: Path) -> dict[bytes, bytes]:
    """What a shard says about itself; nothing where there is no readable one."""
    try:
        return pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return {}


def read_findings(path: Path) -> list[Finding]:
    """What was repaired, dropped or is doubtful in a shard's clips."""
    return [Finding(**each) for each in json.loads(read_metadata(path)[FINDINGS])]


def count_frames(path: Path) -> int:
    """Frames in a shard, from its footer alone: a frame is one value of the column of bytes."""
    footer = pq.read_metadata(path)
    groups = [footer.row_group(group) for group in range(footer.num_row_groups)]
    columns = [group.column(column) for group in groups for column in range(group.num_columns)]
    return sum(
        column.num_values
        for column in columns
        if column.path_in_schema.startswith("frames.") and column.path_in_schema.endswith(".bytes")
    )


def _write(path: Path, rows: datasets.Dataset, form: ClipForm, aligner: FaceAligner | None, made_of: bytes) -> None:
    """One row group per clip: memory holds one clip at a time, however many a subject has."""
    findings: list[Finding] = []
    schema = FEATURES.arrow_schema
    with pq.ParquetWriter(path, schema, compression="none") as writer:
        for row in stored_rows(rows):
            prepared, found = prepare_clip(row, form, aligner)
            findings += found
            if prepared is not None:
                writer.write_table(pa.Table.from_pylist([prepared], schema=schema))
        text = json.dumps([asdict(finding) for finding in findings])
        writer.add_key_value_metadata({MADE_OF.decode(): made_of.decode(), FINDINGS.decode(): text})


def _digest(rows: datasets.Dataset, form: ClipForm, code: str) -> bytes:
    """A hash of everything that a shard depends on."""
    digest = hashlib.sha256(json.dumps([asdict(form), code]).encode())
    for part in _contents(rows):
        digest.update(part)
    return digest.hexdigest().encode()


def _contents(rows: datasets.Dataset) -> Iterator[bytes]:
    for row in stored_rows(rows):
        frames = row.pop("frames")
        yield json.dumps([row, len(frames)], sort_keys=True, default=str).encode()
        for frame in frames:
            yield frame["bytes"] if frame["bytes"] is not None else str(frame["path"]).encode()
