"""What a video costs: every stage is a part of today's reader, and the programs around it run on short films."""

from io import StringIO

import av
import pytest
from rich.console import Console

from benchmarks import alignment, video
from processing_aullm import AullmImageProcessor
from processing_aullm.video_aullm import open_clip
from tests.contract.tree import ROOT

FILM = ROOT / "space_app/examples/short-smile.mp4"  # a movement, which all stages are needed for


def test_all_that_is_timed_is_part_of_a_reading(monkeypatch):
    """A name that the reader calls no longer would count its stage as nothing."""
    names = [(place, method, f"{place.__name__}.{method}") for place, method, _ in video.METHODS]
    monkeypatch.setattr(video, "METHODS", names)
    pipe, watch = video.load_pipeline("release"), video.Stopwatch()
    with watch.watching(pipe.processor.image_processor, pipe):
        pipe(str(FILM))
    others = {"decode", "detection", "landmarks", "displacement field", "model"}
    assert watch.calls.keys() == others | {name for _, _, name in names}


def test_every_stage_has_a_name_and_every_name_a_stage():
    timed = {name for _, _, name in video.METHODS} | {"decode", "detection", "landmarks", "displacement field", "model"}
    assert timed == {*video.STREAM, *video.READING, *video.SECOND}


def test_stages_make_up_the_whole(run_program):
    told = run_program(video, "--video", FILM, "--model", "release")
    spent = dict(told["ms_per_frame"])
    total = spent.pop("total")
    assert told["second_opinion"] and list(spent) == [*video.STREAM, *video.READING, *video.SECOND, "other"]
    assert sum(spent.values()) == pytest.approx(total, abs=0.1) and min(spent.values()) >= 0
    assert told["frames"] == open_clip(FILM).stated_count and told["detections"] == 1
    text = StringIO()
    Console(file=text, width=100).print(video.stage_table(told))
    assert all(name in text.getvalue() for name in spent)


def test_a_reading_without_the_second_opinion_has_no_such_stage():
    told = video.stages(FILM, "release", second_opinion=False)
    assert not told["second_opinion"] and list(told["ms_per_frame"])[:-2] == [*video.STREAM, *video.READING]


def test_all_is_as_before_where_nothing_is_timed():
    reader, before = AullmImageProcessor(), [getattr(place, method) for place, method, _ in video.METHODS]
    mesh = reader.aligner.mesh
    with video.Stopwatch().watching(reader):
        assert reader.aligner.mesh is not mesh
    assert reader.aligner.mesh is mesh
    assert [getattr(place, method) for place, method, _ in video.METHODS] == before


def test_what_is_timed_inside_counts_once():
    watch, clock = video.Stopwatch(), iter([0.0, 1.0, 3.0, 10.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video.time, "process_time", lambda: next(clock))
        with watch.timing("outer"), watch.timing("inner"):
            pass
    assert dict(watch.seconds) == {"outer": 8.0, "inner": 2.0}


def test_blinks_and_stillness_of_the_stream(run_program, short_takes, monkeypatch):
    monkeypatch.setattr(video, "load_takes", short_takes)
    monkeypatch.setattr(alignment, "FRAMES", 3)
    told = run_program(video, "--video", FILM, "--blinks", 1, "--stillness", 1)
    assert list(told["ms_per_frame"])[:-2] == [*video.STREAM]
    assert told["blinks"]["true"] == 1
    assert [row["motion"] for row in told["stillness"]] == [*alignment.MOTION]
    assert all(row["frames"] == 3 and row["error_px"] < 1 for row in told["stillness"])


@pytest.mark.parametrize(("model", "files"), [([], set()), (["--model", "release"], {"json", "vtt"})])
def test_memory_of_a_long_film(model, files, run_program, tmp_path):
    told = run_program(video, "--video", FILM, "--memory", 6, "--plot", tmp_path / "memory.png", *model)["memory"]
    assert told["frames"] == 2 * open_clip(FILM).stated_count and files <= told["files"].keys()
    assert len(told["minutes"]) == len(told["megabytes"]) and told["minutes"][-1] == pytest.approx(0.1)
    assert (tmp_path / "memory.png").stat().st_size > 1000


def test_a_take_stands_amid_a_wide_picture(short_takes, tmp_path):
    path = video.widen(short_takes(subjects=1)[0]["video"], tmp_path / "wide.mp4")
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert len(frames) == 60 and frames[0].shape == (video.HEIGHT, video.WIDTH)
