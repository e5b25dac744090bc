"""Limits, states and silence around the model; the model itself is a stand-in."""

import gc
import logging
import pickle
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.space_app.fake_pipe import FakePipe


def state_of(call, *arguments) -> str:
    """The name of the problem that a call ends in."""
    from problems import Problem

    with pytest.raises(Problem) as caught:
        call(*arguments)
    return caught.value.state


def holding(folder, content: bytes) -> str:
    path = folder / "jane_doe.mp4"
    path.write_bytes(content)
    return str(path)


def test_a_reading_comes_back_without_the_files_name(make_reader, video):
    pipe = FakePipe()
    reading = make_reader(pipe).read(video)
    asked, options = pipe.asked[0]
    assert reading["video"] == "video" and "jane" not in asked and "jane" not in str(reading)
    assert not Path(asked).exists(), "its own temporary file is removed"
    assert (options["start"], options["end"]) == (0.0, 8.0)


def test_the_part_to_read_is_passed_on_and_0_means_to_the_end(make_reader, video):
    pipe = FakePipe()
    make_reader(pipe).read(video, 2.0, 3.5)
    make_reader(pipe).read(video, 2.0, 0)
    assert [(asked["start"], asked["end"]) for _, asked in pipe.asked] == [(2.0, 3.5), (2.0, 8.0)]


@pytest.mark.parametrize(("content", "state"), [(b"text", "not-a-video"), (b"wall", "no-face"), (b"bug", "unexpected")])
def test_errors_of_the_pipeline_become_states(make_reader, tmp_path, content, state):
    assert state_of(make_reader().read, holding(tmp_path, content)) == state


def test_what_is_too_much_is_refused_before_the_model_is_asked(make_reader, video):
    pipe = FakePipe(size=(3840, 2160))
    assert state_of(make_reader(pipe).read, video) == "too-large"
    assert state_of(make_reader(FakePipe(size=(80, 60))).read, video) == "too-small"
    assert state_of(make_reader(max_megabytes=1e-6).read, video) == "too-large"
    assert state_of(make_reader(max_seconds=5).read, video) == "too-long"
    assert state_of(make_reader().read, None) == "nothing"
    assert not pipe.asked


def test_a_part_short_enough_of_a_long_video_is_read(make_reader, video):
    assert make_reader(max_seconds=5).read(video, 3.0)["faces"]
    assert make_reader(max_seconds=5).read(video, 0, 4.0)["faces"]


def test_what_is_refused_for_its_length_is_told_to_be_longer_than_the_most(make_reader, video):
    from problems import Problem

    for frames, told in ((1800, None), (1815, None), (1816, "1 min 1 s, and 1 min is the most")):
        reader = make_reader(FakePipe(frames=frames))
        if told is None:
            assert reader.read(video)["faces"]
        else:
            with pytest.raises(Problem, match=told):
                reader.read(video)


def test_a_part_outside_of_the_video_is_refused(make_reader, video):
    for start, end in ((9.0, None), (3.0, 2.0), (-1.0, 2.0)):
        assert state_of(make_reader().read, video, start, end) == "bad-part"


def test_a_video_of_unknown_length_is_read_up_to_the_limit(make_reader, video):
    pipe = FakePipe(frames=None)
    make_reader(pipe, max_seconds=20).read(video, 5.0)
    assert pipe.asked[0][1]["end"] == 25.0


@pytest.mark.parametrize(
    ("limits", "asked", "state"),
    [
        ({"max_megabytes": 1e-6}, (54, 66, 0), "too-large"),
        ({"longest_side": 639}, (54, 66, 0), "too-large"),
        ({"shortest_side": 481}, (54, 66, 0), "too-small"),
        ({"max_seconds": 5}, (0, 180, 0), "too-long"),
        ({"max_seconds": 5}, (0, 10**12, 0), "too-long"),
        ({}, (54, 66, 4), "no-such-face"),
        ({}, (54, 66, -1), "no-such-face"),
        ({}, (-5, 66, 0), "bad-part"),
        ({}, (66, 54, 0), "bad-part"),
        ({}, (None, 54, 0), "bad-part"),
        ({}, (0, float("inf"), 0), "bad-part"),
    ],
)
def test_explaining_obeys_every_limit_before_the_model_is_asked(make_reader, video, limits, asked, state):
    pipe = FakePipe()
    assert state_of(make_reader(pipe, **limits).explain_in_numbers, video, *asked) == state
    assert not pipe.asked


def test_a_part_that_is_no_number_is_refused(make_reader, video):
    for start, end in ((float("nan"), None), (0.0, float("nan")), (0.0, float("inf"))):
        assert state_of(make_reader().read, video, start, end) == "bad-part"


def test_explaining_is_given_up_after_its_own_time_limit(make_reader, video):
    pipe = FakePipe()
    pipe.explain = lambda *_, **__: [time.sleep(0.01) for _ in range(6000)]
    assert state_of(make_reader(pipe, max_explain_seconds=0.05).explain, video, 54, 66) == "too-slow"


def test_opening_is_given_up_after_its_time_limit_too(make_reader, video):
    pipe = FakePipe()
    pipe.processor.open_stream = lambda *_: [time.sleep(0.01) for _ in range(6000)]
    assert state_of(make_reader(pipe, max_explain_seconds=0.05).check, video) == "too-slow"


def test_a_video_deleted_while_it_is_read_is_gone_at_once(make_reader, video):
    class Deleting(FakePipe):
        def __call__(self, clip, **options):
            Path(video).unlink()
            with pytest.raises(OSError):
                Path(clip).read_bytes()
            options["progress"](0.5)

    assert state_of(make_reader(Deleting()).read, video) == "gone"


def test_reading_leaves_the_upload_as_old_as_it_was(make_reader, video):
    """What is deleted by age must not grow younger by being used."""
    before = Path(video).stat().st_ctime_ns
    make_reader().read(video)
    assert Path(video).stat().st_ctime_ns == before


def test_reading_is_given_up_after_the_time_limit(make_reader, video):
    assert state_of(make_reader(max_minutes=1e-9).read, video) == "too-slow"


def test_no_faces_and_no_windows_are_states(make_reader, video, monkeypatch):
    assert state_of(make_reader(FakePipe(faces=0)).read, video) == "no-face"
    monkeypatch.setattr("tests.space_app.fake_pipe.FRAMES", 5)
    assert state_of(make_reader().read, video) == "too-short"


def test_what_is_logged_names_no_file_and_repeats_no_message(make_reader, tmp_path, caplog):
    with caplog.at_level(logging.DEBUG):
        state_of(make_reader().read, holding(tmp_path, b"bug"))
    assert "RuntimeError in fake_pipe.py" in caplog.text
    assert "cannot handle" not in caplog.text and "mp4" not in caplog.text and str(tmp_path) not in caplog.text


def test_explaining_a_deleted_upload_says_so(make_reader, video):
    reader = make_reader()
    assert reader.explain(video, 54, 66)["onset"] == 54
    Path(video).unlink()
    assert state_of(reader.explain, video, 54, 66) == "gone"


def test_numbers_for_the_api_are_plain(make_reader, video):
    import json

    answer = make_reader().explain_in_numbers(video, 54, 66)
    assert json.loads(json.dumps(answer))["relations"][3][2] == 0.7
    assert set(answer["counterfactuals"]) == set(answer["action_units"])


def test_portraits_are_of_the_faces_that_were_read(make_reader, video):
    reader = make_reader(FakePipe(faces=2))
    crops = reader.portraits(video, reader.read(video))
    assert sorted(crops) == [0, 1] and crops[0].shape == (64, 64)
    assert [crops[face].mean() for face in (0, 1)] == [90, 130]


def test_a_portrait_shows_who_stands_there_whatever_number_it_has_when_it_is_followed_again(make_reader, video):
    reader = make_reader(FakePipe(faces=2))
    reading = reader.read(video)
    first, second = reading["faces"]
    first["face"], second["face"] = 1, 0
    assert {face: crop.mean() for face, crop in reader.portraits(video, reading).items()} == {1: 90, 0: 130}
    second["box"] = [400.0, 300.0, 440.0, 350.0]
    assert list(reader.portraits(video, reading)) == [1], "nobody else in the place of one who is not found"


def test_a_problem_survives_the_way_back_from_another_process():
    import problems

    back = pickle.loads(pickle.dumps(problems.too_long(100, 60)))
    assert (back.state, back.headline) == ("too-long", problems.too_long(100, 60).headline)
    assert not back.print_exception


def test_on_zero_gpu_each_step_is_lent_a_gpu_and_reading_ends_before_it_is_taken_back(make_reader, video, monkeypatch):
    import inference

    lent = []

    def gpu(duration):
        def decorated(task):
            def lending(*arguments):
                lent.append((arguments[0], duration(*arguments)))
                return task(*arguments)

            return lending

        return decorated

    monkeypatch.setattr(inference, "spaces", SimpleNamespace(GPU=gpu))
    reader = make_reader()
    assert reader.read(video)["faces"] and reader.explain(video, 54, 66)
    assert lent == [("_read", 120), ("_explain", 30)]
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(inference.GPU_SECONDS, "_read", 0)
    assert state_of(reader.read, video) == "too-slow"


def test_a_loaded_model_reads_with_one_thread(monkeypatch):
    import inference
    from settings import Settings

    monkeypatch.setattr("training_aullm.loading.load_pipeline", lambda model: f"pipeline of {model}")
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert inference.load(Settings("release")) == "pipeline of release"
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)
        gc.unfreeze()
