"""`aullm predict`: action units over time in videos."""

from pathlib import Path
from typing import Annotated

import typer


def predict(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files, or folders of images.")],
    model: Annotated[str, typer.Option(help="A run's folder, a published folder, or a Hub id.")] = "runs/demo",
    out: Annotated[Path, typer.Option(help="Folder for VIDEO.json and VIDEO.png.")] = Path("runs/predictions"),
    length: Annotated[float, typer.Option(min=0.02, help="Seconds that a window covers.")] = 0.5,
    hop: Annotated[float, typer.Option(min=0.001, help="Seconds from one window to the next.")] = 0.1,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="From here on an action unit counts as present.")
    ] = 0.5,
    fps: Annotated[float | None, typer.Option(min=1, help="Frames per second, where the video states none.")] = None,
    face: Annotated[int, typer.Option(min=0, help="Which face to follow, counted by size: 0 is the largest.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Windows per forward pass.")] = 16,
) -> None:
    """Read action units over time in videos of any length.

    The face is held still over the whole video, then windows slide over it.
    Prints a table per video and writes OUT/VIDEO.json (every window) and
    OUT/VIDEO.png (the curves). Windows should last about as long as the clips
    that the model was trained on: half a second for micro-expressions.

    \b
    Examples:
      aullm predict face.mp4
      aullm predict a.mp4 b.mp4 --model runs/base --out runs/read
      aullm predict frames/ --fps 200 --length 0.4 --hop 0.05
    """
    from processing_aullm import ClipError
    from training_aullm.predict import load_model, predict_video
    from training_aullm.progress import wide_console
    from training_aullm.readings import draw_reading, reading_table

    console = wide_console()
    with console.status(f"loading {model}"):
        network, processor = load_model(model)
    out.mkdir(parents=True, exist_ok=True)
    failed = False
    for video in videos:
        try:
            with console.status(f"reading {video}"):
                timeline, aligned = predict_video(
                    video, network, processor, length, hop, threshold, fps, face, batch_size
                )
        except ClipError as error:
            typer.secho(f"aullm: {error}", fg=typer.colors.RED, err=True)
            failed = True
            continue
        base = out / (video.name if video.is_dir() else video.stem)
        timeline.write_json(f"{base}.json")
        draw_reading(f"{base}.png", timeline, aligned)
        console.print(reading_table(timeline))
        console.print(f"{base}.json  {base}.png\n")
    if failed:
        raise typer.Exit(2)
