"""`aullm demo`: the whole package in a few minutes.

Tested in tests/commands/test_readme.py.
"""

from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import (
    ClipsOption,
    EpochsOption,
    LanguageModelOption,
    LayersOption,
    SeedOption,
    SubjectsOption,
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the run.")] = Path("runs/demo"),
    subjects: SubjectsOption = None,
    clips: ClipsOption = None,
    language_model: LanguageModelOption = "bundled",
    epochs: EpochsOption = None,
    layers: LayersOption = None,
    seed: SeedOption = 0,
) -> None:
    """See it learn: render, train, score, save, reload elsewhere, read a video.

    Renders two domains of clips, trains on most people of the first, scores on
    the others and on the second domain, saves a folder for the Hub, loads that
    folder in a new process that has none of our packages, reads a video, and
    draws curves, scores, the action unit graph and a sheet of clips.

    \b
    Examples:
      aullm demo
      aullm demo --out runs/small --subjects 6 --epochs 4 --layers 2
    """
    from training_aullm.from_scratch.demo import DemoSettings, run_demo

    size = {"subjects": subjects, "clips": clips, "epochs": epochs, "layers": layers}
    run_demo(out, DemoSettings(**size, seed=seed, language_model=language_model))
