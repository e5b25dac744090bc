"""A reading as files for other programs: tables (CSV, parquet), JSON and subtitles (WebVTT).

    write_csv(Path("out/face"), journal)  # out/face.events.csv, out/face.windows.csv

A file is what the journal's pieces say at that moment: made anew from all of them, one after the other, so that memory
does not grow with the video, and put in place at once.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import chain, count, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.whole_files import whole_file
from training_aullm.videos.journal import Journal

LISTS = ("windows", "movements", "blinks")
LATE_S = 30.0  # a movement is known at most that long after it starts
ROW_GROUP = 20_000  # rows that parquet keeps together
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


def events_in_order(pieces: Iterable[dict]) -> Iterator[dict]:
    """Movements and blinks of many pieces as rows of EVENT_COLUMNS, in order of time; some seconds of them are held."""
    held, order = [], count()
    for piece in pieces:
        newest = 0
        for row in events_of(piece):
            heappush(held, (row["onset"], row["face"], next(order), row))
            newest = max(newest, row["onset"])
        while held and held[0][0] < newest - LATE_S * piece["fps"]:
            yield heappop(held)[-1]
    while held:
        yield heappop(held)[-1]


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
    for name, (rows, columns) in _tables(journal).items():
        written.append(_beside(base, f".{name}.csv"))
        with whole_file(written[-1]) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(columns))
            table.writeheader()
            table.writerows(rows)
    return written


def write_parquet(base: Path, journal: Journal) -> list[Path]:
    """BASE.events.parquet and BASE.windows.parquet."""
    written = []
    for name, (rows, columns) in _tables(journal).items():
        written.append(_beside(base, f".{name}.parquet"))
        schema = pa.schema(list(columns.items()))
        with whole_file(written[-1]) as unfinished, pq.ParquetWriter(unfinished, schema) as table:
            while some := list(islice(rows, ROW_GROUP)):
                table.write_table(pa.Table.from_pylist(some, schema=schema))
    return written


def write_json(base: Path, journal: Journal) -> list[Path]:
    """BASE.json, the reading."""
    path, (head, faces) = _beside(base, ".json"), _outline(journal)
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "faces": [')
        for place, (about, first, stop) in enumerate(faces):
            file.write(("," if place else "") + "\n  " + json.dumps(about)[:-1])
            for kind in LISTS:
                file.write(f', "{kind}": [')
                for row, item in enumerate(_items(journal.pieces(first, stop), about["face"], kind)):
                    file.write(("," if row else "") + "\n   " + json.dumps(item))
                file.write("]")
            file.write("}")
        file.write("]\n}\n")
    return [path]


def write_vtt(base: Path, journal: Journal) -> list[Path]:
    """BASE.vtt: a subtitle for every movement and blink, in order of time."""
    path, (head, faces) = _beside(base, ".vtt"), _outline(journal)
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.write("WEBVTT\n")
        for row in events_in_order(journal.pieces()):
            who = f"face {row['face']}: " if len(faces) > 1 else ""
            span = f"{_clock(row['onset_s'])} --> {_clock(max(row['offset_s'], row['onset_s'] + 0.1))}"
            file.write(f"\n{span}\n{who}{_told(row, head['meanings'])}\n")
    return [path]


WRITERS: dict[str, Callable[[Path, Journal], list[Path]]] = {
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
    "vtt": write_vtt,
}


def _tables(journal: Journal) -> dict[str, tuple[Iterator[dict], dict[str, pa.DataType]]]:
    """Name -> rows and their columns."""
    names = next(journal.pieces())["action_units"]
    windows = chain.from_iterable(map(windows_of, journal.pieces()))
    return {
        "events": (events_in_order(journal.pieces()), EVENT_COLUMNS),
        "windows": (windows, {**WINDOW_COLUMNS, **dict.fromkeys(names, pa.float64())}),
    }


def _outline(journal: Journal) -> tuple[dict, list[tuple[dict, int, int]]]:
    """The reading without faces; and of each face what is known, and the places of the pieces that tell of it."""
    head, faces = {}, {}
    for place, piece in enumerate(journal.pieces()):
        head = {name: value for name, value in piece.items() if name not in ("faces", "done", "resume")}
        for part in piece["faces"]:
            about = {name: part[name] for name in ("face", "first", "last", "box")}
            known, first, _ = faces.get(part["face"], (about, place, place))
            faces[part["face"]] = ({**known, "last": part["last"]}, first, place + 1)
    return head, [faces[number] for number in sorted(faces)]


def _items(pieces: Iterable[dict], face: int, kind: str) -> Iterator[dict]:
    for piece in pieces:
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
