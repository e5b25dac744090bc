"""`aullm train`: train a model on every clip of a source.

Tested in tests/commands/test_runs.py.
"""

from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import (
    ActionUnitsOption,
    ClipsOption,
    DataDirOption,
    DataOption,
    DatasetOption,
    DomainOption,
    EpochsOption,
    LanguageModelOption,
    LayersOption,
    Preset,
    PresetOption,
    SeedOption,
    SubjectsOption,
    action_unit_names,
    chosen_source,
)


def train(
    out: Annotated[Path, typer.Option(help="The run's folder.")],
    domain: DomainOption = None,
    data: DataOption = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    preset: PresetOption = Preset.BASE,
    action_units: ActionUnitsOption = None,
    language_model: LanguageModelOption = "bundled",
    layers: LayersOption = None,
    epochs: EpochsOption = None,
    subjects: SubjectsOption = None,
    clips: ClipsOption = None,
    seed: SeedOption = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was broken off.")] = False,
) -> None:
    """Train a model on every clip of a source and save it with its processor.

    Give one of --domain (clips are rendered), --data (a prepared set) and
    --dataset with --data-dir (a data set as it was shipped, or your own clips).
    The run holds settings.json, model/, history.json and curves.png. To score it
    on people it has not seen, use `aullm evaluate`.

    Labels may be unknown: an unknown label adds nothing to the loss.

    \b
    Examples:
      aullm train --domain casme2-like --out runs/base
      aullm train --data prepared/casme2 --out runs/casme2 --epochs 20
      aullm train --dataset folder --data-dir my-clips --out runs/mine
      aullm train --domain samm-like --preset paper --out runs/paper --resume
    """
    from training_aullm.prepare.sources import Source, about_source, default_action_units
    from training_aullm.runs.settings import RunSettings
    from training_aullm.runs.training import train_run

    source = chosen_source(domain, data, dataset, data_dir, subjects, clips) or Source()
    names = action_unit_names(action_units) or default_action_units(source)
    for line in about_source(source, names):
        typer.echo(line)
    settings = RunSettings(source, tuple(names), preset.value, language_model, layers, epochs, seed)
    history = train_run(out, settings, resume)
    losses = [entry["loss"] for entry in history if "loss" in entry]
    typer.echo(f"loss {losses[0]:.3f} -> {losses[-1]:.3f} after {len(losses)} epochs; the model is in {out / 'model'}")
