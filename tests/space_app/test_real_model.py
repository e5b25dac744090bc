"""The page on a real model folder: read, explained and drawn through the pipeline, in a browser and by a program.

    python -m pytest -m slow tests/space_app/test_real_model.py

With AULLM_SCREENSHOTS=FOLDER the pictures of docs/space.md are written there. Without AULLM_MODEL, a folder with a
pipeline, the model is the checkpoint that comes along.
"""

import os
from pathlib import Path

import av
import pytest

from tests.contract.tree import ROOT
from tests.space_app.browsing import NEEDS_CHROMIUM, Visit, browser, served

EXAMPLES = ROOT / "space_app" / "examples"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def real_reader():
    import inference
    from settings import Settings

    return inference.Reader(Settings.from_environment(max_minutes=30))


@pytest.fixture
def pictured(tmp_path) -> Path:
    """Where screenshots go."""
    folder = Path(os.environ.get("AULLM_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_movement_that_was_rendered_is_found_and_explained(real_reader):
    video = str(EXAMPLES / "one-movement.mp4")  # AU4 and AU7 from frame 65 to 80, a blink from 16 to 25
    reading = real_reader.read(video)
    assert len(reading["faces"]) == 1 and reading["frames"] == 120
    movements = reading["faces"][0]["movements"]
    found = next(each for each in movements if each["onset"] >= 60 and each["offset"] <= 85)
    assert "AU4" in found["action_units"]
    explanation = real_reader.explain(video, found["onset"], found["offset"])
    assert set(explanation["probabilities"]) == set(reading["action_units"])
    assert real_reader.pipe.draw(explanation, "attention", action_unit="AU4").shape == explanation["frames"][0].shape
    assert real_reader.pipe.magnify(explanation, factor=8).shape == explanation["frames"].shape


def test_states_of_real_files(real_reader, tmp_path):
    from problems import Problem

    noise = tmp_path / "noise.mp4"
    noise.write_bytes(os.urandom(5000))
    with pytest.raises(Problem) as caught:
        real_reader.check(str(noise))
    assert caught.value.state == "not-a-video"


@NEEDS_CHROMIUM
def test_the_journey_on_a_desktop(real_reader, pictured):
    with served(real_reader) as address, browser() as context:
        visit = Visit(context, address)
        visit.picture(pictured / "space_start.png")
        assert visit.upload(EXAMPLES / "several.mp4") == "ready"
        assert visit.read() == "done"
        visit.picture(pictured / "space_timeline.png", "#results")
        visit.look(1)
        visit.picture(pictured / "space_closer.png", "#closer")
        assert not visit.errors


@NEEDS_CHROMIUM
def test_the_journey_on_a_phone(real_reader, pictured):
    with served(real_reader) as address, browser(**PHONE) as context:
        visit = Visit(context, address)
        visit.page.get_by_role("button", name="Two people side by side").click()
        visit.page.wait_for_selector("#status [data-state=ready]")
        assert visit.read() == "several-faces"
        visit.look(1)
        visit.picture(pictured / "space_phone.png")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.fixture
def camera(tmp_path) -> Path:
    """An example as a film that a browser takes for its camera."""
    return filmed(tmp_path / "camera.y4m", EXAMPLES / "one-movement.mp4")


@pytest.fixture
def smiling_camera(tmp_path) -> Path:
    """The same of a smile."""
    return filmed(tmp_path / "smile.y4m", EXAMPLES / "smile.mp4")


def filmed(path: Path, example: Path) -> Path:
    """A film as raw pictures."""
    with av.open(str(example)) as film, av.open(str(path), "w", format="yuv4mpegpipe") as raw:
        source = film.streams.video[0]
        stream = raw.add_stream("wrapped_avframe", rate=source.average_rate)
        stream.width, stream.height, stream.pix_fmt = source.width, source.height, "yuv420p"
        for frame in film.decode(video=0):
            raw.mux(stream.encode(frame.reformat(format="yuv420p")))
    return path


@NEEDS_CHROMIUM
def test_a_recording_of_the_browsers_camera_is_read(real_reader, camera, pictured, monkeypatch):
    recorded, check = [], real_reader.check

    def checked(video: str) -> float | None:
        recorded.append(video)
        return check(video)

    monkeypatch.setattr(real_reader, "check", checked)
    with served(real_reader) as address, browser(camera) as context:
        visit = Visit(context, address)
        assert visit.record(5.0) == "ready"
        with av.open(recorded[0]) as film:
            assert "webm" in film.format.name and not film.duration, "a browser does not say how long it recorded"
        assert visit.read() == "done"
        told = visit.page.inner_text("#summary")
        assert 4.0 < float(told.split()[0]) < 9.0 and "seconds were read" in told and "eyes closed: " in told
        visit.picture(pictured / "space_recorded.png", "#results")
        explanation = real_reader.explain(recorded[0], 60, 75)
        assert set(explanation["probabilities"]) == set(real_reader.action_units)
        visit.delete()
        assert not Path(recorded[0]).exists()
        assert not visit.errors


@NEEDS_CHROMIUM
def test_the_live_camera_reads_while_it_films(real_reader, smiling_camera, pictured, capsys):
    with served(real_reader) as address, browser(smiling_camera, permissions=["camera"]) as context:
        visit = Visit(context, address)
        visit.open_camera(points=True)
        batches = visit.watch_for("#camera .live-past li:has-text('corners of the mouth were pulled up')", 60)
        if visit.page.locator("#camera .camera-state:has-text('too slow')").count():
            pytest.skip("this machine is too busy to read while it films, and the page says so")
        assert batches, "the smile was not told"
        visit.picture(pictured / "space_live.png", "#live")
        assert visit.stop_camera() == "ready"
        with capsys.disabled():
            rates, load = [each["rate"] for each in batches], os.getloadavg()[0]
            print(f"\na load of {load:.1f}; {rates.count(20)} batches at 20 pictures a second, {rates.count(10)} at 10")
            for name, which in (("late", "oldest"), ("newest", "newest")):
                took = sorted(each[name] for each in batches)
                said = f"{took[len(took) // 2]} ms (median), {took[-1]} at most"
                print(f"{len(took)} batches: the {which} picture of each was told after {said}")
        assert visit.read() == "done"
        assert "corners of the mouth were pulled up" in visit.page.inner_text("#summary")
        visit.delete()
        assert not visit.errors


@NEEDS_CHROMIUM
def test_points_are_drawn_on_the_video(real_reader, pictured):
    with served(real_reader) as address, browser() as context:
        visit = Visit(context, address)
        visit.upload(EXAMPLES / "one-sided.mp4")
        assert visit.read() == "done"
        visit.page.click("#draw")
        visit.page.wait_for_selector("#points video")
        assert visit.page.evaluate("document.querySelector('#points video').error") is None
        visit.picture(pictured / "space_points.png", "#points")
        told = visit.page.inner_text("#summary")
        assert "the left corner of the mouth was pulled up" in told and "right eyebrow" in told


@NEEDS_CHROMIUM
def test_a_face_in_the_dark_is_told_before_anything_else(real_reader, pictured):
    with served(real_reader) as address, browser(**PHONE) as context:
        visit = Visit(context, address)
        visit.page.get_by_role("button", name="A face in the dark").click()
        visit.page.wait_for_selector("#status [data-state=ready]")
        assert visit.read() == "done"
        assert visit.page.inner_text("#summary").startswith("This face is not seen well: it is very dark")
        visit.picture(pictured / "space_dark.png", "#results")
