"""The whole page in a headless browser, on the stand-in: every state, by mouse and by keyboard, wide and on a phone.

python -m pytest -m slow tests/space_app/test_journey.py
"""

import base64
import itertools
import json
import time
from pathlib import Path
from threading import Event

import pytest

from tests.contract.tree import ROOT
from tests.space_app.browsing import NEEDS_CHROMIUM, Visit, browser, served
from tests.space_app.fake_pipe import FakeLive, FakePipe

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
EXAMPLE = ROOT / "space_app" / "examples" / "smile.mp4"  # that a browser plays


@pytest.fixture
def films(tmp_path) -> dict[str, Path]:
    """Files that the stand-in takes for a face, a wall and no video, under telling names."""
    found = {}
    for name, content in (("face", b"film"), ("wall", b"wall"), ("text", b"text")):
        found[name] = tmp_path / f"jane_doe_{name}.mp4"
        found[name].write_bytes(content)
    return found


def uploaded(name: str) -> list[Path]:
    """What lies in Gradio's folder of uploads under this name."""
    from gradio.utils import get_upload_folder

    return list(Path(get_upload_folder()).rglob(name))


def test_a_visit_from_upload_to_deletion(make_reader, films, capfd):
    with served(make_reader()) as address, browser() as context:
        visit = Visit(context, address)
        assert visit.upload(films["face"]) == "ready" and uploaded("jane_doe_face.mp4")
        assert visit.read() == "done"
        visit.look(2)
        page = visit.page
        assert page.get_attribute("#timeline [data-movement='2']", "aria-pressed") == "true"
        assert "corners of the mouth were pulled up" in page.inner_text("#sentence")
        assert page.locator("#graph svg.graph").count() == 1 and "If the model did not see" in page.inner_text("#flips")
        page.get_by_label("What moved").check()
        page.wait_for_selector("#picture figcaption:has-text('Arrows')")
        link = page.get_attribute("#downloads a[download='reading.json']", "href")
        assert len(json.loads(base64.b64decode(link.split("base64,")[1]))["faces"]) == 1
        visit.delete()
        assert not uploaded("jane_doe_face.mp4") and not page.locator("#results").is_visible()
        assert not visit.errors
    assert "jane" not in "".join(capfd.readouterr()), "nothing of an upload's name is printed"


def test_states_are_shown_in_place_and_spoken(make_reader, films):
    with served(make_reader(max_seconds=5)) as address, browser() as context:
        visit = Visit(context, address)
        assert visit.page.get_attribute("#status [role=status], #status[role=status]", "role") == "status"
        visit.page.click("#go")
        visit.page.wait_for_selector("#status [data-state=nothing]")
        assert visit.upload(films["text"]) == "not-a-video"
        assert visit.upload(films["wall"]) == "ready"
        visit.page.fill("#end input", "4")
        assert visit.read() == "no-face"
        visit.page.fill("#end input", "0")
        assert visit.upload(films["face"]) == "ready" and visit.read() == "too-long"


def test_a_file_that_is_too_heavy_is_told_in_the_pages_words_and_another_may_be_chosen(make_reader, films):
    films["wall"].write_bytes(b"x" * 4_300_000)
    with served(make_reader(max_megabytes=2)) as address, browser() as context:
        visit = Visit(context, address)
        assert visit.upload(films["wall"]) == "too-large" and not uploaded(films["wall"].name)
        assert "5 MB, and 2 MB is the most" in visit.page.inner_text("#status")
        assert visit.upload(films["face"]) == "ready" and not visit.errors


def test_movements_of_a_face_in_the_dark_need_a_click(make_reader, films):
    class Dark(FakePipe):
        def __call__(self, video, **options):
            reading = super().__call__(video, **options)
            reading["faces"][0]["view"] = ["dark"]
            return reading

    with served(make_reader(Dark())) as address, browser() as context:
        visit = Visit(context, address)
        visit.upload(films["face"])
        visit.read()
        timeline = visit.page.locator("#timeline details.doubted")
        assert not visit.page.locator("#timeline [data-movement='2']").is_visible()
        assert not visit.page.locator("#moves").is_visible()
        timeline.locator("> summary").click()
        visit.look(2)
        assert timeline.get_attribute("open") is not None and not visit.errors


def test_what_is_pressed_while_a_reading_runs_counts_and_a_second_press_reads_nothing(make_reader, films):
    class Waiting(FakePipe):
        begun, goes_on = Event(), Event()

        def __call__(self, video, **options):
            self.begun.set()
            assert self.goes_on.wait(60)
            return super().__call__(video, **options)

    with served(make_reader(pipe := Waiting())) as address, browser() as context:
        visit = Visit(context, address)
        visit.upload(films["face"])
        visit.page.click("#go")
        assert pipe.begun.wait(60)
        visit.page.locator(".example").first.click()
        visit.page.wait_for_function("document.querySelector('#video video')?.src.includes('smile')")
        visit.page.wait_for_selector("#status [data-state=ready]", state="attached")
        visit.page.click("#go")
        visit.page.click("#go")
        pipe.goes_on.set()
        visit.page.wait_for_selector("#status [data-state=done]")
        visit.look(2)
        visit.page.click("#timeline [data-movement='1']")
        visit.page.wait_for_selector("#sentence :has-text('eyebrows were drawn')")
        visit.page.wait_for_selector("#flip .flip")
        asked = [options.get("onset", "read") for _, options in pipe.asked]
        assert asked == ["read", "read", 120, 54], "the first video, in vain; the example, once; two movements of it"
        assert not visit.errors


def test_closing_the_page_deletes_the_upload(make_reader, films):
    with served(make_reader()) as address, browser() as context:
        visit = Visit(context, address)
        visit.upload(films["face"])
        visit.page.close()
        watcher = context.new_page()
        for _ in range(60):
            if not uploaded("jane_doe_face.mp4"):
                return
            watcher.wait_for_timeout(1000)
    pytest.fail("the upload is still there a minute after the page was closed")


def test_the_keyboard_reaches_a_movement_and_its_flip_book(make_reader, films):
    with served(make_reader()) as address, browser() as context:
        visit = Visit(context, address)
        visit.upload(films["face"])
        page = visit.page
        page.focus("#go")
        page.keyboard.press("Enter")
        page.wait_for_selector("#timeline [data-movement]")
        page.wait_for_function("document.activeElement.id === 'results-title'")
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.dataset.movement") == "1":
                break
        page.keyboard.press("Enter")
        page.wait_for_selector("#flip .flip")
        page.focus("#flip .frame")
        page.keyboard.press("ArrowRight")
        assert page.inner_text("#flip output").startswith("2 of 6")
        assert page.locator("#flip [data-flip='1']:not([hidden])").count() == 2


def test_several_faces_on_a_phone_without_scrolling_sideways(make_reader, films):
    with served(make_reader(FakePipe(faces=2))) as address, browser(**PHONE) as context:
        visit = Visit(context, address)
        visit.upload(films["face"])
        assert visit.read() == "several-faces"
        visit.page.get_by_label("Face 2 (right)").check()
        visit.look(1)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        small = visit.page.locator("#timeline button").evaluate_all("all => Math.min(...all.map(b => b.offsetHeight))")
        assert small >= 24, "WCAG 2.2, 2.5.8: targets of at least 24 px"


def test_every_picture_and_field_has_words(make_reader, films):
    with served(make_reader()) as address, browser() as context:
        visit = Visit(context, address)
        visit.upload(films["face"])
        visit.read()
        visit.look(1)
        page = visit.page
        assert page.locator("img:not([alt])").count() == 0
        levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        for name in ("From second", "To second (0: to the end)", "Magnify the movement (times)"):
            assert page.get_by_label(name).count() >= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(make_reader, grey_camera, size, scheme):
    with (
        served(make_reader(FakePipe(faces=2))) as address,
        browser(grey_camera, permissions=["camera"], color_scheme=scheme, **size) as context,
    ):
        visit = Visit(context, address)
        found = {"start": visit.axe()}
        visit.open_camera(points=True)
        assert visit.watch_for("#camera .live-past li:has-text('the left corner of the mouth')", 60)
        found["live"] = visit.axe()
        visit.stop_camera()
        visit.delete()
        visit.upload(EXAMPLE)
        visit.read()
        visit.look(1)
        visit.page.locator("details").evaluate_all("all => all.forEach(it => { it.open = true; })")
        found["read"] = visit.axe()
        assert found == {"start": [], "live": [], "read": []}


def test_programs_use_two_endpoints(make_reader, films):
    from gradio_client import Client, handle_file

    with served(make_reader()) as address:
        client = Client(address, verbose=False)
        assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/read", "/explain"}
        film = {"video": handle_file(str(films["face"])), "subtitles": None}
        reading = client.predict(film["video"], 0, 0, api_name="/read")
        assert len(reading["faces"][0]["movements"]) == 3 and reading["video"] == "video"
        numbers = client.predict(film["video"], 54, 66, 0, api_name="/explain")
        assert numbers["probabilities"]["AU4"] == 0.83
        with pytest.raises(Exception, match="No face was found"):
            client.predict(handle_file(str(films["wall"])), 0, 0, api_name="/read")


@pytest.fixture
def grey_camera(tmp_path) -> Path:
    """A second of grey as a film that a browser takes for its camera."""
    path = tmp_path / "grey.y4m"
    head, plane = b"YUV4MPEG2 W320 H240 F30:1 Ip A1:1 C420jpeg\n", bytes([90]) * (320 * 240 * 3 // 2)
    path.write_bytes(head + b"".join(b"FRAME\n" + plane for _ in range(30)))
    return path


def test_the_live_camera_tells_what_it_sees_and_leaves_a_video(make_reader, grey_camera):
    with served(make_reader()) as address, browser(grey_camera, permissions=["camera"], **PHONE) as context:
        visit = Visit(context, address)
        visit.open_camera(points=True)
        assert visit.watch_for("#camera .live-past li:has-text('the left corner of the mouth')", 60)
        shown = visit.page.locator("#camera canvas")
        assert shown.evaluate("it => it.getContext('2d').getImageData(0, 0, it.width, it.height).data.some(v => v > 0)")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert visit.stop_camera() == "ready"
        (film,) = uploaded("camera.mp4")
        assert visit.read() == "done"
        visit.delete()
        assert not film.exists() and not visit.errors


def test_nobody_is_filmed_while_another_tab_of_the_page_is_shown(make_reader, grey_camera):
    with served(make_reader()) as address, browser(grey_camera, permissions=["camera"]) as context:
        visit = Visit(context, address)
        visit.open_camera()
        visit.page.wait_for_function("Number(document.querySelector('.camera-told').dataset.batches) > 2")
        visit.page.get_by_role("tab", name="A video").click()
        visit.page.wait_for_selector("#status [data-state=ready]")
        assert visit.page.locator("#video video").is_visible() and uploaded("camera.mp4")
        assert visit.page.evaluate("document.querySelector('.camera video').srcObject === null")
        assert not visit.errors


def test_a_machine_that_is_too_slow_reads_fewer_pictures_then_films_now_and_reads_later(
    make_reader, grey_camera, monkeypatch
):
    reads = FakeLive.read
    monkeypatch.setattr(FakeLive, "read", lambda self, **options: time.sleep(4) or reads(self, **options))
    with served(make_reader()) as address, browser(grey_camera, permissions=["camera"]) as context:
        visit = Visit(context, address)
        visit.open_camera()
        visit.page.wait_for_selector("#camera .camera-state:has-text('it reads 10 pictures a second now')")
        visit.page.wait_for_selector("#camera .camera-state:has-text('too slow to read while it films')")
        kept = visit.page.get_attribute("#camera .camera-told", "data-batches")
        visit.page.wait_for_function(f"Number(document.querySelector('.camera-told').dataset.batches) > {kept} + 3")
        assert visit.stop_camera() == "ready" and visit.read() == "done"


def test_without_a_camera_the_page_says_what_to_do(make_reader):
    with served(make_reader()) as address, browser() as context:
        visit = Visit(context, address)
        visit.open_camera()
        visit.page.wait_for_selector("#camera .camera-state:has-text('camera cannot be used')")
        assert visit.page.get_by_role("button", name="Start the camera").is_enabled() and not visit.errors
