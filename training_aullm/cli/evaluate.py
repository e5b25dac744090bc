"""`aullm evaluate`: score on people or domains that a model has not seen.

Tested in tests/commands/test_readme.py.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from training_aullm.cli.options import (
    ActionUnitsOption,
    AtOnceOption,
    ClipsOption,
    DataDirOption,
    DataOption,
    DatasetOption,
    Domain,
    DomainOption,
    EpochsOption,
    LanguageModelOption,
    LayersOption,
    Preset,
    PresetOption,
    PrevalenceOption,
    Protocol,
    ReleaseOption,
    SeedOption,
    SheetOption,
    StartOption,
    SubjectsOption,
    chosen_action_units,
    chosen_build,
    chosen_settings,
    chosen_source,
    given,
    refuse_idle,
    shares_of,
)

CLIPS = ("domain", "data", "dataset", "data_dir", "release", "sheet", "subjects", "clips")
TRAINING = ("start", "preset", "action_units", "language_model", "layers", "epochs", "seed")


def evaluate(
    ctx: typer.Context,
    run: Annotated[str | None, typer.Argument(help="A run, a finished model (folder, Hub id), a new folder.")] = None,
    protocol: Annotated[Protocol | None, typer.Option(help="Who is tested; see above.")] = None,
    spotting: Annotated[
        bool, typer.Option("--spotting", help="Score when movements happen, in whole recordings; see above.")
    ] = False,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds, with --protocol folds.")] = 5,
    domain: DomainOption = None,
    data: DataOption = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    release: ReleaseOption = None,
    sheet: SheetOption = None,
    subjects: SubjectsOption = None,
    clips: ClipsOption = None,
    start: StartOption = None,
    preset: PresetOption = Preset.BASE,
    action_units: ActionUnitsOption = None,
    language_model: LanguageModelOption = "bundled",
    layers: LayersOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = 0,
    prevalence: PrevalenceOption = None,
    folds_at_once: AtOnceOption = 1,
) -> None:
    """Score on people or domains that a model has not seen.

    \b
      folds  one model per fold of people, trained with the run's settings
      loso   one model per person: leave-one-subject-out
      split  the set's own division, column split: part train against the rest;
             without such a part, one model per part, trained on the others
      cross  a finished model, on clips of other people

    A run is scored by folds on its own clips; with clips given, its model is
    tested on those (cross). Without a run, a new one is begun on the clips given,
    a model per fold (--from to --seed say how); with cross or --spotting it is the release.

    --from starts every fold from that model. A model that has seen people who are
    tested is refused, and they are named. Beside the scores stand label-free ones,
    decided by how frequent a unit is in these clips: as the model's answers say,
    or --prevalence. Unknown labels are in no count. Idle options are refused.

    Writes RUN/predictions/*.parquet (a row per clip, with its sample id),
    RUN/scores-*.json and a picture. A fold whose predictions exist is not trained
    again; predictions of other clips or settings are refused. --folds-at-once
    trains several together, for base and whole: all of them are done, or none.

    --spotting tests a finished model on whole recordings (of casme3,
    casme_squared, samm_long, smic_e, or rendered ones), as the MEGC challenges do:
    F1 of micro-, macro- and all expressions over all recordings, quiet ones too,
    where intervals of one kind overlap by half. RUN/spotted keeps what was spotted.

    \b
    Examples:
      aullm evaluate runs/base
      aullm evaluate runs/base --protocol cross --domain samm-like
      aullm evaluate --data prepared/casme2 --protocol loso --from release
      aullm evaluate release --data prepared/samm --prevalence AU4=0.3,AU12=0.2
      aullm evaluate runs/base --dataset folder --data-dir my-clips
      aullm evaluate runs/base --spotting --dataset casme3 --data-dir CASME3
    """
    if spotting:
        _evaluate_spotting(ctx, run or "release", domain, data, dataset, data_dir, subjects, seed, release, sheet)
        return
    from training_aullm.prepare.sources import about_source
    from training_aullm.runs.evaluating import plan_evaluation
    from training_aullm.runs.score_output import show_result

    def begin(source):
        return chosen_settings(source, action_units, preset, language_model, layers, epochs, seed, start)

    _refuse_before_clips(ctx)
    source = chosen_source(domain, data, dataset, data_dir, subjects, clips, release, sheet)
    evaluation = plan_evaluation(run, source, protocol and protocol.value, folds, begin)
    _refuse_beside(ctx, evaluation)
    for line in about_source(evaluation.tested, evaluation.action_units):
        typer.echo(line)
    show_result(evaluation.score(shares_of(prevalence), folds_at_once), evaluation.out)


def _refuse_before_clips(ctx: typer.Context) -> None:
    """Refuse what is wrong whatever the clips are: to prepare those that are given may take hours."""
    shares = shares_of(ctx.params["prevalence"])
    if not {*CLIPS}.intersection(given(ctx)):
        return
    from training_aullm.loading import load_model
    from training_aullm.runs.evaluating import model_to_test
    from training_aullm.runs.settings import RunSettings
    from training_aullm.score.prior_shift import check_shares

    run, protocol = ctx.params["run"], ctx.params["protocol"]
    if (model := model_to_test(run, protocol and protocol.value)) is not None:
        _refuse_idle(ctx, Protocol.CROSS)
        check_shares(shares, load_model(model)[1].action_units)
        return
    check_shares(shares, tuple(shares))
    if run is None or not RunSettings.are_in(Path(run)):
        _refuse_idle(ctx, protocol or Protocol.FOLDS)
        built = ("action_units", "preset", "language_model", "layers", "start")
        chosen_build(**{name: ctx.params[name] for name in built})


def _refuse_idle(ctx: typer.Context, protocol: str) -> None:
    """Refuse options that change nothing under this protocol."""
    tested = ("run", "protocol", *CLIPS, "prevalence")
    if protocol == Protocol.CROSS:
        refuse_idle(ctx, tested, "where a finished model is tested (cross)")
        return
    made = ("folds", "folds_at_once") if protocol == Protocol.FOLDS else ("folds_at_once",)
    refuse_idle(ctx, (*tested, *made, *TRAINING), f"with --protocol {protocol}")


def _refuse_beside(ctx: typer.Context, evaluation) -> None:
    """Refuse options that change nothing in this evaluation, and settings that the run does not have."""
    _refuse_idle(ctx, evaluation.protocol)
    if evaluation.protocol == Protocol.CROSS:
        return
    asked = {name: ctx.params[name] for name in given(ctx) if name in TRAINING}
    if "action_units" in asked:
        asked["action_units"] = chosen_action_units(asked["action_units"])
    evaluation.refuse_other_settings(asked)


def _refuse_beside_spotting(ctx: typer.Context) -> None:
    """As `_refuse_beside`; which takes are rendered is a matter of --domain, and --data is refused with more words."""
    rendered = ctx.params["domain"] is not None
    useful = ("run", "spotting", "domain", *(("subjects", "seed") if rendered else ()), "dataset", "data_dir")
    useful += () if rendered else ("release", "sheet")
    if ctx.params["data"] is None:
        refuse_idle(ctx, useful, "with --spotting" if rendered else "with --spotting of a copy")


def _evaluate_spotting(ctx: typer.Context, run: str, domain: Domain | None, *asked) -> None:
    """Spot in the recordings `asked` of `choose_takes`, print a table and a JSON line, write RUN/scores-spotting-*."""
    _refuse_beside_spotting(ctx)
    from training_aullm.console import wide_console
    from training_aullm.files import write_whole
    from training_aullm.loading import RUNS, load_pipeline
    from training_aullm.runs.known_people import people_in, refuse_known
    from training_aullm.runs.settings import SETTINGS_FILE, short_name
    from training_aullm.runs.spotting import choose_takes, score_spotting

    pipe = load_pipeline(run)  # first: takes may have to be rendered
    takes, named, found = choose_takes(domain and domain.value, *asked)
    console = wide_console()
    for line in found:
        console.print(line)
    if not refuse_known(pipe.model.config, Path(run), people_in(takes)):
        console.print("The model does not say whom it was trained on: see to it that none of these people were.")
    is_run = (Path(run) / SETTINGS_FILE).is_file()
    out = Path(run) if is_run else RUNS / f"{short_name(run)}-on-{takes[0]['data_set']}"
    result = score_spotting(run, takes, out, pipe, named)
    whose = f"{result.data_set} ({result.label_release})"
    console.print(result.table(f"{run}: {result.takes} recordings of {whose}, {result.quiet} of them quiet"))
    for name, reason in result.unread.items():
        console.print(f"nothing was spotted in {name}: {reason}")
    typer.echo(result.to_json())
    release = quote(result.label_release.replace(" ", "-"), safe="")
    write_whole(out / f"scores-spotting-{result.data_set}-{release}.json", result.to_json() + "\n")
