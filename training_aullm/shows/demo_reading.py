"""What the demo's numbers say, in a few plain sentences made from the numbers themselves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training_aullm.runs.scoring import Result
from training_aullm.score.metrics import always_present_f1, mean_of_defined
from training_aullm.videos.readings import FaceTimeline

FILES = {
    "model/": "model, processor and code: a folder for the Hub",
    "curves.png": "losses and scores over the epochs",
    "f1.png": "F1 of each action unit on both test sets",
    "graph.png": "the action unit graph: prior and learned strengths",
    "clips.png": "clips with predictions and where each action unit looked",
    "video.mp4, video.png, video.json": "a rendered video and its reading over time",
    "predictions/*.parquet": "every prediction with its sample id",
}


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
    lines = [f"\n[bold]Done in {seconds / 60:.1f} minutes. Everything lies in {out}:[/bold]"]
    lines += [f"   {name:34}{what}" for name, what in FILES.items()]
    lines += ["\n[bold]An honest reading[/bold]", _own(results["unseen"]), _other(results), _video(timeline, rendered)]
    lines.append(
        "These are rendered faces. The scores say that the parts work together and learn; they say nothing about real "
        "faces, and one split with one seed says little about methods: `python -m benchmarks.folds` compares those."
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
        f"The rarest action unit has {few} positive clip{'s' if few != 1 else ''}: single bars mean little.{undefined}"
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
