"""Files of a reading: none before all is read, and the same ones wherever a run was killed."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from processing_aullm import ClipError, ClipFault
from tests.contract.tree import ROOT
from training_aullm.figures import style
from training_aullm.videos import film as annotated_film
from training_aullm.videos import tables, video_files
from training_aullm.videos.journal import Journal
from training_aullm.videos.video_files import FORMATS, base_names, read_to_files

JOURNAL, PARTS, LOCK = "face.pieces.jsonl", ".face.annotated.parts", ".face.pieces.jsonl.lock"
write_film = annotated_film.write_film
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a copy of this process")


class FakePipe:
    """Gives pieces that were read before, behind those of the sections that are done."""

    def __init__(self, pieces: list[dict], look=lambda given: None) -> None:
        self.pieces, self.look, self.given = pieces, look, 0

    def stream(self, video, after=None, progress=None, **options):
        done = [place for place, piece in enumerate(self.pieces) if after is not None and piece["resume"] == after]
        for piece in self.pieces[done[0] + 1 if done else 0 :]:
            self.look(self.given)
            self.given += 1
            progress(piece["done"])
            yield piece


@pytest.fixture(scope="module")
def run(tmp_path_factory, film, short_parts):
    """Reads to files in a folder and gives their bytes; the model stands for itself."""
    given = tmp_path_factory.mktemp("given")
    (given / "model").write_bytes(b"1")
    shutil.copy(film, given / "face.mp4")

    def read(folder, pipe: FakePipe, formats=FORMATS, **options) -> dict[str, bytes]:
        read_to_files(given / "face.mp4", pipe, folder / "face", options, formats, str(given / "model"))
        return contents(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video_files, "model_place", str)
        yield read


@pytest.fixture(scope="module")
def whole(run, pieces, tmp_path_factory) -> dict[str, bytes]:
    """All files of a run that nobody killed."""
    return run(tmp_path_factory.mktemp("whole"), FakePipe(pieces))


def contents(folder) -> dict[str, bytes]:
    files = (path for path in sorted(folder.iterdir()) if path.is_file() and path.name != LOCK)
    return {path.name: path.read_bytes() for path in files}


def in_a_process_that_is_killed(do) -> None:
    """Run it in a copy of this process, which must end at once and without any clean-up."""
    if not (child := os.fork()):
        signal.alarm(120)  # a copy that hangs is an error, not a wait without end
        try:
            do()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, "it was to be killed"


def die(*_) -> None:
    os._exit(9)


def after(calls: int, real):
    """The same function, which kills the process when it is called once more than so often."""
    left = iter(range(calls))
    return lambda *arguments: die() if next(left, None) is None else real(*arguments)


def half_a_line(journal: Journal, piece: dict) -> None:
    with journal.path.open("a") as file:
        file.write(json.dumps(piece)[:50])
        file.flush()
    die()


def half_a_file(path) -> None:
    path.with_name(f".{path.name}.123.part").write_text("half")
    die()


def after_the_film(*arguments) -> None:
    write_film(*arguments)
    die()


MOMENTS = {
    "while a piece is written": (Journal, "add", half_a_line),
    "while a table is written": (tables, "windows_of", after(3, tables.windows_of)),
    "while the last table is written": (tables, "windows_of", after(9, tables.windows_of)),
    "while a picture is drawn": (style, "whole_file", half_a_file),
    "while a film is drawn": (annotated_film, "draw_strip", after(100, annotated_film.draw_strip)),
    "while a film is joined": (annotated_film, "whole_file", half_a_file),
    "when all is written": (annotated_film, "write_film", after_the_film),
}


def test_while_a_video_is_read_there_is_the_journal(run, tmp_path, pieces):
    seen = []
    files = run(tmp_path, FakePipe(pieces, lambda given: seen.append(contents(tmp_path))), ("csv",))
    assert all(list(each) == [JOURNAL] for each in seen)
    assert [each[JOURNAL].count(b"\n") for each in seen] == list(range(1, len(pieces) + 1))
    assert list(files) == ["face.events.csv", "face.windows.csv"]


def test_all_formats_are_written(whole, pieces):
    assert set(whole) == {
        *(f"face.{table}.{kind}" for table in ("events", "windows") for kind in ("csv", "parquet")),
        *(
            "face.json",
            "face.vtt",
            "face.eaf",
            "face.openface.csv",
            "face.fex.csv",
            "face.png",
            "face.face1.png",
            "face.annotated.mp4",
        ),
    }
    windows = sum(len(part["windows"]) for piece in pieces for part in piece["faces"])
    assert len(list(csv.DictReader(whole["face.windows.csv"].decode().splitlines()))) == windows


@needs_fork
@pytest.mark.parametrize("read", range(1, 7))
def test_a_run_that_is_killed_while_it_reads_goes_on_to_the_same(run, tmp_path, whole, pieces, read):
    def until_killed() -> None:
        run(tmp_path, FakePipe(pieces, lambda given: die() if given == read else None), ("csv",))

    in_a_process_that_is_killed(until_killed)
    assert list(contents(tmp_path)) == [JOURNAL]
    pipe = FakePipe(pieces)
    assert run(tmp_path, pipe, ("csv",)) == {name: whole[name] for name in ("face.events.csv", "face.windows.csv")}
    ends = [place + 1 for place, piece in enumerate(pieces) if piece["resume"] is not None]
    assert pipe.given == len(pieces) - max((end for end in ends if end <= read), default=0)


@needs_fork
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_at_any_moment_goes_on_to_the_same(run, tmp_path, whole, pieces, monkeypatch, moment):
    left_out = {"tables"} if "picture" in moment else {"tables", "png"}  # folders; and pictures take long
    formats = [name for name in FORMATS if name not in left_out]
    wanted = {name: content for name, content in whole.items() if "png" in formats or not name.endswith("png")}
    with monkeypatch.context() as patch:
        patch.setattr(*MOMENTS[moment])
        in_a_process_that_is_killed(lambda: run(tmp_path, FakePipe(pieces), formats))
    left = contents(tmp_path)
    assert JOURNAL in left
    assert all(wanted[name] == left[name] for name in wanted if name in left), "what has its name is whole"
    parts, drawn, real = {path.name for path in tmp_path.glob(f"{PARTS}/[0-9]*.mp4")}, set(), annotated_film.write_mp4
    monkeypatch.setattr(annotated_film, "write_mp4", lambda path, *more: drawn.add(path.name) or real(path, *more))
    pipe = FakePipe(pieces)
    assert run(tmp_path, pipe, formats) == wanted and {path.name for path in tmp_path.iterdir()} == {*wanted}
    assert pipe.given == (len(pieces) if moment == "while a piece is written" else 0)
    assert not parts & drawn and bool(parts) == (moment in ("while a film is drawn", "while a film is joined"))


@needs_fork
def test_a_second_run_is_refused_while_the_first_one_writes(run, tmp_path, whole, pieces):
    def second() -> None:
        with pytest.raises(BlockingIOError, match=r"face\.pieces\.jsonl: another run is writing it"):
            run(tmp_path, FakePipe(pieces), ("csv",))
        die()

    first = FakePipe(pieces, lambda given: in_a_process_that_is_killed(second) if given == 3 else None)
    assert run(tmp_path, first, ("csv",)) == {name: whole[name] for name in ("face.events.csv", "face.windows.csv")}
    assert not (tmp_path / LOCK).exists()


def test_a_video_that_is_away_leaves_what_was_read_of_it(tmp_path, film, pieces, monkeypatch):
    monkeypatch.setattr(video_files, "model_place", str)
    video, away = shutil.copy(film, tmp_path / "face.mp4"), tmp_path / "away.mp4"

    def goes(given):
        if given == len(pieces) - 1:
            os.rename(video, away)
            raise ClipError("gone", ClipFault.UNREADABLE)

    for pipe in (FakePipe(pieces, goes), FakePipe(pieces)):
        with pytest.raises(ClipError, match=r"gone|no such video"):
            read_to_files(video, pipe, tmp_path / "face", {}, ["csv"], "model")
    settings = json.loads((tmp_path / JOURNAL).read_text().splitlines()[0])
    assert settings["ways_to_video"] == ["face.mp4"], "whose they are, wherever the next command is given"
    os.rename(away, video)
    pipe = FakePipe(pieces)
    read_to_files(video, pipe, tmp_path / "face", {}, ["csv"], "model")
    assert 0 < pipe.given < len(pieces) and not (tmp_path / JOURNAL).exists()


@pytest.mark.parametrize("failure", [ClipError("", ClipFault.NO_FACE), ValueError("--end"), KeyboardInterrupt()])
def test_a_reading_that_fails_before_its_first_piece_leaves_nothing(run, tmp_path, pieces, failure):
    """What holds settings only would keep another video of this name out."""

    def fail(given):
        raise failure

    with pytest.raises(type(failure)):
        run(tmp_path, FakePipe(pieces, fail))
    assert list(tmp_path.iterdir()) == []


@needs_fork
def test_other_options_begin_again_with_the_film_too(run, tmp_path, pieces, monkeypatch):
    wanted = run(tmp_path / "whole", FakePipe(pieces), ("mp4",), start=5.0)
    with monkeypatch.context() as patch:
        patch.setattr(*MOMENTS["while a film is drawn"])
        in_a_process_that_is_killed(lambda: run(tmp_path / "a", FakePipe(pieces), ("mp4",), end=15.0))
    assert list(tmp_path.glob(f"a/{PARTS}/[0-9]*.mp4"))
    pipe = FakePipe(pieces)
    assert run(tmp_path / "a", pipe, ("mp4",), start=5.0) == wanted and pipe.given == len(pieces)


def test_unfinished_files_of_another_video_stay(run, tmp_path, pieces):
    for name in (".face.events.csv.12.part", ".face.more.events.csv.12.part"):
        (tmp_path / name).write_text("half")
    files = run(tmp_path, FakePipe(pieces), ("csv",))
    assert ".face.more.events.csv.12.part" in files and ".face.events.csv.12.part" not in files


def test_formats_and_names_are_checked_before_anything_is_read(tmp_path):
    with pytest.raises(ValueError, match="xml"):
        read_to_files("a.mp4", None, tmp_path / "a", {}, ["csv", "xml"], "model")
    with pytest.raises(ValueError, match=r"x/a\.mp4 and .*y/a\.avi"):
        base_names([tmp_path / "x/a.mp4", tmp_path / "y/a.avi"], tmp_path)


def test_a_video_is_followed_before_anything_is_imported_that_makes_tables_and_pictures():
    code = """
import sys, training_aullm.videos.video_files
from training_aullm.loading import load_pipeline
pipe = load_pipeline("release")
next(iter(pipe.processor.open_stream("space_app/examples/several.mp4", end=0.2)))
print(*sys.modules)
"""
    settings = {"cwd": ROOT, "env": os.environ | {"OMP_NUM_THREADS": "1"}}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **settings)
    heavy = {"pandas", "pyarrow", "matplotlib", "datasets", "sklearn", "evaluate", "pympi", "ray", "gradio", "onnx"}
    assert not heavy & set(done.stdout.split())
