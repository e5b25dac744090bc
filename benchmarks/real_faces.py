"""What does a model make of real people? A folder of videos against the blendshapes of a network trained on real faces.

    python -m benchmarks.real_faces VIDEOS --model release

`benchmarks/blendshapes.py` makes the reference, NAME.blendshapes.csv beside each video, in an environment of its own.

How movements are derived from blendshapes is our choice. A curve is the stronger side of a shape, smoothed over 0.05 s
and cut into swings: it turns where it went back by `SWING`. A swing up within 1.5 s is a rise, a swing down a release;
rises that touch (0.1 s) are one movement, of 1.5 s at most. Shapes of the eyes have no say while lids fall or rise. It
is found if a spotted movement's way from onset to apex meets the rise (0.2 s of slack; each counts once, the surest
first), and named right if one of its action units is among those of `SHAPES` that rose. Movements of which a model
knows no unit do not count. In `SHAPES`, cheekSquint, noseSneer and mouthFrown are missing: that network always answers
nearly 0 there, so AU6, AU9 and AU15 only come with others.

Beside what the whole chain says, each true movement is also read by itself, from just before it begins (0.1 s) to its
end, as benchmarks cut their clips: how often one of its units comes *first*, and above the threshold. That is what the
model makes of the motion, whatever spotting makes of the video. *Stills* counts the same where only the first and the
last picture of that clip are shown, as a pair of photographs, neutral and apex, would be.

Everything is scored twice, our model alone and with the second opinion. **That is the network of the reference itself,
which is nearly bound to agree with itself**: the second table says what a reading has in it, not how right it is.
Movements named by units alone that no shape of `SHAPES` shows (AU18) are not judged.

What else is spotted is a false alarm, put down to the first that fits: a movement *again* that was found already; a
*blink*; a *turn* of the head by 4 degrees; a *release*; *speech*, which is any swing of jaw or lips that is no action
unit here; a *held* expression; *rest*.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.table import Table
from scipy.ndimage import gaussian_filter1d
from transformers import BatchFeature

from benchmarks.blendshapes import ANGLES, SUFFIX, VIDEOS
from modeling_aullm.pipeline_aullm import INPUTS, AullmPipeline
from training_aullm.console import wide_console
from training_aullm.loading import load_pipeline

# The reference stands by itself, though the second opinion reads the same shapes: it may not change when a reader does.
SHAPES: dict[str, tuple[str, ...]] = {  # blendshape -> units that may be said of it
    "browInnerUp": ("AU1", "AU2"),
    "browOuterUp": ("AU1", "AU2"),
    "browDown": ("AU4", "AU9"),
    "eyeWide": ("AU5",),
    "eyeSquint": ("AU6", "AU7"),
    "mouthUpperUp": ("AU9", "AU10"),
    "mouthSmile": ("AU12", "AU6"),
    "mouthDimple": ("AU14",),
    "mouthPress": ("AU14", "AU23", "AU24"),
    "mouthShrugLower": ("AU15", "AU17"),
    "mouthStretch": ("AU20", "AU15"),
}
MOUTH = (
    "jawOpen",
    "jawLeft",
    "jawRight",
    "mouthPucker",
    "mouthFunnel",
    "mouthClose",
    "mouthLeft",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthLowerDown",
)
LIDS = "eyeBlink"
JUDGED = {unit for units in SHAPES.values() for unit in units}
SWING = 0.25  # of a blendshape, between 0 and 1
LID_SWING = 0.35
LONGEST_RISE_S, LONGEST_BLINK_S = 1.5, 1.0
SMOOTH_S, TOUCH_S, SLACK_S = 0.05, 0.1, 0.2
TURN_DEGREES = 4.0
BEFORE_S = 0.1  # from the start of a clip to that of its movement
CAUSES = ("again", "blink", "turn", "release", "speech", "held", "rest")


@dataclass(frozen=True)
class Swing:
    """One way of a curve, up or down: seconds at which a tenth and nine tenths of it are done."""

    shape: str
    start: float
    end: float
    up: bool

    def near(self, start: float, end: float, slack: float) -> bool:
        """Whether it overlaps this interval, give or take."""
        return self.start - slack <= end and start <= self.end + slack


@dataclass(frozen=True)
class Movement:
    """Shapes that rise together, and the action units that may be said of them."""

    start: float
    end: float
    shapes: tuple[str, ...]

    @property
    def units(self) -> frozenset[str]:
        return frozenset(unit for shape in self.shapes for unit in SHAPES[shape])


class Reference:
    """What the other network saw in a video.

    Args:
        table: a row a frame, as `benchmarks/blendshapes.py` writes it.

    Attributes:
        movements: in order of time. blinks: (start, end) seconds. releases, speech: swings.
        minutes: how long the video is.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        table = table.interpolate(limit_direction="both")
        self._times, self._table = table["time_s"].to_numpy(), table
        self.minutes = (self._times[-1] + 1 / self.fps) / 60
        lids = pairwise(self._swings(LIDS, LID_SWING))
        self.blinks = [(up.start, down.end) for up, down in lids if up.up]
        self.blinks = [(start, end) for start, end in self.blinks if end - start <= LONGEST_BLINK_S]
        swings = [swing for shape in SHAPES for swing in self._swings(shape, SWING)]
        swings = [
            each for each in swings if not (each.shape.startswith("eye") and self.blinks_in(each.start, each.end))
        ]
        self.releases = [each for each in swings if not each.up]
        self.movements = _together(each for each in swings if each.up and each.end - each.start <= LONGEST_RISE_S)
        self.speech = [swing for shape in MOUTH for swing in self._swings(shape, SWING)]

    @property
    def fps(self) -> float:
        """Frames a second."""
        return 1 / float(np.median(np.diff(self._times)))

    def known(self, units: set[str]) -> list[Movement]:
        """The movements of which something may be said with these action units."""
        return [movement for movement in self.movements if movement.units & units]

    def blinks_in(self, start: float, end: float) -> bool:
        """Whether the eyes blink then."""
        return any(a - TOUCH_S <= end and start <= b + TOUCH_S for a, b in self.blinks)

    def turns_in(self, start: float, end: float) -> bool:
        """Whether the head turns then."""
        inside = self._table.loc[(self._times >= start) & (self._times <= end), list(ANGLES)]
        return len(inside) > 0 and float((inside.max() - inside.min()).max()) >= TURN_DEGREES

    def held_in(self, start: float, end: float) -> bool:
        """Whether an expression stands then: a shape is a swing above the lowest it has in the video."""
        inside = (self._times >= start) & (self._times <= end)
        curves = [self._curve(shape) for shape in SHAPES]
        return any(inside.any() and curve[inside].mean() - curve.min() > SWING for curve in curves)

    def _curve(self, shape: str) -> np.ndarray:
        """(n,) the stronger side of a shape."""
        sides = [name for name in (shape, f"{shape}Left", f"{shape}Right") if name in self._table]
        if not sides:
            raise ValueError(f"the reference has no column {shape}: make it with benchmarks/blendshapes.py")
        return gaussian_filter1d(self._table[sides].max(axis=1).to_numpy(), SMOOTH_S * self.fps)

    def _swings(self, shape: str, least: float) -> list[Swing]:
        """The swings of a shape by at least so much, in order of time."""
        curve = self._curve(shape)
        turns = turning_points(curve, least)
        return [self._swing(shape, curve, a, b) for a, b in pairwise(turns)]

    def _swing(self, shape: str, curve: np.ndarray, first: int, last: int) -> Swing:
        way = (curve[first : last + 1] - curve[first]) / (curve[last] - curve[first])
        start, end = first + np.flatnonzero(way < 0.1)[-1], first + np.flatnonzero(way > 0.9)[0]
        return Swing(shape, float(self._times[start]), float(self._times[end]), bool(curve[last] > curve[first]))


def _near_any(swings: list[Swing], start: float, end: float) -> bool:
    return any(swing.near(start, end, SLACK_S) for swing in swings)


def turning_points(curve: np.ndarray, least: float) -> list[int]:
    """Places of the lows and highs between which a curve goes by at least so much, in turn; none if it never does."""
    turns: list[int] = []
    low, high, rising = 0, 0, None
    for at, value in enumerate(curve):
        low, high = (at if value < curve[low] else low), (at if value > curve[high] else high)
        if rising is not True and value - curve[low] >= least:
            turns.append(low)
            high, rising = at, True
        elif rising is not False and curve[high] - value >= least:
            turns.append(high)
            low, rising = at, False
    return [*turns, high if rising else low] if turns else []


def _together(rises: Iterator[Swing]) -> list[Movement]:
    """Rises that touch, as one movement each."""
    movements: list[Movement] = []
    for rise in sorted(rises, key=lambda each: each.start):
        last = movements[-1] if movements else None
        if last is not None and rise.near(last.start, last.end, TOUCH_S) and rise.end - last.start <= LONGEST_RISE_S:
            movements[-1] = Movement(last.start, max(last.end, rise.end), (*last.shapes, rise.shape))
        else:
            movements.append(Movement(rise.start, rise.end, (rise.shape,)))
    return movements


def score(reading: dict, reference: Reference) -> dict:
    """Counts of one video.

    Args:
        reading: as the pipeline gives it. reference: of the same video.

    Returns:
        {"seconds", "faces", "true", "found", "named", "alarms" ({cause: count}), "blinks", "blinks_found",
        "blinks_else" (spotted where there is none), "movements" (each true one: when, what rose, what was said of it)}.
    """
    fps, known = reading["fps"], set(reading["action_units"])
    spotted = [each for face in reading["faces"] for each in face["movements"] if JUDGED & each["action_units"].keys()]
    spotted = sorted(({**each, **_seconds(each, fps)} for each in spotted), key=lambda each: -each["score"])
    true = reference.known(known)
    said: dict[int, list[str]] = {}
    alarms = Counter()
    for interval in spotted:
        met = [k for k, movement in enumerate(true) if _meets(interval, movement)]
        free = [k for k in met if k not in said]
        if free:
            best = max(free, key=lambda k: len(true[k].units & set(interval["action_units"])))
            said[best] = list(interval["action_units"])
        else:
            alarms[cause_of(interval, bool(met), reference)] += 1
    shut = [{**each, **_seconds(each, fps)} for face in reading["faces"] for each in face["blinks"]]
    hit = [any(a - TOUCH_S <= own["end"] and own["start"] <= b + TOUCH_S for own in shut) for a, b in reference.blinks]
    return {
        "seconds": round(reference.minutes * 60, 2),
        "faces": len(reading["faces"]),
        "true": len(true),
        "found": len(said),
        "named": sum(bool(true[k].units & set(units)) for k, units in said.items()),
        "alarms": dict(alarms),
        "blinks": len(hit),
        "blinks_found": sum(hit),
        "blinks_else": sum(
            own["kind"] == "blink" and not reference.blinks_in(own["start"], own["end"]) for own in shut
        ),
        "movements": [
            {"start": movement.start, "end": movement.end, "shapes": movement.shapes, "said": said.get(k)}
            for k, movement in enumerate(true)
        ],
    }


def from_rest(pipe: AullmPipeline, video: Path, reference: Reference, threshold: float) -> dict:
    """How many movements are named right when each is read by itself: {"first", "sure" (first and above threshold),
    "stills" (first, of its first and last picture alone)}."""
    names, fps = pipe.processor.action_units, reference.fps
    counts = Counter(first=0, sure=0, stills=0)
    for movement in reference.known(set(names)):
        onset, offset = max(0, round((movement.start - BEFORE_S) * fps)), round(movement.end * fps)
        inputs, pictures = pipe.processor.read_clip(str(video), onset, max(offset, onset + 1))
        pair, _ = pipe.processor.read_clip(pictures["frames"][[0, -1]])
        answers, of_pair = (_answers(pipe, each) for each in (inputs, pair))
        right = names[int(answers.argmax())] in movement.units
        sure = right and float(answers.max()) >= threshold
        counts.update(first=right, sure=sure, stills=names[int(of_pair.argmax())] in movement.units)
    return dict(counts)


@torch.no_grad()
def _answers(pipe: AullmPipeline, inputs: BatchFeature) -> torch.Tensor:
    """(K,) probabilities of one clip."""
    return pipe.model(**{name: inputs[name] for name in INPUTS}).logits.sigmoid()[0]


def _seconds(interval: dict, fps: float) -> dict:
    names = {"onset": "start", "apex": "top", "offset": "end"}
    return {name: interval[mark] / fps for mark, name in names.items()}


def _meets(interval: dict, movement: Movement) -> bool:
    return interval["start"] - SLACK_S <= movement.end and movement.start <= interval["top"] + SLACK_S


def cause_of(interval: dict, again: bool, reference: Reference) -> str:
    """What a false alarm is put down to, one of `CAUSES`."""
    start, top = interval["start"], interval["top"]
    if again:
        return "again"
    if reference.blinks_in(start, top):
        return "blink"
    if reference.turns_in(start, top):
        return "turn"
    if _near_any(reference.releases, start, top):
        return "release"
    if _near_any(reference.speech, start, top):
        return "speech"
    return "held" if reference.held_in(start, top) else "rest"


def together(rows: dict[str, dict]) -> dict:
    """Sums over videos, with shares and rates."""
    names = ("seconds", "true", "found", "named", "first", "sure", "stills", "blinks", "blinks_found", "blinks_else")
    sums = {name: round(sum(row[name] for row in rows.values()), 2) for name in names}
    alarms = sum((Counter(row["alarms"]) for row in rows.values()), Counter())
    return {
        **sums,
        "alarms": dict(alarms),
        "alarms_a_minute": round(60 * alarms.total() / sums["seconds"], 2),
        "found_share": _share(sums["found"], sums["true"]),
        "named_share": _share(sums["named"], sums["true"]),
        "first_share": _share(sums["first"], sums["true"]),
        "blinks_share": _share(sums["blinks_found"], sums["blinks"]),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def table_of(rows: dict[str, dict], title: str) -> Table:
    """A row a video, and one of all."""
    names = (
        "video",
        "s",
        "faces",
        "movements",
        "found",
        "named",
        "first",
        "sure",
        "stills",
        "false alarms",
        "blinks",
        "else",
    )
    table = Table(*names, title=title)
    for name, row in {**rows, "all": together(rows)}.items():
        keys = ("seconds", "faces", "true", "found", "named", "first", "sure", "stills")
        counts = [str(row.get(key, "")) for key in keys]
        causes = ", ".join(f"{row['alarms'][cause]} {cause}" for cause in CAUSES if cause in row["alarms"])
        blinks = f"{row['blinks_found']} of {row['blinks']}"
        table.add_row(name, *counts, causes, blinks, str(row["blinks_else"]))
    return table


def videos_of(folder: Path) -> dict[Path, Path]:
    """The videos of a folder and their references.

    Raises:
        FileNotFoundError: there is no video, or one has no reference.
    """
    videos = sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEOS)
    pairs = {video: video.with_name(video.stem + SUFFIX) for video in videos}
    missing = [video.name for video, reference in pairs.items() if not reference.exists()]
    if not pairs or missing:
        raise FileNotFoundError(
            f"{folder}: no reference for {', '.join(missing)}; make it with benchmarks/blendshapes.py"
            if pairs
            else f"{folder} holds no video ({', '.join(VIDEOS)})"
        )
    return pairs


def main() -> None:
    """Print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="release")
    parser.add_argument("--threshold", type=float, default=0.5)
    options = parser.parse_args()
    pairs, pipe = videos_of(options.folder), load_pipeline(options.model)
    alone, both = {}, {}
    for video, reference in pairs.items():
        seen = Reference(pd.read_csv(reference))
        clips = from_rest(pipe, video, seen, options.threshold)
        for rows, second in ((alone, False), (both, True)):
            reading = pipe(str(video), threshold=options.threshold, second_opinion=second)
            rows[video.name] = score(reading, seen) | clips
    console = wide_console()
    console.print(table_of(alone, f"{options.model} on {options.folder}, our model alone"))
    console.print(table_of(both, f"{options.model} on {options.folder}, with the second opinion (see the help)"))
    settings = {name: str(value) for name, value in vars(options).items()}
    scores = {"alone": together(alone), "all": together(both), "videos_alone": alone, "videos": both}
    print(json.dumps({"benchmark": "real_faces", **settings, **scores}))


if __name__ == "__main__":
    main()
