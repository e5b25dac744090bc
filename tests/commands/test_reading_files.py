"""Files of a reading: what stands in them, and that a killed run goes on and writes the same."""

import csv
import json

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from dataset_scripts.synthetic.codec import write_mp4
from processing_aullm import sections_aullm as sections
from tests.processing_aullm.faked_faces import BROW, MOUTH, FakeFace, FakeProcessor
from training_aullm import video_files
from training_aullm.reading_files import WRITERS
from training_aullm.reading_film import write_film
from training_aullm.reading_journal import Journal
from training_aullm.readings import FaceTimeline, draw_reading, reading_table
from training_aullm.video_files import base_names, read_to_files

FACE = FakeFace(frames=200, moves=((30, 32, 35, 4.0, BROW), (150, 155, 165, 5.0, MOUTH)), blinks=((65, 66, 68),))
OTHER = FakeFace(frames=200, moves=((120, 122, 125, 4.0, MOUTH),), seed=1, box=(70.0, 10.0, 90.0, 30.0))


@pytest.fixture(scope="module")
def pieces() -> list[dict]:
    """Pieces of three sections; that reading goes on with equal pieces is tested beside the reader."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sections, "SECTION_S", 6.0)
        return FakeProcessor().pieces(FACE, OTHER)


class FakePipe:
    """Gives pieces that were read before, behind those of the sections that are done; may be killed after some."""

    processor = FakeProcessor()

    def __init__(self, pieces: list[dict], killed_after: int | None = None) -> None:
        self.pieces, self.killed_after, self.given = pieces, killed_after, 0

    def stream(self, video, after=None, **options):
        done = [place for place, piece in enumerate(self.pieces) if after is not None and piece["resume"] == after]
        for piece in self.pieces[done[0] + 1 if done else 0 :]:
            if self.given == self.killed_after:
                raise KeyboardInterrupt
            self.given += 1
            yield piece


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


def test_film_and_picture_show_what_was_read(journal, tmp_path):
    video = tmp_path / "a.mp4"
    write_mp4(video, (np.full((64, 96, 3), 90, np.uint8) for _ in range(200)), 10, 20)
    (film,) = write_film(tmp_path / "a", journal, video, {"start": 2.0, "end": 5.0})
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    assert len(frames) == 30 and frames[0].shape == (64, 96, 3)
    calm, moving = frames[2][50, 10], frames[12][50, 10]  # the left side of the box
    assert abs(calm - 90).max() > 20 and np.abs(moving - calm).max() > 40
    draw_reading(tmp_path / "a.png", FakeProcessor().join_pieces(journal.pieces()), video)
    assert (tmp_path / "a.png").stat().st_size > 10_000


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Reads to files in a folder; the video and the model stand for themselves."""
    monkeypatch.setattr(video_files, "model_place", str)
    for name in ("face.mp4", "model"):
        (tmp_path / name).write_bytes(b"1")

    def read(folder: str, pipe: FakePipe, **options) -> dict[str, bytes]:
        base = tmp_path / folder / "face"
        read_to_files(tmp_path / "face.mp4", pipe, base, options, list(WRITERS), str(tmp_path / "model"))
        return {path.name: path.read_bytes() for path in sorted(base.parent.iterdir())}

    return read


@pytest.mark.parametrize("killed_after", [1, 3, 5])
def test_a_killed_run_goes_on_and_writes_the_same_files(run, tmp_path, pieces, killed_after):
    whole = run("whole", FakePipe(pieces))
    with pytest.raises(KeyboardInterrupt):
        run("killed", FakePipe(pieces, killed_after))
    (left,) = (tmp_path / "killed").iterdir()
    assert left.name == "face.pieces.jsonl"
    with left.open("a") as file:
        file.write('{"video": "half a li')
    pipe = FakePipe(pieces)
    assert run("killed", pipe) == whole
    ends = [place + 1 for place, piece in enumerate(pieces) if piece["resume"] is not None]
    kept = max((end for end in ends if end <= killed_after), default=0)
    assert pipe.given == ends[-1] - kept  # nothing that was complete is read again


def test_other_options_begin_again(run, pieces):
    with pytest.raises(KeyboardInterrupt):
        run("a", FakePipe(pieces, killed_after=len(pieces) - 1), hop=0.1)
    pipe = FakePipe(pieces)
    run("a", pipe, hop=0.2)
    assert pipe.given == len(pieces)


def test_formats_and_names_are_checked_before_anything_is_read(tmp_path):
    with pytest.raises(ValueError, match="xml"):
        read_to_files("a.mp4", None, tmp_path / "a", {}, ["csv", "xml"], "model")
    with pytest.raises(ValueError, match=r"x/a\.mp4 and .*y/a\.avi"):
        base_names([tmp_path / "x/a.mp4", tmp_path / "y/a.avi"], tmp_path)
