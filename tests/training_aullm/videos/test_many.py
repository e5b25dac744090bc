"""Many videos: the rows of one by one, a manifest, and a run that goes on where it stopped."""

import json
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from dataset_scripts.parallel import run_jobs
from dataset_scripts.synthetic.tables.video import render_video
from tests.commands.published import write_run
from tests.contract.language_models import save_tiny_language_model
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor
from training_aullm.loading import load_pipeline
from training_aullm.videos import many, video_files
from training_aullm.videos.many import Manifest, Task, read_many
from training_aullm.videos.video_files import read_to_files


class FakePipe:
    """Reads a fake face, another one in each video; "broken" has a bug in store."""

    def stream(self, video, after=None, **options):
        if Path(video).stem == "broken":
            raise KeyError("faces")
        frame = 30 + 10 * int(Path(video).stem)
        pieces = FakeProcessor().pieces(FakeFace(moves=((frame, frame + 2, frame + 5, 4.0, "AU4"),)))
        yield from ({**piece, "video": str(video)} for piece in pieces)


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads videos of these names in this process, and gives the records and the videos that were looked at."""
    monkeypatch.setattr(many, "_pipe", lambda model: FakePipe())
    for module in (many, video_files):
        monkeypatch.setattr(module, "model_place", str)
    looked = []

    def run(do, jobs):
        looked.extend(job.video.stem for job in jobs)
        return map(do, jobs)

    def read(*names: str, formats=("tables",)):
        looked.clear()
        for place, name in enumerate(names):
            if not (tmp_path / f"{name}.mp4").exists():
                (tmp_path / f"{name}.mp4").write_bytes(b"film" * (place + 1))
        videos = [tmp_path / f"{name}.mp4" for name in names]
        tasks = [Task(video, tmp_path / "out" / video.stem, "model", {}, formats) for video in videos]
        return list(read_many(tasks, Manifest(tmp_path / "out/manifest.jsonl"), run)), list(looked)

    return read


def test_the_table_of_all_videos_holds_the_rows_of_each(read, tmp_path):
    records, looked = read("0", "1", "2", formats=("tables", "parquet"))
    assert looked == ["2", "1", "0"], "the longest first"
    for name in ("events", "windows"):
        table = pd.read_parquet(tmp_path / "out" / name)
        assert table.columns[0] == "video" and table["video"].nunique() == 3
        for number in range(3):
            alone = pd.read_parquet(tmp_path / f"out/{number}.{name}.parquet")
            part = table[table["video"] == str(tmp_path / f"{number}.mp4")].drop(columns="video")
            pd.testing.assert_frame_equal(part.reset_index(drop=True), alone)
    assert [record["movements"] for record in records] == [1, 1, 1]


def test_a_broken_video_is_named_and_does_not_stop_the_rest(read, tmp_path):
    records, _ = read("0", "broken", "1")
    assert {Path(record["video"]).stem: record["error"] for record in records} == {
        "0": None,
        "broken": "'faces'",
        "1": None,
    }
    lines = [json.loads(line) for line in (tmp_path / "out/manifest.jsonl").read_text().splitlines()]
    assert lines == records and "KeyError" in lines[[r["error"] for r in lines].index("'faces'")]["traceback"]


def test_what_is_done_is_not_read_again(read, tmp_path):
    read("0", "broken")
    manifest = tmp_path / "out/manifest.jsonl"
    with manifest.open("a") as file:
        file.write('{"video": "torn')
    records, looked = read("0", "broken", "1")
    assert looked == ["1", "broken"] and records[0]["again"] and records[0]["movements"] == 1
    assert len(Manifest(manifest).done()) == 2
    (tmp_path / "out/events/0.parquet").unlink()
    assert read("0", "1")[1] == ["0"]
    assert read("0", "1", formats=("tables", "vtt"))[1] == ["1", "0"]


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A tiny run, and two short films of rendered faces."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(2):
        film = {"fps": 30, "lead_in_s": 0.4, "lead_out_s": 0.4, "size": 240}
        render_video(folder / f"{number}.mp4", ["AU4"], subject=number, **film)
    run = write_run(folder / "run", save_tiny_language_model(folder / "language-model"))
    return str(run), [folder / f"{number}.mp4" for number in range(2)]


def rows_equal_one_by_one(films, out, run) -> None:
    model, videos = films
    tasks = [Task(video, out / "many" / video.stem, model, {}, ("tables",)) for video in videos]
    records = list(read_many(tasks, Manifest(out / "many/manifest.jsonl"), run))
    assert [record["error"] for record in records] == [None, None]
    pipe = load_pipeline(model)
    for video in videos:
        read_to_files(video, pipe, out / "one" / video.stem, {}, ["tables"], model)
    for name in ("events", "windows"):
        one, other = (pq.read_table(out / folder / name) for folder in ("one", "many"))
        assert one.equals(other) and (name == "events" or len(one) > 10)


@pytest.mark.slow
def test_two_processes_give_the_rows_of_one_by_one(films, tmp_path):
    rows_equal_one_by_one(films, tmp_path, partial(run_jobs, num_proc=2))


@pytest.mark.slow
def test_ray_gives_the_rows_of_one_by_one(films, tmp_path):
    ray = pytest.importorskip("ray")
    from training_aullm.videos.ray_engine import run_on_ray

    try:
        rows_equal_one_by_one(films, tmp_path, partial(run_on_ray, num_proc=2))
    finally:
        ray.shutdown()
