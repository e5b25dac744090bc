"""`aullm evaluate`: score a run on people or domains it has not seen."""

from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import ClipsOption, DataOption, DomainOption, Protocol, SubjectsOption


def evaluate(
    run: Annotated[Path, typer.Argument(help="A run's folder, as `aullm train` makes it.")],
    protocol: Annotated[Protocol, typer.Option(help="Who is tested; see above.")] = Protocol.FOLDS,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds, with --protocol folds.")] = 5,
    domain: DomainOption = None,
    data: DataOption = None,
    subjects: SubjectsOption = None,
    clips: ClipsOption = None,
) -> None:
    """Score a run on people or domains it has not seen.

    \b
      folds  one model per fold of people, trained with the run's settings
      loso   one model per person: leave-one-subject-out
      cross  the run's own model on another --domain or --data

    Writes RUN/predictions/*.parquet (a row per clip, with its sample id),
    RUN/scores-*.json and a picture. A fold whose predictions exist is not trained
    again.

    \b
    Examples:
      aullm evaluate runs/base
      aullm evaluate runs/base --protocol loso
      aullm evaluate runs/base --protocol cross --domain samm-like
    """
    from training_aullm.figures.scores import draw_f1_bars
    from training_aullm.progress import wide_console
    from training_aullm.report import score_table
    from training_aullm.run_scoring import score_cross, score_folds
    from training_aullm.runs import RunSettings, Source

    settings = RunSettings.load(run)
    if protocol is Protocol.CROSS:
        result = score_cross(run, settings, Source(domain and domain.value, data and str(data), subjects, clips))
    elif domain or data:
        raise ValueError(f"--domain and --data go with --protocol cross; {protocol.value} scores the run's own clips")
    else:
        result = score_folds(run, settings, folds if protocol is Protocol.FOLDS else None)
    title = f"{run}, {result.name}: {len(result.predictions.labels)} clips of {result.predictions.data_set}"
    intervals = result.intervals["per_action_unit"]
    wide_console().print(score_table(result.scores, intervals, title))
    line = result.to_json()
    typer.echo(line)
    (run / f"scores-{result.name}.json").write_text(line + "\n", "utf-8")
    draw_f1_bars(run / f"scores-{result.name}.png", result.scores.action_units, {result.name: intervals}, title)
