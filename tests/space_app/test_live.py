"""The live camera's side of the machine: batches are read or kept, limits hold, and nothing stays."""

import base64
import io
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.space_app.fake_pipe import FakePipe


def jpeg(size: tuple[int, int] = (64, 48), grey: int = 90) -> str:
    content = io.BytesIO()
    Image.new("RGB", size, (grey,) * 3).save(content, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()


def batch(token: str, times, **rest) -> dict:
    return {"token": token, "rate": 20, "times": list(times), "pictures": [jpeg() for _ in times], **rest}


@pytest.fixture
def live(make_reader, tmp_path, monkeypatch):
    from live import Live

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return Live(make_reader(FakePipe(), max_seconds=5))


def test_a_batch_is_told_a_moment_later_and_becomes_a_film(live):
    token = live.begin()["token"]
    first = live.watch(batch(token, [1.0, 1.05, 1.1], points=True))
    assert "Right now" in first["html"] and "Mouth corners up (AU12)" in first["html"] and not first["over"]
    assert len(first["points"]) == 468 and all(0 <= x <= 1 for x in first["points"][0])
    assert live.watch(batch(token, [1.15]))["points"] == [], "only where they are asked for"
    assert np.allclose(live.reader.pipe.lives[-1].times, [0, 0.05, 0.1, 0.15]), "seconds of the film, not of the page"
    later = live.watch(batch(token, [2.0, 2.05]))["html"]
    assert "the left corner of the mouth was pulled up" in later and "1 blink)" in later

    path = Path(live.finish(token))
    with av.open(str(path)) as container:
        times = [round(float(frame.time), 2) for frame in container.decode(video=0)]
    assert times == [0.0, 0.05, 0.1, 0.15, 1.0, 1.05]
    assert "problem" in live.watch(batch(token, [3.0])), "a camera that was stopped is forgotten"


def test_what_is_only_kept_is_not_read(live):
    token = live.begin()["token"]
    live.watch(batch(token, [0.0, 0.05], read=False))
    assert live.reader.pipe.lives[-1].times == []
    assert Path(live.finish(token)).is_file()


def test_a_slow_page_goes_on_with_fewer_pictures_and_keeps_what_was_told(live):
    begun = live.begin()
    assert begun["rates"] == [20.0, 10.0]
    assert "At" not in live.watch(batch(begun["token"], [0.0, 0.05]))["html"]
    later = live.watch(batch(begun["token"], [0.3, 0.4], rate=10))["html"]
    before, after = live.reader.pipe.lives
    assert (before.fps, after.fps) == (20.0, 10.0) and (before.times, after.times) == ([0.0, 0.05], [0.3, 0.4])
    assert "At 0.3 s" in later and "1 blink)" in later, "what the first reading still knew, in its own frames"
    last = live.watch(batch(begun["token"], [1.3, 1.4], rate=10))["html"]
    assert "At 0.6 s" in last and "At 0.3 s" in last and "2 blinks)" in last
    assert len(live.reader.pipe.lives) == 2
    live.watch(batch(begun["token"], [2.5], rate=20))
    assert len(live.reader.pipe.lives) == 2, "a camera that was slow stays with what it can do"


def test_enough_is_enough(live):
    token = live.begin()["token"]
    assert not live.watch(batch(token, [0.0, 4.0]))["over"]
    assert live.watch(batch(token, [4.6]))["over"]
    assert "too long" in live.watch(batch(token, [60.0]))["problem"]


def test_pictures_are_kept_as_long_as_they_go_on_and_fit_into_the_time(live):
    token = live.begin()["token"]
    assert "html" in live.watch(batch(token, [5.0] * 100, read=False)), "a browser's clock may be coarse"
    for at in (4.9, float("nan"), float("inf")):
        assert "Nothing was filmed" in live.watch(batch(token, [5.0, at], read=False))["problem"]
        assert "Nothing was filmed" in live.watch(batch(token, [at], read=False))["problem"]
    answers = [live.watch(batch(token, [5.0] * 100, read=False)) for _ in range(5)]
    kept = len(live._watched[token].pictures)
    assert "too long" in answers[-1]["problem"] and kept == 300, "20 a second for 5 s, and as many as 10 s more bring"


def test_a_third_camera_is_told_to_record_and_a_silent_one_makes_room(live, monkeypatch):
    import live as module

    tokens = [live.begin()["token"] for _ in range(module.MOST_AT_ONCE)]
    assert "Others are being filmed" in live.begin()["problem"]
    live.watch(batch(tokens[1], [0.0]))
    then = time.monotonic() + module.SILENT_S + 1
    live._watched[tokens[1]].heard = then
    monkeypatch.setattr(module.time, "monotonic", lambda: then)
    assert "token" in live.begin()
    assert "problem" in live.watch(batch(tokens[0], [0.0])) and "html" in live.watch(batch(tokens[1], [0.1]))


def test_a_camera_that_cannot_start_is_told_in_words(live):
    def fails(*_):
        raise RuntimeError("no memory for another reading")

    live.reader.live = fails
    assert "Something went wrong here" in live.begin()["problem"]


def test_a_batch_that_took_long_to_arrive_forgets_the_silent_and_not_its_own_camera(live, monkeypatch):
    import live as module

    slow, silent = (live.begin()["token"] for _ in range(2))
    live.watch(batch(slow, [0.0, 0.05]))
    then = time.monotonic() + module.SILENT_S + 1
    monkeypatch.setattr(module.time, "monotonic", lambda: then)
    assert "html" in live.watch(batch(slow, [0.1]))
    assert "problem" in live.watch(batch(silent, [0.0]))
    assert Path(live.finish(slow)).is_file()


def test_a_film_is_no_longer_than_the_page_reads(live):
    token = live.begin()["token"]
    live.watch(batch(token, [1 + number / 20 for number in range(100)]))
    live.watch(batch(token, [6 + number / 20 for number in range(30)], read=False))
    film = live.finish(token)
    with av.open(film) as container:
        assert sum(1 for _ in container.decode(video=0)) == 100, "5 s are the most"
    token = live.begin()["token"]
    live.watch(batch(token, [0.0, 5.5]))
    with pytest.raises(Exception, match="Nothing was filmed"):
        live.finish(token)


def test_a_page_that_was_closed_is_forgotten_though_nobody_comes(live, monkeypatch):
    import live as module

    monkeypatch.setattr(module, "SILENT_S", 0.2)
    token = live.begin()["token"]
    live.watch(batch(token, [0.0]))
    for _ in range(100):
        if not live._watched:
            break
        time.sleep(0.1)
    assert not live._watched and live._timer is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "guessed"},
        {"times": [0.0]},
        {"times": [1.0, 0.5]},
        {"times": ["now", "then"]},
        {"pictures": []},
        {"pictures": ["https://example.org/face.jpg"] * 2},
        {"pictures": ["data:image/jpeg;base64,!!"] * 2},
        {"pictures": ["data:image/jpeg;base64," + base64.b64encode(b"no picture").decode()] * 2},
        {"pictures": [jpeg((2000, 2000))] * 2},
        {"pictures": None},
        {"rate": 1000},
        {"rate": None},
    ],
)
def test_nothing_but_pictures_of_a_camera_is_taken(live, wrong):
    token = live.begin()["token"]
    assert "Nothing was filmed" in live.watch(batch(token, [0.0, 0.05]) | wrong)["problem"]


def test_a_camera_that_has_seen_nothing_leaves_no_film(live):
    from problems import Problem

    for token in (live.begin()["token"], "guessed", None):
        with pytest.raises(Problem) as caught:
            live.finish(token)
        assert caught.value.state == "nothing-filmed"


def test_a_face_that_is_not_seen_or_not_well_is_told_before_any_score(live):
    token = live.begin()["token"]
    live.reader.pipe.lives[-1].view = ["dark"]
    told = live.watch(batch(token, [0.0, 0.05]))["html"]
    assert told.index("it is very dark") < told.index("Right now")
    live.reader.pipe.lives[-1].lost = True
    assert "No face is seen" in live.watch(batch(token, [0.1]))["html"]


def test_without_a_pipeline_that_reads_live_there_is_no_camera(make_reader, monkeypatch):
    reader = make_reader(FakePipe())
    assert reader.reads_live
    monkeypatch.setenv("SPACES_ZERO_GPU", "1")
    assert not reader.reads_live
    monkeypatch.delenv("SPACES_ZERO_GPU")
    monkeypatch.delattr(FakePipe, "live")
    assert not reader.reads_live


def test_decoded_pictures_have_even_sides():
    from live import decoded

    content = base64.b64decode(jpeg((63, 49)).partition(",")[2])
    assert decoded(content).shape == (48, 62, 3) and decoded(content).dtype == np.uint8
