"""Reading one video into files, piece by piece; a killed run goes on where it was and writes the same files.

read_to_files("face.mp4", pipe, Path("out/face"), {"faces": 2}, ["csv", "mp4"], model="runs/demo")
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from modeling_aullm.pipeline_aullm import AullmPipeline
from training_aullm.predict import model_place
from training_aullm.reading_files import WRITERS
from training_aullm.reading_film import write_film
from training_aullm.reading_journal import Journal
from training_aullm.readings import draw_reading

FORMATS = (*WRITERS, "png", "mp4")
USUAL = ("csv", "json", "vtt", "png")


def read_to_files(
    video: str | Path,
    pipe: AullmPipeline,
    base: Path,
    options: dict,
    formats: Sequence[str],
    model: str,
    progress: Callable[[float], None] | None = None,
) -> tuple[dict, list[Path]]:
    """Read a video and write what was asked for.

    While it runs, BASE.pieces.jsonl holds all pieces so far; it goes when the files are written.

    Args:
        video: a file, or a folder of images.
        pipe: reads it.
        base: path of the files, without an ending.
        options: of `AullmPipeline.stream`.
        formats: names in FORMATS.
        model: where the pipeline came from: another one does not go on with this one's pieces.
        progress: called with the share that is read.

    Returns:
        The reading, and the files.

    Raises:
        ClipError: the video cannot be read or shows no face.
        ValueError: an option is out of range, a format is not known, or the frame rate is not known.
    """
    check_formats(formats)
    settings = {"video": _identity(Path(video)), "model": _identity(Path(model_place(model))), "options": options}
    journal = Journal.open(_beside(base, ".pieces.jsonl"), settings)
    for piece in pipe.stream(video, after=journal.resume, progress=progress, **options):
        journal.add(piece)
    files = [path for name in formats if name in WRITERS for path in WRITERS[name](base, journal)]
    reading = pipe.processor.join_pieces(journal.pieces())
    if "png" in formats:
        files += _pictures(base, reading, video)
    if "mp4" in formats:
        files += write_film(base, journal, video, options)
    journal.path.unlink()
    return reading, files


def check_formats(formats: Sequence[str]) -> None:
    """Raise ValueError where a format is not known."""
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown formats {', '.join(unknown)}: choose from {', '.join(FORMATS)}")


def base_names(videos: Sequence[Path], out: Path) -> list[Path]:
    """Where each video's files go, without an ending.

    Raises:
        ValueError: two videos would write the same files.
    """
    bases = [out / (video.name if video.is_dir() else video.stem) for video in videos]
    twice = [str(video) for video, base in zip(videos, bases, strict=True) if bases.count(base) > 1]
    if twice:
        raise ValueError(f"{' and '.join(twice)} would write the same files in {out}: read them with different --out")
    return bases


def _pictures(base: Path, reading: dict, video: str | Path) -> list[Path]:
    """BASE.png, and BASE.face1.png and so on where there are more faces with windows."""
    written = []
    for place, face in enumerate(reading["faces"]):
        if face["windows"]:
            written.append(_beside(base, ".png" if place == 0 else f".face{face['face']}.png"))
            draw_reading(written[-1], reading, video, place)
    return written


def _identity(path: Path) -> list:
    """What tells whether a file or folder is still the same: its name, and size and time of its files."""
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    states = [each.stat() for each in files if each.exists()]
    return [str(path), len(states), sum(s.st_size for s in states), max((s.st_mtime_ns for s in states), default=0)]


def _beside(base: Path, ending: str) -> Path:
    return base.with_name(base.name + ending)
