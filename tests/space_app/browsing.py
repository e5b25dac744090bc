"""A page served from this process and a headless browser to look at it with."""

import importlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine: nothing to look at the page with"
)
PATIENCE_MS = 240_000  # a busy machine takes long to draw a page
CHOOSE = "#video input[type=file]"


@contextmanager
def served(reader) -> Iterator[str]:
    """The address of the page on a reader, for as long as the block lasts."""
    app, networking = importlib.import_module("app"), importlib.import_module("gradio.networking")
    networking.url_ok = lambda _address: True  # Gradio waits 3 s for its own page; a busy machine takes longer
    with importlib.import_module("place").own_place(60 * reader.settings.keep_minutes):
        blocks = app.build(reader)
        _, address, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **app.launch_options(reader.settings))
        try:
            yield address
        finally:
            blocks.close()


@contextmanager
def browser(camera: Path | None = None, **options) -> Iterator:
    """A browser context.

    Args:
        camera: a Y4M film that the browser takes for its camera, over and over.
        **options: as for Playwright's `new_context`.
    """
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"]
    if camera is not None:
        arguments += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        arguments.append(f"--use-file-for-fake-video-capture={camera}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_MS)
        yield context
        chromium.close()


class Visit:
    """One person's way through the page.

    Args:
        context: of the browser.
        address: of the page.
    """

    def __init__(self, context, address: str) -> None:
        self.page, self.errors = context.new_page(), []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_selector(CHOOSE, state="attached")

    def upload(self, film: str | Path) -> str:
        """Choose a file; gives the name of the state that the page shows then."""
        if not self.page.locator(CHOOSE).count():
            self.delete()
            self.page.wait_for_selector(CHOOSE, state="attached")
        self._mark_state()  # of a file before that was refused: its field is empty again, its words still stand
        self.page.set_input_files(CHOOSE, str(film))
        return self._state_after("deleted", "nothing")

    def record(self, seconds: float) -> str:
        """Record with the camera; gives the name of the state that the page shows then."""
        self.page.get_by_label("Capture from camera").click()
        self.page.get_by_text("Click to Access Webcam").click()
        self.page.get_by_role("button", name="start recording").click()
        self.page.get_by_text("Stop", exact=True).wait_for()
        self.page.wait_for_timeout(1000 * seconds)
        self.page.get_by_text("Stop", exact=True).click()
        return self._state_after("deleted", "nothing")

    def open_camera(self, points: bool = False) -> None:
        """Open the live camera and start it."""
        self.page.get_by_role("tab", name="Live camera").click()
        if points:
            self.page.get_by_label("Draw the points it follows", exact=True).check()
        self.page.get_by_role("button", name="Start the camera").click()

    def watch_for(self, selector: str, seconds: float) -> list[dict]:
        """Look at what the live camera tells until something is there; gives of each batch how late its oldest and
        newest picture were told, in ms, and how many pictures a second were taken.
        """
        told = self.page.locator("#camera .camera-told")
        seen: dict[str, dict] = {}
        for _ in range(round(10 * seconds)):
            facts = told.evaluate("it => ({...it.dataset})")
            if "late" in facts:
                seen[facts["batches"]] = {name: int(facts[name]) for name in ("late", "newest", "rate")}
            if self.page.locator(selector).count():
                return list(seen.values())
            self.page.wait_for_timeout(100)
        return []

    def stop_camera(self) -> str:
        """Stop the live camera; gives the state that the page shows once what it has filmed is its video."""
        self.page.get_by_role("button", name="Stop", exact=True).click()
        return self._state_after("deleted", "nothing")

    def delete(self) -> None:
        """Press “Delete my video”; the page is ready for the next one, from a file or the camera as before."""
        self.page.click("#delete")
        self.page.wait_for_selector("#status [data-state=deleted]")

    def read(self) -> str:
        """Press the button; gives the name of the state in which it ends."""
        self.page.click("#go")
        return self._state_after("ready")

    def look(self, movement: int) -> None:
        """Press a number in the timeline and wait for everything that is shown of it."""
        self.page.click(f"#timeline [data-movement='{movement}']")
        self.page.wait_for_selector("#flip .flip")
        self.page.wait_for_selector("#picture img")

    def axe(self) -> list[str]:
        """What axe-core finds wrong for people with disabilities, as the page is now."""
        from axe_playwright_python.sync_playwright import Axe

        broken = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html'][:200]}" for each in broken for node in each["nodes"]]

    def _mark_state(self) -> None:
        self.page.evaluate("document.querySelector('#status [data-state]')?.setAttribute('data-old', '')")

    def _state_after(self, *old: str) -> str:
        told = "#status [data-state]:not([data-old])" + "".join(f":not([data-state={state}])" for state in old)
        self.page.wait_for_selector(told)
        return self.page.get_attribute(told, "data-state")

    def picture(self, path: Path, part: str = "main, .gradio-container") -> None:
        """The whole page, or a part of it, as a PNG."""
        self.page.wait_for_timeout(700)
        self.page.locator(part).first.screenshot(path=path)
