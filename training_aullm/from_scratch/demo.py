"""The whole of the package in a few minutes: render, train, score, save, reload elsewhere, read a video, draw.

    from training_aullm.from_scratch.demo import DemoSettings, run_demo
    run_demo(Path("runs/demo"), DemoSettings())

Training goes on from its last checkpoint when a demo was broken off; rendered and measured clips are kept.
"""

import json
import shutil
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.markup import escape

from dataset_scripts.damaged_files import DamagedFile
from dataset_scripts.synthetic.tables.video import render_video
from dataset_scripts.whole_files import write_whole
from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.pipeline_aullm import AullmPipeline
from processing_aullm import AullmProcessor
from training_aullm.clips.clip_set import ClipSet
from training_aullm.console import counted, wide_console
from training_aullm.from_scratch.demo_pictures import draw_clips, draw_learned_graph, draw_scores
from training_aullm.learn.fitting import as_predictions, new_model, new_processor, predict_probabilities
from training_aullm.loading import MODEL_FOLDER
from training_aullm.prepare.sources import Source, default_action_units
from training_aullm.publishing.fresh_process import read_in_fresh_process
from training_aullm.publishing.saving import largest_difference, save_for_hub
from training_aullm.runs.scoring import PREDICTIONS, Result
from training_aullm.runs.settings import SETTINGS_FILE, RunSettings, build_clips
from training_aullm.runs.training import CHECKPOINTS, FINISHED_FILE, fit_run, mark_finished, write_history
from training_aullm.score.metrics import always_present_f1, mean_of_defined
from training_aullm.score.protocols import cross_domain, subject_folds
from training_aullm.score.report import score_table
from training_aullm.videos.picture import FaceTimeline, draw_reading
from training_aullm.videos.summary import Summary

SAME_LOGITS = 1e-3
FILES = {
    "model/": "model, processor and code: a folder for the Hub",
    "curves.png": "losses and scores over the epochs",
    "f1.png": "F1 of each action unit on both test sets",
    "graph.png": "the action unit graph: who listens to whom more, or less, than before training",
    "clips.png": "clips with predictions and where each action unit looked",
    "video.mp4, video.png, video.json": "a rendered video and its reading over time",
    "predictions/*.parquet": "every prediction with its sample id",
}
VIDEO_UNITS = [["AU4", "AU7"], ["AU12"]]


@dataclass(frozen=True)
class DemoSettings:
    """How large the demo is. The defaults are the data sets' own sizes.

    Attributes:
        domain, other: trained on and tested on; only tested on.
        subjects, clips: of each domain; None: its own number.
        epochs, layers: None: the recipe's.
        folds: one in so many people is held out for the test.
        seed: of everything.
        language_model: Hub id, folder or "bundled".
    """

    domain: str = "casme2-like"
    other: str = "samm-like"
    subjects: int | None = None
    clips: int | None = None
    epochs: float | None = None
    layers: int | None = None
    folds: int = 5
    seed: int = 0
    language_model: str = "bundled"


def run_demo(out: Path, demo: DemoSettings, console: Console | None = None) -> dict[str, Result]:
    """Run the demo from end to end and write everything under `out`.

    Args:
        out: folder of the run.
        demo: its size.
        console: to print to.

    Returns:
        The results on people never seen ("unseen") and on the second domain ("other").

    Raises:
        RuntimeError: the saved folder does not answer in a new process as the model did here.
    """
    steps = Steps(console or wide_console())
    source = Source(demo.domain, None, demo.subjects, demo.clips, demo.seed)
    names = default_action_units(source)
    settings = RunSettings(source, names, "base", demo.language_model, demo.layers, demo.epochs, demo.seed)
    forget_other_settings(out, settings)

    with steps("rendering people and their micro-expressions"):
        table = source.load()
        other_source = Source(demo.other, None, demo.subjects, demo.clips, demo.seed)
        other_table = other_source.load()
    with steps("measuring motion"):
        processor = new_processor(settings.preset, names, demo.language_model)
        model = new_model(settings.recipe, names, demo.language_model, demo.seed)
        clips, other = (build_clips(out, each, model, processor) for each in (table, other_table))
        fold = subject_folds(clips.subjects, demo.folds, demo.seed)[0]
        seen, unseen = clips.subset(fold.train), clips.subset(fold.test)
    people = (len(set(seen.subjects)), len(set(unseen.subjects)))
    with steps(f"training on {len(seen)} clips of {people[0]} people; {people[1]} other people are kept for the test"):
        history = fit_run(out, settings, model, seen, unseen)
    with steps("scoring"):
        common = cross_domain(names, default_action_units(other_source))
        results = score_both(out, model, unseen, other, common, demo.seed)
    for result, where in ((results["unseen"], "people never seen in training"), (results["other"], "a second domain")):
        title = f"{where}: {len(result.predictions.labels)} clips of {result.predictions.data_set} (synthetic)"
        steps.console.print(score_table(result.scores, result.intervals["per_action_unit"], title))

    with steps("saving a folder for the Hub, and loading it in a new process that has none of our packages"):
        folder, video = out / MODEL_FOLDER, out / "video.mp4"
        save_for_hub(model, processor, folder, card=True)
        truth = render_video(video, VIDEO_UNITS, domain=demo.domain, seed=demo.seed + 1000)
        difference = check_in_fresh_process(folder, video, truth, model, processor)
    steps.console.print(f"   its logits differ from ours by {difference:.1e} at most")
    with steps("reading a video that it has never seen"):
        reading = AullmPipeline(model.eval(), processor=processor, device=model.device)(video)
        write_whole(out / "video.json", json.dumps(reading, indent=1) + "\n")
        summary = Summary.of([reading])
        draw_reading(out / "video.png", [reading], summary, video, truth=known_spans(truth))
    steps.console.print(summary.table())
    with steps("drawing"):
        write_history(out, history)
        draw_scores(out / "f1.png", results)
        draw_learned_graph(out / "graph.png", model, unseen)
        draw_clips(out / "clips.png", model, unseen, table.select(fold.test.tolist()))
    mark_finished(out)
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    timeline = FaceTimeline.of([reading])
    steps.console.print(honest_reading(out, results, timeline, known_spans(truth), steps.total), markup=True)
    return results


class Steps:
    """Says what is going on, and how long it took."""

    def __init__(self, console: Console):
        self.console = console
        self.started = time.perf_counter()
        self.count = 0

    @property
    def total(self) -> float:
        """Seconds since the first step."""
        return time.perf_counter() - self.started

    @contextmanager
    def __call__(self, what: str):
        self.count += 1
        self.console.print(f"{self.count}. {what}", style="bold")
        begun = time.perf_counter()
        yield
        self.console.print(f"   {time.perf_counter() - begun:.0f} s", style="dim")


def forget_other_settings(out: Path, settings: RunSettings) -> None:
    """Take the folder for these settings: nothing of other settings is gone on from, or stays beside them.

    A model of the same settings stays until the new one takes its place.
    """
    (out / FINISHED_FILE).unlink(missing_ok=True)
    try:
        settings.save(out)
    except (FileExistsError, DamagedFile):  # of other settings, or of nobody knows which
        for folder in (CHECKPOINTS, MODEL_FOLDER):
            shutil.rmtree(out / folder, ignore_errors=True)
        (out / SETTINGS_FILE).unlink()  # last: killed before, the next call does the same
        settings.save(out)


def score_both(
    out: Path, model: AullmForActionUnitDetection, unseen: ClipSet, other: ClipSet, common: list[str], seed: int
) -> dict[str, Result]:
    """Predict people never seen and the second domain on the action units that it codes too; keep the predictions.

    Returns:
        "unseen" and "other".
    """
    line = model.config.calibration
    own = as_predictions(predict_probabilities(model, unseen), unseen, "fold0", seed, line)
    cross = as_predictions(predict_probabilities(model, other), other, "cross", seed, line).select(common)
    for predictions, name in ((own, "unseen"), (cross, "other")):
        predictions.save(out / PREDICTIONS / f"{name}.parquet")
    return {"unseen": Result.of("unseen", own), "other": Result.of("other", cross)}


def check_in_fresh_process(
    folder: Path, video: Path, truth: dict, model: AullmForActionUnitDetection, processor: AullmProcessor
) -> float:
    """Let a new process without our packages read the video, and compare.

    Returns:
        The largest difference between its logits and ours.

    Raises:
        RuntimeError: the difference is more than rounding.
    """
    movement = truth["movements"][0]
    onset, offset = movement["onset"], movement["offset"]
    inputs = processor(videos=video, onset=onset, offset=offset, return_tensors="pt")
    wanted = ("pixel_values", "input_ids", "attention_mask", "au_positions")
    with torch.inference_mode():
        ours = model(**{name: inputs[name] for name in wanted}).logits[0].numpy()
    difference = largest_difference(ours, read_in_fresh_process(folder, video, onset, offset))
    if not difference <= SAME_LOGITS:
        raise RuntimeError(f"{folder} answers otherwise in a new process: its logits differ by {difference:.3g}")
    return difference


def known_spans(truth: dict) -> list[tuple[float, float, str]]:
    """When each rendered movement happens, in seconds, and which action units it shows."""
    fps = truth["fps"]
    return [(each["onset"] / fps, each["offset"] / fps, " ".join(each["action_units"])) for each in truth["movements"]]


def honest_reading(
    out: Path,
    results: dict[str, Result],
    timeline: FaceTimeline,
    rendered: Sequence[tuple[float, float, str]],
    seconds: float,
) -> str:
    """Where everything lies, and what the scores say and do not say.

    Args:
        out: the run's folder.
        results: "unseen" and "other".
        timeline: of the video.
        rendered: (start, end, action units) of each movement in the video, seconds.
        seconds: how long the demo took.

    Returns:
        Text for a rich console.
    """
    lines = [f"\n[bold]Done in {seconds / 60:.1f} minutes. Everything lies in {escape(str(out))}:[/bold]"]
    lines += [f"   {name:34}{what}" for name, what in FILES.items()]
    lines += ["\n[bold]An honest reading[/bold]", _own(results["unseen"]), _other(results), _video(timeline, rendered)]
    lines.append(
        "These are rendered faces. The scores say that the parts work together and learn; they say nothing about real "
        "faces, and one split with one seed says little about methods: `aullm compare` compares those."
    )
    return "\n".join(lines)


def _own(result: Result) -> str:
    scores, interval = result.scores, result.intervals["f1"]
    order = np.argsort(np.nan_to_num(scores.f1, nan=np.inf))
    weakest = order[0]
    strongest = order[len(order) - 1 - len(scores.undefined)]
    few = int(np.min(scores.positives[scores.positives > 0], initial=scores.known.max()))
    undefined = f" {', '.join(scores.undefined)}: not shown by these people, so in no mean." if scores.undefined else ""
    return (
        f"People never seen: mean F1 {scores.mean_f1:.2f} (95% interval {interval.low:.2f} to {interval.high:.2f}), "
        f"where always answering “present” gives {always_present_f1(scores):.2f}. "
        f"Best {scores.action_units[strongest]} ({scores.f1[strongest]:.2f}), "
        f"worst {scores.action_units[weakest]} ({scores.f1[weakest]:.2f}). "
        f"The rarest action unit has {counted(few, 'positive clip')}: single bars mean little.{undefined}"
    )


def _other(results: dict[str, Result]) -> str:
    own, other = results["unseen"].scores, results["other"].scores
    kept = [k for k, name in enumerate(own.action_units) if name in other.action_units]
    same = mean_of_defined(own.f1[kept])
    change = "loses" if other.mean_f1 < same else "gains"
    return (
        f"Second domain (other cameras, people and ways to move): mean F1 {other.mean_f1:.2f} on {len(kept)} common "
        f"action units, where it gives {same:.2f} on people never seen of its own domain: "
        f"it {change} {abs(same - other.mean_f1):.2f}."
    )


def _video(timeline: FaceTimeline, rendered: Sequence[tuple[float, float, str]]) -> str:
    """What is answered while each rendered movement is in a window, and what is answered when nothing moves."""
    parts, quiet = [], np.ones(len(timeline.starts), bool)
    for start, end, units in rendered:
        during = (timeline.starts < end) & (timeline.ends > start)
        quiet &= ~during
        answer = _answered(timeline, during)
        parts.append(f"at {start:.1f} to {end:.1f} s it shows {units}, and the model answers {answer}")
    parts.append(f"while the face rests, it answers {_answered(timeline, quiet)}")
    return (
        f"The video: {'; '.join(parts)}. Two things to know: every training clip starts at rest, so a window that "
        "starts in the middle of a movement reads its release as the opposite one; and training clips always hold "
        "some movement, so the model has never learned what a resting face looks like."
    )


def _answered(timeline: FaceTimeline, windows: np.ndarray) -> str:
    """The action units that reach the threshold in some of the windows, strongest first."""
    highest = timeline.probabilities[windows].max(axis=0, initial=0)
    found = [k for k in np.argsort(-highest) if highest[k] >= timeline.threshold]
    return ", ".join(f"{timeline.action_units[k]} ({highest[k]:.2f})" for k in found) or "nothing"
