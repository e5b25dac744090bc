"""A run that was killed is finished by the same command, on the very clips it was begun with; a finished one is left
alone."""

import shutil
from dataclasses import replace

import datasets
import pytest

from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.console import TrainingBar
from training_aullm.learn.people import people_seen
from training_aullm.learn.recipes import recipe_base
from training_aullm.loading import load_model
from training_aullm.prepare.sources import Source
from training_aullm.runs import training
from training_aullm.runs.settings import RunSettings
from training_aullm.runs.training import FINISHED_FILE, refuse_finished, train_run


@pytest.fixture
def settings(tmp_path, language_model_with_tokenizer) -> RunSettings:
    rows = [clip_row(f"s{k % 2}", f"c{k}", (90 + k,) * 4, states("4" if k % 2 else "12", "")) for k in range(4)]
    table_of(rows).to_parquet(tmp_path / "clips.parquet")
    source = Source(data=str(tmp_path / "clips.parquet"))
    return RunSettings(source, ("AU4", "AU12"), "base", language_model_with_tokenizer, 1, 1)


def test_killed_at_the_end_the_model_is_made_again(tmp_path, settings, monkeypatch):
    run = tmp_path / "run"
    train_run(run, settings)
    weights = (run / "model" / "model.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match="finished"):
        train_run(run, settings, resume=True)
    (run / FINISHED_FILE).unlink()  # as a kill leaves it between the two
    (run / "model" / "model.safetensors").write_bytes(b"")  # and as versions before this one left it
    with pytest.raises(FileExistsError, match="--resume finishes it"):
        train_run(run, settings)
    train_run(run, settings, resume=True)
    assert (run / "model" / "model.safetensors").read_bytes() == weights and (run / FINISHED_FILE).is_file()


@pytest.fixture
def broken(tmp_path, settings, monkeypatch):
    """A run that was killed after one of two epochs, and its settings."""

    class Killed(TrainingBar):
        def on_save(self, *_, **__):
            raise KeyboardInterrupt

    settings = replace(settings, epochs=2)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "TrainingBar", Killed)
        train_run(tmp_path / "run", settings)
    assert training.has_checkpoint(tmp_path / "run")
    return tmp_path / "run", settings


def without_s1(settings):
    """Take a person out of the clips."""
    table = datasets.Dataset.from_parquet(settings.source.data)
    table.filter(lambda row: row["subject"] != "s1").to_parquet(settings.source.data)


def who_is_known(run) -> list[str] | None:
    return people_seen(load_model(run)[0].config, ["tiny/s0", "tiny/s1"])


def test_a_training_goes_on_with_the_clips_it_was_begun_with(broken):
    run, settings = broken
    whole = (run.parent / "clips.parquet").read_bytes()
    without_s1(settings)
    with pytest.raises(ValueError, match=r'checkpoints holds .*\(clips: "\w+", now "\w+"\): give clips .*, or delete'):
        train_run(run, settings, resume=True)
    (run.parent / "clips.parquet").write_bytes(whole)
    train_run(run, settings, resume=True)
    assert who_is_known(run) == ["tiny/s0", "tiny/s1"]


def test_a_training_goes_on_with_the_recipe_it_was_begun_with(broken, monkeypatch):
    run, settings = broken
    with pytest.raises(FileExistsError, match=r"settings\.json; seed: 0, now 5\)"):
        train_run(run, replace(settings, seed=5), resume=True)
    monkeypatch.setattr("training_aullm.runs.settings.RECIPES", {"base": lambda: recipe_base().but(weight_decay=0.5)})
    with pytest.raises(ValueError, match=r"\(recipe\.weight_decay: 0\.05, now 0\.5\)"):
        train_run(run, settings, resume=True)


def test_of_a_run_without_a_record_the_checkpoint_says_whom_it_saw(broken):
    run, settings = broken
    (run / "checkpoints" / "made_with.json").unlink()  # as versions left it that kept none
    without_s1(settings)
    train_run(run, settings, resume=True)
    assert who_is_known(run) == ["tiny/s0", "tiny/s1"]


def test_what_begins_anew_may_be_begun_with_other_clips(broken):
    run, settings = broken
    without_s1(settings)
    train_run(run, settings)
    assert who_is_known(run) == ["tiny/s0"]


def test_a_model_that_is_trained_anew_does_not_inherit_what_was_measured_of_the_former(tmp_path, settings):
    run = tmp_path / "run"
    train_run(run, settings)
    measured = ("predictions/cross-x.parquet", "predictions/cross-x/made_with.json", "measured/spotting.json")
    for name in (*measured, "scores-cross-x.json", "predictions/loso/made_with.json"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("{}")
    for resume, kept in ((True, True), (False, False)):
        shutil.rmtree(run / "model")
        train_run(run, settings, resume=resume)
        assert [(run / name).exists() for name in (*measured, "scores-cross-x.json")] == [kept] * 4
    assert (run / "predictions" / "loso" / "made_with.json").exists()


def test_a_model_is_never_half_there(tmp_path, settings, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training.AullmForActionUnitDetection, "save_pretrained", killed)
    with pytest.raises(KeyboardInterrupt):
        train_run(tmp_path / "run", settings)
    assert not (tmp_path / "run" / "model").exists()


def test_a_model_that_brings_no_checkpoint_is_left_alone(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(FileExistsError, match="finished"):
        refuse_finished(tmp_path)


def test_a_broken_run_does_not_go_on_around_another_language_model(broken, monkeypatch):
    """Another one may stand at its place by now: the adapters of this run were trained around the former."""
    run, settings = broken
    begun = RunSettings.build

    def build(settings):
        model, processor = begun(settings)
        model.config.language_sha256 = "0" * 64
        return model, processor

    monkeypatch.setattr(RunSettings, "build", build)
    with pytest.raises(ValueError, match=r"language_weights: .* delete .*checkpoints to train on these from the start"):
        train_run(run, settings, resume=True)
