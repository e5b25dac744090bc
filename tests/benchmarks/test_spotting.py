"""How spotted intervals are scored."""

from benchmarks import spotting
from benchmarks.spotting import score_take, summary

UNITS = ["AU4", "AU12"]


def interval(onset, offset, kind="micro", score=0.5, units=("AU4",)):
    return {"onset": onset, "offset": offset, "kind": kind, "score": score, "action_units": dict.fromkeys(units, 0.9)}


def event(onset, offset, kind="micro", units=("AU4",)):
    return {"onset": onset, "apex": onset + 1, "offset": offset, "kind": kind, "action_units": list(units)}


def reading(*movements, blinks=()):
    return {"action_units": UNITS, "faces": [{"movements": list(movements), "blinks": list(blinks)}]}


def test_counts_and_rates():
    events = [
        event(0, 9),
        event(100, 140, "macro", ["AU12", "AU9"]),
        event(200, 220, "speech", []),
        event(50, 58, "blink", []),
    ]
    found = [interval(0, 8), interval(101, 138, "macro", units=("AU12", "AU4")), interval(205, 215), interval(300, 310)]
    counts = score_take(reading(*found, blinks=[{"onset": 50, "apex": 52, "offset": 57}]), events)
    scores = summary(counts, minutes=2.0)
    assert [scores[kind]["f1"] for kind in ("micro", "macro", "both", "blink")] == [0.5, 1.0, 0.667, 1.0]
    assert scores["false_alarms_per_minute"] == 1.0 and scores["false_alarms_during"] == {"rest": 1, "speech": 1}
    assert scores["unit_f1_where_found"] == 0.8  # AU9 is none of the model's units
    assert summary(score_take(reading(), []), 1.0)["both"]["f1"] is None


def test_the_program_reads_takes_and_scores_them(run_program, short_takes, monkeypatch):
    monkeypatch.setattr(spotting, "load_takes", short_takes)
    told = run_program(spotting, "--model", "release", "--domains", "casme2-like", "--subjects", 1, "--second-opinion")
    scores = told["scores"]
    assert (
        set(scores) == {"casme2-like", "all"} and scores["all"]["blink"]["true"] == scores["all"]["both"]["true"] == 1
    )
