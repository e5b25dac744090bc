"""The page of an explanation and its numbers; the command as a user runs it."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from training_aullm import loading
from training_aullm.cli.explain import which_face
from training_aullm.cli.main import app
from training_aullm.figures.explanation import chosen_units
from training_aullm.videos import explaining
from training_aullm.videos.explaining import explanation_json, write_explanation

UNITS = ["AU4", "AU7", "AU12"]
NOISE = np.random.default_rng(0)
MODEL = Path(__file__).parents[2] / "runs" / "demo"


@pytest.fixture
def explanation() -> dict:
    """What `explain_video` gives, with noise for pictures."""
    attentions = {name: NOISE.random((2, 14, 14)).astype(np.float32) for name in UNITS}
    return {
        "video": "face.mp4",
        "action_units": UNITS,
        "probabilities": {"AU4": 0.93, "AU7": 0.71, "AU12": 0.08},
        "attentions": {name: maps / maps.sum() for name, maps in attentions.items()},
        "displacement": NOISE.normal(0, 0.5, (5, 2, 28, 28)).astype(np.float32),
        "expert_weights": {"fine detail": 0.5, "whole face": 0.3, "edges": 0.2},
        "relations": np.array([[0, 0.6, 0], [0.5, 0, -0.1], [0, 0, 0]]),
        "prior": np.zeros((3, 3)),
        "counterfactuals": {name: {"AU4": 0.5, "AU7": 0.38, "AU12": 0.1} for name in UNITS},
        "onset": 10,
        "offset": 20,
        "apex": 14,
        "frame_indices": np.arange(10, 22, 2),
        "crops": NOISE.integers(0, 256, (6, 112, 112)).astype(np.uint8),
        "frames": NOISE.integers(0, 256, (6, 90, 120, 3)).astype(np.uint8),
        "crop_transforms": np.stack([np.array([[0.6, 0, 20], [0, 0.6, 5]])] * 6),
    }


def test_page_and_numbers(explanation, tmp_path):
    picture, numbers = write_explanation(tmp_path / "out" / "face_10-20", explanation, ["AU12"])
    page = imread(picture)
    assert picture.name == "face_10-20.png" and page.shape[1] == 1430 and page[..., :3].std() > 0.05
    content = json.loads(numbers.read_text())
    assert content["counterfactuals"]["AU4"]["AU7"] == 0.38 and content["apex"] == 14
    assert any("AU7 falls from 0.71 to 0.38" in sentence for sentence in content["sentences"])
    assert np.shape(content["attentions"]["AU4"]) == (2, 14, 14) and np.shape(content["displacement"]) == (5, 2, 28, 28)
    assert not {"frames", "crops"} & content.keys(), "no pixels of a person in the numbers"
    assert sorted(path.name for path in picture.parent.iterdir()) == ["face_10-20.json", "face_10-20.png"]


def test_a_page_for_a_model_without_graph_and_measured_motion(explanation, tmp_path):
    bare = {"attentions": {}, "counterfactuals": {}, "relations": None, "prior": None, "displacement": None}
    full, _ = write_explanation(tmp_path / "full", explanation)
    picture, numbers = write_explanation(tmp_path / "bare", {**explanation, **bare, "expert_weights": {}})
    assert imread(picture).shape[0] < imread(full).shape[0], "no row for a unit that cannot be looked at"
    assert json.loads(numbers.read_text())["displacement"] is None


def test_a_page_that_fails_leaves_nothing(explanation, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("no ink")

    monkeypatch.setattr(explaining, "draw_explanation", fail)
    with pytest.raises(RuntimeError, match="no ink"):
        write_explanation(tmp_path / "face", explanation)
    assert not list(tmp_path.iterdir())


def test_the_units_that_are_looked_at(explanation):
    assert chosen_units(explanation, ()) == ["AU4", "AU7"]
    assert chosen_units(explanation, ("AU12", "AU4")) == ["AU4", "AU12"]
    assert chosen_units(explanation, (), threshold=0.95) == ["AU4"], "the nearest one where none is seen"
    with pytest.raises(ValueError, match=r"AU1: it knows AU4, AU7, AU12"):
        chosen_units(explanation, ("AU1",))


def test_every_unit_that_is_asked_for_gets_its_part_of_the_page(explanation, tmp_path):
    names = [f"AU{number}" for number in (1, 2, 4, 5, 6, 7)]
    six = explanation | {
        "action_units": names,
        "probabilities": dict.fromkeys(names, 0.9),
        "attentions": dict.fromkeys(names, explanation["attentions"]["AU4"]),
        "counterfactuals": {name: dict.fromkeys(names, 0.5) for name in names},
        "relations": np.zeros((6, 6)),
        "prior": np.zeros((6, 6)),
    }
    assert chosen_units(six, names) == names and len(chosen_units(six, ())) == 3
    pages = [write_explanation(tmp_path / str(len(asked)), six, asked)[0] for asked in (names[:1], names)]
    one, all_of_them = (imread(page).shape[0] for page in pages)
    assert (all_of_them - one) / 5 == pytest.approx(2.95 * 130, abs=2), "none is squeezed"


def test_numbers_are_rounded_and_stay_what_they_are(explanation):
    content = json.loads(explanation_json(explanation | {"relations": np.full((3, 3), 1 / 3)}))
    assert content["relations"][0] == [0.333333] * 3
    assert content["frame_indices"] == [10, 12, 14, 16, 18, 20]
    assert all(type(number) is int for number in content["frame_indices"])
    assert np.sum(content["attentions"]["AU4"]) == pytest.approx(1, abs=1e-5), "each map sums to 1"


@pytest.mark.slow
def test_the_command_explains_a_rendered_movement(aullm, tmp_path):
    if not (MODEL / "video.mp4").is_file():
        pytest.skip("run `make demo` first: this reads runs/demo")
    command = ("explain", MODEL / "video.mp4", "--onset", "60", "--offset", "85", "--model", MODEL, "--out", tmp_path)
    done = aullm(*command)
    assert done.returncode == 0, done.stderr
    assert "AU4 (brow lowerer)" in done.stdout
    content = json.loads((tmp_path / "video_60-85.json").read_text())
    assert content["probabilities"]["AU4"] > 0.5 and 60 < content["apex"] < 85
    assert imread(tmp_path / "video_60-85.png")[..., :3].std() > 0.05
    refused = aullm(*command, "--action-unit", "AU99")
    assert refused.returncode == 2 and "AU99" in refused.stderr


def test_paths_are_printed_whole_and_as_they_are(explanation, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load_model", lambda source: (None, None))
    monkeypatch.setattr(explaining, "explain_video", lambda video, *given: explanation | {"video": str(video)})
    told, status = [], Console.status
    monkeypatch.setattr(Console, "status", lambda console, what: told.append(what) or status(console, what))
    out = tmp_path / f"Talk [dQw4w9WgXcQ] {'x' * 100}"
    done = CliRunner().invoke(app, ["explain", "a [b].mp4", "--out", str(out), "--model", "m [b]"])
    assert done.exit_code == 0, done.exception
    assert done.output.endswith(f"{out}/a [b]_10-20.png  {out}/a [b]_10-20.json\n")
    assert [Text.from_markup(each).plain for each in told] == ["loading m [b]", "reading a [b].mp4", "drawing"]


def test_a_page_of_another_video_is_not_replaced(explanation, tmp_path):
    write_explanation(tmp_path / "face_10-20", explanation | {"video": str(tmp_path / "anna" / "face.mp4")})
    command = ["explain", "ben/face.mp4", "--out", str(tmp_path), "--model", "none/is/loaded"]
    refused = CliRunner().invoke(app, command)
    assert "ben/face.mp4 would write the same files as" in str(refused.exception)
    command[1] = str(tmp_path / "anna" / "face.mp4")
    assert "same files" not in str(CliRunner().invoke(app, command).exception)


def test_a_page_is_of_the_video_that_was_named_from_its_own_folder(explanation, tmp_path, monkeypatch):
    for person in ("anna", "ben"):
        (tmp_path / person).mkdir()
    monkeypatch.chdir(tmp_path / "anna")
    write_explanation(tmp_path / "face_10-20", explanation | {"video": "face.mp4"})
    for person, refused in (("anna", False), ("ben", True)):
        monkeypatch.chdir(tmp_path / person)
        done = CliRunner().invoke(app, ["explain", "face.mp4", "--out", str(tmp_path), "--model", "none/is/loaded"])
        assert ("same files as face.mp4" in str(done.exception)) is refused


def test_a_face_is_a_number_or_a_box():
    assert which_face("1") == 1 and which_face("412,80,560.5,260") == [412, 80, 560.5, 260]
    for wrong in ("the left one", "1.5", "1,2,3", ""):
        with pytest.raises(ValueError, match=f"--face {wrong!r}: give a number, 0 is the largest, or a box"):
            which_face(wrong)
