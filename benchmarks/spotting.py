"""When do movements happen? Spotted intervals against the truth of rendered long takes.

    python -m benchmarks.spotting --model release --subjects 4 --seconds 30

Takes hold micro- and macro-expressions, blinks, speech, gaze shifts and head turns at the rates of docs/clip_source.md.
A movement is found where an interval overlaps it by half (intersection over union); each counts once, the surest first.
"both" takes an interval of either kind; `aullm evaluate --spotting` sums the two kinds, as the MEGC challenges do.
The development of the spotter saw takes of the seeds 100 to 199, training those of 500: neither belongs here.
"""

import argparse
import json
import time
from collections import Counter

from rich.table import Table

from dataset_scripts.layout import EXPRESSIONS
from dataset_scripts.synthetic import load_takes
from training_aullm.console import wide_console
from training_aullm.loading import load_pipeline
from training_aullm.score.spotting import MIN_OVERLAP, count_hits, match, overlap, rates

KEPT = ("speech", "turn", "blink", "gaze")  # what a false alarm is put down to, the first that was going on


def score_take(reading: dict, events: list[dict]) -> Counter:
    """Counts of one take: hits, found and true intervals of each kind, false alarms by what was going on.

    Args:
        reading: of the take, as the pipeline gives it.
        events: its truth, see `TAKE_FEATURES`.
    """
    movements = [each for face in reading["faces"] for each in face["movements"]]
    blinks = [{**each, "kind": "blink"} for face in reading["faces"] for each in face["blinks"]]
    true = [event for event in events if event["kind"] in EXPRESSIONS]
    pairs = match(movements, true)
    counts = Counter({"both hits": len(pairs), "both found": len(movements), "both true": len(true)})
    counts += count_hits([*movements, *blinks], events, (*EXPRESSIONS, "blink"))
    hit = [id(interval) for interval, _ in pairs]
    for interval in movements:
        if id(interval) not in hit:
            counts[f"alarm {_going_on(interval, events)}"] += 1
    for interval, event in pairs:
        said, shown = set(interval["action_units"]), set(event["action_units"]) & set(reading["action_units"])
        counts.update({"units said": len(said), "units shown": len(shown), "units right": len(said & shown)})
    return counts


def summary(counts: Counter, minutes: float) -> dict:
    """Scores of summed counts.

    Args:
        counts: of all takes. minutes: that they last together.
    """
    alarms = {name.removeprefix("alarm "): count for name, count in sorted(counts.items()) if name.startswith("alarm ")}
    return {
        **{
            kind: rates(*(counts[f"{kind} {part}"] for part in ("hits", "found", "true")))
            for kind in ("micro", "macro", "both", "blink")
        },
        "false_alarms_per_minute": round(sum(alarms.values()) / minutes, 3),
        "false_alarms_during": alarms,
        "unit_f1_where_found": rates(counts["units right"], counts["units said"], counts["units shown"])["f1"],
        "minutes": round(minutes, 2),
    }


def _going_on(interval: dict, events: list[dict]) -> str:
    kinds = {event["kind"] for event in events if overlap(interval, event) > 0}
    if kinds & set(EXPRESSIONS):
        return "an expression, badly timed"
    return next((kind for kind in KEPT if kind in kinds), "rest")


def table_of(scores: dict[str, dict], title: str) -> Table:
    """A row a domain."""
    table = Table(title=title, title_justify="left")
    for name in (
        "domain",
        "F1 micro",
        "F1 macro",
        "F1 both",
        "false alarms a minute",
        "F1 blinks",
        "units, where found",
    ):
        table.add_column(name, justify="left" if name == "domain" else "right")
    for domain, row in scores.items():
        cells = [f"{row[kind]['f1']} ({row[kind]['hits']}/{row[kind]['true']})" for kind in ("micro", "macro", "both")]
        blink, units = row["blink"]["f1"], row["unit_f1_where_found"]
        table.add_row(domain, *cells, f"{row['false_alarms_per_minute']:.2f}", str(blink), str(units))
    return table


def main() -> None:
    """Print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="release")
    parser.add_argument("--domains", default="casme2-like,samm-like,casme3-like")
    parser.add_argument("--subjects", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--seed", type=int, default=700)
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--second-opinion", action="store_true", help="count what blendshapes alone see, too")
    options = parser.parse_args()
    console, pipe, scores, everything, started = (
        wide_console(),
        load_pipeline(options.model),
        {},
        Counter(),
        time.time(),
    )
    minutes = options.subjects * options.seconds / 60
    for domain in options.domains.split(","):
        takes = load_takes(domain, options.subjects, seconds=options.seconds, fps=options.fps, seed=options.seed)
        counts = Counter()
        for row in takes:
            reading = pipe(row["video"], threshold=options.threshold, second_opinion=options.second_opinion)
            counts += score_take(reading, row["events"])
        scores[domain], everything = summary(counts, minutes), everything + counts
    scores["all"] = summary(everything, minutes * len(scores))
    console.print(table_of(scores, f"{options.model}: movements spotted at IoU {MIN_OVERLAP}, seed {options.seed}"))
    print(
        json.dumps({"benchmark": "spotting", **vars(options), "scores": scores, "took_s": round(time.time() - started)})
    )


if __name__ == "__main__":
    main()
