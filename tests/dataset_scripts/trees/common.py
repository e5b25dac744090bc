"""Small copies of data sets: drawn grey frames and sheets with invented codings."""

import csv
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from openpyxl import Workbook


@lru_cache(maxsize=512)
def grey_jpeg(shade: int, size: int = 16) -> bytes:
    """A grey square with a darker bar; the shade tells frames apart."""
    picture = np.full((size, size), shade % 256, np.uint8)
    picture[size // 2] = 255 - shade % 256
    return cv2.imencode(".jpg", picture)[1].tobytes()


def write_frames(folder: Path, numbers: Iterable[int], name: str = "img{}.jpg", size: int = 16) -> None:
    """Square frames under these numbers; the shade of each is its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / name.format(number)).write_bytes(grey_jpeg(number, size))


def write_workbook(path: Path, rows: Sequence[Sequence], sheet: str = "Sheet1") -> Path:
    """A workbook of one sheet; numbers stay numbers, text stays text."""
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_table(path: Path, rows: Sequence[Sequence], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """The same as a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path
