"""`aullm explain`: why the model answers as it does for one movement in a video.

Tested in tests/commands/test_explain.py.
"""

from pathlib import Path
from typing import Annotated

import typer


def explain(
    video: Annotated[Path, typer.Argument(help="A video file, or a folder of images.")],
    onset: Annotated[int | None, typer.Option(min=0, help="First frame of the movement; left out: the first.")] = None,
    offset: Annotated[int | None, typer.Option(min=0, help="Its last frame; left out: the video's last.")] = None,
    action_unit: Annotated[
        str | None, typer.Option(help="Look closer at these, such as AU4,AU12; left out: at what the model sees.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="release (comes along), a run's or published folder, or a Hub id.")
    ] = "release",
    out: Annotated[Path, typer.Option(help="Folder for the page and its numbers.")] = Path("runs/explanations"),
    threshold: Annotated[float, typer.Option(min=0, max=1, help="From here on an action unit counts as seen.")] = 0.5,
    face: Annotated[
        str,
        typer.Option(help="Which face at the onset: by size, 0 is the largest; or its box, LEFT,TOP,RIGHT,BOTTOM."),
    ] = "0",
) -> None:
    """Explain one movement: what moved, where the model looked, what would change its mind.

    `aullm predict` says when something moves; this says why the model thinks
    so. It writes one page, OUT/VIDEO_ONSET-OFFSET.png, and the same numbers
    as .json: where each action unit looked, how far the skin moved and which
    way, which view of the movement counted, which units inform each other,
    and how the answer would change without the units that were seen.

    A movement is short: onset to offset should be under a second. The face
    is best at rest at the onset, because all motion is counted from there.
    Of several faces the numbers of a reading may be others than those by
    size at the onset: the boxes in its .json say where each one stands.

    \b
    Examples:
      aullm explain face.mp4 --onset 60 --offset 85
      aullm explain face.mp4 --onset 60 --offset 85 --action-unit AU12
      aullm explain clip.mp4 --model runs/base --out pages
      aullm explain two.mp4 --onset 60 --offset 85 --face 412,80,560,260
    """
    from rich.markup import escape

    from processing_aullm.sentences_aullm import describe
    from training_aullm.cli.options import action_unit_names
    from training_aullm.console import wide_console
    from training_aullm.loading import load_model
    from training_aullm.videos.explaining import explain_video, write_explanation
    from training_aullm.videos.whose import name_of, named_by_frames, refuse_others

    which, console = which_face(face), wide_console()
    refuse_others(named_by_frames(out, name_of(video), onset, offset), video)
    with console.status(escape(f"loading {model}")):
        network, processor = load_model(model)
    with console.status(escape(f"reading {video}")):
        explanation = explain_video(video, network, processor, onset, offset, which)
    base = out / f"{name_of(video)}_{explanation['onset']}-{explanation['offset']}"
    with console.status("drawing"):
        paths = write_explanation(base, explanation, action_unit_names(action_unit) or (), threshold)
    for sentence in describe(explanation, threshold):
        console.print(f"• {sentence}")
    console.print("  ".join(map(str, paths)), soft_wrap=True)


def which_face(text: str) -> int | list[float]:
    """ "1" -> 1; "412,80,560,260" -> [412.0, 80.0, 560.0, 260.0].

    Raises:
        ValueError: it is neither.
    """
    try:
        box = [float(part) for part in text.split(",")]
        if len(box) == 4:
            return box
        return int(text)
    except ValueError:
        raise ValueError(f"--face {text!r}: give a number, 0 is the largest, or a box such as 412,80,560,260") from None
