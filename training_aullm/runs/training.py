"""Train a run, and go on with one that was broken off."""

import json
from pathlib import Path

from training_aullm.figures.curves import draw_curves
from training_aullm.learn.fitting import fit, new_model, new_processor
from training_aullm.loading import MODEL_FOLDER
from training_aullm.console import TrainingBar
from training_aullm.runs.settings import RunSettings, build_clips

CHECKPOINTS = "checkpoints"
HISTORY_FILE = "history.json"


def train_run(run: Path, settings: RunSettings, resume: bool = False) -> list[dict]:
    """Train on every clip of the source and write RUN/model.

    Args:
        run: the run's folder.
        settings: what to train.
        resume: go on from the last checkpoint of a broken run, if there is one.

    Returns:
        The history: a dictionary per logged epoch.

    Raises:
        FileExistsError: the folder holds a finished run, or one with other settings.
    """
    if (run / MODEL_FOLDER).exists():
        raise FileExistsError(f"{run / MODEL_FOLDER} exists: this run is finished; choose another --out or delete it")
    settings.save(run)
    recipe = settings.recipe
    processor = new_processor(settings.preset, settings.action_units, settings.language_model)
    model = new_model(recipe, settings.action_units, settings.language_model, settings.seed)
    clips = build_clips(run, settings.source.load(), model, processor)
    trainer = fit(
        model,
        recipe,
        clips,
        run / CHECKPOINTS,
        settings.seed,
        resume=resume and has_checkpoint(run),
        callbacks=[TrainingBar()],
        save_strategy="epoch",
        save_total_limit=1,
    )
    history = trainer.state.log_history
    write_history(run, history)
    processor.save_pretrained(run / MODEL_FOLDER)
    model.save_pretrained(run / MODEL_FOLDER)
    return history


def has_checkpoint(run: Path) -> bool:
    """Whether a broken run left a checkpoint to go on from."""
    return any((run / CHECKPOINTS).glob("checkpoint-*/trainer_state.json"))


def write_history(run: Path, history: list[dict]) -> None:
    """Write RUN/history.json and RUN/curves.png."""
    (run / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", "utf-8")
    draw_curves(run / "curves.png", history)
