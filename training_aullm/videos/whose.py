"""What the files of a video are called, and whose files of that name lie there already.

    refuse_others([Path("runs/pairs/rest-apex.json")], "ben/rest.jpg and ben/apex.jpg")

Files are named after videos, and two people's videos may have one name. Whose a file is stands in all that is read by
programs: JSON, pieces, ELAN files, parts of tables. A CSV file or a picture alone does not say.

Tested in tests/training_aullm/videos/test_whose.py.
"""

import json
import os
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlparse

LOOKED = 100_000  # characters of a file: it says at its beginning whose it is
IN_JSON = re.compile(r'"video": \[?("(?:[^"\\]|\\.)*")')
IN_ELAN = re.compile(r'\bMEDIA_URL="([^"]*)"')
BOTH = " and "  # between two pictures


def name_of(video: Path) -> str:
    """What files of a video are named after, also where its own path is "." or "..": its name, without an ending."""
    whole = Path(os.path.abspath(video))  # links keep their names: what they lead to may be called by a digest
    return whole.name if os.path.isdir(whole) else whole.stem


def named_by_frames(out: Path, name: str, first: int | None, last: int | None) -> list[Path]:
    """The files NAME_FIRST-LAST.json that are there; None stands for any frame."""
    frames = "-".join(r"\d+" if frame is None else str(frame) for frame in (first, last))
    pattern = re.compile(rf"{re.escape(name)}_{frames}\.json")
    return sorted(path for path in out.glob("*.json") if pattern.fullmatch(path.name))


def refuse_others(paths: Iterable[Path], video: str | Path) -> None:
    """Refuse to replace results of another video.

    Args:
        paths: of the results, whether they are there or not.
        video: whose they would be; two pictures as "REST and APEX".

    Raises:
        ValueError: names the file that is there, and the video it is of.
    """
    for path in paths:
        other = _video_in(path) if os.path.isfile(path) else None
        if other is not None and _places(other) != _places(str(video)):
            message = f"{video} would write the same files as {other}, which {path} is of"
            raise ValueError(f"{message}: read them with different --out, or move that file away")


def _video_in(path: Path) -> str | None:
    """The video that a file is of, as it was given then; None where it does not say."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # now: it takes long, and few files are tables

        with pq.ParquetFile(path) as table:
            return table.read_row_group(0, ["video"])["video"][0].as_py() if table.num_row_groups else None
    with path.open(encoding="utf-8", errors="replace") as file:
        head = file.read(LOOKED)
    if path.suffix == ".eaf":
        link = IN_ELAN.search(head)
        return unquote(urlparse(unescape(link[1])).path) if link else None
    said = IN_JSON.search(head)
    return json.loads(said[1]) if said else None


def _places(video: str) -> list[Path]:
    return [Path(each).resolve() for each in video.split(BOTH)]
