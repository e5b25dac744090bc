"""Frames as they are stored, encoded; each is decoded when it is looked at, so that a long clip costs what it shows."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import datasets
import numpy as np
from PIL import ExifTags, Image, ImageOps

from processing_aullm import ClipError, ClipFault
from processing_aullm.video_aullm import pil_pixels

_NOTES = (b"Exif", b"eXIf", b"EXIF", b"exif", b"Orientation")
"""Where notes stand in JPEG, PNG and WebP files: EXIF, raw or as text, or XMP. Those of TIFF files PIL heeds itself."""


class EncodedFrames(Sequence):
    """The frames of one clip as a sequence of arrays.

    Args:
        stored: one {"bytes", "path"} per frame, as `datasets.Image(decode=False)` gives them.
        name: what errors call the clip.
    """

    def __init__(self, stored: Sequence[dict], name: str) -> None:
        self.stored = stored
        self.name = name

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, index: int) -> np.ndarray:
        """Frame `index` as (H, W) or (H, W, 3) uint8, turned upright as a camera's note in it says."""
        try:
            with Image.open(io.BytesIO(self.encoded(index))) as image:
                ImageOps.exif_transpose(image, in_place=True)
                return pil_pixels(image, f"{self.name}: frame {index}")
        except OSError as error:
            message = f"{self.name}: frame {index} is not a readable image ({error})"
            raise ClipError(message, ClipFault.UNREADABLE) from error

    def encoded(self, index: int) -> bytes:
        """Frame `index` as the bytes of an image file."""
        frame = self.stored[index]
        return frame["bytes"] if frame["bytes"] is not None else Path(frame["path"]).read_bytes()


def camera_note(encoded: bytes) -> str:
    """What a camera noted of how an image file must be turned or mirrored, for hashes of frames.

    Args:
        encoded: the file.

    Returns:
        "" where the picture stands upright, as nearly all do: their hashes are those of their bytes alone.
    """
    if not any(mark in encoded for mark in _NOTES):
        return ""  # looking for a note makes PIL decode a PNG
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation)
    except OSError:
        return ""
    return f"turned {turned}" if turned in range(2, 9) else ""


def marks_of(row: dict) -> tuple[int, int, int]:
    """Onset, apex and offset of a clip; the first frame, the middle and the last where they are not known.

    Args:
        row: with `onset`, `apex`, `offset` and `frames`.

    Returns:
        Indices into its frames.
    """
    onset = 0 if row["onset"] is None else row["onset"]
    offset = len(row["frames"]) - 1 if row["offset"] is None else row["offset"]
    # Of two frames the later one: nothing moves from a frame to itself.
    return onset, (onset + offset + 1) // 2 if row["apex"] is None else row["apex"], offset


def stored_rows(table: datasets.Dataset, columns: Sequence[str] | None = None) -> Iterator[dict]:
    """Rows one by one, with frames as they are stored: nothing is decoded or copied to disk.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES`.
        columns: those wanted; None: all.

    Yields:
        Column name -> value; `frames` holds {"bytes", "path"} each.
    """
    table = table if columns is None else table.select_columns(list(columns))
    for batch in table.with_format("arrow").iter(batch_size=1):
        yield batch.to_pylist()[0]
