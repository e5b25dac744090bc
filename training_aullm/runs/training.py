"""Train a run, and go on with one that was broken off."""

import json
import shutil
from pathlib import Path

from dataset_scripts.whole_files import whole_folder, write_whole
from modeling_aullm import AullmForActionUnitDetection
from training_aullm.clips.clip_set import ClipSet
from training_aullm.console import TrainingBar
from training_aullm.figures.curves import draw_curves
from training_aullm.files import check_record
from training_aullm.learn.checkpoints import newest_whole_checkpoint
from training_aullm.learn.clip_checks import refuse_uncoded
from training_aullm.learn.fitting import fit
from training_aullm.loading import MODEL_FOLDER, load_config
from training_aullm.prepare.prepared import package_version
from training_aullm.prepare.sources import coded_action_units
from training_aullm.runs.facts import MEASURED
from training_aullm.runs.release_settings import ReleaseSettings
from training_aullm.runs.scoring import MADE_WITH, PREDICTIONS, trained_with
from training_aullm.runs.settings import RunSettings, build_clips
from training_aullm.score.protocols import CROSS

CHECKPOINTS = "checkpoints"
HISTORY_FILE = "history.json"
FINISHED_FILE = "finished.json"


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
        ValueError: as for `fit_run`.
    """
    refuse_finished(run, resume)
    settings.save(run)
    model, processor = settings.build()
    clips = build_clips(run, settings.source.load(), model, processor)
    history = fit_run(run, settings, model, clips, resume=resume)
    write_history(run, history)
    with whole_folder(run / MODEL_FOLDER) as unfinished:
        processor.save_pretrained(unfinished)
        model.save_pretrained(unfinished)
    mark_finished(run)
    return history


def refuse_finished(run: Path, resume: bool = True) -> None:
    """Leave a finished run alone.

    A model without the mark and with a checkpoint was broken off while it was saved, and can be made again. One without
    either is finished, too: by a version that wrote no mark, or copied there.

    Args:
        run: the run's folder.
        resume: whether a broken run may be gone on with.

    Raises:
        FileExistsError: the run is finished, or was broken off at its very end and `resume` is off.
    """
    model = run / MODEL_FOLDER
    if not model.exists():
        return
    if (run / FINISHED_FILE).exists() or not has_checkpoint(run):
        raise FileExistsError(f"{model} exists: this run is finished; choose another --out or delete it")
    if not resume:
        raise FileExistsError(f"{model} exists: this run was broken off at its end; --resume finishes it")


def refuse_uncoded_units(settings: RunSettings) -> None:
    """Refuse action units that somebody asked for and that a run could not learn.

    Raises:
        ValueError: no clip is coded for one, and the start does not know it either.
    """
    known = [] if settings.start is None else load_config(settings.start).action_units
    coded = coded_action_units(settings.source.load())
    refuse_uncoded(settings.source.name, settings.action_units, {*coded, *known})


def mark_finished(run: Path) -> None:
    """Say that everything of a run is written: the last thing it does."""
    write_whole(run / FINISHED_FILE, json.dumps({"aullm": package_version()}) + "\n")


def fit_run(
    run: Path,
    settings: RunSettings | ReleaseSettings,
    model: AullmForActionUnitDetection,
    clips: ClipSet,
    eval_clips: ClipSet | None = None,
    resume: bool = True,
) -> list[dict]:
    """Train in place with a bar in the terminal, and keep a checkpoint of each epoch.

    What was measured about an earlier model of this folder is removed where another is begun: a card would call it this
    one's.

    Args:
        run: the run's folder.
        settings: name the recipe and the seed.
        model: from `new_model`.
        clips: to train on.
        eval_clips: scored after each epoch for the curves only: nothing is chosen by them.
        resume: go on from the last checkpoint of a broken run, if there is one.

    Returns:
        The history: a dictionary per logged epoch.

    Raises:
        ValueError: the broken run was begun with other clips, another recipe or other weights to start from: a model
            must be able to say what it was trained on. Of a run that was begun by a version without such a record the
            present ones are taken down.
    """
    folder = run / CHECKPOINTS
    if not (resume and has_checkpoint(run)):
        shutil.rmtree(folder, ignore_errors=True)  # nothing to go on with: the record of what is begun now replaces it
        _forget_measured(run)
    advice = f"give clips and options as the run was begun with, or delete {folder} to train on these from the start"
    check_record(folder / MADE_WITH, trained_with(settings, model, clips), advice)
    trainer = fit(
        model,
        settings.recipe,
        clips,
        folder,
        settings.seed,
        eval_clips=eval_clips,
        resume=resume,
        callbacks=[TrainingBar()],
        save_strategy="epoch",
        save_total_limit=1,
    )
    return trainer.state.log_history


def _forget_measured(run: Path) -> None:
    """Remove scores of a finished model; folds have models of their own, and a record of what they were made with."""
    for path in (run / MEASURED, *(run / PREDICTIONS).glob(f"{CROSS}-*"), *run.glob(f"scores-{CROSS}-*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def has_checkpoint(run: Path) -> bool:
    """Whether a broken run left a checkpoint to go on from."""
    return newest_whole_checkpoint(run / CHECKPOINTS) is not None


def write_history(run: Path, history: list[dict]) -> None:
    """Write RUN/history.json and RUN/curves.png."""
    write_whole(run / HISTORY_FILE, json.dumps(history, indent=1) + "\n")
    draw_curves(run / "curves.png", history)
