"""Spotting scored over whole recordings: what is read, what is kept, who may be in them."""

import json
import os
from pathlib import Path

import pytest
import torch

from dataset_scripts.takes import load_takes_from
from processing_aullm.clip_error_aullm import ClipError, ClipFault
from tests.dataset_scripts.trees.samm_long import write_samm_long
from tests.dataset_scripts.trees.smic_e import write_smic_e
from training_aullm.runs import spotting
from training_aullm.runs.spotting import choose_takes, score_spotting

KINDS = ("micro", "macro")


class FakePipe:
    """Spots the same micro-expression in every recording, and remembers what it was asked to read."""

    def __init__(self):
        self.asked = []

    def __call__(self, video, fps, second_opinion):
        assert second_opinion is False, "a score of the model alone"
        self.asked.append((video, fps))
        movement = {"kind": "micro", "onset": 9, "apex": 12, "offset": 20, "score": 0.9, "action_units": {"AU4": 0.9}}
        return {"faces": [{"movements": [movement], "blinks": []}]}


@pytest.fixture
def takes(tmp_path):
    return load_takes_from("samm_long", write_samm_long(tmp_path / "SAMMLV"))[0]


@pytest.fixture
def model(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "model"


def test_all_recordings_count_also_the_quiet_ones(takes, model, tmp_path):
    pipe = FakePipe()
    result = score_spotting(model, takes, tmp_path / "run", pipe, progress=False)
    assert pipe.asked == [(row["video"], 200) for row in takes]
    assert (result.takes, result.quiet, result.minutes) == (4, 1, round(220 / 200 / 60, 3))
    assert [result.scores["micro"][name] for name in ("hits", "found", "true", "f1")] == [1, 4, 2, 0.333]
    assert [result.scores["macro"][name] for name in ("hits", "found", "true")] == [0, 0, 2]
    assert result.scores["both"]["f1"] == 0.25
    assert json.loads(result.to_json())["scores"]["both"]["true"] == 4


def test_a_kind_that_the_sheet_does_not_name_is_not_scored(model, tmp_path):
    def pipe(video, fps, second_opinion):
        (face,) = FakePipe()(video, fps, second_opinion)["faces"]
        return {"faces": [{"movements": [{**each, "kind": kind} for each in face["movements"] for kind in KINDS]}]}

    takes, named, lines = choose_takes(dataset="smic_e", data_dir=write_smic_e(tmp_path / "SMIC-E"))
    assert named == ("micro",) and "doubtful: SMIC-HS-E_annotation.xlsx: names micro-expressions alone" in lines[1]
    result = score_spotting(model, takes, tmp_path / "run", pipe, named, progress=False)
    assert [result.scores["micro"][name] for name in ("hits", "found", "true")] == [1, 2, 2]
    assert {*result.scores["macro"].values(), *result.scores["both"].values()} == {None}
    assert result.false_alarms_per_minute == round(1 / result.minutes, 3)
    assert [str(cell) for cell in result.table("x").columns[-1].cells][1:] == ["undefined"] * 2


def test_a_broken_evaluation_goes_on_and_another_model_or_reader_is_refused(takes, model, tmp_path, monkeypatch):
    first, again = FakePipe(), FakePipe()
    whole = score_spotting(model, takes, tmp_path / "run", first, progress=False)
    files = sorted((tmp_path / "run" / "spotted" / "samm_long").glob("samm_long*.json"))
    files[1].unlink()
    os.utime(model / "model.safetensors", (0, 0))  # the same weights, copied
    assert score_spotting(model, takes, tmp_path / "run", again, progress=False) == whole
    assert again.asked == [(takes[1]["video"], 200)]
    with monkeypatch.context() as patch, pytest.raises(ValueError, match=r"reader: .* delete .*samm_long to read"):
        patch.setattr(spotting, "WINDOWS_VERSION", "another")
        score_spotting(model, takes, tmp_path / "run", again, progress=False)
    (model / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ValueError, match="holds files made otherwise"):
        score_spotting(model, takes, tmp_path / "run", again, progress=False)


def test_a_model_of_the_hub_that_was_replaced_since_is_refused(takes, tmp_path, monkeypatch):
    """Its name stays; its weights do not."""
    pipe = FakePipe()
    pipe.model = torch.nn.Linear(1, 1)
    monkeypatch.setattr(spotting, "model_place", str)
    score_spotting("me/model", takes, tmp_path / "run", pipe, progress=False)
    score_spotting("me/model", takes, tmp_path / "run", pipe, progress=False)
    pipe.model = torch.nn.Linear(1, 1)
    with pytest.raises(ValueError, match="holds files made otherwise"):
        score_spotting("me/model", takes, tmp_path / "run", pipe, progress=False)


def test_frames_exchanged_in_place_are_read_again(takes, model, tmp_path):
    score_spotting(model, takes, tmp_path / "run", FakePipe(), progress=False)
    exchanged = sorted(Path(takes[2]["video"]).iterdir())[3]
    exchanged.write_bytes(exchanged.read_bytes() + b"x")
    again = FakePipe()
    score_spotting(model, takes, tmp_path / "run", again, progress=False)
    assert again.asked == [(takes[2]["video"], 200)]
    for path in (tmp_path / "run" / "spotted" / "samm_long").glob("samm_long*.json"):  # as earlier versions kept it
        path.write_text(
            json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "files"})
        )
    score_spotting(model, takes, tmp_path / "run", again, progress=False)
    assert len(again.asked) == 1


def test_a_recording_that_cannot_be_read_is_told_and_counts(takes, model, tmp_path):
    def pipe(video, fps, second_opinion):
        raise ClipError("no face in any frame", ClipFault.NO_FACE)

    for _ in range(2):
        result = score_spotting(model, takes, tmp_path / "run", pipe, progress=False)
        assert result.unread == dict.fromkeys(takes["sample_id"], "no face in any frame")
        assert [result.scores["both"][name] for name in ("hits", "found", "true", "recall")] == [0, 0, 4, 0.0]
        pipe = FakePipe()  # what was read is not read again


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"data": "prepared/casme3"}, "clips cut out of them: name the copy itself"),
        ({}, "needs --domain"),
        ({"dataset": "casme3"}, "needs --domain"),
        ({"domain": "casme3-like", "dataset": "casme3", "data_dir": "x"}, "needs --domain"),
    ],
)
def test_recordings_must_be_named_and_clips_are_none(asked, said):
    with pytest.raises(ValueError, match=said):
        choose_takes(**asked)


def test_a_copy_says_how_much_there_is_to_spot(tmp_path):
    takes, named, lines = choose_takes(dataset="samm_long", data_dir=write_samm_long(tmp_path / "SAMMLV"))
    assert len(takes) == 4 and named == ("micro", "macro")
    assert lines == [
        "samm_long, release V2 (SAMM_LongVideos_V2_Release.xlsx): 4 recordings, 2 micro- and 2 macro-expressions"
    ]
