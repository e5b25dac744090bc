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
    ReleaseOption,
    SeedOption,
    SheetOption,
    StartOption,
    SubjectsOption,
    chosen_build,
    chosen_settings,
    chosen_source,
)


def train(
    out: Annotated[Path, typer.Option(help="The run's folder.")],
    domain: DomainOption = None,
    data: DataOption = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    release: ReleaseOption = None,
    sheet: SheetOption = None,
    start: StartOption = None,
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

    With --from training goes on from a finished model, half as long and at a
    tenth of the rates: what it knows of an action unit follows the unit's name,
    others start fresh (and need a third of the rates), and LoRA that was merged
    is injected anew. The model says from then on whom it has seen in all.

    \b
    Examples:
      aullm train --domain casme2-like --out runs/base
      aullm train --data prepared/casme2 --out runs/casme2 --epochs 20
      aullm train --dataset folder --data-dir my-clips --out runs/mine
      aullm train --dataset folder --data-dir my-clips --from release --out runs/mine
      aullm train --domain samm-like --preset paper --out runs/paper --resume
    """
    from training_aullm.prepare.sources import Source, about_source
    from training_aullm.runs.training import refuse_finished, refuse_uncoded_units, train_run

    refuse_finished(out, resume)  # before clips are prepared, which may take hours
    chosen_build(action_units, preset, language_model, layers, start)
    source = chosen_source(domain, data, dataset, data_dir, subjects, clips, release, sheet) or Source()
    settings = chosen_settings(source, action_units, preset, language_model, layers, epochs, seed, start)
    if action_units is not None:
        refuse_uncoded_units(settings)
    for line in about_source(source, settings.action_units):
        typer.echo(line)
    history = train_run(out, settings, resume)
    losses = [entry["loss"] for entry in history if "loss" in entry]
    typer.echo(f"loss {losses[0]:.3f} -> {losses[-1]:.3f} after {len(losses)} epochs; the model is in {out / 'model'}")
