"""What the files of a video are called, and whose files of that name lie there already.

    refuse_others([Path("runs/pairs/rest-apex.json")], "ben/rest.jpg", "ben/apex.jpg")

Files are named after videos, and two people's videos may have one name. Whose a file is stands in all that is read by
programs: JSON, pieces, ELAN files, parts of tables. A CSV file or a picture alone does not say. There stands what the
video was called, which counts from the folder that one stood in, and the way to it from the folder of the file.

Tested in tests/training_aullm/videos/test_whose.py.
"""

import json
import os
import re
from collections.abc import Iterable, Sequence
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

LOOKED = 100_000  # characters of a file: it says at its beginning whose it is
WAYS = "ways_to_video"
TEXT = r'"(?:[^"\\]|\\.)*"'
IN_JSON = re.compile(rf'"video": \[?({TEXT})')
WAYS_IN_JSON = re.compile(rf'"{WAYS}": (\[\s*{TEXT}(?:,\s*{TEXT})*\s*\])')
IN_ELAN = re.compile(r'\bMEDIA_URL="([^"]*)"')
WAY_IN_ELAN = re.compile(r'\bRELATIVE_MEDIA_URL="([^"]*)"')
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


def ways_to(videos: Iterable[str | Path], path: Path) -> list[str]:
    """From the folder of a file to videos or pictures: the same wherever they are named from, and on another disk.

    Args:
        videos: as they are given now.
        path: of the file.
    """
    folder = os.path.realpath(path.parent)
    whole = map(os.path.realpath, videos)
    return [way_to(video, folder) or video for video in whole]


def way_to(video: str | Path, folder: str | Path) -> str | None:
    """The way from a folder to a video, with slashes; None from one drive of Windows to another."""
    try:
        return Path(os.path.relpath(video, folder)).as_posix()
    except ValueError:
        return None


def path_of(address: str) -> Path:
    """The path that an address such as file:///films/a%20face.mp4 names on this system."""
    return Path(url2pathname(urlparse(address).path))


def refuse_others(paths: Iterable[Path], *videos: str | Path) -> None:
    """Refuse to replace results of another video.

    Args:
        paths: of the results, whether they are there or not.
        videos: whose they would be: a video, or two pictures.

    Raises:
        ValueError: names the file that is there, and the video it is of.
    """
    here = BOTH.join(map(str, videos))
    for path in paths:
        other, ways = _video_in(path) if os.path.isfile(path) else (None, None)
        if other is None or _leads_to(ways, path, videos):
            continue
        if (ways is None or _is_whole(other)) and _places(other) == _places(here):
            continue
        message = f"{here} would write the same files as {other}, which {path} is of"
        raise ValueError(f"{message}: read them with different --out, or move that file away")


def _leads_to(ways: Sequence[str] | None, path: Path, videos: Sequence[str | Path]) -> bool:
    folder, here = path.parent.resolve(), [Path(each).resolve() for each in videos]
    return ways is not None and [(folder / way).resolve() for way in ways] == here


def _video_in(path: Path) -> tuple[str | None, list[str] | None]:
    """The video that a file is of, as it was given then, and the ways to it; None where it does not say."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # now: it takes long, and few files are tables

        with pq.ParquetFile(path) as table:
            ways = (table.schema_arrow.metadata or {}).get(WAYS.encode())
            rows = table.read_row_group(0, ["video"])["video"] if table.num_row_groups else None
            return rows and rows[0].as_py(), ways and json.loads(ways)
    with path.open(encoding="utf-8", errors="replace") as file:
        head = file.read(LOOKED)
    if path.suffix == ".eaf":
        link, way = IN_ELAN.search(head), WAY_IN_ELAN.search(head)
        return link and str(path_of(unescape(link[1]))), way and [unquote(unescape(way[1]))]
    said, ways = IN_JSON.search(head), WAYS_IN_JSON.search(head)
    return said and json.loads(said[1]), ways and json.loads(ways[1])


def _is_whole(video: str) -> bool:
    return all(map(os.path.isabs, video.split(BOTH)))


def _places(video: str) -> list[Path]:
    return [Path(each).resolve() for each in video.split(BOTH)]
