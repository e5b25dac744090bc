"""Real faces, without one: curves made up, and what is said of a reading of them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import real_faces
from benchmarks.blendshapes import ANGLES, HEAD, degrees, write

FPS = 25
SECONDS = 12
TIMES = np.arange(SECONDS * FPS) / FPS


def step(start: float, end: float, height: float = 0.8, ramp: float = 0.3) -> np.ndarray:
    """A curve that rises at `start`, stands, and falls at `end`."""
    return height * np.clip(np.minimum((TIMES - start) / ramp, (end + ramp - TIMES) / ramp), 0, 1)


def reference(**curves: np.ndarray) -> real_faces.Reference:
    columns = {"frame": np.arange(len(TIMES)), "time_s": TIMES} | dict.fromkeys(ANGLES, 0 * TIMES)
    shapes = dict.fromkeys((*real_faces.SHAPES, *real_faces.MOUTH, real_faces.LIDS), 0 * TIMES + 0.05)
    return real_faces.Reference(pd.DataFrame(columns | shapes | curves))


def reading(*movements: tuple, blinks: tuple = ()) -> dict:
    """Movements (onset s, apex s, offset s, units), blinks (onset s, offset s)."""
    frames = [[round(second * FPS) for second in movement[:3]] for movement in movements]
    return {
        "fps": FPS,
        "action_units": ["AU4", "AU7", "AU12", "AU17"],
        "faces": [
            {
                "movements": [
                    {"onset": a, "apex": b, "offset": c, "score": 0.9, "action_units": dict.fromkeys(each[3], 0.9)}
                    for (a, b, c), each in zip(frames, movements, strict=True)
                ],
                "blinks": [{"kind": "blink", "onset": a * FPS, "apex": a * FPS, "offset": b * FPS} for a, b in blinks],
            }
        ],
    }


def test_a_curve_turns_where_it_goes_back_by_a_swing():
    curve = np.array([0, 0.1, 0, 0.5, 0.9, 0.8, 0.9, 0.2, 0.3, 0.1, 0.6])
    assert real_faces.turning_points(curve, 0.25) == [0, 4, 9, 10]
    assert real_faces.turning_points(np.zeros(5), 0.25) == []


def test_a_smile_is_found_and_named_and_its_end_is_a_release():
    truth = reference(mouthSmileLeft=step(2, 6), mouthSmileRight=step(2, 6, 0.3), mouthUpperUp=step(2.1, 6, 0.5))
    assert [movement.shapes for movement in truth.movements] == [("mouthSmile", "mouthUpperUp")]
    right = real_faces.score(reading((2.0, 2.4, 6.4, ["AU12"]), (6.0, 6.4, 6.6, ["AU17"])), truth)
    assert (right["true"], right["found"], right["named"], right["alarms"]) == (1, 1, 1, {"release": 1})
    wrong = real_faces.score(reading((2.0, 2.4, 3.0, ["AU4"]), (2.1, 2.3, 3.0, ["AU17"])), truth)
    assert (wrong["found"], wrong["named"], wrong["alarms"]) == (1, 0, {"again": 1})
    assert real_faces.score(reading(), truth)["movements"][0]["said"] is None


def test_units_that_a_model_does_not_know_are_not_asked_for():
    assert real_faces.score(reading(), reference(eyeWide=step(2, 4)))["true"] == 0


def test_units_that_no_shape_shows_are_not_judged():
    said = real_faces.score(reading((2.0, 2.4, 3.0, ["AU18"]), (6.0, 6.4, 7.0, ["AU18", "AU12"])), reference())
    assert said["alarms"] == {"rest": 1}


@pytest.mark.parametrize(
    ("cause", "curves"),
    [
        ("blink", {"eyeBlink": step(3, 3.1, ramp=0.1)}),
        ("turn", {"yaw": 10 * step(3, 9)}),
        ("speech", {"jawOpen": step(3, 3.2)}),
        ("held", {"mouthSmile": step(1, 8)}),
        ("rest", {}),
    ],
)
def test_false_alarms_have_causes(cause, curves):
    row = real_faces.score(reading((3.0, 3.3, 3.6, ["AU4"])), reference(**curves))
    assert row["alarms"] == {cause: 1}


def test_blinks_are_counted_and_are_no_squints():
    truth = reference(eyeBlink=step(3, 3.1, ramp=0.1) + step(7, 9), eyeSquint=step(3, 3.1, 0.5, ramp=0.1))
    assert truth.movements == [] and len(truth.blinks) == 1
    row = real_faces.score(reading(blinks=((3, 3.2), (10, 10.2))), truth)
    assert (row["blinks"], row["blinks_found"], row["blinks_else"]) == (1, 1, 1)


class OneAnswer:
    """Stands in for a pipeline: AU12 is the answer, with a probability of .6, but of two pictures AU4."""

    action_units = ("AU4", "AU12")

    def __init__(self):
        self.processor, self.model, self.read = self, self, []

    def read_clip(self, video, onset=None, offset=None):
        if isinstance(video, str):
            self.read.append((onset, offset))
            return dict.fromkeys(real_faces.INPUTS), {"frames": np.arange(6)}
        assert video.tolist() == [0, 5], "the first picture and the last"
        return dict.fromkeys(real_faces.INPUTS, "pair"), {}

    def __call__(self, **inputs):
        logits = [2.0, 0.405] if "pair" in inputs.values() else [-2.0, 0.405]
        return SimpleNamespace(logits=torch.tensor([logits]))


def test_movements_are_also_read_one_by_one_from_rest():
    truth = reference(mouthSmile=step(2, 4), browDown=step(7, 9), eyeWide=step(5, 6))
    pipe = OneAnswer()
    assert real_faces.from_rest(pipe, "smile.mp4", truth, 0.5) == {"first": 1, "sure": 1, "stills": 1}
    assert real_faces.from_rest(pipe, "smile.mp4", truth, 0.7) == {"first": 1, "sure": 0, "stills": 1}
    (onset, offset), (frown, _) = pipe.read[:2]
    assert 1.8 * FPS <= onset <= 2 * FPS < offset <= 2.4 * FPS and 6.8 * FPS <= frown <= 7 * FPS


def test_the_table_and_the_sum_tell_the_same():
    truth = reference(mouthSmile=step(2, 6))
    rows = {
        "a.mp4": real_faces.score(reading((2.0, 2.4, 6.4, ["AU12"]), (9.0, 9.2, 9.4, ["AU4"])), truth),
        "b.mp4": real_faces.score(reading(), truth),
    }
    rows = {name: row | {"first": 1, "sure": 0, "stills": 1} for name, row in rows.items()}
    whole = real_faces.together(rows)
    assert (whole["true"], whole["found_share"], whole["named_share"], whole["alarms_a_minute"]) == (2, 0.5, 0.5, 2.5)
    assert real_faces.table_of(rows, "title").row_count == 3


def test_a_video_without_reference_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no video"):
        real_faces.videos_of(tmp_path)
    (tmp_path / "smile.mp4").touch()
    with pytest.raises(FileNotFoundError, match=r"smile\.mp4.*blendshapes\.py"):
        real_faces.videos_of(tmp_path)


def test_the_reference_is_written_whole_with_gaps_where_no_face_is(tmp_path):
    path = tmp_path / "smile.blendshapes.csv"
    head = dict(zip(ANGLES, degrees(np.eye(4)), strict=True))
    write(path, [{"frame": 0, "time_s": 0.0, **head, "jawOpen": 0.5}, {"frame": 1, "time_s": 0.04}])
    table = pd.read_csv(path)
    assert [path] == list(tmp_path.iterdir()) and list(table) == [*HEAD, "jawOpen"]
    assert table["jawOpen"].isna().tolist() == [False, True] and table["yaw"][0] == 0


def test_the_program_reads_a_folder_of_videos(run_program, watched):
    told = run_program(real_faces, watched, "--model", "release")
    assert list(told["videos"]) == list(told["videos_alone"]) == ["smile.mp4"]
    assert told["all"]["true"] == told["alone"]["true"] == 1
