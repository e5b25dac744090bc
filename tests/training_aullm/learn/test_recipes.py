"""Recipes, and the tables of docs/experiments.md that were measured with them."""

import re
from dataclasses import fields

import pytest

from tests.contract.tree import ROOT
from training_aullm.learn.recipes import (
    recipe_base,
    recipe_flow_cnn,
    recipe_led_network,
    recipe_paper,
    recipe_published,
    recipe_whole,
    tuning_recipe,
)
from training_aullm.peers.aullm import STARTED
from training_aullm.peers.methods import METHODS
from training_aullm.prepare.sources import Source
from training_aullm.runs.settings import RunSettings

RECIPES = {
    "base": recipe_base(),
    "paper": recipe_paper(),
    "led-network": recipe_led_network(),
    "flow-cnn": recipe_flow_cnn(),
}


def described(variant: str) -> str:
    """What docs/experiments.md says about a row of its tables."""
    text = (ROOT / "docs" / "experiments.md").read_text("utf-8")
    table = text[text.index("| variant | what it is |") :]
    return re.search(rf"^\| {variant} \| (.*) \|$", table, re.MULTILINE)[1]


@pytest.mark.parametrize("variant", ["base", "paper"])
def test_the_table_names_the_layers_that_the_recipe_trains_with(variant):
    layers = re.search(r"first (\d+) layers", described(variant))
    assert int(layers[1]) == RECIPES[variant].model["num_language_layers"]


@pytest.mark.parametrize("variant", RECIPES)
def test_the_table_names_the_epochs_of_the_recipe(variant):
    assert int(re.search(r"(\d+) epochs", described(variant))[1]) == RECIPES[variant].epochs


def test_the_published_schedule_is_that_of_the_script():
    """Facts of the predecessor's script; the whole language model, and everything else as in `paper`."""
    recipe, paper = recipe_published(), recipe_paper()
    assert (recipe.epochs, recipe.batch_size, recipe.weight_decay) == (350, 256, 0.005)
    assert recipe.learning_rate == recipe.lora_learning_rate == 3e-5
    assert recipe.model["num_language_layers"] is None and METHODS["paper-published"].recipe == recipe
    schedule = {"epochs", "batch_size", "learning_rate", "lora_learning_rate", "model"}
    assert {f.name for f in fields(recipe) if getattr(recipe, f.name) != getattr(paper, f.name)} == schedule


def test_whole_is_base_with_ccr():
    off = {"preset": "base", "ccr_invariance_weight": 0.0, "ccr_intervention_weight": 0.0}
    assert recipe_whole().ccr_invariance_weight > 0 and recipe_whole().ccr_intervention_weight > 0
    assert recipe_whole().but(**off) == recipe_base()


def test_changes_of_the_model_are_added_to_those_of_the_recipe():
    changed = recipe_paper().but(epochs=3, model={"use_moe": False})
    assert (changed.epochs, changed.learning_rate) == (3, recipe_paper().learning_rate)
    assert changed.model == recipe_paper().model | {"use_moe": False}


def test_arguments_hold_the_recipe_and_what_overrides_it(tmp_path):
    args = recipe_base().training_arguments(tmp_path, seed=4, use_cpu=True, num_train_epochs=2)
    assert (args.seed, args.num_train_epochs, args.learning_rate) == (4, 2, recipe_base().learning_rate)
    assert args.augmentation() == recipe_base().augmentation
    assert recipe_base().but(augmentation=None).training_arguments(tmp_path, use_cpu=True).augmentation() is None


def test_the_precision_is_the_recipes_whatever_a_launcher_says(tmp_path, monkeypatch):
    """`accelerate launch` exports the precision of the user's settings, and records would not tell."""
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "fp16")
    assert recipe_base().training_arguments(tmp_path).mixed_precision == "no"
    assert recipe_base().training_arguments(tmp_path, bf16=True).mixed_precision == "bf16"


def test_motion_of_the_flow_networks_is_mirrored_and_scaled_and_nothing_else():
    """As docs/comparison.md and their files say."""
    varied = {key for key, strength in vars(recipe_flow_cnn().augmentation).items() if strength}
    assert varied == {"mirror", "amplitude", "noise_cells", "gain"}  # no noise to have cells, no pixels to brighten
    assert recipe_flow_cnn().augmentation.amplitude == 0.35


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.recipe is not None])
def test_every_method_can_be_trained_on_this_machine(name, tmp_path):
    recipe = METHODS[name].recipe
    assert recipe.training_arguments(tmp_path).bf16 == recipe.bf16


def test_a_unit_read_at_its_name_stands_in_the_prompt():
    assert [recipe().template for recipe in (recipe_base, recipe_whole, recipe_paper)] == ["base", "base", "paper"]
    assert recipe_base().but(model={"readout": "au"}).template == "query"


RATES = ("learning_rate", "lora_learning_rate", "led_learning_rate")


@pytest.mark.parametrize(("knows_all", "part"), [(True, 10), (False, 3)])
@pytest.mark.parametrize("recipe", [recipe_base(), recipe_paper()])
def test_going_on_is_shorter_and_slower_and_otherwise_the_same(recipe, knows_all, part):
    tuning = tuning_recipe(recipe, knows_all)
    assert [getattr(tuning, rate) for rate in RATES] == pytest.approx([getattr(recipe, rate) / part for rate in RATES])
    same = {rate: getattr(recipe, rate) for rate in RATES}
    assert tuning.but(epochs=recipe.epochs, **same) == recipe and tuning.epochs == recipe.epochs // 2


def test_commands_and_comparison_go_on_alike():
    """`train --from` and `evaluate --from` take the run's settings, `compare` the method's."""
    run = RunSettings(Source("casme2-like"), ("AU4",), start="release")
    assert run.recipe == STARTED["base-pretrained"].recipe == tuning_recipe(recipe_base())
    new = RunSettings(Source("casme2-like"), ("AU4", "AU20"), start="release")
    assert new.recipe == tuning_recipe(recipe_base(), knows_all=False)
