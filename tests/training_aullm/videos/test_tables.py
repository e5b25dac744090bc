"""Tables, JSON and subtitles of a reading: what stands in them."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from tests.processing_aullm.faked_faces import FakeProcessor
from training_aullm.videos import tables
from training_aullm.videos.journal import Journal
from training_aullm.videos.summary import Summary
from training_aullm.videos.tables import TABLES

EVENTS = ["face", "kind", "onset", "apex", "offset", "onset_s", "apex_s", "offset_s", "score", "action_units"]
EVENTS += ["side", "size_px", "size_mm", "named_by", "second_opinion"]
WINDOWS = ["face", "onset", "offset", "onset_s", "offset_s", "moved", "AU4", "AU12"]


def write_all(journal, summary, base):
    return {path.name: path for write in TABLES.values() for path in write(base, journal, summary)}


@pytest.fixture
def written(journal, summary, tmp_path):
    return write_all(journal, summary, tmp_path / "a")


def test_json_is_the_whole_reading(written, pieces):
    reading = json.loads(written["a.json"].read_text())
    for face in reading["faces"]:
        for event in (event for kind in ("windows", "movements", "blinks") for event in face[kind]):
            assert event.pop("onset_s") == event["onset"] / 10 and event.pop("offset_s") == event["offset"] / 10
            assert event.pop("apex_s", None) == (event["apex"] / 10 if "apex" in event else None)
    assert len(reading.pop("ways_to_video")) == 1
    assert reading == FakeProcessor().join_pieces(pieces)


def test_movements_in_json_are_in_order_of_time_though_some_are_known_later(pieces, tmp_path):
    journal = Journal(tmp_path / "a.pieces.jsonl", {})
    part = next(part for piece in pieces for part in piece["faces"] if part["movements"])
    for onset in (50, 20):  # as the second opinion's
        late = {**part, "movements": [{**part["movements"][0], "onset": onset}], "windows": [], "blinks": []}
        journal.add({**pieces[0], "faces": [late]})
    (path,) = TABLES["json"](tmp_path / "a", journal, Summary.of(journal))
    assert [each["onset"] for each in json.loads(path.read_text())["faces"][0]["movements"]] == [20, 50]


def test_tables_hold_every_window_and_event(written):
    events = list(csv.DictReader(written["a.events.csv"].open()))
    assert sorted(row["kind"] for row in events) == ["blink", "macro", "micro", "micro"]
    macro = next(row for row in events if row["kind"] == "macro")
    assert float(macro["onset_s"]) == int(macro["onset"]) / 10 and macro["action_units"] == "AU12:0.90"
    assert macro["side"] == "both" and 1 < float(macro["size_mm"]) < float(macro["size_px"]) < 4
    windows = list(csv.DictReader(written["a.windows.csv"].open()))
    assert len(windows) == 2 * 195 and {row["AU4"] for row in windows} == {"", "0.1", "0.9"}
    for name, rows, columns in (("events", events, EVENTS), ("windows", windows, WINDOWS)):
        table = pq.read_table(written[f"a.{name}.parquet"])
        assert table.column_names == list(rows[0]) == columns and table.num_rows == len(rows)
        assert table["onset"].to_pylist() == [int(row["onset"]) for row in rows]
    table = pq.read_table(written["a.windows.parquet"])
    assert 0 < table["AU4"].null_count < len(table) and str(table.schema.field("AU4").type) == "double"


def test_csv_is_what_the_standard_library_writes(written, summary, tmp_path):
    with (tmp_path / "plain.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, EVENTS)
        table.writeheader()
        table.writerows(summary.events)
    assert written["a.events.csv"].read_bytes() == (tmp_path / "plain.csv").read_bytes()


def test_subtitles_are_in_order_and_say_who(written):
    text = written["a.vtt"].read_text()
    cues = [block.split("\n") for block in text.strip().split("\n\n")[1:]]
    starts = [cue[0].split(" --> ")[0] for cue in cues]
    assert text.startswith("WEBVTT\n\n") and starts == sorted(starts) and len(cues) == 4
    assert cues[0][1].startswith("face 0: micro-expression: AU4 brow lowerer 0.90")
    assert ", both, " in cues[0][1] and " mm (frames " in cues[0][1]
    assert [cue[1].partition(" (")[0] for cue in cues].count("face 0: blink") == 1


def test_tables_do_not_depend_on_how_many_rows_are_in_memory(written, journal, summary, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 7)
    again = write_all(journal, summary, tmp_path / "again")
    for name in ("events.csv", "windows.csv"):
        assert again[f"again.{name}"].read_bytes() == written[f"a.{name}"].read_bytes()
    for name in ("events.parquet", "windows.parquet"):
        assert pq.read_table(again[f"again.{name}"]).equals(pq.read_table(written[f"a.{name}"]))


def test_a_video_in_which_nothing_happens_has_tables_with_columns_only(pieces, tmp_path):
    journal = Journal(tmp_path / "a.pieces.jsonl", {})
    calm = [{**part, "windows": [], "movements": [], "blinks": []} for part in pieces[0]["faces"]]
    journal.add({**pieces[0], "faces": calm})
    written = write_all(journal, Summary.of(journal), tmp_path / "a")
    for name, columns in (("events", EVENTS), ("windows", WINDOWS)):
        assert written[f"a.{name}.csv"].read_bytes() == (",".join(columns) + "\r\n").encode()
        table = pq.read_table(written[f"a.{name}.parquet"])
        assert table.column_names == columns and len(table) == 0
    assert written["a.vtt"].read_text() == "WEBVTT\n"
    assert json.loads(written["a.json"].read_text())["faces"] == calm
