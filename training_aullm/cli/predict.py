"""`aullm predict`: action units and movements over time in videos."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer


class Engine(StrEnum):
    """What reads many videos at once."""

    PROCESSES = "processes"
    RAY = "ray"


def predict(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files, or folders of images.")],
    model: Annotated[
        str, typer.Option(help="release (comes along), a run's or published folder, or a Hub id.")
    ] = "release",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("runs/predictions"),
    formats: Annotated[
        str,
        typer.Option(help="Such as csv,eaf: csv, json, parquet, tables, vtt, openface, fex, eaf, png, mp4."),
    ] = "csv,json,vtt,png",
    every: Annotated[bool, typer.Option("--all", help="Write every format.")] = False,
    faces: Annotated[int, typer.Option(min=1, help="How many faces to follow at most, the largest first.")] = 1,
    start: Annotated[float | None, typer.Option(min=0, help="Seconds from the first frame where to start.")] = None,
    end: Annotated[float | None, typer.Option(min=0, help="Seconds where to end.")] = None,
    length: Annotated[float, typer.Option(min=0.02, help="Seconds that a window covers.")] = 0.5,
    hop: Annotated[float, typer.Option(min=0.001, help="Seconds from one window to the next.")] = 0.1,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="From here on an action unit counts as present.")
    ] = 0.5,
    fps: Annotated[
        float | None, typer.Option(min=1, help="Frames per second, where the video states none, or plays slower.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Windows per forward pass.")] = 16,
    second_opinion: Annotated[
        bool, typer.Option(help="Let MediaPipe's blendshapes, too, name what they see; marked as theirs.")
    ] = True,
    workers: Annotated[int | None, typer.Option(min=1, help="Read so many videos at once; OUT/manifest.jsonl.")] = None,
    engine: Annotated[
        Engine, typer.Option(help="Processes of this machine, or Ray on this machine or a cluster.")
    ] = Engine.PROCESSES,
) -> None:
    """Read action units and movements over time in videos of any length.

    Prints a table per video and writes into OUT, whole or not at all:
    VIDEO.events.csv, .windows.csv, .json, .vtt (subtitles), .png (curves),
    .annotated.mp4, .eaf (for ELAN; aullm annotations takes a corrected one
    back), .openface.csv and .fex.csv (columns as of OpenFace and py-feat).

    A run that was killed goes on where it was when the same command is given
    again, and ends with the same files. A video that cannot be read does not
    keep the others from being read; the exit status is 2 then.

    With --workers or --engine ray there are one table of events and one of
    windows too (a parquet file a video in OUT/events and OUT/windows), and
    OUT/manifest.jsonl says what became of each video; those that are done are
    not read again.

    \b
    Examples:
      aullm predict face.mp4
      aullm predict talk.mp4 --faces 2 --start 60 --end 120 --all
      aullm predict frames/ --fps 200 --length 0.4 --hop 0.05
      aullm predict films/*.mp4 --workers 8 --formats tables --out read
    """
    from training_aullm.videos.video_files import FORMATS, base_names, check_formats

    options = {"faces": faces, "start": start, "end": end, "length": length, "hop": hop, "threshold": threshold}
    options |= {"fps": fps, "batch_size": batch_size, "second_opinion": second_opinion}
    wanted = list(FORMATS) if every else [name.strip() for name in formats.split(",") if name.strip()]
    check_formats(wanted)
    bases = base_names(videos, out)
    if workers is None and engine is Engine.PROCESSES:
        unread = _one_by_one(videos, bases, model, options, wanted)
    else:
        unread = _at_once(videos, bases, model, options, wanted, engine, workers)
    if unread:
        if len(videos) > 1:
            _say_wrong(f"{unread} of {len(videos)} could not be read")
        raise typer.Exit(2)


def _one_by_one(videos: list[Path], bases: list[Path], model: str, options: dict, formats: list[str]) -> int:
    """Read in this process, showing how far each is; gives how many could not be read."""
    from rich.markup import escape
    from rich.progress import Progress

    from processing_aullm import ClipError
    from training_aullm.cli.user_errors import is_users_to_mend
    from training_aullm.console import wide_console
    from training_aullm.loading import load_pipeline
    from training_aullm.videos.video_files import read_to_files

    console, unread = wide_console(), 0
    with console.status(escape(f"loading {model}")):
        pipe = load_pipeline(model)
    for video, base in zip(videos, bases, strict=True):
        try:
            with Progress(console=console, transient=True) as bar:
                task = bar.add_task(escape(f"reading {video}"), total=1.0)

                def show(what: str, share: float, bar=bar, task=task, video=video) -> None:
                    bar.update(task, description=escape(f"{what} {video}"), completed=share)

                summary, files = read_to_files(video, pipe, base, options, formats, model, show)
        except Exception as error:
            if not isinstance(error, ClipError) and not is_users_to_mend(error):
                raise
            _say_wrong(error)
            unread += 1
            continue
        console.print(summary.table())
        console.print("  ".join(map(str, files)) + "\n", soft_wrap=True)
    return unread


def _at_once(
    videos: list[Path],
    bases: list[Path],
    model: str,
    options: dict,
    formats: list[str],
    engine: Engine,
    workers: int | None,
) -> int:
    """Read over processes or a cluster, a line a video; gives how many could not be read."""
    from dataset_scripts.parallel import run_jobs
    from training_aullm.console import counted, wide_console
    from training_aullm.loading import model_place
    from training_aullm.videos.many import Manifest, Task, read_many

    model_place(model)
    if engine is Engine.RAY:
        from training_aullm.videos.ray_engine import run_on_ray as run
    else:
        run = run_jobs
    formats = tuple(dict.fromkeys((*formats, "tables")))
    tasks = [Task(video, base, model, options, formats) for video, base in zip(videos, bases, strict=True)]
    console, manifest, unread = wide_console(), Manifest(bases[0].parent / "manifest.jsonl"), 0
    for number, record in enumerate(read_many(tasks, manifest, partial(run, num_proc=workers)), 1):
        place = f"{number}/{len(tasks)} {record['video']}"
        if record["error"] is not None:
            _say_wrong(f"{place}: {record['error']}")
            unread += 1
            continue
        found = f"{counted(record['movements'], 'movement')}, {counted(record['blinks'], 'blink')}"
        when = "read before" if record.get("again") else f"{record['seconds']:.1f} s"
        console.print(f"{place}: {found} ({when})", soft_wrap=True)
    console.print(f"what became of each: {manifest.path}", soft_wrap=True)
    return unread


def _say_wrong(message: object) -> None:
    typer.secho(f"aullm: {message}", fg=typer.colors.RED, err=True)
