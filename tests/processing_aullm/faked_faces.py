"""A face that is made of noise, moves by a script, and comes in chunks as the real stream gives them."""

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import torch

from processing_aullm.blendshape_network_aullm import BLENDSHAPES
from processing_aullm.clip_error_aullm import ClipError, ClipFault
from processing_aullm.pair_reader_aullm import PairReader
from processing_aullm.skin_field_aullm import CELLS
from processing_aullm.skin_traces_aullm import FACE, HEAD
from processing_aullm.stream_aullm import FaceChunk
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, template_field
from processing_aullm.video_reader_aullm import VideoReading

SIZE, FPS = 112, 10.0
UNITS = ["AU4", "AU12"]


@dataclass(frozen=True)
class FakeFace:
    """What happens: moves are (onset, apex, offset, px, action unit), px of a 224-px crop; what blendshapes show,
    (onset, apex, offset, rise, blendshape).
    """

    frames: int = 80
    moves: tuple = ()
    shows: tuple = ()
    blinks: tuple = ()
    holds: bool = False  # a move stands from its apex to its third mark, and goes in as many frames as it came
    turn: tuple | None = None
    talks: tuple | None = None  # frames between which the lips go back and forth
    parts: tuple | None = None  # frames between which the lips part, and stay so
    seed: int = 0
    box: tuple = (10.0, 10.0, 60.0, 60.0)
    seen: tuple | None = None

    def openness(self, number: int) -> float:
        shut = max((np.interp(number, blink, [0, 1, 0]) for blink in self.blinks), default=0)
        return 0.3 - 0.25 * shut

    def mouth(self, number: int) -> float:
        talks = self.talks is not None and self.talks[0] <= number <= self.talks[1]
        parted = 0.0 if self.parts is None else float(np.interp(number, self.parts, [0, 0.3]))
        return 0.2 * (number % 2) if talks else parted

    def pose(self, number: int) -> tuple[float, float, float]:
        return 0.0, 0.0 if self.turn is None else float(np.interp(number, self.turn[:3], [0, 4 * self.turn[3], 0])), 0.0


def blendshapes_of(shows: tuple, number: int) -> np.ndarray:
    """(52,) in one frame."""
    shapes = np.zeros(len(BLENDSHAPES), np.float32)
    for onset, apex, offset, rise, name in shows:
        shapes[BLENDSHAPES.index(name)] += np.interp(number, [onset, apex, offset], [0, rise, 0])
    return shapes


@cache
def crop(face: FakeFace, number: int) -> np.ndarray:
    """(SIZE, SIZE) uint8 of one frame."""
    rng = np.random.default_rng(face.seed)
    skin = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 1.5)
    skin = 128 + 40 * skin / skin.std()
    x, y = np.meshgrid(*[(np.arange(SIZE) + 0.5) / SIZE * 2 - 1] * 2)
    grid = np.dstack(np.meshgrid(np.arange(SIZE), np.arange(SIZE))).astype(np.float32)
    for onset, apex, offset, px, unit in face.moves:
        marks = [onset, apex, offset, offset + apex - onset] if face.holds else [onset, apex, offset]
        grid -= (
            px
            * np.interp(number, marks, [0, 1, 1, 0] if face.holds else [0, 1, 0])
            * spread(template_field(UNIT_TEMPLATES[unit]))
        )
    if face.turn is not None:
        onset, apex, offset, px = face.turn
        grid -= px * np.interp(number, [onset, apex, offset], [0, 1, 0]) * spread(HEAD[..., 4])
    image = cv2.remap(skin.astype(np.float32), grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    for onset, apex, offset in face.blinks:
        share = np.interp(number, [onset, apex, offset], [0, 1, 0])
        lids = ((np.abs(x) - 0.39) / 0.24) ** 2 + ((y + 0.29) / 0.14) ** 2 < 1
        moved = np.roll(image, round(6 * share), axis=0)
        image = np.where(lids, moved, image)
    noise = np.random.default_rng([face.seed, number]).normal(scale=1.0, size=image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def spread(field: np.ndarray) -> np.ndarray:
    """(C, 2) px of a 224-px crop at the cells of a face -> (SIZE, SIZE, 2) px of this one."""
    cells = np.zeros((CELLS, CELLS, 2), np.float32)
    cells[FACE] = field
    return cv2.resize(cells, (SIZE, SIZE)) * SIZE / 224


class FakeStream:
    """Chunks of fake faces between two frames."""

    size, name, fps = (96, 64), "fake.mp4", FPS

    def __init__(self, faces: list[FakeFace], first: int, stop: int, overlap: int) -> None:
        self.faces, self.first, self.stop, self.overlap = faces, first, stop, overlap
        self.clip = faces
        self.frames = max(face.frames for face in faces)

    def __iter__(self):
        chunk = self.overlap + 30
        some = False
        for start in range(self.first, self.stop, chunk - self.overlap):
            for number, face in enumerate(self.faces):
                first, stop = face.seen or (0, face.frames)
                first, stop = max(first, self.first), min(stop, self.stop)
                low, high = max(first, start), min(stop, start + chunk)
                if high - low < 2 or (low > first and high - low <= self.overlap):
                    continue
                some = True
                crops = np.stack([crop(face, n) for n in range(low, high)])
                yield FaceChunk(
                    face=number,
                    first=low,
                    crops=crops,
                    transforms=np.tile(np.eye(2, 3), (len(crops), 1, 1)),
                    boxes=np.tile(face.box, (len(crops), 1)),
                    eye_openness=np.array([[face.openness(n)] * 2 for n in range(low, high)]),
                    pose=np.array([face.pose(n) for n in range(low, high)]),
                    mouth=np.array([face.mouth(n) for n in range(low, high)]),
                    new_from=0 if low == first else self.overlap,
                    last=high == stop,
                    done=0.0,
                    shapes=np.stack([blendshapes_of(face.shows, n) for n in range(low, high)]),
                )
        if not some:
            raise ClipError("fake.mp4: no face", ClipFault.NO_FACE)


class FakeProcessor(VideoReading, PairReader):
    """Reads lists of fake faces; counts the windows that it shows to the model."""

    action_units = UNITS
    image_processor = SimpleNamespace(num_frames=4)

    def __init__(self) -> None:
        self.asked = 0

    def open_stream(
        self, video, faces=1, start=None, end=None, fps=None, length=0.5, second_opinion=False, known=()
    ) -> FakeStream:
        frames = max(face.frames for face in video)
        stop = frames if end is None else min(frames, round(end * FPS))
        return FakeStream(video[:faces], round((start or 0) * FPS), stop, round(length * FPS))

    def read(self, *faces: FakeFace, **options) -> dict:
        return self.join_pieces(self.pieces(*faces, **options))

    def pieces(self, *faces: FakeFace, **options) -> list[dict]:
        options = {"second_opinion": False} | options  # most fakes move and show nothing
        return list(self.read_video(list(faces), self.answer, faces=len(faces), **options))

    def answer(self, crops: torch.Tensor, windows: torch.Tensor) -> list[tuple[list[float], None]]:
        """AU4 where the upper half changes, AU12 where the lower half does."""
        self.asked += len(windows)
        blurred = torch.nn.functional.avg_pool2d(crops[windows].float(), 4)
        change = (blurred[:, 1:] - blurred[:, :1]).abs().amax(1)  # (B, h, w)
        half = change.shape[1] // 2
        halves = torch.stack([change[:, :half].flatten(1).amax(1), change[:, half:].flatten(1).amax(1)], 1)
        return [(each, None) for each in torch.where(halves > 8, 0.9, 0.1).tolist()]
