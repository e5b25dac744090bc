"""Small tables of drawn clips, and an aligner that takes a dark frame for one without a face."""

import io
from functools import cache
from pathlib import Path

import datasets
import numpy as np
from PIL import ExifTags, Image

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.schema import FEATURES
from processing_aullm import AlignedClip, ClipError, ClipFault

DARK = 10


@cache
def encoded(level: int, size: int = 40) -> bytes:
    """A PNG with a texture around a grey level; level 0 is black."""
    y, x = np.mgrid[:size, :size]
    picture = np.where(level, level + 20 * np.sin(x / 3 + level) + 20 * np.cos(y / 4), 0)
    data = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(data, "PNG")
    return data.getvalue()


def turned(picture: bytes, kind: str = "JPEG", note: int = 6) -> bytes:
    """A picture as a camera held sideways stores it: on its side, with a note how to turn it."""
    data, exif = io.BytesIO(), Image.Exif()
    exif[ExifTags.Base.Orientation] = note
    sideways = Image.open(io.BytesIO(picture)).transpose(Image.Transpose.ROTATE_90)
    sideways.save(data, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
    return data.getvalue()


def in_16_bits(picture: bytes) -> bytes:
    """A grey picture as a camera of 16 bits would have stored it."""
    data, deep = io.BytesIO(), np.asarray(Image.open(io.BytesIO(picture))).astype(np.uint16) * 257
    Image.fromarray(deep).save(data, "PNG")
    return data.getvalue()


def states(present: str = "", unknown: str = "", others: int = 0) -> list[int]:
    """A label vector: "4 7" present, "9" unknown, `others` everything else."""
    named = {f"AU{number}": 1 for number in present.split()} | {f"AU{number}": -1 for number in unknown.split()}
    return [named.get(name, others) for name in ACTION_UNITS]


def clip_row(subject: str, clip: str, levels=(90,) * 6, vector=None, data_set="tiny", **changes) -> dict:
    """A row whose frames have these grey levels; onset first, apex in the middle, offset last."""
    row = {
        "sample_id": f"{data_set}/{subject}/{clip}",
        "data_set": data_set,
        "label_release": "1",
        "subject": subject,
        "clip": clip,
        "frames": [{"bytes": encoded(level), "path": None} for level in levels],
        "fps": 100.0,
        "onset": 0,
        "apex": len(levels) // 2,
        "offset": len(levels) - 1,
        "action_units": vector or states("4"),
    }
    return dict.fromkeys(FEATURES) | row | changes


def write_clips(folder: Path, *people: str, cell: str = "4") -> Path:
    """A folder of clips of three frames, one a person."""
    for person in people:
        (folder / person).mkdir(parents=True)
        for number in range(3):
            (folder / person / f"{number}.png").write_bytes(encoded(90 + number))
    lines = [f"{person},{person},{cell},50" for person in people]
    (folder / "metadata.csv").write_text("\n".join(["file_name,subject,action_units,fps", *lines]))
    return folder


def table_of(rows: list[dict]) -> datasets.Dataset:
    """Rows as a table of the schema."""
    return datasets.Dataset.from_list(rows, features=FEATURES)


class BrightFaces:
    """Stands in for FaceAligner: every frame that is not dark shows a face, and is its own crop.

    Args:
        most: clips to align before it breaks off as a killed process does; None: no end.
    """

    def __init__(self, most: int | None = None):
        self.names: list[str] = []
        self.most = most

    def align(self, frames, size, name, indices=None, face=0, skip_empty=False) -> AlignedClip:
        if len(self.names) == self.most:
            raise KeyboardInterrupt
        self.names.append(name)
        first, crops, lost = None, [], None
        for position, frame in enumerate(frames):
            seen = frame.mean() > DARK
            if first is None and not seen and not skip_empty:
                raise ClipError(f"{name}: frame {indices[position]} shows no face", ClipFault.NO_FACE)
            if first is not None and not seen:
                lost = f"the face is lost at frame {indices[position]}"
                break
            if seen:
                first = position if first is None else first
                crops.append(np.asarray(Image.fromarray(frame).resize((size, size))))
        if first is None:
            raise ClipError(f"{name}: no face in any frame", ClipFault.NO_FACE)
        transforms = np.zeros((len(crops), 2, 3))
        return AlignedClip(np.stack(crops), transforms, first, first + len(crops) - 1, lost)
