"""`aullm predict`: action units and movements over time in videos."""

from pathlib import Path
from typing import Annotated

import typer


def predict(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files, or folders of images.")],
    model: Annotated[str, typer.Option(help="A run's folder, a published folder, or a Hub id.")] = "runs/demo",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("runs/predictions"),
    formats: Annotated[
        str,
        typer.Option(help="Which files, such as csv,eaf: csv, json, parquet, vtt, openface, fex, eaf, png, mp4."),
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
    fps: Annotated[float | None, typer.Option(min=1, help="Frames per second, where the video states none.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Windows per forward pass.")] = 16,
) -> None:
    """Read action units and movements over time in videos of any length.

    Faces are followed and held still, windows slide over them, and the model
    answers where something moves. Prints a table per video and writes
    OUT/VIDEO.events.csv, .windows.csv, .json, .vtt (subtitles), .png (curves),
    .annotated.mp4, .eaf (for ELAN; `aullm annotations` takes it back when it
    is corrected), .openface.csv and .fex.csv (columns as of OpenFace, py-feat).

    While a video is read there is OUT/VIDEO.pieces.jsonl, one JSON object a
    line, to be looked at; tables, subtitles, curves and the film are made from
    it at the end, each whole or not at all. A run that was killed loses at
    most the section of 120 s that it was reading: the same command given again
    goes on there and ends with the same files. If all was read it reads
    nothing again and makes the files. Of several videos, one that cannot be
    read does not keep the others from being read; the exit status is 2 then.

    \b
    Examples:
      aullm predict face.mp4
      aullm predict a.mp4 b.mp4 --model runs/base --out runs/read --formats csv,mp4
      aullm predict talk.mp4 --faces 2 --start 60 --end 120 --all
      aullm predict face.mp4 --formats eaf,openface
      aullm predict frames/ --fps 200 --length 0.4 --hop 0.05
    """
    from rich.progress import Progress

    from processing_aullm import ClipError
    from training_aullm.cli.user_errors import is_users_to_mend
    from training_aullm.console import wide_console
    from training_aullm.loading import load_pipeline
    from training_aullm.videos.video_files import FORMATS, base_names, check_formats, read_to_files

    console = wide_console()
    options = {"faces": faces, "start": start, "end": end, "length": length, "hop": hop, "threshold": threshold}
    options |= {"fps": fps, "batch_size": batch_size}
    wanted = list(FORMATS) if every else [name.strip() for name in formats.split(",") if name.strip()]
    check_formats(wanted)
    bases = base_names(videos, out)
    with console.status(f"loading {model}"):
        pipe = load_pipeline(model)
    unread = 0
    for video, base in zip(videos, bases, strict=True):
        try:
            with Progress(console=console, transient=True) as bar:
                task = bar.add_task(f"reading {video}", total=1.0)

                def show(what: str, share: float, bar=bar, task=task, video=video) -> None:
                    bar.update(task, description=f"{what} {video}", completed=share)

                summary, files = read_to_files(video, pipe, base, options, wanted, model, show)
        except Exception as error:
            if not isinstance(error, ClipError) and not is_users_to_mend(error):
                raise
            typer.secho(f"aullm: {error}", fg=typer.colors.RED, err=True)
            unread += 1
            continue
        console.print(summary.table())
        console.print("  ".join(map(str, files)) + "\n", soft_wrap=True)
    if unread:
        if len(videos) > 1:
            typer.secho(f"aullm: {unread} of {len(videos)} could not be read", fg=typer.colors.RED, err=True)
        raise typer.Exit(2)
