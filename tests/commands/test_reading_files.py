"""Files of a reading: what stands in them."""

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from dataset_scripts.synthetic.camera.codec import write_mp4
from tests.processing_aullm.faked_faces import FakeProcessor
from training_aullm.videos import overview as reading_overview
from training_aullm.videos.journal import Journal
from training_aullm.videos.overview import reading_of_face
from training_aullm.videos.readings import FaceTimeline, draw_reading, reading_table
from training_aullm.videos.tables import WRITERS, events_in_order
from training_aullm.videos.video_files import base_names, read_to_files


@pytest.fixture(scope="module")
def journal(tmp_path_factory, pieces):
    journal = Journal.open(tmp_path_factory.mktemp("journal") / "a.pieces.jsonl", {})
    for piece in pieces:
        journal.add(piece)
    return journal


@pytest.fixture
def written(journal, tmp_path):
    return {path.name: path for write in WRITERS.values() for path in write(tmp_path / "a", journal)}


def test_json_is_the_whole_reading(written, journal):
    assert json.loads(written["a.json"].read_text()) == FakeProcessor().join_pieces(journal.pieces())


def test_tables_hold_every_window_and_event(written):
    events = list(csv.DictReader(written["a.events.csv"].open()))
    assert sorted(row["kind"] for row in events) == ["blink", "macro", "micro", "micro"]
    macro = next(row for row in events if row["kind"] == "macro")
    assert float(macro["onset_s"]) == int(macro["onset"]) / 10 and macro["action_units"] == "AU12:0.90"
    windows = list(csv.DictReader(written["a.windows.csv"].open()))
    assert len(windows) == 2 * 195 and {row["AU4"] for row in windows} == {"", "0.1", "0.9"}
    for name, rows in (("events", events), ("windows", windows)):
        table = pq.read_table(written[f"a.{name}.parquet"])
        assert table.column_names == list(rows[0]) and table.num_rows == len(rows)
        assert table["onset"].to_pylist() == [int(row["onset"]) for row in rows]


def test_subtitles_are_in_order_and_say_who(written):
    text = written["a.vtt"].read_text()
    cues = [block.split("\n") for block in text.strip().split("\n\n")[1:]]
    starts = [cue[0].split(" --> ")[0] for cue in cues]
    assert text.startswith("WEBVTT\n\n") and starts == sorted(starts) and len(cues) == 4
    assert cues[0][1].startswith("face 0: micro-expression: AU4 brow lowerer 0.90")
    assert [cue[1] for cue in cues].count("face 0: blink") == 1


def test_the_table_lists_movements(journal):
    table = reading_table(FakeProcessor().join_pieces(journal.pieces()))
    assert "3 movements, 1 blink" in table.title
    assert list(table.columns[1].cells) == ["micro", "micro", "macro"]


def test_curves_keep_their_peaks_when_thinned(journal):
    timeline = FaceTimeline.of(FakeProcessor().join_pieces(journal.pieces()))
    times, highest = timeline.thinned(20)
    assert len(times) == len(highest) <= 20 and highest.max() == timeline.probabilities.max() == 0.9


def test_a_picture_shows_what_was_read(journal, tmp_path):
    video = tmp_path / "a.mp4"
    write_mp4(video, (np.full((64, 96, 3), 90, np.uint8) for _ in range(200)), 10, 20)
    draw_reading(tmp_path / "a.png", reading_of_face(journal.pieces, 1), video)
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_a_long_reading_is_joined_to_what_a_picture_shows(journal, monkeypatch):
    whole = FakeProcessor().join_pieces(journal.pieces())
    short = reading_of_face(journal.pieces, 1)
    assert short["faces"] == [whole["faces"][1]]
    monkeypatch.setattr(reading_overview, "MOST_POINTS", 20)
    monkeypatch.setattr(reading_overview, "MOST_MARKED", 1)
    (joined,) = reading_of_face(journal.pieces, 0)["faces"]
    times, highest = FaceTimeline.of({**whole, "faces": [joined]}).thinned(20)
    wanted_times, wanted = FaceTimeline.of(whole).thinned(20)
    assert np.array_equal(times, wanted_times) and np.array_equal(highest, wanted)
    strongest = max(whole["faces"][0]["movements"], key=lambda movement: movement["score"])
    assert joined["movements"] == [strongest] and len(joined["windows"]) <= 20


def test_events_that_come_late_stand_in_order_of_time(journal):
    late = [
        {**piece, "faces": [{**part, "movements": [], "blinks": [{"onset": mark, "apex": mark, "offset": mark}]}]}
        for mark, piece in zip((50, 10, 400, 150, 800), [next(journal.pieces())] * 5, strict=True)
        for part in piece["faces"][:1]
    ]
    given = []
    rows = events_in_order(given.append(piece) or piece for piece in late)
    assert next(rows)["onset"] == 10 and len(given) == 3  # 30 s of 10 frames later nothing earlier comes any more
    assert [row["onset"] for row in rows] == [50, 150, 400, 800]


def test_formats_and_names_are_checked_before_anything_is_read(tmp_path):
    with pytest.raises(ValueError, match="xml"):
        read_to_files("a.mp4", None, tmp_path / "a", {}, ["csv", "xml"], "model")
    with pytest.raises(ValueError, match=r"x/a\.mp4 and .*y/a\.avi"):
        base_names([tmp_path / "x/a.mp4", tmp_path / "y/a.avi"], tmp_path)
