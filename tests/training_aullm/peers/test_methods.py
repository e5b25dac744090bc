"""The list of methods: what each reads, what differs between ours and its predecessor, and how names are chosen."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.training_aullm.conftest import make_clips
from training_aullm.comparing.inputs import FLOWS
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import recipe_base
from training_aullm.peers.aullm import AU_LLM, OWN, shuffle, with_layers
from training_aullm.peers.led import LedNetwork
from training_aullm.peers.method import Setup
from training_aullm.peers.methods import METHODS, PEERS, chosen_methods


def test_every_method_reads_something_that_is_made_and_says_where_it_comes_from():
    for method in METHODS.values():
        assert method.clips in {"motion", "frames", "labels", *FLOWS} and method.source
        assert method.settings()["run"] and " at 0x" not in method.shown_setting


def test_networks_of_one_kind_are_told_apart_in_the_record():
    assert METHODS["htnet"].settings()["run"] != METHODS["sssnet"].settings()["run"]
    assert METHODS["flow-lr"].settings()["run"] != str(METHODS["flow-lr"].others[0])


def test_the_predecessor_is_the_published_model_without_what_came_later():
    paper, before = OWN["paper"].settings(), AU_LLM.settings()
    changed = {name for name, value in paper["model"].items() if before["model"][name] != value}
    assert changed == {"use_instruction_token", "use_moe", "use_laplacian"}
    recipes = {name for name, value in paper["recipe"].items() if before["recipe"][name] != value}
    assert recipes == {"model", "ccr_invariance_weight", "ccr_intervention_weight"}


def test_the_depth_of_a_language_model_is_changed_where_there_is_one():
    for name, method in METHODS.items():
        changed = with_layers(method, 2)
        assert (changed != method) == (name in OWN or name == "au-llm")
    assert with_layers(METHODS["paper"], 2).settings()["model"]["num_language_layers"] == 2


@pytest.mark.parametrize("name", ["base", "base-shuffled", "paper", "au-llm"])
def test_a_model_of_ours_is_trained_and_answers(name, language_model_with_tokenizer, tmp_path):
    method = with_layers(METHODS[name].with_epochs(1), 1)
    clips = make_clips(8)
    shape = (8, 3, 5, 28, 28) if method.clips == "motion" else (8, 6, 1, 64, 64)
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    pixels = {"inputs": (100 + 20 * inputs).clamp(0, 255).to(torch.uint8), "input_name": "pixel_values"}
    clips = dataclasses.replace(clips, **({"inputs": inputs} if method.clips == "motion" else pixels))
    setup = Setup(0, language_model_with_tokenizer, tmp_path)
    told, again = (method.run(method.recipe, clips, [clips], setup)[0] for _ in range(2))
    assert told.shape == (8, 4) and ((told > 0) & (told < 1)).all() and np.array_equal(told, again)


def test_a_language_model_that_learned_nothing_keeps_its_numbers_and_no_place(language_model_with_tokenizer):
    model = new_model(recipe_base().but(model={"num_language_layers": 1}), ["AU4"], language_model_with_tokenizer)
    reader, before = model.model.reader, {name: weight.clone() for name, weight in model.named_parameters()}
    shuffle(reader.frozen_tensors(), 0)
    for name, weight in model.named_parameters():
        moved = name.startswith("model.reader") and "lora_" not in name
        assert torch.equal(weight.flatten().sort().values, before[name].flatten().sort().values)
        assert torch.equal(weight, before[name]) != (moved and len(weight.unique()) > 1), name


def test_led_has_the_sizes_of_the_published_script():
    """9 x 9 cells, 2 steps, 64 channels: 10,368 numbers before the head; three learned scalars in the filter."""
    network = LedNetwork(8)
    assert network.head.in_features == 10368
    assert sum(weight.numel() for weight in network.led.parameters()) == 3


def test_all_present_says_so():
    clips = make_clips(5)
    (told,) = METHODS["all-present"].run(None, clips, [clips], Setup())
    assert np.array_equal(told, np.ones((5, 4)))


def test_peers_stand_for_all_of_them_and_a_name_counts_once():
    assert list(chosen_methods("base, peers,htnet")) == ["base", *PEERS]


@pytest.mark.parametrize("names", ["base,nonsense", "", ","])
def test_what_is_no_method_is_refused(names):
    with pytest.raises(ValueError, match="is no method; choose among peers, base"):
        chosen_methods(names)


@pytest.fixture
def finished(tmp_path, language_model_with_tokenizer) -> str:
    """A finished model for two of the four units."""
    small = {
        "num_language_layers": 1,
        "graph_width": 16,
        "high_width": 16,
        "mid_channels": 4,
        "encoder_channels": [4, 8],
    }
    recipe, units = recipe_base().but(model=small | {"lora_rank": 2}), ["AU4", "AU12"]
    new_model(recipe, units, language_model_with_tokenizer).save_pretrained(tmp_path / "finished", full=True)
    new_processor("base", units, language_model_with_tokenizer).save_pretrained(tmp_path / "finished")
    return str(tmp_path / "finished")


def test_a_finished_model_is_trained_further_or_asked_as_it_is(finished, tmp_path):
    motion = torch.randn((8, 3, 5, 28, 28), generator=torch.Generator().manual_seed(0))
    clips, setup = dataclasses.replace(make_clips(8), inputs=motion), Setup(0, scratch=tmp_path, start=finished)
    as_it_is, further = METHODS["pretrained-as-it-is"], METHODS["base-pretrained"].with_epochs(1)
    known = clips.select(["AU12", "AU4"])
    (asked,) = as_it_is.run(None, known, [known], setup)
    assert np.array_equal(asked[:, ::-1], as_it_is.run(None, clips.select(["AU4", "AU12"]), [clips], setup)[0])
    (trained,) = further.run(further.recipe, known, [known], setup)
    assert trained.shape == asked.shape and not np.allclose(trained, asked)
    assert further.run(further.recipe, clips, [clips], setup)[0].shape == (8, 4)  # two units start fresh
    with pytest.raises(ValueError, match="does not know AU1, AU2"):
        as_it_is.run(None, clips, [clips], setup)


@pytest.mark.parametrize("name", ["base", "base-mlp", "base-no-instruction", "base-pretrained"])
def test_what_is_fitted_at_once_answers_as_what_is_fitted_alone(
    name, finished, language_model_with_tokenizer, tmp_path
):
    method = with_layers(METHODS[name].with_epochs(1), 1)
    motion = torch.randn((20, 3, 5, 28, 28), generator=torch.Generator().manual_seed(0))
    clips = dataclasses.replace(make_clips(20), inputs=motion).select(["AU4", "AU12"])
    setup = Setup(0, language_model_with_tokenizer, tmp_path, start=finished)
    trains, tests = [clips.subset(range(17)), clips.subset(range(4, 20))], [clips.subset([18]), clips.subset([0, 1])]
    alone = [method.run(method.recipe, *each, setup) for each in zip(trains, [[tests[0]], tests], strict=True)]
    together = list(method.run_at_once(method.recipe, trains, [[tests[0]], tests], setup))
    assert [len(each) for each in together] == [1, 2] and not np.allclose(together[0][0], together[1][0])
    for told, expected in zip(together[0] + together[1], alone[0] + alone[1], strict=True):
        np.testing.assert_allclose(told, expected, atol=1e-4)


def test_a_method_fitted_at_once_does_what_it_does_alone():
    pairs = {"run_aullm": "run_aullm_at_once", "go_on": "go_on_at_once"}
    at_once = [method for method in METHODS.values() if method.run_at_once is not None]
    assert at_once and all(pairs.get(method.run.__name__) == method.run_at_once.__name__ for method in at_once)


def test_what_looks_at_whole_batches_is_not_fitted_at_once():
    for method in METHODS.values():
        if method.run_at_once is not None:
            assert method.settings()["model"]["norm"] == "group" and not method.recipe.bf16
    assert METHODS["paper"].run_at_once is None and METHODS["base"].run_at_once is not None
