"""Long takes: the film, its truth, and the table of them."""

import json

import numpy as np
import pytest

from dataset_scripts.synthetic import load_takes, open_take, render_take
from dataset_scripts.synthetic.acting.motion import Movement
from dataset_scripts.synthetic.acting.script import KINDS
from dataset_scripts.synthetic.camera.codec import frames_of
from dataset_scripts.synthetic.tables.take_table import TAKE_FEATURES

QUICK = {"domain": "casme2-like", "seconds": 3.0, "size": 96, "fps": 15, "framing": "crop"}
QUIET = dict.fromkeys(KINDS, 0)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("take") / "take.mp4"
    return path, render_take(path, **QUICK, subject=1, events=QUIET | {"micro": 1, "blink": 2})


def film_of(**events):
    take = open_take(**QUICK, subject=2, colour=False, events=QUIET | events)
    return take.truth, np.stack(list(take.frames())).astype(float)


def test_the_film_and_its_truth_lie_side_by_side(film):
    path, truth = film
    assert json.loads(path.with_suffix(".json").read_text()) == truth
    assert sorted(each.name for each in path.parent.iterdir()) == ["take.json", "take.mp4"]
    frames = list(frames_of(path))
    assert len(frames) == truth["frames"] == 45 and frames[0].shape == (96, 96, 3)
    assert [event["kind"] for event in truth["events"]].count("micro") == 1
    for event in truth["events"]:
        assert 0 <= event["onset"] <= event["apex"] <= event["offset"] < truth["frames"]
        assert bool(event["action_units"]) == (event["kind"] == "micro")
        assert len(event["action_units"]) == len(event["amplitude_px"]) == len(event["sides"])
        assert set(event["sides"]) <= {"L", "R", "both"}


def test_the_same_take_is_filmed_again():
    take = open_take(**QUICK, subject=1, events=QUIET)
    first, again = (next(iter(take.frames())) for _ in range(2))
    assert np.array_equal(first, again)


def test_a_blink_darkens_no_more_than_the_eyes():
    truth, frames = film_of(blink=1)
    (event,) = truth["events"]
    shut, before = frames[event["apex"]], frames[max(0, event["onset"] - 1)]
    change = np.abs(shut / shut.mean() - before / before.mean())
    assert change[22:42].mean() > 1.5 * change[55:].mean()


def test_speech_moves_the_mouth():
    _, still = film_of()
    _, talking = film_of(speech=1)
    change = np.abs(talking - still).max(0)
    assert change[66:90, 30:66].mean() > 2 * change[10:40].mean()


def test_a_wink_is_seen_on_the_side_that_it_names():
    truth, frames = film_of(wink=1)
    (event,) = truth["events"]
    change = np.abs(frames[event["apex"]] - frames[max(0, event["onset"] - 2)])[26:40]
    left, right = change[:, 52:].sum(), change[:, :44].sum()  # of the person
    assert event["action_units"] == ["AU46"] and event["amplitude_px"] == [None]
    assert event["sides"] == ["L" if left > right else "R"] and max(left, right) > 1.5 * min(left, right)


def test_a_turn_moves_the_whole_face_without_tearing():
    truth, frames = film_of(turn=1)
    (event,) = truth["events"]
    before, turned = frames[0], frames[event["apex"]]
    assert np.abs(turned - before).mean() > 2
    texture = [np.abs(np.diff(picture, axis=1)).mean() for picture in (before, turned)]
    assert texture[1] < 1.3 * texture[0]


def test_the_table_names_films_and_events(tmp_path):
    settings = QUICK | {"cache_dir": tmp_path, "num_proc": 1, "progress": False, "events": QUIET | {"micro": 1}}
    settings["seconds"] = 2.0
    takes = load_takes(**settings, subjects=2)
    assert takes.features == TAKE_FEATURES
    assert takes["sample_id"][:] == ["casme2-like/s000/t00", "casme2-like/s001/t00"]
    for row in takes:
        assert row["events"][0]["kind"] == "micro" and row["events"][0]["action_units"]
        assert sum(1 for _ in frames_of(row["video"])) == row["frames"]
    films = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.mp4")}
    load_takes(**settings, subjects=2)
    assert films == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.mp4")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seconds": 1}, "2 to 600 seconds"),
        ({"fps": 500}, "10 to 240 frames"),
        ({"size": 97}, "even number from 96"),
        ({"framing": "wide"}, "framing must be one of"),
        ({"events": {"yawn": 1}}, "counts by kind, micro, macro, blink"),
        ({"events": {"micro": -1}}, "counts by kind"),
        ({"domain": "casme4-like"}, "unknown domain"),
        ({"hats": 1}, "unknown option hats"),
        ({"gaze": 1.0, "lead_in": 3}, "gaze, lead_in: options of clips, not of takes"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        open_take(**settings)


def test_what_is_told_happens_when_it_is_told():
    calm = dict.fromkeys(KINDS, 0)
    brow = Movement(1.0, 0.2, 0.3, 0.2, 0.0, {"AU2": 6.0}, {"AU2": 0.0}, {"AU2": 1.0}, {"AU2": "L"})
    settings = {"seconds": 2.0, "fps": 10, "size": 96, "framing": "crop", "events": calm}
    plain, told = open_take(**settings), open_take(**settings, acts=[("macro", brow)])
    (event,) = told.truth["events"]
    assert (event["kind"], event["onset"], event["offset"]) == ("macro", 10, 17)
    assert event["action_units"] == ["AU2"] and event["sides"] == ["L"] and not plain.truth["events"]
    differ = [np.abs(a.astype(int) - b).max() for a, b in zip(plain.frames(), told.frames(), strict=True)]
    assert max(differ[:10]) == 0 and min(differ[12:15]) > 20
