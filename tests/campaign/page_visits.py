"""People on the page without a browser: what a browser sends and is sent, over HTTP."""

import importlib
import json
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx

from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.video_aullm import open_clip
from tests.contract.tree import ROOT
from tests.space_app.fake_pipe import FakePipe, FakeStream

sys.path.insert(0, str(ROOT / "space_app"))
PATIENCE_S = 120
STATE = re.compile(r'data-state=\\?"([\w-]+)')


class DecodingPipe(FakePipe):
    """The stand-in for the model, behind the real opening and decoding of files."""

    def _open_stream(self, video: str, faces: int = 1, start=None, end=None):
        frames = NumberedFrames(open_clip(video), start=start, end=end)
        return FakeStream(frames.fps, frames.count, frames.size, [])

    def __call__(self, video: str, **options) -> dict:
        frames = NumberedFrames(open_clip(video), start=options["start"], end=options["end"])
        self.seen = [float(pixels.mean()) for _, pixels in frames]
        return super().__call__(video, **options)


@contextmanager
def open_page(folder: Path, pipe) -> Iterator[SimpleNamespace]:
    """The page in its own place: `.address`, `.place` on the disk, `.pipe`, `.events` by name, `.sessions`."""
    (folder / "config.json").write_text("{}")
    app, inference, place, settings = map(importlib.import_module, ("app", "inference", "place", "settings"))
    reader = inference.Reader(settings.Settings(str(folder)), pipe)
    with place.own_place(60 * reader.settings.keep_minutes) as own:
        blocks = app.build(reader)
        options = {"prevent_thread_lock": True, "quiet": True, **app.launch_options(reader.settings)}
        _, address, _ = blocks.launch(**options)
        events = {event.fn.__name__: number for number, event in blocks.fns.items() if event.fn}
        try:
            page = {"address": address, "place": own, "pipe": pipe, "events": events, "settings": reader.settings}
            yield SimpleNamespace(**page, sessions=blocks.state_holder)
        finally:
            blocks.close()


def kept(page: SimpleNamespace) -> list[Path]:
    """Every file that lies in the page's place."""
    return [path for path in page.place.rglob("*") if path.is_file() or path.is_symlink()]


class Person:
    """One session.

    Args:
        page: of `open_page`.
    """

    def __init__(self, page: SimpleNamespace) -> None:
        self.page, self.session, self.video, self.turned_away = page, secrets.token_hex(6), None, 0
        self.http = httpx.Client(base_url=f"{page.address.rstrip('/')}/gradio_api", timeout=PATIENCE_S, trust_env=False)

    def bring(self, name: str, content: bytes) -> str | None:
        """Upload a file and choose it; gives the state that the page shows then, None where the upload is refused."""
        answer = self.http.post("/upload", files={"files": (name, content)})
        if answer.status_code != 200:
            return None
        self.path = answer.json()[0]
        self.video = {"path": self.path, "meta": {"_type": "gradio.FileData"}}
        return self.at_once("chosen", self.video)

    def press(self, event: str, *values) -> str | None:
        """Press something, again where the queue is full; gives the state that the page shows then."""
        body = {"data": values, "fn_index": self.page.events[event], "session_hash": self.session}
        while (joined := self.http.post("/queue/join", json=body)).status_code == 503:
            self.turned_away += 1
            time.sleep(0.2)
        joined.raise_for_status()
        with self.http.stream("GET", "/queue/data", params={"session_hash": self.session}) as lines:
            for line in lines.iter_lines():
                told = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if told.get("msg") == "process_completed":
                    found = STATE.search(json.dumps(told["output"]))
                    return found.group(1) if found else ("shown" if told["success"] else "error")
        return "error"

    def at_once(self, event: str, *values) -> str | None:
        """Press something that never queues; gives the state that the page shows then."""
        body = {"data": values, "fn_index": self.page.events[event], "session_hash": self.session}
        answer = self.http.post("/run/predict", json=body)
        return STATE.search(answer.text).group(1)

    def delete(self) -> str | None:
        """Press “Delete my video”."""
        return self.at_once("delete")

    def leave(self) -> None:
        """Close the page."""
        with self.http.stream("GET", f"/heartbeat/{self.session}") as beats:
            next(beats.iter_lines())
        self.http.close()
