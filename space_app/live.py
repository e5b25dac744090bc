"""The live camera: the browser sends what it films in batches, and is told what was seen a moment later.

It keeps what was filmed in memory until the camera is stopped; then it becomes a video like any other.

Source: our choice. Gradio's own streaming would make an event of every picture, and drop those that come meanwhile; a
    short movement would lie between two of them.

Tested in tests/space_app/test_live.py.
"""

import base64
import io
import math
import os
import secrets
import time
from pathlib import Path
from threading import Lock, Timer

import film
import numpy as np
import page
import problems
from admission import translated
from inference import LIVE_RATES
from PIL import Image
from problems import Problem

MOST_AT_ONCE = 2  # people who are read live
SILENT_S = 20.0  # after which a camera that sends nothing is forgotten; the page sends batches of a few seconds
SPARE_S = 10.0  # of pictures beyond the limit that are taken; the film ends at the limit
LARGEST = 640  # px that a picture may be wide or high
MOST_PICTURES, MOST_BYTES = 120, 300_000  # in a batch; of a picture
HEAD = "data:image/jpeg;base64,"


class Watched:
    """One camera that is filming.

    Args:
        live: of the pipeline's `live`.
        facts: names, meanings and threshold, as at the head of a reading.

    Attributes:
        readings: what was read so far, one for each rate; the last one goes on.
    """

    def __init__(self, live, facts: dict) -> None:
        self.facts, self.lock = facts, Lock()
        self.heard = time.monotonic()
        self.pictures: list[tuple[float, bytes]] = []
        self.readings: list[dict] = []
        self.seen = False
        self._begin(live)

    @property
    def seconds(self) -> float:
        """How long it has been filming."""
        return self.pictures[-1][0] - self.pictures[0][0] if self.pictures else 0.0

    def film(self, most: float) -> list[tuple[float, bytes]]:
        """Seconds and pictures of what is kept: no more than the page reads at once."""
        return [(seconds, picture) for seconds, picture in self.pictures if seconds - self.pictures[0][0] < most]

    def take(self, times: list[float], pictures: list[bytes], read: bool) -> np.ndarray | None:
        """Keep a batch, and read it; gives the points of the face in the last picture, where one is followed."""
        self.pictures += zip(times, pictures, strict=True)
        if not read:
            return None
        for seconds, picture in zip(times, pictures, strict=True):
            self.live.add(seconds - self.pictures[0][0], decoded(picture))  # told in the seconds of the film
        answer = self.live.read()
        self._join(answer["part"])
        self.seen = answer["points"] is not None
        return answer["points"]

    def slow_down(self, live) -> None:
        """Go on with fewer pictures a second: a reading of its own, since frames are numbered by the rate."""
        self._join(self.live.end())
        self._begin(live)

    def _begin(self, live) -> None:
        self.live = live
        self.face = {"face": 0, "first": 0, "last": 0, "view": [], "windows": [], "movements": [], "blinks": []}
        self.readings.append(self.facts | {"fps": live.fps, "faces": [self.face]})

    def _join(self, part: dict | None) -> None:
        if part is None:
            return
        self.face["windows"] = [*self.face["windows"], *part["windows"]][-40:]
        self.face["view"] = part["view"] or (self.face["view"] if not part["windows"] else [])
        for kind in ("movements", "blinks"):
            self.face[kind] += part[kind]

    def told(self) -> str:
        """HTML of what is seen now, and of what was."""
        return page.live(self.readings, self.seen, self.seconds)


class Live:
    """All cameras that are filming.

    Args:
        reader: the model behind limits.
    """

    def __init__(self, reader) -> None:
        self.reader, self._watched, self._lock, self._timer = reader, {}, Lock(), None

    def begin(self) -> dict:
        """A camera starts: its token, pictures a second and seconds at most; or what is wrong, as HTML.

        There are several rates, the fastest first: where the page falls behind, it goes on with the next.
        """
        try:
            with translated():
                return self._begun()
        except Problem as problem:
            return {"problem": page.state(problem)}

    def _begun(self) -> dict:
        self._forget_silent()
        rates = list(LIVE_RATES)
        reading = self.reader.live(rates[0])
        with self._lock:
            if len(self._watched) >= MOST_AT_ONCE:
                raise problems.camera_busy()
            token = secrets.token_hex(16)
            self._watched[token] = Watched(reading, self._facts())
            self._look_again_later()
        return {"token": token, "rates": rates, "seconds": self.reader.settings.max_seconds}

    def watch(self, batch: dict) -> dict:
        """A batch of pictures.

        Args:
            batch: `token`, `times` in seconds, `pictures` as data URIs of JPEGs, `rate`: how many a second are taken
                now, `read`: whether to read them or only to keep them, `points`: whether the face's points are wanted.

        Returns:
            `html`; `points` in parts of the picture's sides; `over` where enough was filmed. Or `problem` as HTML.
        """
        try:
            watched, times, pictures, rate = self._checked(batch)
            with watched.lock, translated():
                self._refuse_more(watched, times)
                if rate < watched.live.fps:
                    watched.slow_down(self.reader.live(rate))
                points = watched.take(times, pictures, batch.get("read", True))
                watched.heard = time.monotonic()
                size = Image.open(io.BytesIO(pictures[-1])).size
                shown = [] if points is None or not batch.get("points") else (points / size).round(4).tolist()
                over = watched.seconds >= self.reader.settings.max_seconds - 0.5
                return {"html": watched.told(), "points": shown, "over": over}
        except Problem as problem:
            return {"problem": page.state(problem)}

    def finish(self, token: str | None) -> str:
        """A camera stops: the path of what it has filmed, in a folder of its own.

        Raises:
            Problem: it has filmed nothing.
        """
        with self._lock:
            watched = self._watched.pop(token, None)
        if watched is None:
            raise problems.nothing_filmed()
        with watched.lock:
            pictures = watched.film(self.reader.settings.max_seconds)
            if len(pictures) < 2:
                raise problems.nothing_filmed()
            content = film.encoded(((t, decoded(p)) for t, p in pictures), film.QUALITY["kept"])
            watched.pictures.clear()
        folder = Path(os.environ["GRADIO_TEMP_DIR"]) / secrets.token_hex(16)  # where Gradio leaves it as it is
        folder.mkdir(parents=True)
        path = folder / "camera.mp4"
        path.write_bytes(content)
        return str(path)

    def _facts(self) -> dict:
        return {"threshold": 0.5, "action_units": self.reader.action_units, "meanings": {}}

    def _checked(self, batch: dict) -> tuple[Watched, list[float], list[bytes], float]:
        """What was sent, as far as it is what the page sends."""
        try:
            with self._lock:
                watched = self._watched[batch["token"]]
                watched.heard = time.monotonic()  # before the silent are forgotten: this batch may have taken long
            self._forget_silent()
            times, sent = [float(t) for t in batch["times"]], list(batch["pictures"])
            rate = float(batch["rate"])
            if rate not in LIVE_RATES:
                raise ValueError
            if not 1 <= len(sent) <= MOST_PICTURES or len(sent) != len(times) or not _rise(times):
                raise ValueError
            if not all(each.startswith(HEAD) and len(each) < 1.4 * MOST_BYTES for each in sent):
                raise ValueError
            pictures = [base64.b64decode(each.removeprefix(HEAD), validate=True) for each in sent]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise problems.nothing_filmed() from None
        return watched, times, pictures, rate

    def _refuse_more(self, watched: Watched, times: list[float]) -> None:
        """Whether a batch goes on where the last one ended, and there is room for it in time and number."""
        kept = [seconds for seconds, _ in watched.pictures]
        if not _rise([*kept[-1:], *times]):
            raise problems.nothing_filmed()
        most = self.reader.settings.max_seconds
        lasts = max(times[-1] - [*kept, *times][0], (len(kept) + len(times)) / max(LIVE_RATES))
        if lasts > most + SPARE_S:
            raise problems.too_long(lasts, most)

    def _look_again_later(self) -> None:
        """Forget the silent also when nobody comes any more; the lock is held."""
        if self._timer is None and self._watched:
            self._timer = Timer(SILENT_S, self._sweep)
            self._timer.daemon = True
            self._timer.start()

    def _sweep(self) -> None:
        self._forget_silent()
        with self._lock:
            self._timer = None
            self._look_again_later()

    def _forget_silent(self) -> None:
        """Cameras of pages that were closed."""
        with self._lock:
            now = time.monotonic()
            for token, watched in list(self._watched.items()):
                if now - watched.heard > SILENT_S and not watched.lock.locked():
                    del self._watched[token]


def _rise(times: list[float]) -> bool:
    """Whether seconds are numbers and none lies before the last; clocks of browsers are coarse, so two may be equal."""
    return all(map(math.isfinite, times)) and times == sorted(times)


def decoded(picture: bytes) -> np.ndarray:
    """(H, W, 3) uint8 of a JPEG, cut to even sides.

    Raises:
        Problem: it is no JPEG, or larger than a camera is asked for.
    """
    try:
        image = Image.open(io.BytesIO(picture), formats=["JPEG"])
        if max(image.size) > LARGEST:
            raise ValueError
        pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        raise problems.nothing_filmed() from None
    return np.ascontiguousarray(pixels[: len(pixels) // 2 * 2, : pixels.shape[1] // 2 * 2])
