"""A new model gets the prompt that its read-out needs; after training its decisions are moved to threshold 0.5."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from tests.contract.language_models import save_tiny_language_model
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import decide, decision_shift, fit, move_bias, new_model, predict_probabilities
from training_aullm.learn.recipes import RECIPES, recipe_base
from training_aullm.learn.trainer import AullmTrainer, PartMeter

UNITS = ["AU1", "AU4", "AU12"]
TWO_UNITS = ("AU1", "AU2")


def test_each_unit_is_read_at_its_own_name(tmp_path):
    base = save_tiny_language_model(tmp_path)
    small = recipe_base().but(model={"num_language_layers": 2})
    last = new_model(small, UNITS, base)
    named = new_model(small.but(model={"readout": "au"}), UNITS, base)
    assert len(set(last.config.au_positions)) == 1
    assert len(set(named.config.au_positions)) == len(UNITS)
    logits = named.eval()(motion_values=torch.randn(1, 3, 5, 28, 28)).logits
    assert logits.shape == (1, 3)


class Readout(nn.Module):
    """Logits are the mean motion across and down, raised by a bias: it says yes too readily."""

    def __init__(self, bias: float):
        super().__init__()
        self.head = nn.Linear(2, 2)
        with torch.no_grad():
            self.head.weight.copy_(torch.eye(2))
            self.head.bias.fill_(bias)

    def forward(self, motion_values):
        return self.head(motion_values.mean((2, 3, 4)))


def clips(labels: np.ndarray, seed: int = 0) -> ClipSet:
    """Clips whose motion is larger where the unit is present."""
    noise = np.random.default_rng(seed).normal(0, 0.4, labels.shape)
    motion = torch.tensor(labels * 2.0 + noise, dtype=torch.float32)[:, :, None, None, None].expand(-1, -1, 5, 4, 4)
    ids = tuple(f"c{i}" for i in range(len(labels)))
    return ClipSet(motion.contiguous(), "motion_values", torch.tensor(labels), TWO_UNITS, ids, ids, "drawn")


def arguments(tmp_path, augmentation=None):
    return recipe_base().but(augmentation=augmentation).training_arguments(tmp_path, use_cpu=True)


def test_a_network_that_says_yes_too_readily_is_mended_for_people_never_seen(tmp_path):
    labels = (np.random.default_rng(1).random((200, 2)) < 0.2).astype(int)
    train, test, network = clips(labels[:100]), clips(labels[100:], seed=1), Readout(bias=1.5)

    def f1():
        return f1_score(test.labels, network(test.inputs).detach() > 0, average="macro")

    before = f1()
    move_bias(network.head, decision_shift(network, train, arguments(tmp_path)))
    assert f1() > before + 0.2


def test_shift_is_drawn_from_the_seed_and_reads_augmented_clips(tmp_path):
    train = clips((np.random.default_rng(2).random((60, 2)) < 0.3).astype(int))
    varied = [decision_shift(Readout(0.0), train, arguments(tmp_path, recipe_base().augmentation)) for _ in range(2)]
    np.testing.assert_array_equal(*varied)
    assert np.abs(varied[0] - decision_shift(Readout(0.0), train, arguments(tmp_path))).max() > 1e-3


def test_no_epoch_that_was_trained_on_is_drawn_for_the_shift(tmp_path):
    """With `max_steps` the number of epochs in the arguments says nothing."""
    train, recipe = clips((np.random.default_rng(2).random((60, 2)) < 0.3).astype(int)), recipe_base()
    steps = recipe.but(epochs=2).training_arguments(tmp_path, use_cpu=True, max_steps=30)
    latest = recipe.but(epochs=30).training_arguments(tmp_path, use_cpu=True)
    np.testing.assert_array_equal(*(decision_shift(Readout(0.0), train, args) for args in (steps, latest)))


def test_one_row_for_all_units_moves_by_the_mean():
    layer = nn.Linear(3, 1)
    before = layer.bias.item()
    move_bias(layer, np.array([1.0, 3.0]))
    assert layer.bias.item() == pytest.approx(before - 2.0)


def test_clips_without_any_label_are_not_trained_on(tmp_path, build_model, motion_clips):
    unknown = replace(motion_clips, labels=torch.full_like(motion_clips.labels, -1))
    with pytest.raises(ValueError, match="all labels of these 12 clips are unknown"):
        fit(build_model(), recipe_base(), unknown, tmp_path)


@pytest.mark.parametrize("preset", ["base", "whole"])
def test_a_unit_that_no_clip_is_coded_for_is_not_called_present(tmp_path, build_model, motion_clips, preset):
    uncoded = replace(motion_clips, labels=motion_clips.labels.clone())
    uncoded.labels[:, 3] = -1
    recipe = RECIPES[preset]().but(epochs=1, batch_size=4, model={})
    model = build_model(preset)
    fit(model, recipe, uncoded, tmp_path / "first", use_cpu=True, disable_tqdm=True)
    assert predict_probabilities(model, motion_clips)[:, 3].max() < 0.1
    assert predict_probabilities(model, motion_clips)[:, :3].max() > 0.5


def test_a_unit_that_the_start_knows_keeps_its_decision(tmp_path, build_model, motion_clips):
    uncoded = replace(motion_clips, labels=motion_clips.labels.clone())
    uncoded.labels[:, 3] = -1
    recipe = recipe_base().but(epochs=1, batch_size=4, model={})
    model = build_model("base")
    fit(model, recipe, motion_clips, tmp_path / "first", use_cpu=True, disable_tqdm=True)
    before = model.head.score.bias[3].item()
    fit(model, recipe, uncoded, tmp_path / "second", use_cpu=True, disable_tqdm=True)
    assert model.head.score.bias[3].item() == before


def test_an_uncoded_unit_does_not_move_the_one_row_of_all_names(tmp_path, build_model, motion_clips):
    motion_clips.labels[:, 3] = -1
    model = build_model("base", readout="au", prompt_ids=[5, 60, 61, 8, 9, 10, 11], au_positions=[3, 4, 5, 6])
    recipe = recipe_base().but(epochs=1, batch_size=4, model={})
    fit(model, recipe, motion_clips, tmp_path, use_cpu=True, disable_tqdm=True)
    assert abs(model.head.score.bias.item()) < 1


def test_a_calibration_does_not_outlive_the_weights_it_was_measured_on(tmp_path, build_model, motion_clips):
    """Neither in a training that measures none, nor in a new model of the same settings."""
    quiet = {"use_cpu": True, "disable_tqdm": True}
    recipe = recipe_base().but(epochs=1, batch_size=4, model={})
    model = build_model("base")
    fit(model, recipe, motion_clips, tmp_path / "first", **quiet)
    assert model.config.calibration
    model.save_pretrained(tmp_path / "model")
    args = recipe.training_arguments(tmp_path / "more", save_strategy="epoch", **quiet)
    going_on = AullmForActionUnitDetection.from_pretrained(tmp_path / "model")
    AullmTrainer(going_on, args, train_dataset=motion_clips).train()
    saved = next((tmp_path / "more").glob("checkpoint-*"))
    assert going_on.config.calibration is None and AullmConfig.from_pretrained(saved).calibration is None
    decide(model, recipe.but(calibration_rounds=0), motion_clips, args)
    assert model.config.calibration is None
    config = AullmConfig.from_pretrained(tmp_path / "model")
    assert config.calibration and AullmForActionUnitDetection.from_language_model(config).config.calibration is None


class OnAppleGpu(torch.Tensor):
    """Stands for a tensor on a device that has no float64; what `cpu()` gives has."""

    device = torch.device("mps")

    def double(self):
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype")

    def cpu(self):
        return self.as_subclass(torch.Tensor)


def test_a_device_without_float64_predicts_and_counts_losses(motion_clips):
    class Network(nn.Linear):
        def forward(self, motion_values):
            return super().forward(motion_values.mean((2, 3, 4))).as_subclass(OnAppleGpu)

    network, loss, meter = Network(3, 4), torch.tensor(0.1), PartMeter()
    expected = torch.sigmoid(network(motion_clips.inputs).cpu().double()).detach()
    np.testing.assert_array_equal(predict_probabilities(network, motion_clips), expected)
    for _ in range(3):
        meter.add({"main": loss.as_subclass(OnAppleGpu)}, 2)
    assert meter.read(SimpleNamespace(reduce=lambda totals, reduction: totals)) == {"loss_main": loss.item()}
