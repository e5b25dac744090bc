"""Reading one video into files that grow on the way; a killed run goes on where it was and ends with the same files.

overview, files = read_to_files("face.mp4", pipe, Path("out/face"), {"faces": 2}, ["csv", "mp4"], model="runs/demo")
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from modeling_aullm.pipeline_aullm import AullmPipeline
from training_aullm.loading import model_place
from training_aullm.pace import Pace
from training_aullm.videos.film import AnnotatedFilm
from training_aullm.videos.journal import Journal
from training_aullm.videos.overview import Overview, face_numbers, reading_of_face
from training_aullm.videos.readings import draw_reading
from training_aullm.videos.tables import WRITERS

FORMATS = (*WRITERS, "png", "mp4")
ENDINGS = (
    "pieces.jsonl",
    *(f"{table}.{ending}" for table in ("events", "windows") for ending in ("csv", "parquet")),
    "json",
    "vtt",
    "annotated.mp4",
)


def read_to_files(
    video: str | Path,
    pipe: AullmPipeline,
    base: Path,
    options: dict,
    formats: Sequence[str],
    model: str,
    progress: Callable[[float], None] | None = None,
    pace: Callable[[], Pace] = Pace,
) -> tuple[Overview, list[Path]]:
    """Read a video and write what was asked for.

    Tables, JSON, subtitles and the film come while it is read, and each is whole whenever one looks; pictures come at
    the end. BASE.pieces.jsonl holds all pieces meanwhile; it goes when everything is written.

    Args:
        video: a file, or a folder of images.
        pipe: reads it.
        base: path of the files, without an ending.
        options: of `AullmPipeline.stream`.
        formats: names in FORMATS.
        model: where the pipeline came from: another one does not go on with this one's pieces.
        progress: called with the share that is read.
        pace: makes what says when files are brought up to date.

    Returns:
        What was found, and the files.

    Raises:
        ClipError: the video cannot be read or shows no face.
        ValueError: an option is out of range, a format is not known, or the frame rate is not known.
    """
    check_formats(formats)
    settings = {"video": _identity(Path(video)), "model": _identity(Path(model_place(model))), "options": options}
    _clear_unfinished(base)
    journal = Journal.open(_beside(base, ".pieces.jsonl"), settings)
    film = AnnotatedFilm(base, journal, video, options, pace()) if "mp4" in formats else None
    growing = GrowingFiles(base, journal, formats, film, pace())
    for piece in pipe.stream(video, after=journal.resume, progress=progress, **options):
        journal.add(piece)
        growing.add(piece)
    files = growing.finish()
    if "png" in formats:
        files += _pictures(base, journal, video)
    overview = Overview.of(journal.pieces)
    journal.path.unlink()
    return overview, files


class GrowingFiles:
    """The files that come while a video is read, each made from what the journal holds at that moment.

    Args:
        base: path of the files, without an ending.
        journal: of the reading.
        formats: names in FORMATS.
        film: of the same reading, None where none is wanted.
        pace: of all but the film.
    """

    def __init__(
        self, base: Path, journal: Journal, formats: Sequence[str], film: AnnotatedFilm | None, pace: Pace
    ) -> None:
        self.base, self.journal, self.film, self.pace = base, journal, film, pace
        self._writers = [WRITERS[name] for name in formats if name in WRITERS]
        self._reached = max(map(_last_frame, journal.pieces()), default=-1)

    def add(self, piece: dict) -> None:
        """Bring files up to date where it is time; the piece stands in the journal already."""
        self._reached = max(self._reached, _last_frame(piece))
        if self.pace.due():
            with self.pace.spent():
                self._write()
        if self.film is not None:
            self.film.extend(self._reached)

    def finish(self) -> list[Path]:
        """Write all of them to their end."""
        files = self._write()
        if self.film is not None:
            self.film.extend(self._reached, over=True)
            files.append(self.film.path)
        return files

    def _write(self) -> list[Path]:
        return [path for write in self._writers for path in write(self.base, self.journal)]


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


def _pictures(base: Path, journal: Journal, video: str | Path) -> list[Path]:
    """BASE.png, and BASE.face1.png and so on where there are more faces with windows."""
    written = []
    for place, face in enumerate(face_numbers(journal.pieces())):
        reading = reading_of_face(journal.pieces, face)
        if reading["faces"][0]["windows"]:
            written.append(_beside(base, ".png" if place == 0 else f".face{face}.png"))
            draw_reading(written[-1], reading, video)
    return written


def _last_frame(piece: dict) -> int:
    return max((part["last"] for part in piece["faces"]), default=-1)


def _clear_unfinished(base: Path) -> None:
    """Remove the unfinished files of a run that was killed while it wrote."""
    unfinished = re.compile(rf"\.{re.escape(base.name)}\.({'|'.join(map(re.escape, ENDINGS))})\.\d+\.part")
    for path in base.parent.iterdir() if base.parent.is_dir() else ():
        if unfinished.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _identity(path: Path) -> list:
    """What tells whether a file or folder is still the same: its name, and size and time of its files."""
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    states = [each.stat() for each in files if each.exists()]
    return [str(path), len(states), sum(s.st_size for s in states), max((s.st_mtime_ns for s in states), default=0)]


def _beside(base: Path, ending: str) -> Path:
    return base.with_name(base.name + ending)
