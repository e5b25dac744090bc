"""Reading one video into files; a killed run goes on where it was and ends with the same files.

summary, files = read_to_files("face.mp4", pipe, Path("out/face"), {"faces": 2}, ["csv", "mp4"], model="runs/demo")
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from glob import escape
from pathlib import Path

from modeling_aullm.pipeline_aullm import AullmPipeline
from processing_aullm.video_aullm import open_clip
from training_aullm.files import only_run
from training_aullm.loading import model_place
from training_aullm.videos.journal import Journal, parts_folder
from training_aullm.videos.summary import Summary
from training_aullm.videos.whose import WAYS, name_of, refuse_others, ways_to

MAX_NAME = 255  # bytes, of most file systems
LONGEST_ENDING = 48  # of a file while it is written: ".NAME.face10.annotated.mp4.0123abcd-1234567.part" and the like
FORMATS = ("csv", "json", "parquet", "tables", "vtt", "openface", "fex", "eaf", "png", "mp4")
ENDINGS = (  # of all that is ever written for a video, as patterns
    *(f".{table}.{kind}" for table in ("events", "windows") for kind in ("csv", "parquet")),
    *(".json", ".vtt", ".eaf", ".openface.csv", ".fex.csv"),
    *(".png", ".face[0-9]*.png", ".annotated.mp4", ".pieces.jsonl"),
)
RECORDS = ("{}.json", "{}.pieces.jsonl", "{}.eaf", "windows/{}.parquet")  # that say whose they are


def read_to_files(
    video: str | Path,
    pipe: AullmPipeline,
    base: Path,
    options: dict,
    formats: Sequence[str],
    model: str,
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> tuple[Summary, list[Path]]:
    """Read a video and write what was asked for.

    While it is read there is BASE.pieces.jsonl only. All files are made from that at the end, each whole or not at all;
    it goes when they are there.

    Args:
        video: a file, or a folder of images.
        pipe: reads it.
        base: path of the files, without an ending.
        options: of `AullmPipeline.stream`.
        formats: names in FORMATS.
        model: where the pipeline came from: another one does not go on with this one's pieces.
        progress: called with "reading" or "drawing", and the share that is done.

    Returns:
        What was found, and the files.

    Raises:
        BlockingIOError: another run is writing these files.
        ClipError: the video cannot be read or shows no face; pieces that were read before stay in BASE.pieces.jsonl.
        ValueError: an option is out of range, a format is not known, or the file's name is too long to write others of
            that name.
    """
    check_formats(formats)
    if len(os.fsencode(base.name)) + LONGEST_ENDING > MAX_NAME:
        raise ValueError(f"{video}: files named after it would have names of more than {MAX_NAME} bytes: rename it")
    if "mp4" in formats:
        from training_aullm.videos.film import check_film

        check_film(video, options.get("fps"))
    open_clip(video)  # one that is away for now leaves what was read of it
    path = base.with_name(f"{base.name}.pieces.jsonl")
    settings = {"video": identity(Path(video)), "model": identity(Path(model_place(model))), "options": options}
    settings |= {WAYS: ways_to([video], path)}
    with only_run(path):
        journal = Journal(path, settings)
        _clear_unfinished(base, journal)
        try:
            for piece in pipe.stream(video, after=journal.resume, progress=partial(progress, "reading"), **options):
                journal.add(piece)
        except BaseException:
            journal.remove_if_empty()
            raise
        summary = Summary.of(journal)
        from training_aullm.videos.formats import write_format  # now: nobody waits for pandas before the first frame

        given = journal, summary, video, options, partial(progress, "drawing")
        files = [file for name in FORMATS if name in formats for file in write_format(name, base, *given)]
        path.unlink()
    return summary, files


def check_formats(formats: Sequence[str]) -> None:
    """Raise ValueError where a format is not known, or none is named."""
    if not formats:
        raise ValueError(f"no format is named, so nothing would be written: choose from {', '.join(FORMATS)}")
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown formats {', '.join(unknown)}: choose from {', '.join(FORMATS)}")


def base_names(videos: Sequence[Path], out: Path) -> list[Path]:
    """Where each video's files go, without an ending.

    Raises:
        ValueError: two videos would write the same files, or one those of another that are there.
    """
    bases = [out / name_of(video) for video in videos]
    counts = Counter(bases)
    twice = [str(video) for video, base in zip(videos, bases, strict=True) if counts[base] > 1]
    if twice:
        raise ValueError(f"{' and '.join(twice)} would write the same files in {out}: read them with different --out")
    for video, base in zip(videos, bases, strict=True):
        refuse_others((out / record.format(base.name) for record in RECORDS), video)
    return bases


def identity(path: Path) -> list:
    """What tells whether a file or folder is still the same: its name, and size and time of its files."""
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    states = [each.stat() for each in files if each.exists()]
    return [str(path), len(states), sum(s.st_size for s in states), max((s.st_mtime_ns for s in states), default=0)]


def _clear_unfinished(base: Path, journal: Journal) -> None:
    """Remove what a run was writing when it was killed; parts of a film stay where this run goes on with them."""
    for ending in ENDINGS:
        for unfinished in base.parent.glob(f".{escape(base.name)}{ending}.*.part"):
            unfinished.unlink(missing_ok=True)
    if journal.resume is None:
        shutil.rmtree(parts_folder(base), ignore_errors=True)
