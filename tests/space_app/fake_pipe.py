"""A stand-in for `pipeline("action-unit-detection")` that answers at once, in the agreed shape.

`python -m tests.space_app.fake_pipe` serves the page on it, for a look at every state without a model.
"""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from processing_aullm import ClipError, ClipFault
from processing_aullm.sentences_aullm import place_name

UNITS = ["AU1", "AU2", "AU4", "AU7", "AU12", "AU14", "AU15", "AU17"]
MEANINGS = {"AU4": "brow lowerer", "AU12": "lip corner puller"}
FPS, FRAMES, SIZE = 30.0, 240, (640, 480)


class FakePipe:
    """Answers by the bytes of the file: b"wall" shows no face, b"text" is no video, others show a face."""

    def __init__(self, faces: int = 1, size: tuple[int, int] = SIZE, frames: int | None = FRAMES) -> None:
        self.faces, self.size, self.frames, self.asked, self.lives = faces, size, frames, [], []
        self.model = SimpleNamespace(config=SimpleNamespace(id2label=dict(enumerate(UNITS))))
        self.processor = SimpleNamespace(
            open_stream=self._open_stream, most_magnified=lambda _: 12.4, place_name=place_name
        )

    def _open_stream(self, video: str, faces: int = 1, start=None, end=None):
        if Path(video).read_bytes() == b"text":
            raise ClipError(f"{video}: not a readable video", ClipFault.UNREADABLE)
        chunks = [chunk(k) for k in range(faces)]
        return FakeStream(FPS, self.frames, self.size, chunks)

    def __call__(self, video: str, **options) -> dict:
        self.asked.append((video, options))
        if Path(video).read_bytes() == b"wall":
            raise ClipError(f"{video}: no face in any of the frames 0 to 239", ClipFault.NO_FACE)
        if Path(video).read_bytes() == b"bug":
            raise RuntimeError(f"cannot handle {video}")
        for share in (0.3, 1.0):
            options["progress"](share)
        return {
            "video": video,
            "fps": FPS,
            "frames": FRAMES,
            "size": list(self.size),
            "action_units": UNITS,
            "meanings": MEANINGS,
            "threshold": 0.5,
            "faces": [face(k) for k in range(self.faces)],
        }

    def explain(self, video: str, onset: int, offset: int, face=0) -> dict:
        self.asked.append((video, {"onset": onset, "offset": offset, "face": face}))
        return explanation(onset, offset)

    def live(self, fps: float, **options) -> "FakeLive":
        self.lives.append(FakeLive(fps))
        return self.lives[-1]

    def draw(self, explained: dict, what: str, action_unit: str | None = None, factor: float = 8) -> np.ndarray:
        picture = explained["frames"][-1].copy()
        picture[..., 0 if what == "attention" else 1] = 255
        return picture

    def magnify(self, explained: dict, factor: float = 8) -> np.ndarray:
        return explained["frames"] // 2


class FakeLive:
    """Sees a face from the first picture on; tells a movement and a blink once a second has passed, or it ends."""

    def __init__(self, fps: float) -> None:
        self.fps, self.times, self.view, self.lost, self._told = fps, [], [], False, False

    def add(self, seconds: float, frame: np.ndarray) -> None:
        self.times.append(seconds)

    def read(self, ends: bool = False) -> dict:
        number = round(self.times[-1] * self.fps)
        window = {"onset": number - 10, "offset": number, "probabilities": [0.1] * 4 + [0.92] + [0.1] * 3}
        part = {"view": self.view, "windows": [window], "movements": [], "blinks": []}
        if not self._told and (ends or self.times[-1] - self.times[0] >= 0.9):
            self._told = True
            part["movements"] = [movement(2, 6, 14, "macro", AU12=0.92) | {"side": "left"}]
            part["blinks"] = [{"onset": 3, "apex": 5, "offset": 7, "kind": "blink"}]
        points = None if self.lost else np.tile([32.0, 24.0], (468, 1))
        return {"frame": number, "points": points, "part": part}

    def end(self) -> dict | None:
        return self.read(ends=True)["part"] if self.times else None


class FakeStream:
    """What `open_stream` gives."""

    def __init__(self, fps: float, frames: int | None, size: tuple[int, int], chunks: list) -> None:
        self.fps, self.frames, self.size, self._chunks = fps, frames, size, chunks

    def __iter__(self):
        return iter(self._chunks)


def chunk(number: int) -> SimpleNamespace:
    """The first two frames of a face."""
    crops = np.full((2, 64, 64), 90 + 40 * number, np.uint8)
    return SimpleNamespace(face=number, first=0, crops=crops, boxes=np.array([face(number)["box"]] * 2))


def face(number: int) -> dict:
    """One face with a short movement of AU4 and AU7, a longer one of AU12, one without a name, and a blink."""
    windows, left = [], 60.0 + 300 * number
    for onset in range(0, FRAMES - 15, 3):
        scores = [0.05] * len(UNITS)
        if 50 <= onset <= 64:
            scores[2], scores[3] = 0.83, 0.61
        if 120 <= onset <= 150:
            scores[4] = 0.92
        skipped = onset > 200
        windows.append(
            {
                "onset": onset,
                "offset": onset + 15,
                "moved": 1.2,
                "probabilities": None if skipped else scores,
                "box": [left + onset, 100.0, left + onset + 200, 320.0],
            }
        )
    return {
        "face": number,
        "first": 0,
        "last": FRAMES - 1,
        "box": [left, 100.0, left + 200, 320.0],
        "view": [],
        "windows": windows,
        "movements": [
            movement(54, 60, 66, "micro", AU4=0.83, AU7=0.61, AU1=0.12),
            movement(120, 138, 160, "macro", AU12=0.92),
            movement(164, 168, 172, "micro", AU1=0.31),
        ],
        "blinks": [{"onset": 90, "apex": 93, "offset": 96}],
    }


def movement(onset: int, apex: int, offset: int, kind: str, **units: float) -> dict:
    return {"onset": onset, "apex": apex, "offset": offset, "score": 0.8, "action_units": units, "kind": kind}


def explanation(onset: int, offset: int) -> dict:
    """Six frames of noise; attention in the brows; AU7 listens to AU4."""
    random = np.random.default_rng(0)
    count = len(UNITS)
    relations = np.full((count, count), 0.01)
    relations[3, 2] = 0.7
    attention = np.zeros((3, 7, 7), np.float32)
    attention[:, 1, 3] = 1
    displacement = np.zeros((5, 2, 14, 14), np.float32)
    displacement[4, 1, 2, 7] = 1.5
    scores = dict(zip(UNITS, [0.1, 0.08, 0.83, 0.61, 0.05, 0.03, 0.02, 0.2], strict=True))
    return {
        "probabilities": scores,
        "onset": onset,
        "offset": offset,
        "frame_indices": np.linspace(onset, offset, 6).round().astype(int),
        "crops": random.integers(0, 255, (6, 64, 64), dtype=np.uint8),
        "frames": random.integers(0, 255, (6, SIZE[1], SIZE[0], 3), dtype=np.uint8),
        "crop_transforms": np.tile(np.array([[3.0, 0, 200], [0, 3.0, 150]]), (6, 1, 1)),
        "attentions": dict.fromkeys(UNITS, attention),
        "displacement": displacement,
        "expert_weights": {"fine detail": 0.5, "wider detail": 0.2, "whole face": 0.2, "edges": 0.1},
        "relations": relations,
        "prior": relations,
        "counterfactuals": {unit: scores | {unit: 1 - scores[unit], "AU7": 0.38} for unit in UNITS},
    }
