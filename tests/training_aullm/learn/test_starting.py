"""Going on from a finished model: in Python with either trainer, and by fold from the same weights each time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Trainer, TrainingArguments

from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.learn.fitting import as_predictions, fit, new_model, new_processor, predict_probabilities
from training_aullm.learn.people import people_seen
from training_aullm.learn.recipes import recipe_base, tuning_recipe
from training_aullm.learn.starting import preset_of_model, recipe_to_go_on, start_from, started_model
from training_aullm.learn.trainer import AullmTrainer

SMALL = {"num_language_layers": 1, "graph_width": 16, "high_width": 16, "mid_channels": 4, "encoder_channels": [4, 8]}


@pytest.fixture
def finished(tmp_path, language_model_with_tokenizer) -> Path:
    """A merged model for AU4 and AU12 that has seen nobody."""
    recipe = recipe_base().but(model=SMALL | {"lora_rank": 2})
    folder = tmp_path / "finished"
    new_model(recipe, ["AU4", "AU12"], language_model_with_tokenizer).save_pretrained(folder, full=True)
    new_processor("base", ["AU4", "AU12"], language_model_with_tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture
def table():
    rows = [clip_row(f"s{k % 2}", f"c{k}", (90 + k,) * 4, states("4" if k % 2 else "9")) for k in range(6)]
    return table_of(rows)


def weights(model) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in model.named_parameters() if weight.requires_grad}


def ours(start, out):
    return AullmTrainer(start.model, start.recipe.training_arguments(out, use_cpu=True), train_dataset=start.clips)


def transformers_own(start, out):
    args = TrainingArguments(str(out), use_cpu=True, num_train_epochs=2, report_to="none", learning_rate=1e-3)
    return Trainer(start.model, args, train_dataset=start.clips, eval_dataset=start.clips)


@pytest.mark.parametrize("trainer", [ours, transformers_own])
def test_three_lines_train_and_save_a_model_that_loads(finished, table, tmp_path, trainer):
    start = start_from(finished, table, ["AU4", "AU9"])
    assert start.recipe == tuning_recipe(recipe_base(), knows_all=False)
    before = weights(start.model)
    training = trainer(start, tmp_path / "out")
    training.train()
    training.save_model(str(tmp_path / "out" / "model"))
    moved = [name for name, weight in weights(start.model).items() if not torch.equal(weight, before[name])]
    assert any("lora_B" in name for name in moved) and any("head.score" in name for name in moved)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path / "out" / "model")
    assert people_seen(loaded.config, ["tiny/s0", "tiny/s1", "tiny/s2"]) == ["tiny/s0", "tiny/s1"]
    np.testing.assert_allclose(
        predict_probabilities(loaded, start.clips), predict_probabilities(start.model, start.clips), atol=1e-6
    )


def test_people_whom_nobody_named_leave_the_record_open(finished, table, tmp_path):
    """A model that was loaded by hand, and transformers' own trainer, which knows nothing of people."""
    start = start_from(finished, table)
    loaded = replace(start, model=AullmForActionUnitDetection.from_pretrained(finished))
    training = transformers_own(loaded, tmp_path / "out")
    training.train()
    training.save_model(str(tmp_path / "out" / "model"))
    assert people_seen(AullmConfig.from_pretrained(finished), ["tiny/s0"]) == []
    assert people_seen(AullmConfig.from_pretrained(tmp_path / "out" / "model"), ["tiny/s0"]) is None


def test_transformers_own_trainer_evaluates_too(finished, table, tmp_path):
    metrics = transformers_own(start_from(finished, table), tmp_path).evaluate()
    assert np.isfinite(metrics["eval_loss"])


def test_a_finished_training_brings_calibrated_evidence(finished, table, tmp_path):
    start = start_from(finished, table)
    assert start.model.config.calibration is None and start.recipe == tuning_recipe(recipe_base())
    fit(start.model, start.recipe.but(epochs=1, calibration_rounds=1), start.clips, tmp_path, use_cpu=True)
    line = start.model.config.calibration
    assert line["prevalence"] == [0.5, 0.0]
    answers = as_predictions(predict_probabilities(start.model, start.clips), start.clips, "all", 0, line)
    answers.save(tmp_path / "p.parquet")
    assert type(answers).load(tmp_path / "p.parquet").evidence.shape == (6, 2)


def test_a_unit_that_nobody_knows_is_no_unit_to_go_on_with(finished):
    rows = [clip_row("s0", f"c{k}", (90 + k,) * 4, states("12", "4 9")) for k in range(2)]
    with pytest.raises(ValueError, match="AU9: "):  # the start knows AU4
        start_from(finished, table_of(rows), ["AU4", "AU9", "AU12"])


def test_what_starts_fresh_is_drawn_from_the_seed(finished):
    first, again, other = (started_model(finished, ["AU9"], seed)[0].head.score.weight for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize(
    ("changed", "preset"),
    [({}, "base"), ({"prototype_loss_weight": 0.1}, "whole"), ({"front_end": "led", "image_size": 64}, "paper")],
)
def test_the_recipe_is_that_of_its_front_end_and_of_what_it_answers(tmp_path, changed, preset):
    AullmConfig(action_units=["AU4"], **changed).save_pretrained(tmp_path)
    assert preset_of_model(tmp_path) == preset


@pytest.mark.parametrize(
    ("changed", "weight"),
    [
        ({"prototype_loss_weight": 0.1}, 0.01),
        ({"prototype_loss_weight": 0.1, "use_instruction_token": False}, 0.0),
        ({}, 0.0),
    ],
)
def test_a_model_without_prototypes_goes_on_without_ccr(tmp_path, changed, weight):
    AullmConfig(action_units=["AU4"], front_end="led", image_size=64, **changed).save_pretrained(tmp_path)
    recipe = recipe_to_go_on(tmp_path, ["AU4"])
    assert recipe.preset == "paper" and recipe.ccr_invariance_weight == recipe.ccr_intervention_weight == weight
