"""`aullm train` and `evaluate` refuse wrong options before any clip is prepared or rendered, which may take hours."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.cli.main import app
from training_aullm.loading import RELEASED
from training_aullm.prepare import sources
from training_aullm.prepare.sources import Source
from training_aullm.runs import spotting
from training_aullm.runs.settings import RunSettings

FOLDER = ("--dataset", "folder", "--data-dir", "clips")


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """What a command says that must not touch a clip."""
    monkeypatch.chdir(tmp_path)
    for module, name in ((sources, "prepare_cached"), (sources, "load_synthetic"), (spotting, "load_takes")):
        monkeypatch.setattr(module, name, lambda *given, **more: pytest.fail("clips are prepared"))

    def say(*words: str) -> str:
        done = CliRunner().invoke(app, words)
        assert isinstance(done.exception, (ValueError, OSError)), done.output
        return str(done.exception)

    return say


def test_training_refuses_a_start_that_there_is_not_and_units_that_are_none(refused):
    assert "relase: there is no such model" in refused("train", *FOLDER, "--out", "base", "--from", "relase")
    assert "AU99" in refused("train", *FOLDER, "--out", "base", "--action-units", "AU99")
    assert "it is there already" in refused("train", *FOLDER, "--out", "base", "--from", "release", "--layers", "2")


def test_training_refuses_units_that_no_clip_is_coded_for(refused):
    table_of([clip_row("s0", "c0", vector=states("4", "12 25"))]).to_parquet("clips.parquet")
    asked = ("train", "--data", ".", "--out", "base", "--action-units", "AU4,AU12,AU25")
    assert "is coded for AU12, AU25: " in refused(*asked)
    assert "is coded for AU25: " in refused(*asked, "--from", "release")  # which knows AU12


def test_training_leaves_a_finished_run_alone_at_once(refused):
    Path("base").mkdir()
    Path("base/model").symlink_to(RELEASED)
    assert "this run is finished" in refused("train", *FOLDER, "--out", "base")


def test_evaluating_refuses_a_model_that_there_is_not(refused):
    for clips in (FOLDER, ("--domain", "samm-like")):
        assert "runs/typo: there is no such model" in refused("evaluate", "runs/typo", "--protocol", "cross", *clips)
    RunSettings(Source(data="other"), ("AU4",)).save(Path("folds"))
    assert "folds holds neither" in refused("evaluate", "folds", "--protocol", "cross", *FOLDER)


def test_spotting_refuses_a_model_that_there_is_not(refused):
    said = refused("evaluate", "runs/typo", "--spotting", "--domain", "casme3-like")
    assert "runs/typo: there is no such model" in said


def test_evaluating_refuses_options_of_a_new_run(refused):
    assert "relase: there is no such model" in refused("evaluate", *FOLDER, "--from", "relase")
    assert "AU99" in refused("evaluate", "new", *FOLDER, "--action-units", "AU99")
    assert "from 0 to 1" in refused("evaluate", "new", *FOLDER, "--prevalence", "AU4=7")
    assert not Path("new").exists()


@pytest.mark.parametrize(
    ("shares", "told"), [("AU4=x", "'AU4=x'"), ("AU4=7", "from 0 to 1"), ("AU3=0.1", "AU3 is not")]
)
def test_evaluating_refuses_shares_that_are_none(refused, shares, told):
    assert told in refused("evaluate", "release", *FOLDER, "--prevalence", shares)
    assert told in refused("evaluate", "release", "--domain", "samm-like", "--prevalence", shares)
