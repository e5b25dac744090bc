"""What a finished reading is written as. It brings pandas and more, so it is imported when all is read.

    write_format("csv", base, journal, summary, "face.mp4", {}, print)

Tested in tests/training_aullm/videos/test_video_files.py.
"""

from collections.abc import Callable
from pathlib import Path

from processing_aullm.video_aullm import open_clip
from training_aullm.videos.elan import write_eaf
from training_aullm.videos.journal import Journal
from training_aullm.videos.per_frame import write_fex, write_openface
from training_aullm.videos.played import Played
from training_aullm.videos.summary import Summary
from training_aullm.videos.tables import TABLES, write_vtt

WRITERS = {**TABLES, "openface": write_openface, "fex": write_fex}


def write_format(
    name: str,
    base: Path,
    journal: Journal,
    summary: Summary,
    video: str | Path,
    options: dict,
    progress: Callable[[float], None],
) -> list[Path]:
    """Write the files of one format, each whole or not at all.

    Args:
        name: one of `video_files.FORMATS`.
        base: path of the files, without an ending.
        journal: of the whole reading.
        summary: of the same.
        video: the file that was read.
        options: of the reading.
        progress: called with the share of a film that is drawn.
    """
    if name in ("eaf", "vtt"):
        played = Played.of(open_clip(video), summary.head["fps"])
        return [write_eaf(base, summary, video, played)] if name == "eaf" else write_vtt(base, journal, summary, played)
    if name in WRITERS:
        return WRITERS[name](base, journal, summary)
    if name == "png":
        return _pictures(base, journal, summary, video)
    from training_aullm.videos.film import write_film

    return [write_film(base, journal, summary, video, options, progress)]


def _pictures(base: Path, journal: Journal, summary: Summary, video: str | Path) -> list[Path]:
    """BASE.png, and BASE.face1.png and so on where there are more faces with windows."""
    from training_aullm.videos.picture import draw_reading

    written = []
    for place, (number, face) in enumerate(summary.faces.items()):
        if face.windows:
            written.append(base.with_name(base.name + (".png" if place == 0 else f".face{number}.png")))
            draw_reading(written[-1], journal, summary, video, number)
    return written
