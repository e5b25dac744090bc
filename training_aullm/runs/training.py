"""Train a run, and go on with one that was broken off.

Tested in tests/training_aullm/runs/test_scoring.py.
"""

import json
from pathlib import Path

from modeling_aullm import AullmForActionUnitDetection
from training_aullm.clips.clip_set import ClipSet
from training_aullm.console import TrainingBar
from training_aullm.figures.curves import draw_curves
from training_aullm.learn.fitting import fit, new_model, new_processor
from training_aullm.loading import MODEL_FOLDER
from training_aullm.runs.release_settings import ReleaseSettings
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
    processor = new_processor(settings.preset, settings.action_units, settings.language_model)
    model = new_model(settings.recipe, settings.action_units, settings.language_model, settings.seed)
    clips = build_clips(run, settings.source.load(), model, processor)
    history = fit_run(run, settings, model, clips, resume=resume)
    # The model comes last: where RUN/model lies the run counts as finished.
    write_history(run, history)
    processor.save_pretrained(run / MODEL_FOLDER)
    model.save_pretrained(run / MODEL_FOLDER)
    return history


def fit_run(
    run: Path,
    settings: RunSettings | ReleaseSettings,
    model: AullmForActionUnitDetection,
    clips: ClipSet,
    eval_clips: ClipSet | None = None,
    resume: bool = True,
) -> list[dict]:
    """Train in place with a bar in the terminal, and keep a checkpoint of each epoch.

    Args:
        run: the run's folder.
        settings: name the recipe and the seed.
        model: from `new_model`.
        clips: to train on.
        eval_clips: scored after each epoch for the curves only: nothing is chosen by them.
        resume: go on from the last checkpoint of a broken run, if there is one.

    Returns:
        The history: a dictionary per logged epoch.
    """
    trainer = fit(
        model,
        settings.recipe,
        clips,
        run / CHECKPOINTS,
        settings.seed,
        eval_clips=eval_clips,
        resume=resume and has_checkpoint(run),
        callbacks=[TrainingBar()],
        save_strategy="epoch",
        save_total_limit=1,
    )
    return trainer.state.log_history


def has_checkpoint(run: Path) -> bool:
    """Whether a broken run left a checkpoint to go on from."""
    return any((run / CHECKPOINTS).glob("checkpoint-*/trainer_state.json"))


def write_history(run: Path, history: list[dict]) -> None:
    """Write RUN/history.json and RUN/curves.png."""
    (run / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", "utf-8")
    draw_curves(run / "curves.png", history)
