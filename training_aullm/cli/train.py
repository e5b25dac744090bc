"""`aullm train`: train a model on every clip of a source."""

from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import (
    ClipsOption,
    DataOption,
    DomainOption,
    EpochsOption,
    LanguageModelOption,
    LayersOption,
    Preset,
    SeedOption,
    SubjectsOption,
    action_unit_names,
)


def train(
    out: Annotated[Path, typer.Option(help="The run's folder.")],
    domain: DomainOption = None,
    data: DataOption = None,
    preset: Annotated[Preset, typer.Option(help="base measured better, paper is as published.")] = Preset.BASE,
    action_units: Annotated[
        str | None, typer.Option(help="Such as AU1,AU4,AU12; left out: those the domain's protocol scores.")
    ] = None,
    language_model: LanguageModelOption = "bundled",
    layers: LayersOption = None,
    epochs: EpochsOption = None,
    subjects: SubjectsOption = None,
    clips: ClipsOption = None,
    seed: SeedOption = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was broken off.")] = False,
) -> None:
    """Train a model on every clip of a source and save it with its processor.

    Give either --domain (clips are rendered) or --data (clips are read). The run
    holds settings.json, model/, history.json and curves.png. To score it on
    people it has not seen, use `aullm evaluate`.

    \b
    Examples:
      aullm train --domain casme2-like --out runs/base
      aullm train --data runs/many --out runs/many-base --epochs 20
      aullm train --domain samm-like --preset paper --out runs/paper --resume
    """
    from training_aullm.run_training import train_run
    from training_aullm.runs import RunSettings, Source, default_action_units

    source = Source(domain and domain.value, data and str(data), subjects, clips)
    names = action_unit_names(action_units) or default_action_units(source)
    settings = RunSettings(source, tuple(names), preset.value, language_model, layers, epochs, seed)
    history = train_run(out, settings, resume)
    losses = [entry["loss"] for entry in history if "loss" in entry]
    typer.echo(f"loss {losses[0]:.3f} -> {losses[-1]:.3f} after {len(losses)} epochs; the model is in {out / 'model'}")
