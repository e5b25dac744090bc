"""The checkpoint to use: its settings, and the whole way with little of everything."""

import json

import pytest

from training_aullm.from_scratch.release import run_release
from training_aullm.from_scratch.released import ship
from training_aullm.loading import load_model
from training_aullm.runs.release_settings import TEST_SEED, TRAINING_SEED, ReleaseSettings


def test_a_release_is_never_mixed_with_another(tmp_path):
    ReleaseSettings().save(tmp_path)
    ReleaseSettings().save(tmp_path)
    with pytest.raises(FileExistsError, match="other settings"):
        ReleaseSettings(people=3).save(tmp_path)


def test_a_finished_release_is_left_alone(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(FileExistsError, match="finished"):
        run_release(tmp_path, ReleaseSettings(language_model="nowhere"))


def test_nobody_is_trained_on_who_is_tested_or_published():
    assert len({TRAINING_SEED, TEST_SEED, 0}) == 3


def test_a_language_model_that_does_not_fit_is_refused_before_long_work(tmp_path, aullm, tiny_language_model):
    done = aullm("release", "--out", tmp_path / "run", "--language-model", tiny_language_model)
    assert done.returncode == 2 and "num_language_layers=4" in done.stderr
    assert not (tmp_path / "run").exists() and "filming" not in done.stderr


@pytest.mark.slow
def test_little_of_everything_gives_a_model_that_a_second_call_leaves_alone(tmp_path, aullm, tiny_language_model):
    small = ("--people", 2, "--films", 1, "--seconds", 5, "--tested", 2, "--epochs", 1)
    command = ("release", "--out", tmp_path / "run", *small, "--language-model", tiny_language_model, "--layers", 2)
    done = aullm(*command, AULLM_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "run/model/config.json").read_text())
    assert len(config["id2label"]) == 12
    assert sorted(path.stem for path in (tmp_path / "run/predictions").iterdir()) == [
        "casme2-like",
        "casme3-like",
        "samm-like",
    ]
    assert "casme3-like" in done.stdout and not (tmp_path / "run/checkpoints").exists()
    ship(tmp_path / "run", tmp_path / "shipped")
    model, processor = load_model(tmp_path / "shipped")
    assert model.config.action_units == processor.action_units and model.config.trained_on["data_sets"]
    assert json.loads((tmp_path / "shipped/check.json").read_text()) and (tmp_path / "shipped/README.md").exists()
    again = aullm(*command, AULLM_CACHE=str(tmp_path / "cache"))
    assert again.returncode == 2 and "finished" in again.stderr
