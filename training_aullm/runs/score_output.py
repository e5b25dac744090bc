"""Scores of a run, for those who read, those who program, and those who look.

Tested in tests/commands/test_own_clips.py.
"""

from pathlib import Path

import typer

from dataset_scripts.whole_files import write_whole
from training_aullm.console import wide_console
from training_aullm.figures.scores import draw_f1_bars
from training_aullm.runs.scoring import Result
from training_aullm.score.report import label_notes, score_table

LABEL_FREE_NOTE = (
    "Label-free: decisions by how frequent each unit is in these very clips, as given (--prevalence) or as estimated "
    "from the model's answers; right where only that differs from training (docs/metrics.md)."
)


def show_result(result: Result, out: Path) -> None:
    """Print the table, what must be said beside it, and one JSON line; write RUN/scores-*.json and a picture.

    Args:
        result: of an evaluation.
        out: the run's folder.
    """
    clips, name = len(result.predictions.labels), result.name
    title = f"{out}, {name}: {clips} clips of {result.predictions.data_set}"
    if result.label_releases:
        title += f", labels {', '.join(result.label_releases)}"
    intervals = result.intervals["per_action_unit"]
    console = wide_console()
    console.print(score_table(result.scores, intervals, title, result.label_free))
    for note in label_notes(result.scores, clips):
        console.print(note)
    for note in () if result.label_free is None else (LABEL_FREE_NOTE,):
        console.print(note)
    if not result.checked:
        console.print("The model does not say whom it was trained on: see to it that none of these people were.")
    line = result.to_json()
    typer.echo(line)
    write_whole(out / f"scores-{name}.json", line + "\n")
    draw_f1_bars(out / f"scores-{name}.png", result.scores.action_units, {name: intervals}, title)
