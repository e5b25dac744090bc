"""`aullm predict` without a model: what it prints, and what it refuses before long work."""

import pytest
from rich.progress import Progress
from rich.text import Text
from typer.testing import CliRunner

from processing_aullm import ClipError, ClipFault
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor
from tests.processing_aullm.grey_films import write
from training_aullm import loading
from training_aullm.cli.main import app
from training_aullm.videos import many, ray_engine, video_files


class FakePipe:
    """Reads a fake face; "wall" shows none, "old" cannot be opened, "bug" finds a mistake of ours."""

    def stream(self, video, after=None, progress=None, **options):
        if video.stem == "old":
            raise PermissionError(13, "Permission denied", "old.mp4")
        if video.stem == "bug":
            raise KeyError("faces")
        if video.stem == "wall":
            raise ClipError("wall.mp4: no face", ClipFault.NO_FACE)
        pieces = FakeProcessor().pieces(FakeFace(moves=((30, 32, 35, 4.0, "AU4"),)))
        progress(0.5)
        yield from (piece | {"video": video.name} for piece in pieces)


@pytest.fixture
def predict(monkeypatch, tmp_path):
    monkeypatch.setattr(loading, "load_pipeline", lambda source: FakePipe())
    monkeypatch.setattr(video_files, "model_place", str)
    monkeypatch.chdir(tmp_path)  # where the pieces' videos lie
    for name in ("face.mp4", "wall.mp4", "old.mp4", "bug.mp4", f"{'x' * 250}.mp4"):
        (tmp_path / name).write_bytes(b"film")
    write(tmp_path / "face.mp4", [0, 40, 80])  # subtitles ask how fast a player shows it

    def run(*arguments):
        command = ["predict", *map(str, arguments), "--out", str(tmp_path / "out"), "--model", "m"]
        return CliRunner().invoke(app, command)

    return run


def test_a_table_and_the_files_are_named(predict, tmp_path):
    done = predict(tmp_path / "face.mp4", "--formats", "csv, vtt")
    assert done.exit_code == 0 and "1 movement, 0 blinks" in done.output and "AU4 brow lowerer 0.90" in done.output
    names = ["face.events.csv", "face.vtt", "face.windows.csv"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert all(name in done.output for name in names)


def test_a_name_with_brackets_is_said_as_it_is(predict, tmp_path, monkeypatch):
    video, told = tmp_path / "Talk [dQw4w9WgXcQ] [b].mp4", []
    write(video, [0, 40, 80])
    add, update = Progress.add_task, Progress.update
    monkeypatch.setattr(Progress, "add_task", lambda bar, what, **more: told.append(what) or add(bar, what, **more))
    monkeypatch.setattr(
        Progress, "update", lambda *given, **more: told.append(more["description"]) or update(*given, **more)
    )
    monkeypatch.chdir(tmp_path)
    done = predict(video.name, "--formats", "csv", "--model", "m[b]")
    assert done.exit_code == 0 and f"{video.name}: 1 movement, 0 blinks" in done.output
    assert f"{tmp_path / 'out' / video.stem}.events.csv" in done.output
    assert len(told) > 1 and all(Text.from_markup(each).plain.endswith(video.name) for each in told)


def test_a_video_that_cannot_be_read_does_not_keep_the_others_from_being_read(predict, tmp_path):
    others = (tmp_path / "wall.mp4", tmp_path / "old.mp4", tmp_path / f"{'x' * 250}.mp4", tmp_path / f"{'y' * 300}.mp4")
    done = predict(*others, tmp_path / "face.mp4", "--formats", "json")
    assert done.exit_code == 2 and "4 of 5 could not be read" in done.output
    for said in ("aullm: wall.mp4: no face", "Permission denied: 'old.mp4'", "rename it"):
        assert said in done.output
    assert (tmp_path / "out" / "face.json").is_file()


def test_a_mistake_of_ours_ends_the_command(predict, tmp_path):
    assert isinstance(predict(tmp_path / "bug.mp4", tmp_path / "face.mp4").exception, KeyError)


def test_numbers_that_are_none_are_refused(predict, tmp_path):
    refused = predict(tmp_path / "face.mp4", "--end", "inf")
    assert isinstance(refused.exception, ValueError) and "--end inf" in str(refused.exception)


def test_formats_and_names_are_refused_before_a_model_is_loaded(predict, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load_pipeline", None)
    refused = predict(tmp_path / "face.mp4", "--formats", "xml")
    assert isinstance(refused.exception, ValueError) and "xml" in str(refused.exception)
    for none in ("", " , "):
        assert "no format is named" in str(predict(tmp_path / "face.mp4", "--formats", none).exception)
    twice = predict(tmp_path / "face.mp4", tmp_path / "more" / "face.avi")
    assert isinstance(twice.exception, ValueError) and "same files" in str(twice.exception)


def test_many_at_once_have_a_line_each_a_manifest_and_common_tables(predict, tmp_path, monkeypatch):
    monkeypatch.setattr(many, "_pipe", lambda model: FakePipe())
    for module in (many, loading):
        monkeypatch.setattr(module, "model_place", str)
    given = (tmp_path / "wall.mp4", tmp_path / "bug.mp4", tmp_path / "face.mp4", "--workers", "1", "--formats", "vtt")
    done = predict(*given)
    assert done.exit_code == 2 and "2 of 3 could not be read" in done.output and "1 movement, 0 blinks" in done.output
    assert len((tmp_path / "out/manifest.jsonl").read_text().splitlines()) == 3
    assert sorted(path.name for path in (tmp_path / "out/events").iterdir()) == ["face.parquet"]
    assert (tmp_path / "out/face.vtt").is_file() and "(read before)" in predict(*given).output


def test_ray_is_named_where_it_is_missing(predict, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_engine, "ray", None)
    monkeypatch.setattr(loading, "model_place", str)
    monkeypatch.setattr(many, "model_place", str)
    refused = predict(tmp_path / "face.mp4", "--engine", "ray")
    assert isinstance(refused.exception, ValueError) and ".[ray]" in str(refused.exception)
