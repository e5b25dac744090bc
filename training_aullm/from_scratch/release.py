"""The checkpoint to use: trained on many rendered people of three domains and on windows of long takes.

    from training_aullm.runs.release_settings import ReleaseSettings
    from training_aullm.from_scratch.release import run_release
    run_release(Path("runs/release"), ReleaseSettings())

The demo shows that the parts learn; this is what they can do with more to learn from. People come from seeds that no
published table and no benchmark renders. A broken run goes on: films, windows, clips and checkpoints are kept.

Tested in tests/commands/test_release.py, with its command.
"""

import shutil
from pathlib import Path

from rich.console import Console

from dataset_scripts.synthetic import load_synthetic, load_takes
from modeling_aullm import AullmForActionUnitDetection
from processing_aullm import AullmProcessor
from training_aullm.clips.clip_set import ClipSet
from training_aullm.clips.take_windows import Windows, take_clips
from training_aullm.console import wide_console
from training_aullm.from_scratch.demo import Steps
from training_aullm.from_scratch.released import TRAINED
from training_aullm.learn.fitting import as_predictions, new_model, new_processor, predict_probabilities
from training_aullm.loading import MODEL_FOLDER
from training_aullm.publishing.saving import save_for_hub
from training_aullm.runs.release_settings import TEST_SEED, TRAINING_SEED, ReleaseSettings, training_tables
from training_aullm.runs.scoring import PREDICTIONS, Result
from training_aullm.runs.settings import build_clips
from training_aullm.runs.training import CHECKPOINTS, fit_run, mark_finished, refuse_finished, write_history
from training_aullm.score.report import score_table


def run_release(out: Path, settings: ReleaseSettings, console: Console | None = None) -> dict[str, Result]:
    """Render, train, score on other people of each domain, and save a folder for the Hub.

    Args:
        out: folder of the run: model/, predictions/, history.json, settings.json.
        settings: how much of everything.
        console: to print to.

    Returns:
        The result on unseen people of each domain.

    Raises:
        FileExistsError: the folder holds a finished run, or one with other settings.
    """
    refuse_finished(out)
    steps, names = Steps(console or wide_console()), settings.action_units
    processor = new_processor(settings.preset, names, settings.language_model)
    model = new_model(settings.recipe, names, settings.language_model, settings.seed)
    settings.save(out)
    with steps("filming long takes, holding faces still, measuring windows"):
        parts = [_windows(out, domain, settings) for domain in settings.domains]
    with steps("rendering people and measuring clips"):
        tables = [table for domain in settings.domains for table in training_tables(domain, settings.people)]
        parts += [build_clips(out, table, model, processor) for table in tables]
        clips = ClipSet.joined(parts, "release")
    with steps(f"training on {len(clips)} clips and windows of {len(set(clips.subjects))} rendered people"):
        history = fit_run(out, settings, model, clips)
    with steps("scoring people never seen"):
        results = {domain: _score(out, domain, settings, model, processor) for domain in settings.domains}
    for domain, result in results.items():
        title = f"{domain}: {len(result.predictions.labels)} clips of people never seen (synthetic)"
        steps.console.print(score_table(result.scores, result.intervals["per_action_unit"], title))
    with steps("saving a folder for the Hub"):
        write_history(out, history)
        save_for_hub(model, processor, out / MODEL_FOLDER, card=True)
        model.save_pretrained(out / TRAINED)
    mark_finished(out)
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    return results


def _windows(out: Path, domain: str, settings: ReleaseSettings) -> ClipSet:
    takes = load_takes(domain, settings.films, seconds=settings.seconds, seed=TRAINING_SEED, everybody=True)
    return take_clips(takes, settings.action_units, Windows(), out / "windows")


def _score(
    out: Path,
    domain: str,
    settings: ReleaseSettings,
    model: AullmForActionUnitDetection,
    processor: AullmProcessor,
) -> Result:
    clips = build_clips(out, load_synthetic(domain, settings.tested, seed=TEST_SEED), model, processor)
    answers = predict_probabilities(model, clips)
    predictions = as_predictions(answers, clips, "unseen", settings.seed, model.config.calibration)
    predictions.save(out / PREDICTIONS / f"{domain}.parquet")
    return Result.of(domain, predictions)
