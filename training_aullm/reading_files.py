"""A reading as files for other programs: tables (CSV, parquet), JSON and subtitles (WebVTT).

    write_files(Path("out/face"), journal, ["csv", "json"])  # out/face.events.csv, out/face.windows.csv, out/face.json

Every file is made from the journal's pieces one after the other, so that memory does not grow with the video; only
subtitles are sorted first, a line a movement.
"""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.whole_files import whole_file
from training_aullm.reading_journal import Journal

LISTS = ("windows", "movements", "blinks")
EVENT_COLUMNS = {
    "face": pa.int64(),
    "kind": pa.string(),
    "onset": pa.int64(),
    "apex": pa.int64(),
    "offset": pa.int64(),
    "onset_s": pa.float64(),
    "apex_s": pa.float64(),
    "offset_s": pa.float64(),
    "score": pa.float64(),
    "action_units": pa.string(),
}
WINDOW_COLUMNS = {
    "face": pa.int64(),
    "onset": pa.int64(),
    "offset": pa.int64(),
    "onset_s": pa.float64(),
    "offset_s": pa.float64(),
    "moved": pa.float64(),
}


def events_of(piece: dict) -> list[dict]:
    """Movements and blinks of a piece or a reading as rows of EVENT_COLUMNS, in order of time."""
    rows = []
    for face in piece["faces"]:
        for event in (*face["movements"], *({"kind": "blink", **blink} for blink in face["blinks"])):
            units = " ".join(f"{name}:{p:.2f}" for name, p in event.get("action_units", {}).items())
            marks = {mark: event[mark] for mark in ("onset", "apex", "offset")}
            seconds = {f"{mark}_s": _seconds(frame, piece["fps"]) for mark, frame in marks.items()}
            named = {"face": face["face"], "kind": event["kind"], **marks, **seconds}
            rows.append({**named, "score": event.get("score"), "action_units": units})
    return sorted(rows, key=lambda row: (row["onset"], row["face"]))


def windows_of(piece: dict) -> list[dict]:
    """Windows of a piece as rows: WINDOW_COLUMNS, then one column an action unit, empty where nothing moved."""
    rows = []
    for face in piece["faces"]:
        for window in face["windows"]:
            marks = {mark: window[mark] for mark in ("onset", "offset")}
            seconds = {f"{mark}_s": _seconds(frame, piece["fps"]) for mark, frame in marks.items()}
            answers = window["probabilities"] or [None] * len(piece["action_units"])
            units = dict(zip(piece["action_units"], answers, strict=True))
            rows.append({"face": face["face"], **marks, **seconds, "moved": window["moved"], **units})
    return rows


def write_csv(base: Path, journal: Journal) -> list[Path]:
    """BASE.events.csv and BASE.windows.csv."""
    written = []
    for name, (rows_of, columns) in _tables(journal).items():
        written.append(_beside(base, f".{name}.csv"))
        with whole_file(written[-1]) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(columns))
            table.writeheader()
            for piece in journal.pieces():
                table.writerows(rows_of(piece))
    return written


def write_parquet(base: Path, journal: Journal) -> list[Path]:
    """BASE.events.parquet and BASE.windows.parquet, a row group a piece."""
    written = []
    for name, (rows_of, columns) in _tables(journal).items():
        written.append(_beside(base, f".{name}.parquet"))
        schema = pa.schema(list(columns.items()))
        with whole_file(written[-1]) as unfinished, pq.ParquetWriter(unfinished, schema) as table:
            for piece in journal.pieces():
                rows = rows_of(piece)
                if rows:
                    table.write_table(pa.Table.from_pylist(rows, schema=schema))
    return written


def write_json(base: Path, journal: Journal) -> list[Path]:
    """BASE.json, the whole reading."""
    path, head, faces = _beside(base, ".json"), {}, {}
    for piece in journal.pieces():
        head = {name: value for name, value in piece.items() if name not in ("faces", "done", "resume")}
        for part in piece["faces"]:
            about = {name: part[name] for name in ("face", "first", "last", "box")}
            faces[part["face"]] = {**faces.get(part["face"], about), "last": part["last"]}
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "faces": [')
        for place, number in enumerate(sorted(faces)):
            file.write(("," if place else "") + "\n  " + json.dumps(faces[number])[:-1])
            for kind in LISTS:
                file.write(f', "{kind}": [')
                for row, item in enumerate(_items(journal, number, kind)):
                    file.write(("," if row else "") + "\n   " + json.dumps(item))
                file.write("]")
            file.write("}")
        file.write("]\n}\n")
    return [path]


def write_vtt(base: Path, journal: Journal) -> list[Path]:
    """BASE.vtt: a subtitle for every movement and blink, in order of time."""
    rows, meanings, many = [], {}, set()
    for piece in journal.pieces():
        rows += events_of(piece)
        meanings = piece["meanings"]
        many |= {face["face"] for face in piece["faces"]}
    path = _beside(base, ".vtt")
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.write("WEBVTT\n")
        for row in sorted(rows, key=lambda each: (each["onset"], each["face"])):
            who = f"face {row['face']}: " if len(many) > 1 else ""
            span = f"{_clock(row['onset_s'])} --> {_clock(max(row['offset_s'], row['onset_s'] + 0.1))}"
            file.write(f"\n{span}\n{who}{_told(row, meanings)}\n")
    return [path]


WRITERS: dict[str, Callable[[Path, Journal], list[Path]]] = {
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
    "vtt": write_vtt,
}


def _tables(journal: Journal) -> dict[str, tuple[Callable[[dict], list[dict]], dict[str, pa.DataType]]]:
    """Name -> the rows of a piece, and their columns."""
    names = next(journal.pieces())["action_units"]
    windows = {**WINDOW_COLUMNS, **dict.fromkeys(names, pa.float64())}
    return {"events": (events_of, EVENT_COLUMNS), "windows": (windows_of, windows)}


def _items(journal: Journal, face: int, kind: str) -> Iterator[dict]:
    for piece in journal.pieces():
        for part in piece["faces"]:
            if part["face"] == face:
                yield from part[kind]


def _beside(base: Path, ending: str) -> Path:
    return base.with_name(base.name + ending)


def _seconds(frame: int, fps: float) -> float:
    return round(frame / fps, 4)


def _clock(seconds: float) -> str:
    """ "00:01:02.500", as WebVTT has it."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _told(row: dict, meanings: dict[str, str]) -> str:
    """What a subtitle says."""
    if row["kind"] == "blink":
        return "blink"
    units = [unit.split(":") for unit in row["action_units"].split()]
    return f"{row['kind']}-expression: " + ", ".join(f"{name} {meanings[name]} {p}" for name, p in units)
