"""Options that several commands share."""

import math
import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer


class Domain(StrEnum):
    """The domains of the clip source."""

    CASME2_LIKE = "casme2-like"
    SAMM_LIKE = "samm-like"
    CASME3_LIKE = "casme3-like"


class Preset(StrEnum):
    """The named settings of the model."""

    BASE = "base"
    WHOLE = "whole"
    PAPER = "paper"


class Protocol(StrEnum):
    """How a run is scored."""

    FOLDS = "folds"
    LOSO = "loso"
    SPLIT = "split"
    CROSS = "cross"


DomainOption = Annotated[Domain | None, typer.Option(help="Render (or take from the cache) clips of this domain.")]
DataOption = Annotated[
    Path | None, typer.Option(help="Clips on disk: a folder of `aullm prepare` or `aullm synth`, or a parquet file.")
]
DatasetOption = Annotated[
    str | None, typer.Option(help="A data set as it was shipped, or folder for your own clips; with --data-dir.")
]
DataDirOption = Annotated[
    Path | None, typer.Option(help="Where it lies. It is prepared into the cache once, then read from there.")
]
ReleaseOption = Annotated[
    str | None,
    typer.Option(help="Release of the data set's labels, where it has several; left out: the first that is found."),
]
SheetOption = Annotated[
    Path | None, typer.Option(help="The data set's coding sheet, where it does not lie in --data-dir, or several do.")
]
PresetOption = Annotated[
    Preset,
    typer.Option(
        help="base; whole: with what base leaves out (CCR and its what-ifs, experts, prior); paper: as published."
    ),
]
ActionUnitsOption = Annotated[
    str | None,
    typer.Option(help="Such as AU1,AU4,AU12; left out: what the set's protocol scores, or what two people show."),
]
SubjectsOption = Annotated[
    int | None, typer.Option(min=2, help="People to render, with --domain; left out: as many as the real data set has.")
]
ClipsOption = Annotated[
    int | None,
    typer.Option(min=2, help="Clips to render, with --domain; left out: as the real data set has per person."),
]
SeedOption = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same result.")]
EpochsOption = Annotated[
    float | None,
    typer.Option(min=0.01, max=10_000, help="Passes over the training clips; left out: the preset's."),
]
LanguageModelOption = Annotated[str, typer.Option(help="Hub id, folder, or bundled.")]
LayersOption = Annotated[
    int | None, typer.Option(min=1, help="Layers of the language model to use; left out: the preset's.")
]
PrevalenceOption = Annotated[
    str | None, typer.Option(help="Share of clips that show a unit, where it is known: AU4=0.3,AU12=0.1.")
]
AtOnceOption = Annotated[
    int,
    typer.Option(
        "--folds-at-once", min=1, help="Folds trained together, for graphics cards: the same results but for rounding."
    ),
]
StartOption = Annotated[
    str | None,
    typer.Option("--from", help="Go on from a finished model: release, a run's or published folder, or a Hub id."),
]


def checked(command: Callable) -> Callable:
    """A command that refuses before any work what none can use: "inf" or "nan" as a number, an --out below a file.

    Raises:
        ValueError: with the option and its value.
    """

    @wraps(command)
    def run(**options):
        for name, value in options.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"--{name.replace('_', '-')} {value}: give a finite number")
        if options.get("out") is not None:
            _refuse_out(options["out"])
        return command(**options)

    return run


def _refuse_out(out: Path) -> None:
    """Refuse a folder that cannot be made or written to."""
    there = next(path for path in (out, *out.absolute().parents) if os.path.lexists(path))
    if not os.path.isdir(there):
        what = "leads nowhere" if os.path.islink(there) else "is a file"
        raise NotADirectoryError(f"--out {out}: {there} {what}; choose another folder")
    if not os.access(there, os.W_OK):
        raise PermissionError(f"--out {out}: you may not write into {there}; choose another folder")


def given(ctx: typer.Context) -> list[str]:
    """Names of the parameters that stand on the command line, whether with their default or not."""
    return [name for name in ctx.params if ctx.get_parameter_source(name).name == "COMMANDLINE"]


def refuse_idle(ctx: typer.Context, useful: Sequence[str], where: str) -> None:
    """Refuse options that were given and would change nothing.

    Args:
        ctx: of the command.
        useful: names of the parameters that count there.
        where: "with --protocol cross" or the like.

    Raises:
        ValueError: names them, and those that count.
    """
    written = {parameter.name: parameter.opts[0] for parameter in ctx.command.params}
    if idle := [written[name] for name in given(ctx) if name not in useful]:
        counting = [written[name] for name in useful if written[name].startswith("--")]
        raise ValueError(f"leave out {', '.join(idle)}: {where} only {', '.join(counting)} count")


def action_unit_names(text: str | None) -> list[str] | None:
    """ "AU1,AU4" or "1,4" -> ["AU1", "AU4"]; None stays None."""
    if text is None:
        return None
    names = [part.strip().upper() for part in text.split(",") if part.strip()]
    return [name if name.startswith("AU") else f"AU{name}" for name in names]


def chosen_action_units(text: str | None) -> list[str] | None:
    """As `action_unit_names`, of units that clips can be labelled with.

    Raises:
        ValueError: a name that is none of them, with the list.
    """
    from dataset_scripts.labels import label_vector

    names = action_unit_names(text)
    label_vector(names or ())
    return names


def shares_of(text: str | None) -> dict[str, float]:
    """ "AU1=0.2,12=.05" -> {"AU1": 0.2, "AU12": 0.05}; None -> {}.

    Raises:
        ValueError: a part that is no unit and number.
    """
    shares = {}
    for part in (text or "").split(","):
        name, _, share = part.partition("=")
        if not part.strip():
            continue
        try:
            shares[action_unit_names(name)[0]] = float(share)
        except (ValueError, IndexError):
            raise ValueError(f"--prevalence {part!r}: write it as AU4=0.3,AU12=0.1") from None
    return shares


def chosen_build(
    action_units: str | None, preset: Preset, language_model: str, layers: int | None, start: str | None
) -> tuple[list[str] | None, Preset]:
    """What is built, as far as options say it without the clips: action units, or None, and preset.

    Raises:
        ValueError: a start is named, and also what only a fresh model can be given; or a unit that there is not.
        FileNotFoundError: there is no such start.
    """
    from training_aullm.learn.starting import preset_of_model

    names = chosen_action_units(action_units)
    if start is None:
        return names, preset
    if preset is not Preset.BASE or language_model != "bundled" or layers is not None:
        raise ValueError("--preset, --language-model and --layers say what is built; with --from it is there already")
    return names, Preset(preset_of_model(start))


def chosen_settings(
    source,
    action_units: str | None,
    preset: Preset,
    language_model: str,
    layers: int | None,
    epochs: float | None,
    seed: int,
    start: str | None,
):
    """The settings of a run that the options ask for; errors as of `chosen_build`."""
    from training_aullm.prepare.sources import default_action_units
    from training_aullm.runs.settings import RunSettings

    names, preset = chosen_build(action_units, preset, language_model, layers, start)
    names = names or default_action_units(source)
    return RunSettings(source, tuple(names), preset.value, language_model, layers, epochs, seed, start)


def chosen_source(
    domain: Domain | None,
    data: Path | None,
    dataset: str | None,
    data_dir: Path | None,
    subjects: int | None,
    clips: int | None,
    release: str | None,
    sheet: Path | None,
):
    """The clips that the options name, or None where they name none."""
    if all(each is None for each in (domain, data, dataset, data_dir, subjects, clips, release, sheet)):
        return None
    from training_aullm.prepare.sources import choose_source

    return choose_source(domain and domain.value, data, dataset, data_dir, subjects, clips, release, sheet)
