"""Does a model say of real people what eyes see? The development videos against two coders who looked at them.

    python -m benchmarks.by_eye VIDEOS --model release

`benchmarks/real_faces.py` scores against another network, which is wrong at times itself; its second opinion even *is*
that network. Here the truth is what two coders saw, `by_eye.json`: movements that both wrote down (their ways from
onset to apex meet, and they share an action unit), of which they were sure (2 of 3, on average). Movements of which the
model knows no unit do not count, and those that only one coder saw, or was in doubt of, are neither hits nor alarms.

A movement is found if a spotted movement's way from onset to apex meets it (0.2 s of slack; each counts once, the
surest first), and named right if they share a unit. Beside the model stand the same with the second opinion, and, where
`benchmarks/blendshapes.py` has written NAME.blendshapes.csv beside a video, the movements that `real_faces` takes for
true: how good that reference is.

**Pairs of pictures** are read, too, as photographs would be: the picture at a movement's onset and the one at its apex;
one *at rest* before it (the middle of the last stretch at rest) and the one at its apex, since an onset may lie in a
blink or in the movement before; and, for false alarms, two at rest: one every quarter of a second, each with the next
one that is a second later. At rest is what lies outside of every movement that a coder saw, however sure he was, by 0.1
s, and of blinks as our reader finds them (they are not coded). Where somebody speaks (d20) nobody is at rest: a row of
its own. *First*: one of the movement's units has the model's highest probability; *0.5*: one has at least that (of the
last two rows, any unit has); *named*: one is among the movements that the reading tells, by the model alone, and with
the second opinion.

Who coded: language models (Claude), asked to code as FACS coders do, from pictures of 8 frames a second. No certified
coder has looked, two of one kind may share their errors, and the constants of the reader were chosen on these videos.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks.blendshapes import SUFFIX
from benchmarks.real_faces import SLACK_S, Reference
from modeling_aullm.pipeline_aullm import AullmPipeline
from processing_aullm.video_aullm import open_clip
from training_aullm.console import wide_console
from training_aullm.loading import load_pipeline

CODED = Path(__file__).with_suffix(".json")
SURE = 2.0  # of 3, the mean of both coders
MARKS = ("onset", "apex", "offset")
SPEAKS = ("d20",)
REST_S, EVERY_S, APART_S = 0.1, 0.25, 1.0  # around movements; from one picture at rest to the next; in a pair of them
SURE_P = 0.5
PAIRS = ("onset and apex", "rest and apex", "both at rest", "both in speech")
COUNTS = ("pairs", "first", "0.5", "named alone", "named with second")


@dataclass(frozen=True)
class Coded:
    """A movement: seconds, action units, and how sure somebody is of it."""

    onset: float
    apex: float
    offset: float
    units: frozenset[str]
    sure: float

    def meets(self, other: "Coded") -> bool:
        """Whether their ways from onset to apex overlap, give or take."""
        return self.onset - SLACK_S <= other.apex and other.onset <= self.apex + SLACK_S

    def nearness(self, other: "Coded") -> tuple[int, float]:
        """The more units they share, then the nearer in time, the higher."""
        return len(self.units & other.units), -abs(self.onset - other.onset) - abs(self.apex - other.apex)


def read_coded(path: Path = CODED) -> dict[str, tuple[list[Coded], list[Coded]]]:
    """Video -> what the one and what the other coder saw in it."""
    coded = json.loads(path.read_text("utf-8"))
    return {video: tuple(_of_video(rows, video) for rows in coded["coders"].values()) for video in coded["videos"]}


def _of_video(rows: list[dict], video: str) -> list[Coded]:
    rows = (row for row in rows if row["video"] == video)
    return [Coded(*(row[mark] for mark in MARKS), frozenset(row["units"]), row["sure"]) for row in rows]


def pairs(first: list[Coded], second: list[Coded]) -> list[tuple[Coded, Coded]]:
    """Movements that both saw, each with its nearest one: the best pairs first, each in one pair only."""
    both = [(a, b) for a in first for b in second if a.meets(b) and a.units & b.units]
    taken: list[Coded] = []
    found = []
    for a, b in sorted(both, key=lambda pair: pair[0].nearness(pair[1]), reverse=True):
        if not any(a is each or b is each for each in taken):
            taken += [a, b]
            found.append((a, b))
    return sorted(found, key=lambda pair: pair[0].onset)


def agreed(first: list[Coded], second: list[Coded]) -> list[Coded]:
    """What both saw, with the mean of their marks and the units that both name."""
    return [
        Coded(*((getattr(a, mark) + getattr(b, mark)) / 2 for mark in MARKS), a.units & b.units, (a.sure + b.sure) / 2)
        for a, b in pairs(first, second)
    ]


def true_of(coders: tuple[list[Coded], list[Coded]], known: set[str]) -> list[Coded]:
    """What counts of one video: both saw it, were sure of it, and a model could name it."""
    return [each for each in agreed(*coders) if each.sure >= SURE and each.units & known]


@dataclass(frozen=True)
class Score:
    """Of one video.

    Attributes:
        counts: true, found, named, alarms, and what else was said of a movement, or is in doubt ("uncounted").
        late: seconds by which each mark of what was found is late, by its name.
    """

    counts: Counter
    late: dict[str, list[float]]


def score(said: list[Coded], coders: tuple[list[Coded], list[Coded]], known: set[str]) -> Score:
    """Score one video.

    Args:
        said: what was spotted. coders: what each of them saw. known: the units that a model could name.
    """
    true = true_of(coders, known)
    hits: dict[int, Coded] = {}
    counts = Counter(true=len(true), found=0, named=0, alarms=0, uncounted=0)
    for one in sorted(said, key=lambda each: -each.sure):
        free = [place for place, each in enumerate(true) if place not in hits and one.meets(each)]
        if free:
            hits[max(free, key=lambda place: one.nearness(true[place]))] = one
        elif any(one.meets(each) for coder in coders for each in coder):
            counts["uncounted"] += 1
        else:
            counts["alarms"] += 1
    counts.update(found=len(hits), named=sum(bool(one.units & true[place].units) for place, one in hits.items()))
    late = {mark: [getattr(one, mark) - getattr(true[place], mark) for place, one in hits.items()] for mark in MARKS}
    return Score(counts, late)


def spotted_in(reading: dict) -> list[Coded]:
    """The movements of a reading."""
    fps = reading["fps"]
    return [
        Coded(*(each[mark] / fps for mark in MARKS), frozenset(each["action_units"]), each["score"])
        for face in reading["faces"]
        for each in face["movements"]
    ]


def seen_in(reference: Reference, known: set[str]) -> list[Coded]:
    """The movements that `real_faces` takes for true; it does not say when they end."""
    return [Coded(each.start, each.end, math.nan, each.units, 1.0) for each in reference.known(known)]


def at_rest(frames: int, fps: float, coders: tuple[list[Coded], list[Coded]], blinks: list[dict]) -> list[int]:
    """Frames in which nobody saw anything move.

    Args:
        frames: how many there are. blinks: of a reading.
    """
    moves = [(each.onset - REST_S, each.offset + REST_S) for coder in coders for each in coder]
    moves += [(blink["onset"] / fps, blink["offset"] / fps) for blink in blinks]
    return [number for number in range(frames) if not any(a <= number / fps <= b for a, b in moves)]


def pairs_of_pictures(
    true: list[Coded], rest: list[int], fps: float, last: int
) -> Iterator[tuple[str, int, int, Coded]]:
    """(one of PAIRS, first picture, that of the apex, the movement) of each movement.

    Args:
        true: movements. rest: frames at rest. last: frame of the video.
    """
    for each in true:
        onset, apex = round(each.onset * fps), min(round(each.apex * fps), last)
        yield PAIRS[0], onset, apex, each
        yield PAIRS[1], neutral(rest, onset), apex, each


def neutral(rest: list[int], onset: int) -> int:
    """The middle of the last stretch at rest before an onset; of the first stretch, if it has begun before."""
    stretches: list[list[int]] = []
    for number in rest:
        if not stretches or number != stretches[-1][-1] + 1:
            stretches.append([])
        stretches[-1].append(number)
    before = [stretch for stretch in stretches if stretch[-1] <= onset]
    stretch = before[-1] if before else stretches[0]
    return stretch[len(stretch) // 2]


def pairs_at_rest(rest: list[int], fps: float) -> Iterator[tuple[int, int]]:
    """Pairs of frames at rest, the earlier first."""
    some = [number for k in range(rest[-1] + 1) if (number := round(k * EVERY_S * fps)) in set(rest)]
    for number in some:
        later = [other for other in some if other >= number + APART_S * fps]
        yield from [(number, later[0])] if later else []


def score_pair(alone: dict, both: dict, units: frozenset[str] | None) -> Counter:
    """COUNTS of one pair of pictures.

    Args:
        alone, both: readings by our model alone and with the second opinion. units: that are right; None: none are, and
            whatever is said counts.
    """

    def said(names: Iterable[str]) -> bool:
        return bool(set(names)) if units is None else not units.isdisjoint(names)

    sure = alone["probabilities"]
    named = [[unit for each in reading["movements"] for unit in each["action_units"]] for reading in (alone, both)]
    first = units is not None and max(sure, key=sure.get) in units
    likely = [unit for unit, p in sure.items() if p >= SURE_P]
    return Counter(dict(zip(COUNTS, (1, first, said(likely), *map(said, named)), strict=True)))


def read_pairs(
    pipe: AullmPipeline, path: Path, coders: tuple[list[Coded], list[Coded]], reading: dict
) -> dict[str, Counter]:
    """One of PAIRS -> COUNTS of the pairs of pictures of a video.

    Args:
        reading: of the video, for its blinks.
    """
    fps, frames = reading["fps"], reading["frames"]
    blinks = [blink for face in reading["faces"] for blink in face["blinks"]]
    rest = at_rest(frames, fps, coders, blinks)
    still = PAIRS[3 if path.stem in SPEAKS else 2]
    asked = [*pairs_of_pictures(true_of(coders, set(pipe.processor.action_units)), rest, fps, frames - 1)]
    asked += [(still, *pair, None) for pair in pairs_at_rest(rest, fps)]
    wanted = sorted({number for _, *pair, _ in asked for number in pair})
    pictures = dict(zip(wanted, open_clip(path).frames(wanted), strict=True))
    counts = {kind: Counter() for kind in PAIRS}
    for kind, first, last, movement in asked:
        alone, both = (pipe([pictures[first], pictures[last]], second_opinion=second) for second in (False, True))
        counts[kind] += score_pair(alone, both, movement and movement.units)
    return counts


def pairs_table_of(counts: dict[str, Counter]) -> Table:
    """A row for each of PAIRS."""
    table = Table("pictures", *COUNTS, title="pairs of pictures: right ones; of the last two rows, false alarms")
    for kind, each in counts.items():
        table.add_row(kind, *(str(each[name]) for name in COUNTS))
    return table


def agreement(coded: dict[str, tuple[list[Coded], list[Coded]]]) -> dict:
    """How well the coders agree: movements of each, those of both, and how far their marks are apart in seconds."""
    both = [pair for coders in coded.values() for pair in pairs(*coders)]
    apart = {mark: [abs(getattr(a, mark) - getattr(b, mark)) for a, b in both] for mark in MARKS}
    first, second = (sum(len(coders[place]) for coders in coded.values()) for place in (0, 1))
    medians = {f"{mark}_apart_s": round(float(np.median(values)), 3) for mark, values in apart.items()}
    return {"first": first, "second": second, "both": len(both), **medians}


def together(videos: dict[str, Score]) -> Score:
    """Of all videos."""
    late = {mark: [value for each in videos.values() for value in each.late[mark]] for mark in MARKS}
    return Score(sum((each.counts for each in videos.values()), Counter()), late)


def apart_s(late: dict[str, list[float]]) -> dict[str, tuple[float, float]]:
    """Median seconds by which each mark is off, either way, and what nine of ten stay within."""
    off = {mark: np.abs([value for value in values if np.isfinite(value)]) for mark, values in late.items()}
    return {
        mark: (round(float(np.median(each)), 2), round(float(np.quantile(each, 0.9)), 2))
        for mark, each in off.items()
        if len(each)
    }


def table_of(scores: dict[str, dict[str, Score]], title: str) -> Table:
    """A row a method and video, and one of all."""
    names = ("true", "found", "named", "alarms", "uncounted")
    table = Table("who", "video", *names, title=title)
    for who, videos in scores.items():
        for video, each in {**videos, "all": together(videos)}.items():
            table.add_row(who, video, *(str(each.counts[name]) for name in names), end_section=video == "all")
    return table


def marks_table_of(scores: dict[str, Score]) -> Table:
    """A row a method: how far its marks are off."""
    table = Table("who", *MARKS, title="seconds off where found: the median (nine of ten)")
    for who, each in scores.items():
        off = apart_s(each.late)
        table.add_row(who, *("{} ({})".format(*off[mark]) if mark in off else "" for mark in MARKS))
    return table


def main() -> None:
    """Print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="release")
    options = parser.parse_args()
    coded, pipe = read_coded(), load_pipeline(options.model)
    videos = {name: options.folder / f"{name}.mp4" for name in coded}
    if missing := [path.name for path in videos.values() if not path.is_file()]:
        parser.error(f"{options.folder} has no {', '.join(missing)}: docs/results.md says where the videos come from")
    known, scores, seconds = set(pipe.processor.action_units), {}, 0.0
    pictures = {kind: Counter() for kind in PAIRS}
    for name, path in videos.items():
        said = {}
        for who, second in (("model alone", False), ("with second opinion", True)):
            reading = pipe(str(path), second_opinion=second)
            said[who] = spotted_in(reading)
        for kind, counts in read_pairs(pipe, path, coded[name], reading).items():
            pictures[kind] += counts
        seconds += reading["frames"] / reading["fps"]
        if (reference := path.with_name(name + SUFFIX)).is_file():
            said["reference of real_faces"] = seen_in(Reference(pd.read_csv(reference)), known)
        for who, movements in said.items():
            scores.setdefault(who, {})[name] = score(movements, coded[name], known)
    wide_console().print(table_of(scores, f"{options.model} against two coders, {seconds:.0f} s"))
    all_of = {who: together(videos) for who, videos in scores.items()}
    wide_console().print(marks_table_of(all_of))
    wide_console().print(pairs_table_of(pictures))
    everything = {who: {**each.counts, "off_s": apart_s(each.late)} for who, each in all_of.items()}
    rates = {who: round(60 * counts.get("alarms", 0) / seconds, 2) for who, counts in everything.items()}
    result = {"model": options.model, "seconds": round(seconds, 2), "coders": agreement(coded), "scores": everything}
    result["pictures"] = {kind: {name: counts[name] for name in COUNTS} for kind, counts in pictures.items()}
    print(json.dumps({"benchmark": "by_eye", **result, "alarms_a_minute": rates}))


if __name__ == "__main__":
    main()
