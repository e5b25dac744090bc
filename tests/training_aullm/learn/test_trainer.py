"""AullmTrainer: what it optimises, logs, saves; exact resume; splitting a batch over processes changes nothing."""

import copy
import math
import os
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
import torch
from safetensors.torch import load_file
from transformers import Trainer, TrainingArguments

from tests.training_aullm.conftest import UNITS, make_clips
from training_aullm.learn.counterfactual import intervention, invariance
from training_aullm.learn.fitting import decision_shift, fit, predict_probabilities
from training_aullm.learn.recipes import recipe_base, recipe_led_network, recipe_paper, recipe_whole
from training_aullm.learn.trainer import AullmTrainer, kind_of_weights

QUIET = {"use_cpu": True, "disable_tqdm": True}
TINY = recipe_whole().but(epochs=2, batch_size=4, model={})


def trained(model):
    return {name: weight for name, weight in model.state_dict().items() if "reader.body" not in name or "lora_" in name}


def test_every_part_of_the_loss_is_logged_and_makes_up_the_total(build_model, motion_clips, tmp_path):
    model = build_model()
    trainer = fit(model, TINY, motion_clips, tmp_path, eval_clips=motion_clips, **QUIET)
    log = next(entry for entry in trainer.state.log_history if "loss" in entry)
    config, args = model.config, trainer.args
    total = (
        log["loss_main"]
        + config.evidence_loss_weight * log["loss_evidence"]
        + config.node_loss_weight * log["loss_node"]
        + config.prototype_loss_weight * log["loss_prototype"]
        + args.ccr_invariance_weight * log["loss_invariance"]
        + args.ccr_intervention_weight * log["loss_intervention"]
    )
    assert log["loss"] == pytest.approx(total, rel=1e-3)
    evaluated = next(entry for entry in trainer.state.log_history if "eval_loss" in entry)
    assert {"eval_loss_main", "eval_loss_invariance", "eval_loss_intervention", "eval_f1", "eval_f1_AU4"} <= set(
        evaluated
    )


def test_a_model_without_prototypes_is_not_trained_with_ccr(build_model, tmp_path):
    """Nodes would be flipped to what nothing ever taught."""
    args = TINY.training_arguments(tmp_path, **QUIET)
    with pytest.raises(ValueError, match='preset="whole"'):
        AullmTrainer(model=build_model("base"), args=args)
    assert AullmTrainer(model=build_model("base"), args=recipe_base().training_arguments(tmp_path, **QUIET))


def test_the_counterfactual_parts_are_those_of_the_flipped_logits(build_model, motion_clips, tmp_path):
    model = build_model().eval()
    trainer = AullmTrainer(model=model, args=TINY.training_arguments(tmp_path, **QUIET), train_dataset=motion_clips)
    batch = next(iter(trainer.get_train_dataloader()))
    loss = trainer.compute_loss(model, batch)
    output = model(**batch)
    stays = invariance(
        output.logits, output.flipped_logits, batch["labels"], batch["flip_index"], model.graph_neighbours
    )
    moves = intervention(output.flipped_logits, batch["labels"], batch["flip_index"], batch["flip_state"])
    expected = output.loss + trainer.args.ccr_invariance_weight * stays.mean()
    torch.testing.assert_close(loss, expected + trainer.args.ccr_intervention_weight * moves.mean())
    assert not torch.equal(output.logits, output.flipped_logits)


def test_training_learns_and_leaves_the_language_model_alone(build_model, motion_clips, tmp_path):
    model = build_model()
    before = copy.deepcopy(model.state_dict())
    recipe = TINY.but(epochs=30, augmentation=None, learning_rate=3e-3)
    fit(model, recipe, motion_clips, tmp_path, **QUIET)
    known = motion_clips.labels != -1
    decided = torch.from_numpy(predict_probabilities(model, motion_clips)) >= 0.5
    assert (decided == (motion_clips.labels == 1))[known].float().mean() > 0.95
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name]) != weight.requires_grad, name


def test_each_kind_of_weight_has_its_own_learning_rate(build_model, tmp_path, motion_clips):
    model = build_model()
    args = TINY.training_arguments(tmp_path, learning_rate=1.0, lora_learning_rate=2.0, led_learning_rate=3.0, **QUIET)
    optimizer = AullmTrainer(model=model, args=args, train_dataset=motion_clips).create_optimizer()
    names = {id(weight): name for name, weight in model.named_parameters()}
    rates = {names[id(weight)]: group["lr"] for group in optimizer.param_groups for weight in group["params"]}
    assert set(rates) == {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert [rate for name, rate in rates.items() if "log_alpha" in name] == [3.0]
    assert {rate for name, rate in rates.items() if "lora_" in name} == {2.0}
    assert list(rates.values()).count(3.0) == 3 and 1.0 in rates.values()
    assert set(kind_of_weights(build_model("paper")).values()) == {"led", "lora", "new"}
    decayed = {id(w) for group in optimizer.param_groups if group["weight_decay"] for w in group["params"]}
    assert all(weight.ndim > 1 for weight in model.parameters() if id(weight) in decayed) and decayed


@pytest.mark.parametrize("preset", ["whole", "paper"])
def test_resuming_in_the_middle_of_an_epoch_is_exact(build_model, tmp_path, preset):
    clips = make_clips(pixels=preset == "paper")
    recipe = (TINY if preset == "whole" else recipe_paper()).but(epochs=3, batch_size=4, calibration_rounds=0, model={})
    dropout = {"encoder_dropout": 0.3, "projector_dropout": 0.3}
    settings = QUIET | {"save_strategy": "steps", "save_steps": 4, "save_total_limit": None}
    whole = build_model(preset, **dropout)
    fit(whole, recipe, clips, tmp_path, **settings)
    assert (tmp_path / "checkpoint-4").is_dir()  # 3 steps an epoch: in the middle of the second

    again = build_model(preset, seed=1, **dropout)
    trainer = AullmTrainer(model=again, args=recipe.training_arguments(tmp_path, **settings), train_dataset=clips)
    trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    again.eval()
    for name, weight in trained(whole).items():
        assert torch.equal(weight, trained(again)[name]), name


def test_an_evaluation_leaves_no_trace_in_the_training(build_model, motion_clips, tmp_path):
    alone, watched = (build_model(graph_dropout=0.1) for _ in range(2))
    fit(alone, TINY, motion_clips, tmp_path / "alone", seed=3, **QUIET)
    fit(watched, TINY, motion_clips, tmp_path / "watched", seed=3, eval_clips=motion_clips, **QUIET)
    assert all(torch.equal(weight, trained(watched)[name]) for name, weight in trained(alone).items())


def test_resuming_at_the_end_of_an_epoch_that_was_evaluated_is_exact(build_model, motion_clips, tmp_path):
    strategies = {"eval_strategy": "epoch", "save_strategy": "steps", "save_steps": 3}  # three steps an epoch
    args = TINY.training_arguments(tmp_path, seed=3, **strategies, **QUIET)
    whole, resumed = (build_model(graph_dropout=0.1) for _ in range(2))
    AullmTrainer(whole, args, train_dataset=motion_clips, eval_dataset=motion_clips).train()
    trainer = AullmTrainer(resumed, args, train_dataset=motion_clips, eval_dataset=motion_clips)
    trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert all(torch.equal(weight, trained(resumed)[name]) for name, weight in trained(whole).items())


def test_after_training_decisions_are_moved_as_far_as_the_training_clips_say(build_model, motion_clips, tmp_path):
    models = []
    for rounds in (0, 2):
        models.append(build_model())
        recipe = TINY.but(epochs=1, calibration_rounds=rounds)
        trainer = fit(models[-1], recipe, motion_clips, tmp_path, **QUIET)
    trained_only, calibrated = (model.head.score.bias.detach() for model in models)
    shift = decision_shift(models[0], motion_clips, trainer.args, rounds=2)
    torch.testing.assert_close(calibrated, trained_only - torch.tensor(shift, dtype=torch.float32))
    assert abs(shift).max() > 1e-3


def test_checkpoints_hold_what_was_trained_and_nothing_else(build_model, motion_clips, tmp_path):
    model = build_model()
    fit(model, TINY.but(epochs=1), motion_clips, tmp_path, save_strategy="epoch", **QUIET)
    saved = load_file(next(tmp_path.glob("checkpoint-*")) / "model.safetensors")
    assert {name for name, weight in model.named_parameters() if weight.requires_grad} <= set(saved)
    assert not [name for name in saved if "reader.body" in name and "lora_" not in name]


def test_a_checkpoint_of_another_model_is_refused(build_model, motion_clips, tmp_path):
    fit(build_model(), TINY.but(epochs=1), motion_clips, tmp_path, save_strategy="epoch", **QUIET)
    with pytest.raises(ValueError, match="is of another model"):
        other = build_model(evidence_skip=False)
        fit(other, TINY, motion_clips, tmp_path, resume=True, **QUIET)


def test_accumulating_gradients_equals_one_large_batch(build_model, tmp_path):
    """Only if losses are sums over samples divided by the samples of the whole step, however labels are missing."""
    clips = make_clips(8)
    clips.labels[:3] = -1
    weights = []
    for batch, accumulation in ((8, 1), (4, 2)):
        model = build_model()
        args = {"gradient_accumulation_steps": accumulation, "optim": "sgd", "max_grad_norm": 0.0}
        fit(model, TINY.but(epochs=1, batch_size=batch), clips, tmp_path, **QUIET, **args)
        weights.append(trained(model))
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, atol=1e-6, rtol=1e-4, msg=name)


def test_a_batch_that_does_not_fit_into_memory_is_made_smaller(build_model, motion_clips, tmp_path, monkeypatch):
    sizes, whole_step = [], AullmTrainer.training_step

    def step(self, model, inputs, *args):
        sizes.append(len(inputs["labels"]))
        if sizes[-1] > 6:  # in the backward pass, say: its loss, quite another one, was counted
            whole_step(self, model, inputs | {"labels": torch.ones_like(inputs["labels"])}, *args)
            raise RuntimeError("CUDA out of memory.")
        return whole_step(self, model, inputs, *args)

    monkeypatch.setattr(AullmTrainer, "training_step", step)
    recipe = recipe_base().but(epochs=1, batch_size=12)
    trainer = fit(build_model("base"), recipe, motion_clips, tmp_path, auto_find_batch_size=True, **QUIET)
    log = next(entry for entry in trainer.state.log_history if "loss" in entry)
    assert sizes[0] == 12 and max(sizes[-2:]) <= 6
    config = trainer.model.config
    parts = {"main": 1, "evidence": config.evidence_loss_weight, "node": config.node_loss_weight}
    total = sum(weight * log[f"loss_{name}"] for name, weight in parts.items())
    assert log["loss"] == pytest.approx(total, rel=1e-3)  # of the batches that fitted alone


def test_bf16_autocast_trains(build_model, motion_clips, tmp_path):
    trainer = fit(build_model(), TINY.but(bf16=True, epochs=1), motion_clips, tmp_path, **QUIET)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses and all(math.isfinite(loss) for loss in losses)


def test_clips_of_other_units_are_refused_before_anything_is_trained_or_scored(build_model, motion_clips, tmp_path):
    """In another order, too: probabilities and scores would stand under wrong names."""
    model, args, turned = build_model(), TINY.training_arguments(tmp_path, **QUIET), motion_clips.select(UNITS[::-1])
    for wrong in (
        {"train_dataset": turned},
        {"train_dataset": motion_clips, "eval_dataset": turned},
        {"train_dataset": motion_clips, "eval_dataset": {"same": motion_clips, "turned": turned}},
    ):
        with pytest.raises(ValueError, match=r"clips\.select"):
            AullmTrainer(model=model, args=args, **wrong)
    trainer = AullmTrainer(model=model, args=args, eval_dataset={"same": motion_clips})
    assert trainer.evaluate()["eval_same_f1"] >= 0
    for ask in (trainer.evaluate, trainer.predict, lambda clips: predict_probabilities(model, clips)):
        with pytest.raises(ValueError, match=r"clips\.select"):
            ask(turned)


def test_what_only_the_plain_trainer_takes_is_refused(build_model, motion_clips, tmp_path):
    model, args = build_model(), TINY.training_arguments(tmp_path, **QUIET)
    table = datasets.Dataset.from_dict({"text": ["a"]})
    with pytest.raises(TypeError, match=r"args is a TrainingArguments: give AullmTrainingArguments"):
        AullmTrainer(model=model, args=TrainingArguments(str(tmp_path)))
    for name in ("train_dataset", "eval_dataset"):
        with pytest.raises(TypeError, match=r"not a datasets\..*ClipSet\.build"):
            AullmTrainer(model=model, args=args, **{name: table})
    with pytest.raises(TypeError, match=r"ClipSet\.build"):
        AullmTrainer(model=model, args=args, train_dataset=motion_clips).predict(table)


def test_a_checkpoint_that_nobody_else_could_load_is_not_uploaded(build_model, motion_clips, tmp_path, monkeypatch):
    """Its base is a folder of this machine: told before a repository is made, and before anything is trained."""
    made = []
    monkeypatch.setattr(Trainer, "init_hf_repo", lambda *_, **__: made.append(1))
    args = TINY.training_arguments(tmp_path, **QUIET)
    with pytest.raises(ValueError, match="nobody else has"):
        AullmTrainer(build_model(), args, train_dataset=motion_clips).push_to_hub()
    with pytest.raises(ValueError, match="nobody else has"):
        AullmTrainer(build_model(), TINY.training_arguments(tmp_path, push_to_hub=True, **QUIET))
    assert not made
    AullmTrainer(build_model(reader="mlp"), TINY.training_arguments(tmp_path, push_to_hub=True, **QUIET))
    assert made


def test_without_ccr_no_flip_is_drawn(build_model, motion_clips, tmp_path):
    recipe = TINY.but(ccr_invariance_weight=0.0, ccr_intervention_weight=0.0, epochs=1)
    trainer = fit(build_model(use_instruction_token=False), recipe, motion_clips, tmp_path, **QUIET)
    assert not any("loss_invariance" in entry for entry in trainer.state.log_history)


def test_recipes_give_valid_arguments(tmp_path):
    for recipe in (recipe_base(), recipe_paper(), recipe_led_network()):
        args = recipe.training_arguments(tmp_path, seed=3, **QUIET)
        assert (args.augmentation(), args.seed) == (recipe.augmentation, 3)


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one(language_model, tmp_path):
    """torchrun with gloo: after one SGD step the weights differ from a single process by float rounding only."""
    script = Path(__file__).with_name("distributed_step.py")
    results = []
    for processes in (1, 2):
        out = tmp_path / f"{processes}.pt"
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
        command = [*launcher, str(script), language_model, str(out), str(8 // processes)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        results.append(torch.load(out))
    assert results[0]["processes"] == 1 and results[1]["processes"] == 2
    for name, weight in results[0]["weights"].items():
        torch.testing.assert_close(results[1]["weights"][name], weight, atol=1e-6, rtol=1e-4, msg=name)
