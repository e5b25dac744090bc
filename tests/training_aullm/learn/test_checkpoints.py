"""A training that was killed goes on from the newest checkpoint that is whole."""

import json
import shutil

import pytest
import torch

from modeling_aullm import CheckpointError
from training_aullm.learn import checkpoints
from training_aullm.learn.checkpoints import newest_whole_checkpoint
from training_aullm.learn.fitting import fit
from training_aullm.learn.recipes import recipe_whole
from training_aullm.learn.trainer import AullmTrainer

QUIET = {"use_cpu": True, "disable_tqdm": True, "save_strategy": "epoch"}
RECIPE = recipe_whole().but(epochs=3, batch_size=4, model={}, calibration_rounds=0)


@pytest.fixture
def trained(build_model, motion_clips, tmp_path):
    """A model of three epochs, its history, and the folder of its three checkpoints."""
    model = build_model()
    history = fit(model, RECIPE, motion_clips, tmp_path, **QUIET).state.log_history
    return model, history, tmp_path


def damage(checkpoint, name, how):
    path = checkpoint / name
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if how == "empty" else path.stat().st_size // 2])


@pytest.mark.parametrize("how", ["gone", "empty", "cut"])
@pytest.mark.parametrize("name", ["trainer_state.json", "model.safetensors", "optimizer.pt", "scheduler.pt"])
def test_a_checkpoint_that_was_broken_off_is_passed_by(trained, name, how):
    _, _, folder = trained
    assert newest_whole_checkpoint(folder).name == "checkpoint-9"
    damage(folder / "checkpoint-9", name, how)
    assert newest_whole_checkpoint(folder).name == "checkpoint-6"


def flip(path):
    """A bit in the middle of a file, where its numbers are."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_checkpoint_that_was_damaged_or_edited_is_passed_by_and_said(trained, monkeypatch):
    _, _, folder = trained
    said = []
    monkeypatch.setattr(checkpoints.logger, "warning_once", said.append)
    shutil.copytree(folder / "checkpoint-9", folder / "checkpoint-12")  # of another step than its state says
    assert newest_whole_checkpoint(folder).name == "checkpoint-9" and not said
    for name in ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth"):
        shutil.copytree(folder / "checkpoint-9", folder / "kept")
        flip(folder / "checkpoint-9" / name)
        assert newest_whole_checkpoint(folder).name == "checkpoint-6", name
        assert "checkpoint-9 is passed by" in said.pop() and not said
        shutil.rmtree(folder / "checkpoint-9")
        (folder / "kept").rename(folder / "checkpoint-9")
    config = folder / "checkpoint-9" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"lora_alpha": 64}))
    assert newest_whole_checkpoint(folder).name == "checkpoint-6" and "config.json" in said.pop()


def test_a_damaged_checkpoint_that_was_asked_for_is_refused(trained, build_model, motion_clips):
    _, _, folder = trained
    flip(folder / "checkpoint-6" / "model.safetensors")
    trainer = AullmTrainer(build_model(), RECIPE.training_arguments(folder, 0, **QUIET), train_dataset=motion_clips)
    with pytest.raises(CheckpointError, match="not the weights that were saved"):
        trainer.train(resume_from_checkpoint=str(folder / "checkpoint-6"))


def test_without_a_whole_one_there_is_none(tmp_path):
    (tmp_path / "checkpoint-3").mkdir()
    (tmp_path / "checkpoint-best").mkdir()
    assert newest_whole_checkpoint(tmp_path) is None and newest_whole_checkpoint(tmp_path / "gone") is None


@pytest.mark.parametrize("left", [9, 6])
def test_weights_and_history_end_as_if_nothing_had_happened(trained, build_model, motion_clips, left):
    model, history, folder = trained
    if left == 6:
        damage(folder / "checkpoint-9", "trainer_state.json", "gone")
    shutil.rmtree(folder / "checkpoint-3")
    again = build_model(seed=1)
    resumed = fit(again, RECIPE, motion_clips, folder, resume=True, **QUIET).state.log_history
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), again.parameters(), strict=True))
    assert [entry["loss"] for entry in resumed if "loss" in entry] == [e["loss"] for e in history if "loss" in e]
    last, expected = ([e["train_loss"] for e in log if "train_loss" in e][-1] for log in (resumed, history))
    assert last == pytest.approx(expected, rel=1e-5)


def test_a_second_training_has_a_mean_loss_of_its_own(trained, build_model, motion_clips):
    *_, folder = trained
    logged = QUIET | {"logging_strategy": "steps", "logging_steps": 1, "save_strategy": "no"}
    args = RECIPE.training_arguments(folder, 0, **logged)
    trainer = AullmTrainer(build_model(), args, train_dataset=motion_clips)
    trainer.train(resume_from_checkpoint=str(folder / "checkpoint-6"))
    trainer.train()
    log = trainer.state.log_history
    losses = [entry["loss"] for entry in log if "loss" in entry]
    assert len(losses) == 9 and log[-1]["train_loss"] == pytest.approx(sum(losses) / 9, rel=1e-4)


def test_the_mean_loss_of_a_resumed_training_leaves_out_steps_that_nobody_logged(build_model, motion_clips, tmp_path):
    """Those between a checkpoint and its last line of the log; to count them as 0 would flatter."""
    every = QUIET | {"logging_strategy": "steps", "logging_steps": 1, "save_strategy": "steps", "save_steps": 5}
    log = fit(build_model(), RECIPE, motion_clips, tmp_path, **every).state.log_history
    losses = {entry["step"]: entry["loss"] for entry in log if "loss" in entry}
    assert list(losses) == list(range(1, 10))
    shutil.rmtree(tmp_path)
    rare = every | {"logging_steps": 3}
    fit(build_model(), RECIPE, motion_clips, tmp_path, **rare)
    shutil.rmtree(tmp_path / "checkpoint-9", ignore_errors=True)
    log = fit(build_model(seed=1), RECIPE, motion_clips, tmp_path, resume=True, **rare).state.log_history
    mean = [entry["train_loss"] for entry in log if "train_loss" in entry][-1]
    known = [loss for step, loss in losses.items() if step not in (4, 5)]  # logged at 3, saved at 5
    assert mean == pytest.approx(sum(known) / 7, rel=1e-4)
