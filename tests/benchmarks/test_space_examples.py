"""The Space's examples: what lies there is what the script makes, and each shows what its button says."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import space_examples
from benchmarks.space_examples import EXAMPLES, OUT, Act, film
from dataset_scripts.synthetic.camera.codec import frames_of
from tests.contract.tree import ROOT

FOLDER = ROOT / OUT
BY_NAME = {example.name: example for example in EXAMPLES}


def test_what_lies_there_is_what_the_script_makes_and_is_small():
    words = json.loads((FOLDER / "examples.json").read_text("utf-8"))
    assert words == {example.name: example.words for example in EXAMPLES}
    films = sorted(path.name for path in FOLDER.glob("*.mp4"))
    assert films == sorted(words)
    assert sum((FOLDER / name).stat().st_size for name in films) < 1_000_000


@pytest.mark.parametrize(
    ("name", "kinds", "units", "sides"),
    [
        ("smile.mp4", ["macro"], {"AU12", "AU6"}, {"both"}),
        ("short-smile.mp4", ["micro"], {"AU12"}, {"both"}),
        ("frown.mp4", ["macro"], {"AU4"}, {"both"}),
        ("one-sided.mp4", ["macro", "macro"], {"AU12", "AU2"}, {"L", "R"}),
        ("still.mp4", [], set(), set()),
    ],
)
def test_a_film_shows_what_its_button_says(name, kinds, units, sides):
    _, (truth,) = film(replace(BY_NAME[name], size=96))
    expressions = [event for event in truth["events"] if event["kind"] != "blink"]
    assert [event["kind"] for event in expressions] == kinds
    assert {unit for event in expressions for unit in event["action_units"]} == units
    assert {side for event in expressions for side in event["sides"]} == sides


def test_half_a_second_tells_short_expressions_from_long_ones():
    lasts = {seconds: Act({"AU12": 3.0}, 1.0, 0.2, seconds - 0.4, 0.2).kind for seconds in (0.45, 0.5, 0.55)}
    assert lasts == {0.45: "micro", 0.5: "micro", 0.55: "macro"}


def test_the_dark_one_is_dark():
    bright, dark = (next(frames_of(FOLDER / name)) for name in ("frown.mp4", "dark.mp4"))
    assert dark.shape == bright.shape and np.percentile(dark, 99) < 0.25 * np.percentile(bright, 99)


def test_the_script_writes_films_and_words(run_program, tmp_path, monkeypatch):
    still = replace(BY_NAME["still.mp4"], size=96, seconds=2.0)
    monkeypatch.setattr(space_examples, "EXAMPLES", (still, replace(still, name="other.mp4")))
    told = run_program(space_examples, "--out", tmp_path, "--only", "still.mp4")
    assert told == {"still.mp4": [[]]} and next(frames_of(tmp_path / "still.mp4")).shape == (96, 96, 3)
    assert list(json.loads((tmp_path / "examples.json").read_text("utf-8"))) == ["still.mp4", "other.mp4"]
