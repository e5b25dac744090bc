"""`aullm prepare` and `aullm evaluate --spotting` on small licensed copies: options that only such copies need."""

import json
import shutil
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from modeling_aullm import AullmConfig
from tests.dataset_scripts.trees.casme3 import HEADINGS, ROWS, write_casme3
from tests.dataset_scripts.trees.samm_long import write_samm_long
from training_aullm import loading
from training_aullm.cli.main import app
from training_aullm.prepare.prepared import PreparedRecord, load_prepared


def invoke(*words):
    """Run `aullm`, errors as they are raised."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def casme3(tmp_path):
    rows = [[*row, "Micro-expression"] for row in ROWS] + [["spNO.1", "c", 2, 9, 20, 12, "", 1, "Macro-expression"]]
    return write_casme3(tmp_path / "CASME3", rows, headings=[*HEADINGS, "Expression type"])


@pytest.mark.parametrize(("words", "kinds"), [((), {"micro"}), (("--expressions", "both"), {"micro", "macro"})])
def test_prepare_keeps_the_expressions_that_are_asked_for(casme3, tmp_path, words, kinds):
    said = invoke("prepare", "casme3", "--data-dir", casme3, "--out", tmp_path / "out", "--no-align", *words).output
    assert set(load_prepared(tmp_path / "out")["expression"]) == kinds
    assert "micro-expressions in the sheet: 4, read" in said and "macro-expressions in the sheet: 1" in said
    assert PreparedRecord.load(tmp_path / "out").label_release == "part A v2"


def test_prepare_writes_nothing_into_the_copy(casme3):
    with pytest.raises(ValueError, match="your copy, which is only read"):
        invoke("prepare", "casme3", "--data-dir", casme3, "--out", casme3 / "prepared", "--no-align")
    assert not (casme3 / "prepared").exists()


def test_spotting_is_scored_on_a_copy(tmp_path, monkeypatch):
    copy = write_samm_long(tmp_path / "SAMMLV")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    movement = {"kind": "micro", "onset": 9, "apex": 12, "offset": 20, "score": 0.9}
    pipe = Mock(side_effect=lambda video, fps, second_opinion: {"faces": [{"movements": [movement]}]})
    pipe.model.config = AullmConfig(trained_on={"data_sets": {}, "people": [], "label_releases": [], "complete": True})
    loaded = []
    monkeypatch.setattr(loading, "load_pipeline", lambda model: loaded.append(model) or pipe)
    monkeypatch.chdir(tmp_path)
    asked = ("--spotting", "--dataset", "samm_long", "--data-dir", copy)
    shutil.copy(copy / "SAMM_LongVideos_V2_Release.xlsx", tmp_path / "codes.xlsx")
    said = invoke("evaluate", "model", *asked).output
    assert "samm_long, release V2 (SAMM_LongVideos_V2_Release.xlsx): 4 recordings, 2 micro- and" in said
    scores = json.loads((tmp_path / "runs/model-on-samm_long/scores-spotting-samm_long-V2.json").read_text())
    assert (scores["takes"], scores["quiet"], scores["scores"]["micro"]["f1"]) == (4, 1, 0.333)
    invoke("evaluate", *asked, "--sheet", tmp_path / "codes.xlsx", "--release", "V1")
    assert loaded == ["model", "release"], "without a name the checkpoint that comes along"
    assert not any(call.kwargs["second_opinion"] for call in pipe.call_args_list), "a score of the model alone"
    assert (tmp_path / "runs/release-on-samm_long/scores-spotting-samm_long-V1.json").is_file()
