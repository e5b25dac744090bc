"""Settings of a run, and what happens when two of them meet in one folder."""

from dataclasses import replace

import pytest

from dataset_scripts.damaged_files import DamagedFile
from dataset_scripts.report import Report
from tests.training_aullm.clip_tables import clip_row, table_of
from training_aullm.prepare.preparing import Preparation, prepare_table
from training_aullm.prepare.sources import Source
from training_aullm.runs.settings import SETTINGS_FILE, RunSettings, short_name


def test_settings_come_back_as_written(tmp_path):
    settings = RunSettings(Source("casme2-like", subjects=3), ("AU4", "AU12"), layers=2, epochs=1.5, seed=7)
    settings.save(tmp_path)
    settings.save(tmp_path)
    assert RunSettings.load(tmp_path) == settings


def test_a_run_never_mixes_two_settings(tmp_path):
    RunSettings(Source("casme2-like"), ("AU4",)).save(tmp_path)
    (tmp_path / "clips").mkdir()
    with pytest.raises(FileExistsError, match="other settings"):
        RunSettings(Source("casme2-like"), ("AU4",), seed=1).save(tmp_path)


def test_settings_of_a_call_that_was_refused_do_not_refuse_the_corrected_one(tmp_path):
    RunSettings(Source("casme2-like"), ("AU4",), layers=100).save(tmp_path)
    corrected = RunSettings(Source("casme2-like"), ("AU4",), layers=10)
    corrected.save(tmp_path)
    assert RunSettings.load(tmp_path) == corrected


def test_settings_reach_the_recipe():
    recipe = RunSettings(Source("casme2-like"), ("AU4",), "paper", layers=3, epochs=2).recipe
    assert (recipe.preset, recipe.epochs, recipe.model["num_language_layers"]) == ("paper", 2, 3)


def test_runs_on_two_sets_of_ones_own_clips_have_two_names(tmp_path):
    for name in ("mine", "yours"):
        prepared = Preparation("folder", str(tmp_path), align=False)
        prepare_table(table_of([clip_row("s0", "c0")]), Report("folder", "1"), tmp_path / name, prepared, 1, False)
    mine, yours = (RunSettings(Source(data=str(tmp_path / name)), ("AU4",)) for name in ("mine", "yours"))
    assert (mine.name, yours.name) == ("folder-mine", "folder-yours")
    assert replace(mine, start="release").name == "folder-mine-from-release"


def test_what_was_staged_is_another_model_than_the_runs():
    names = {"runs/a": "a", "runs/a/model": "a", "runs/a/hub": "a-hub", "runs/a/hub/model": "a-hub", "me/b": "b"}
    assert {model: short_name(model) for model in names} == names and short_name("model") == "model"


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run"):
        RunSettings.load(tmp_path)


@pytest.mark.parametrize("content", ["", '{"source": {', "{}", "[]", '{"source": {"domain": "x"}, "more": 1}'])
def test_settings_that_are_damaged_are_named(tmp_path, content):
    (tmp_path / SETTINGS_FILE).write_text(content)
    for use in (RunSettings.load, RunSettings(Source("casme2-like"), ("AU4",)).save):
        with pytest.raises(DamagedFile, match=r"settings\.json cannot be read"):
            use(tmp_path)
