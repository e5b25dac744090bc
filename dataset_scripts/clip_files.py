"""One subject's clips as a file, written whole or not at all: parquet, or Arrow where it is read without a copy.

A parquet file carries what it was made of and what was found on the way, so that a run that was broken off can tell
finished files from others, and loses no finding of them.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.report import Finding
from dataset_scripts.whole_files import whole_file

PREPARED_FILE, UNFINISHED_FILE = "prepared.json", "preparing.json"
"""What says that a folder is a prepared set, or is becoming one."""
DATA_FOLDER = "data"
"""Where the files of a prepared set lie, those that PREPARED_FILE names as "shards"."""
_KEY = b"aullm"


def write_clips(
    path: Path, clips: Iterable[tuple[dict | None, list[Finding]]], schema: pa.Schema, made_of: str = ""
) -> list[Finding]:
    """Write a file of clips; memory holds one of them at a time, however many a subject has.

    Args:
        path: of the file; ".parquet", or ".arrow" for a file without `made_of` and findings.
        clips: each a row, or None where the clip is left out, and what was found in it.
        schema: the columns.
        made_of: a fingerprint of everything that decides the rows, see `findings_of`.

    Returns:
        All findings.
    """
    findings: list[Finding] = []
    with whole_file(path) as unfinished, _writer(unfinished, path.suffix, schema) as writer:
        for row, found in clips:
            findings += found
            if row is not None:
                writer.write_table(pa.Table.from_pylist([row], schema=schema))
        if path.suffix == ".parquet":
            content = {"made_of": made_of, "findings": [asdict(finding) for finding in findings]}
            writer.add_key_value_metadata({_KEY: json.dumps(content)})
    return findings


def findings_of(path: Path, made_of: str | None = None) -> list[Finding] | None:
    """What was found in the clips of a file.

    Args:
        path: of a parquet file.
        made_of: the fingerprint that the file must have; None: any.

    Returns:
        The findings; None where there is no readable file of ours, or one made of something else.
    """
    try:
        content = json.loads(pq.read_metadata(path).metadata[_KEY])
        if made_of not in (None, content["made_of"]):
            return None
        return [Finding(**finding) for finding in content["findings"]]
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        return None


def count_frames(path: Path) -> int:
    """Frames in a parquet file, from its footer alone: a frame is one value of the column of bytes."""
    footer = pq.read_metadata(path)
    groups = [footer.row_group(group) for group in range(footer.num_row_groups)]
    columns = [group.column(column) for group in groups for column in range(group.num_columns)]
    return sum(
        column.num_values
        for column in columns
        if column.path_in_schema.startswith("frames.") and column.path_in_schema.endswith(".bytes")
    )


def read_arrow(path: Path) -> pa.Table:
    """An Arrow file as a table whose pictures stay on disk until they are looked at."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _writer(path: Path, suffix: str, schema: pa.Schema) -> pq.ParquetWriter | pa.RecordBatchFileWriter:
    if suffix == ".arrow":
        return pa.ipc.new_file(str(path), schema)
    return pq.ParquetWriter(path, schema, compression="none")
