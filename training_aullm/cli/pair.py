"""`aullm pair`: what moved between two pictures of a face, or between two frames of a clip."""

from pathlib import Path
from typing import Annotated

import typer


def pair(
    pictures: Annotated[
        list[Path], typer.Argument(metavar="REST APEX | CLIP", help="Two image files, or a video or folder of images.")
    ],
    onset: Annotated[int | None, typer.Option(min=0, help="Of a clip: frame at rest; left out: the first.")] = None,
    apex: Annotated[int | None, typer.Option(min=0, help="Of a clip: frame of the apex; left out: the last.")] = None,
    model: Annotated[
        str, typer.Option(help="release (comes along), a run's or published folder, or a Hub id.")
    ] = "release",
    out: Annotated[Path, typer.Option(help="Folder for the numbers.")] = Path("runs/pairs"),
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="From here on an action unit counts as present.")
    ] = 0.5,
    face: Annotated[int, typer.Option(min=0, help="Which face, counted by size: 0 is the largest.")] = 0,
    second_opinion: Annotated[
        bool, typer.Option(help="Let MediaPipe's blendshapes, too, name what they see; marked as theirs.")
    ] = True,
) -> None:
    """Read two photographs, at rest and at the apex of a movement.

    The first shows the face at rest, with open eyes, the second one the
    movement at its strongest; or name both frames of a clip. Prints what
    moved, and writes the same as OUT/NAME.json.

    \b
    Examples:
      aullm pair rest.jpg apex.jpg
      aullm pair face.mp4 --onset 60 --apex 72
    """
    from rich.markup import escape

    from training_aullm.console import wide_console
    from training_aullm.loading import load_pipeline
    from training_aullm.videos.pairs import table_of, write_pair
    from training_aullm.videos.whose import BOTH, name_of, named_by_frames, refuse_others

    if len(pictures) > 2 or (len(pictures) == 2 and (onset, apex) != (None, None)):
        raise ValueError("give two pictures, at rest and at the apex; or one clip, with --onset and --apex")
    console, two = wide_console(), len(pictures) == 2
    stem, video = "-".join(map(name_of, pictures)), BOTH.join(map(str, pictures))
    refuse_others([out / f"{stem}.json"] if two else named_by_frames(out, stem, onset, apex), *pictures)
    with console.status(escape(f"loading {model}")):
        pipe = load_pipeline(model)
    options = {"face": face, "threshold": threshold, "second_opinion": second_opinion}
    with console.status("reading"):
        reading = pipe.pair([str(path) for path in pictures] if two else str(pictures[0]), onset, apex, **options)
    reading["video"] = video
    if two:
        name = BOTH.join(path.name for path in pictures)
    else:
        stem = f"{stem}_{reading['onset']}-{reading['apex']}"
        name = f"{video}, frames {reading['onset']} and {reading['apex']}"
    path = out / f"{stem}.json"
    write_pair(path, reading, pictures)
    console.print(table_of(reading, name))
    console.print(str(path), soft_wrap=True)
