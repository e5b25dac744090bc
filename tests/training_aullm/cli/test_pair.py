"""`aullm pair` without a model: what it asks for, prints and writes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from training_aullm import loading
from training_aullm.cli.main import app

READING = {
    "video": "clip",
    "onset": 0,
    "apex": 1,
    "size": [640, 480],
    "box": [10.0, 10.0, 60.0, 60.0],
    "action_units": ["AU4", "AU12"],
    "meanings": {"AU4": "brow lowerer", "AU12": "lip corner puller", "AU18": "lip pucker"},
    "threshold": 0.5,
    "view": ["dark"],
    "eyes_shut": [False, True],
    "probabilities": {"AU4": 0.11, "AU12": 0.93},
    "second_opinion": {"AU18": 0.88},
    "movements": [
        {
            "score": 0.88,
            "action_units": {"AU18": 0.88},
            "side": "both",
            "size_px": 4.0,
            "size_mm": 2.9,
            "named_by": "blendshapes",
            "second_opinion": {"AU18": 0.88},
        }
    ],
    "refuted": [
        {
            "score": 0.9,
            "action_units": {"AU12": 0.93},
            "side": "both",
            "size_px": 3.0,
            "size_mm": 2.2,
            "named_by": "aullm",
            "second_opinion": {"AU18": 0.88},
        }
    ],
}


class FakePipe:
    """Notes what it is asked."""

    def pair(self, *asked, **options) -> dict:
        self.asked, self.options = asked, options
        return READING | {"onset": asked[1] or 0, "apex": asked[2] or 1}


@pytest.fixture
def pair(monkeypatch, tmp_path):
    pipe = FakePipe()
    monkeypatch.setattr(loading, "load_pipeline", lambda source: pipe)
    return lambda *arguments: (CliRunner().invoke(app, ["pair", *arguments, "--out", str(tmp_path / "out")]), pipe)


def test_two_photographs_have_a_table_and_their_numbers(pair, tmp_path):
    done, pipe = pair("a/rest.jpg", "b/apex.jpg")
    assert done.exit_code == 0 and pipe.asked == (["a/rest.jpg", "b/apex.jpg"], None, None)
    assert pipe.options == {"face": 0, "threshold": 0.5, "second_opinion": True}
    for said in (
        *("rest.jpg and apex.jpg", "1 movement", "AU18 lip pucker 0.88 (second opinion)"),
        *(
            "refuted: AU12 lip corner puller 0.93",
            "our model: AU12 0.93, AU4 0.11",
            "second opinion: AU18 0.88",
            "dark, eyes shut at the apex",
        ),
    ):
        assert said in done.output
    written = json.loads((tmp_path / "out" / "rest-apex.json").read_text())
    assert [Path(each).name for each in written.pop("ways_to_video")] == ["rest.jpg", "apex.jpg"]
    assert written == READING | {"video": "a/rest.jpg and b/apex.jpg"}


def test_a_marked_clip_is_named_by_its_frames(pair, tmp_path):
    done, pipe = pair("face.mp4", "--onset", "60", "--apex", "72", "--no-second-opinion")
    assert pipe.asked == ("face.mp4", 60, 72) and pipe.options["second_opinion"] is False
    assert done.exit_code == 0 and "face.mp4, frames 60 and 72: 1 movement" in done.output
    assert (tmp_path / "out" / "face_60-72.json").is_file()


def test_names_with_brackets_are_said_as_they_are(pair):
    done, _ = pair("a/rest [x].jpg", "b/apex [y].jpg")
    assert done.exit_code == 0 and "rest [x].jpg and apex [y].jpg: 1 movement" in done.output
    assert "rest [x]-apex [y].json" in done.output


def test_pictures_of_another_person_replace_nothing(pair, tmp_path):
    assert pair("anna/rest.jpg", "anna/apex.jpg")[0].exit_code == 0
    assert pair("anna/../anna/rest.jpg", "./anna/apex.jpg")[0].exit_code == 0, "the same again"
    refused, pipe = pair("ben/rest.jpg", "ben/apex.jpg")
    assert isinstance(refused.exception, ValueError) and pipe.asked[0][1] == "anna/apex.jpg", "nothing is read"
    for said in ("ben/rest.jpg and ben/apex.jpg", "same files as anna", "rest-apex.json", "different --out"):
        assert said in str(refused.exception)
    assert "anna" in json.loads((tmp_path / "out" / "rest-apex.json").read_text())["video"]


def test_a_clip_of_another_person_replaces_nothing(pair):
    assert pair("anna/face.mp4", "--onset", "60", "--apex", "72")[0].exit_code == 0
    for frames in (("--onset", "60", "--apex", "72"), ("--apex", "72"), ()):
        assert "anna/face.mp4" in str(pair("ben/face.mp4", *frames)[0].exception)
    assert pair("ben/face.mp4", "--onset", "60", "--apex", "73")[0].exit_code == 0, "files of other frames"
    assert pair("ben/face_2.mp4", "--onset", "60", "--apex", "72")[0].exit_code == 0


def test_a_folder_is_named_wherever_one_stands(pair, tmp_path, monkeypatch):
    (tmp_path / "frames").mkdir()
    monkeypatch.chdir(tmp_path / "frames")
    assert pair(".")[0].exit_code == 0 and (tmp_path / "out" / "frames_0-1.json").is_file()


@pytest.mark.parametrize("arguments", [("a.jpg", "b.jpg", "c.jpg"), ("a.jpg", "b.jpg", "--onset", "1")])
def test_what_is_no_pair_is_refused(pair, arguments):
    done, _ = pair(*arguments)
    assert isinstance(done.exception, ValueError) and "two pictures" in str(done.exception)
