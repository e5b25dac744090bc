"""A reading as files: tables (CSV, parquet), JSON and subtitles (WebVTT).

    write_csv(Path("out/face"), journal, Summary.of(journal))  # out/face.events.csv, out/face.windows.csv

Windows are taken from the journal some thousand at a time, so that memory does not grow with the video. Each file is
written whole or not at all.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.whole_files import whole_file, write_whole
from processing_aullm.reading_types_aullm import LISTS, Piece
from training_aullm.videos.journal import Journal
from training_aullm.videos.played import Played
from training_aullm.videos.summary import MARKS, Summary, in_words, seconds_of
from training_aullm.videos.whose import WAYS, ways_to

CHUNK = 20_000  # rows that are in memory at once, and that parquet keeps together
LINES = {"index": False, "lineterminator": "\r\n"}  # of a CSV file, as RFC 4180 has them
COUNT, REAL, TEXT = pa.int64(), pa.float64(), pa.string()
EVENT_COLUMNS = {"face": COUNT, "kind": TEXT, **dict.fromkeys(MARKS, COUNT)}
EVENT_COLUMNS |= {**{f"{mark}_s": REAL for mark in MARKS}, "score": REAL, "action_units": TEXT}
EVENT_COLUMNS |= {"side": TEXT, "size_px": REAL, "size_mm": REAL, "named_by": TEXT, "second_opinion": TEXT}
WINDOW_COLUMNS = {"face": COUNT, "onset": COUNT, "offset": COUNT, "onset_s": REAL, "offset_s": REAL, "moved": REAL}


def write_csv(base: Path, journal: Journal, summary: Summary) -> list[Path]:
    """BASE.events.csv and BASE.windows.csv."""
    written = []
    for name, schema, rows in _tables(journal, summary):
        written.append(base.with_name(f"{base.name}.{name}.csv"))
        write_lines(written[-1], schema.names, rows)
    return written


def write_lines(path: Path, columns: Sequence[str], rows: Iterable[dict]) -> None:
    """Write rows as CSV, whole or not at all."""
    with whole_file(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        pd.DataFrame(columns=columns).to_csv(file, **LINES)
        for chunk in _chunks(rows, columns):
            chunk.to_csv(file, header=False, **LINES)


def write_parquet(base: Path, journal: Journal, summary: Summary) -> list[Path]:
    """BASE.events.parquet and BASE.windows.parquet."""
    written = []
    for name, schema, rows in _tables(journal, summary):
        written.append(base.with_name(f"{base.name}.{name}.parquet"))
        _write_table(written[-1], schema, rows)
    return written


def write_parts(base: Path, journal: Journal, summary: Summary) -> list[Path]:
    """This video's part of one table of events and one of windows: events/NAME.parquet and windows/NAME.parquet.

    The folders are tables: `pandas.read_parquet("out/events")` reads all videos, and column `video` says which.
    """
    written, video = [], summary.head["video"]
    for name, schema, rows in _tables(journal, summary):
        written.append(base.parent / name / f"{base.name}.parquet")
        named = ({"video": video, **row} for row in rows)
        ways = {WAYS: json.dumps(ways_to([video], written[-1]))}
        _write_table(written[-1], schema.insert(0, pa.field("video", TEXT)).with_metadata(ways), named)
    return written


def write_json(base: Path, journal: Journal, summary: Summary) -> list[Path]:
    """BASE.json, the reading, marks in seconds too: one line a window, movement or blink."""
    path = base.with_name(f"{base.name}.json")
    head = summary.head | {WAYS: ways_to([summary.head["video"]], path)}
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "faces": [')
        for place, (number, face) in enumerate(summary.faces.items()):
            file.write(("," if place else "") + "\n  " + json.dumps(face.about)[:-1])
            for kind in LISTS:
                file.write(f', "{kind}": [')
                parts = (part for piece in journal.pieces(face.first, face.stop) for part in piece["faces"])
                items = (item for part in parts if part["face"] == number for item in part[kind])
                if kind == "movements":  # what the second opinion alone sees is known a little later
                    items = sorted(items, key=lambda each: each["onset"])
                items = ({**item, **seconds_of(item, summary.head["fps"])} for item in items)
                file.writelines(("," if row else "") + "\n   " + json.dumps(item) for row, item in enumerate(items))
                file.write("]")
            file.write("}")
        file.write("]\n}\n")
    return [path]


def write_vtt(base: Path, journal: Journal, summary: Summary, played: Played | None = None) -> list[Path]:
    """BASE.vtt: a subtitle for every movement and blink, in order of time, when a player shows it."""
    path, cues = base.with_name(f"{base.name}.vtt"), ["WEBVTT\n"]
    played = played or Played(summary.head["fps"])
    for row in summary.events:
        who = f"face {row['face']}: " if len(summary.faces) > 1 else ""
        units = in_words(row, summary.head["meanings"])
        what = row["kind"] if row["score"] is None else f"{row['kind']}-expression: {units}{_extent(row)}"
        start, stop = (played.seconds(row[mark]) for mark in ("onset", "offset"))
        stop = max(stop, start + 0.1)  # players leave out what lasts no time
        cues.append(f"\n{_clock(start)} --> {_clock(stop)}\n{who}{what} (frames {row['onset']} to {row['offset']})\n")
    write_whole(path, "".join(cues))
    return [path]


TABLES: dict[str, Callable[[Path, Journal, Summary], list[Path]]] = {
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
    "tables": write_parts,
    "vtt": write_vtt,
}


def windows_of(piece: Piece) -> Iterator[dict]:
    """Windows of a piece as rows: WINDOW_COLUMNS, then one column an action unit, empty where nothing moved."""
    for face in piece["faces"]:
        for window in face["windows"]:
            marks = {mark: window[mark] for mark in ("onset", "offset")}
            times = seconds_of(marks, piece["fps"])
            answers = window["probabilities"] or [None] * len(piece["action_units"])
            units = dict(zip(piece["action_units"], answers, strict=True))
            yield {"face": face["face"], **marks, **times, "moved": window["moved"], **units}


def _tables(journal: Journal, summary: Summary) -> Iterator[tuple[str, pa.Schema, Iterable[dict]]]:
    """Name, columns and rows of both tables."""
    units = dict.fromkeys(summary.head["action_units"], pa.float64())
    yield "events", pa.schema(EVENT_COLUMNS), summary.events
    yield "windows", pa.schema(WINDOW_COLUMNS | units), (row for piece in journal for row in windows_of(piece))


def _write_table(path: Path, schema: pa.Schema, rows: Iterable[dict]) -> None:
    with whole_file(path) as unfinished, pq.ParquetWriter(unfinished, schema) as file:
        for chunk in _chunks(rows, schema.names):
            file.write_table(pa.Table.from_pandas(chunk, schema, preserve_index=False))


def _chunks(rows: Iterable[dict], columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    rows = iter(rows)
    while some := list(islice(rows, CHUNK)):
        yield pd.DataFrame(some, columns=columns)


def _extent(row: dict) -> str:
    """ ", left, 1.20 px, 0.86 mm"."""
    side = f", {row['side']}" if row["side"] else ""
    return side if row["size_px"] is None else f"{side}, {row['size_px']:.2f} px, {row['size_mm']:.2f} mm"


def _clock(time_s: float) -> str:
    """ "00:01:02.500", as WebVTT has it."""
    thousandths = round(time_s * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
