"""`aullm release`: the checkpoint to use, from nothing.

Tested in tests/commands/test_release.py.
"""

from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import LanguageModelOption, LayersOption, SeedOption


def release(
    out: Annotated[Path, typer.Option(help="The run's folder.")] = Path("runs/release"),
    people: Annotated[int, typer.Option(min=2, help="Rendered people to train on, of each of three domains.")] = 200,
    films: Annotated[int, typer.Option(min=1, help="Long takes to train on, of each domain.")] = 12,
    seconds: Annotated[float, typer.Option(min=5, max=60, help="How long a take lasts.")] = 20.0,
    tested: Annotated[int, typer.Option(min=2, help="Other people to score on, of each domain.")] = 26,
    epochs: Annotated[float, typer.Option(min=0.01, max=10_000, help="Passes over the clips.")] = 10,
    language_model: LanguageModelOption = "bundled",
    layers: LayersOption = None,
    seed: SeedOption = 0,
) -> None:
    """Build the checkpoint to use: many rendered people, three domains, and windows of long takes.

    Takes hold rest, blinks, speech, gaze shifts and head turns beside the
    expressions, so that this model knows a resting face; the demo's does not.
    Answers with twelve action units. A run that was broken off goes on when the
    same command is given again. All of it is synthetic.

    \b
    Examples:
      aullm release
      aullm release --out runs/small --people 10 --films 2 --epochs 4
      aullm predict face.mp4 --model runs/release
    """
    from training_aullm.from_scratch.release import run_release
    from training_aullm.runs.release_settings import ReleaseSettings

    amounts = (people, tested, films, seconds, epochs)
    settings = ReleaseSettings(*amounts, language_model=language_model, layers=layers, seed=seed)
    run_release(out, settings)
    typer.echo(f"the model is in {out / 'model'}; aullm predict VIDEO --model {out}")
