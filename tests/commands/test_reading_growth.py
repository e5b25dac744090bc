"""Files that grow while a video is read: whole at every moment, and the same in the end wherever a run broke off."""

import csv
import itertools
import json
import shutil

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from dataset_scripts.synthetic.camera.codec import write_mp4
from training_aullm.pace import Pace
from training_aullm.videos import film as reading_film
from training_aullm.videos import video_files
from training_aullm.videos.film import AnnotatedFilm
from training_aullm.videos.journal import Journal
from training_aullm.videos.tables import WRITERS, events_of
from training_aullm.videos.video_files import read_to_files

ALL = (*WRITERS, "mp4")


def often() -> Pace:
    """Files are due after every piece."""
    return Pace(0.0, float("inf"))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """20 s of grey, 10 frames a second."""
    path = tmp_path_factory.mktemp("film") / "face.mp4"
    write_mp4(path, (np.full((64, 96, 3), 90, np.uint8) for _ in range(200)), 10, 20)
    return path


@pytest.fixture
def short_parts(monkeypatch):
    """The film comes in parts of 3 s, each once 3.5 s more were read."""
    monkeypatch.setattr(reading_film, "PART_S", 3.0)
    monkeypatch.setattr(reading_film, "LATE_S", 0.5)
    monkeypatch.setattr(reading_film, "STRIP_S", 1.0)


class FakePipe:
    """Gives pieces that were read before, behind those of the sections that are done; may be killed after some."""

    def __init__(self, pieces: list[dict], killed_after: int | None = None, look=lambda given: None) -> None:
        self.pieces, self.killed_after, self.look, self.given = pieces, killed_after, look, 0

    def stream(self, video, after=None, **options):
        done = [place for place, piece in enumerate(self.pieces) if after is not None and piece["resume"] == after]
        for piece in self.pieces[done[0] + 1 if done else 0 :]:
            if self.given == self.killed_after:
                raise KeyboardInterrupt
            self.given += 1
            yield piece
            self.look(self.given)


@pytest.fixture
def run(monkeypatch, tmp_path, film, short_parts):
    """Reads to files in a folder and gives their bytes; the model stands for itself."""
    monkeypatch.setattr(video_files, "model_place", str)
    (tmp_path / "model").write_bytes(b"1")
    shutil.copy(film, tmp_path / "face.mp4")

    def read(folder: str, pipe: FakePipe, formats=ALL, **options) -> dict[str, bytes]:
        base = tmp_path / folder / "face"
        read_to_files(tmp_path / "face.mp4", pipe, base, options, formats, str(tmp_path / "model"), pace=often)
        return {path.name: path.read_bytes() for path in sorted(base.parent.iterdir())}

    return read


def lengths(folder) -> dict[str, int]:
    """How much stands in each file, read as other programs read it."""
    told = {}
    for path in folder.iterdir():
        if path.suffix == ".csv":
            rows = list(csv.DictReader(path.open()))
            assert all(None not in row and None not in row.values() for row in rows)
            told[path.name] = len(rows)
        elif path.suffix == ".parquet":
            told[path.name] = pq.read_table(path).num_rows
        elif path.suffix == ".json":
            told[path.name] = sum(len(face["windows"]) for face in json.loads(path.read_text())["faces"])
        elif path.suffix == ".vtt":
            assert path.read_text().startswith("WEBVTT\n") and path.read_text().endswith("\n")
            told[path.name] = path.read_text().count(" --> ")
        elif path.suffix == ".mp4":
            with av.open(str(path)) as container:
                marks = [frame.pts * frame.time_base * 10 for frame in container.decode(video=0)]
            assert marks == list(range(len(marks)))
            told[path.name] = len(marks)
    return told


def test_every_file_is_whole_and_grows_while_the_video_is_read(run, tmp_path, pieces):
    seen = []
    run("out", FakePipe(pieces, look=lambda given: seen.append(lengths(tmp_path / "out"))))
    ends = [place for place, piece in enumerate(pieces) if piece["resume"] is not None]
    first, last = seen[ends[0]], lengths(tmp_path / "out")
    windows = [sum(len(part["windows"]) for part in piece["faces"]) for piece in pieces]
    events = [len(events_of(piece)) for piece in pieces]
    assert (
        first["face.windows.csv"] == first["face.windows.parquet"] == first["face.json"] == sum(windows[: ends[0] + 1])
    )
    assert first["face.events.csv"] == first["face.events.parquet"] == first["face.vtt"] == sum(events[: ends[0] + 1])
    assert first["face.annotated.mp4"] == 30 and last["face.annotated.mp4"] == 200
    assert last["face.windows.csv"] == sum(windows) and last["face.vtt"] == sum(events) > 0
    assert all(before[name] <= after[name] for before, after in itertools.pairwise(seen) for name in before)


@pytest.mark.parametrize(
    "killed_after", [pytest.param(1, marks=pytest.mark.slow), 3, pytest.param(5, marks=pytest.mark.slow)]
)
def test_a_killed_run_leaves_whole_files_and_goes_on_to_the_same(run, tmp_path, pieces, killed_after):
    whole = run("whole", FakePipe(pieces))
    with pytest.raises(KeyboardInterrupt):
        run("killed", FakePipe(pieces, killed_after))
    left = {path.name: path for path in (tmp_path / "killed").iterdir()}
    assert {*whole, "face.pieces.jsonl"} - {*left} <= ({"face.annotated.mp4"} if killed_after == 1 else set())
    assert 0 < lengths(tmp_path / "killed")["face.windows.csv"] < 390
    with left["face.pieces.jsonl"].open("a") as file:
        file.write('{"video": "half a li')
    (tmp_path / "killed" / ".face.events.csv.123.part").write_text("half a ta")
    (tmp_path / "killed" / ".face.annotated.mp4.parts").mkdir()
    pipe = FakePipe(pieces)
    assert run("killed", pipe) == whole
    ends = [place + 1 for place, piece in enumerate(pieces) if piece["resume"] is not None]
    kept = max((end for end in ends if end <= killed_after), default=0)
    assert pipe.given == ends[-1] - kept  # nothing that was complete is read again


@pytest.mark.slow
def test_other_options_begin_again_and_replace_the_film(run, tmp_path, pieces):
    with pytest.raises(KeyboardInterrupt):
        run("a", FakePipe(pieces, killed_after=len(pieces) - 1), end=8.0)
    assert lengths(tmp_path / "a")["face.annotated.mp4"] == 80
    pipe = FakePipe(pieces)
    run("a", pipe, start=5.0)
    assert pipe.given == len(pieces) and lengths(tmp_path / "a")["face.annotated.mp4"] == 150


def test_the_film_shows_what_was_read(film, tmp_path, pieces, short_parts):
    journal = Journal.open(tmp_path / "a.pieces.jsonl", {})
    for piece in pieces:
        journal.add(piece)
    annotated = AnnotatedFilm(tmp_path / "a", journal, film, {"start": 2.0, "end": 7.0})
    annotated.extend(199, over=True)
    with av.open(str(annotated.path)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    assert len(frames) == 50 and frames[0].shape == (64, 96, 3)
    calm, moving = frames[2][50, 10], frames[12][50, 10]  # the left side of the box
    assert abs(calm - 90).max() > 20 and np.abs(moving - calm).max() > 40
    assert np.abs(frames[45] - frames[12])[50, 10].max() > 40  # calm again, in the second part


def test_the_film_keeps_the_time_of_a_video_with_a_hole(tmp_path, pieces, short_parts):
    video = tmp_path / "hole.mp4"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        for number in (*range(30), *range(130, 160)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), number, np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    journal = Journal.open(tmp_path / "hole.pieces.jsonl", {})
    annotated = AnnotatedFilm(tmp_path / "hole", journal, video, {})
    annotated.extend(159, over=True)
    with av.open(str(annotated.path)) as container:
        shades = {round(f.pts * f.time_base * 10): f.to_ndarray(format="gray")[5, 5] for f in container.decode(video=0)}
    assert sorted(shades) == list(range(160))
    assert abs(int(shades[140]) - int(shades[150])) > 5 and abs(int(shades[20]) - 20) < 8
