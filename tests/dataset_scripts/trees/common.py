"""Small copies of data sets: drawn grey frames and sheets with invented codings."""

import csv
import re
import zipfile
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


def write_computed(path: Path, units: Sequence[str], onset: str, shown: str | None = None) -> Path:
    """A workbook whose action units and onsets are formulas, as Excel saves them: each with the value 46, or a text."""
    headings = ["Subject", "Filename", "Action Units", "OnsetFrame", "ApexFrame", "OffsetFrame"]
    write_workbook(path, [headings, *([1, f"c{k}", cell, onset, 48, 50] for k, cell in enumerate(units))])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    sheet, value = "xl/worksheets/sheet1.xml", "(?:<v ?/>|<v></v>)"
    if shown is not None:
        parts[sheet] = re.sub(rf'(r="C\d+")>(<f>.*?</f>){value}', rf'\1 t="str">\2<v>{shown}</v>', parts[sheet])
    parts[sheet] = re.sub(f"(</f>){value}", r"\1<v>46</v>", parts[sheet])
    with zipfile.ZipFile(path, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return path


def write_table(path: Path, rows: Sequence[Sequence], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """The same as a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path
