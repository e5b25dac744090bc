"""AULLM++ itself, its parts switched off one at a time, and its predecessor AU-LLM.

Source: AU-LLM is arXiv 2507.21778 (code: github.com/ZS-liu-JLU/AU-LLMs, commit 45430d0): LED, an encoder with
squeeze-excitation, middle and high features in one content token behind the prompt, LoRA, read at the last position.
It is our model with the parts of the predecessor alone: no graph, no instruction token, no counterfactuals, no expert
gate, no Laplacian. Ours: three convolutional experts, averaged, where theirs has none; a compact projection (0.81 M
weights; theirs has 62.7 M with our language model); a norm before the head; the content token before the prompt, as in
AULLM++; recipe and depth are those of `paper`. So it trains 1.29 M weights for eight units and theirs would 66.3 M.

Tested in tests/training_aullm/peers/test_methods.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import fit, new_model, predict_probabilities
from training_aullm.learn.folds_at_once import fit_at_once
from training_aullm.learn.recipes import (
    Recipe,
    recipe_base,
    recipe_paper,
    recipe_published,
    recipe_whole,
    tuning_recipe,
)
from training_aullm.learn.starting import started_model
from training_aullm.loading import load_config, load_model
from training_aullm.peers.method import Method, Setup

NO_CCR = {"ccr_invariance_weight": 0.0, "ccr_intervention_weight": 0.0}


def run_aullm(recipe: Recipe, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
    """Train AULLM++ as the recipe says."""
    model = new_model(recipe, train.action_units, setup.language_model, setup.seed)
    fit(model, recipe, train, setup.scratch, setup.seed, callbacks=[])
    return [predict_probabilities(model, clips) for clips in tests]


def run_shuffled(recipe: Recipe, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
    """Train AULLM++ around a language model that has learned nothing: each frozen weight's numbers change places.

    Source: Our choice: drawn weights of another size would ask about sizes, too.
    """
    model = new_model(recipe, train.action_units, setup.language_model, setup.seed)
    shuffle(model.model.reader.frozen_tensors(), setup.seed)
    fit(model, recipe, train, setup.scratch, setup.seed, callbacks=[])
    return [predict_probabilities(model, clips) for clips in tests]


@torch.no_grad()
def shuffle(weights: Iterable[torch.Tensor], seed: int) -> None:
    """Put the numbers of each weight in another order, in place: size and distribution stay, nothing else."""
    generator = torch.Generator().manual_seed(seed)
    for weight in weights:
        weight.copy_(weight.flatten()[torch.randperm(weight.numel(), generator=generator)].view_as(weight))


def go_on(recipe: Recipe, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
    """Train the finished model `setup.start` further. Units that it does not know start fresh."""
    model, _ = started_model(setup.start, train.action_units, setup.seed)
    fit(model, recipe, train, setup.scratch, setup.seed, callbacks=[])
    return [predict_probabilities(model, clips) for clips in tests]


def run_aullm_at_once(
    recipe: Recipe, trains: Sequence[ClipSet], tests: Sequence[list[ClipSet]], setup: Setup
) -> Iterator[list[np.ndarray]]:
    """`run_aullm` for several training sets in lockstep."""
    model = new_model(recipe, trains[0].action_units, setup.language_model, setup.seed)
    models = fit_at_once(model, recipe, trains, setup.scratch, setup.seed, progress=False)
    return ([predict_probabilities(model, clips) for clips in sets] for model, sets in zip(models, tests, strict=True))


def go_on_at_once(
    recipe: Recipe, trains: Sequence[ClipSet], tests: Sequence[list[ClipSet]], setup: Setup
) -> Iterator[list[np.ndarray]]:
    """`go_on` for several training sets in lockstep."""
    model, _ = started_model(setup.start, trains[0].action_units, setup.seed)
    models = fit_at_once(model, recipe, trains, setup.scratch, setup.seed, progress=False)
    return ([predict_probabilities(model, clips) for clips in sets] for model, sets in zip(models, tests, strict=True))


def as_it_is(recipe: None, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
    """Ask the finished model `setup.start`, which learns nothing here.

    Raises:
        ValueError: it does not know a unit.
    """
    model, processor = load_model(setup.start)
    if unknown := [name for name in train.action_units if name not in processor.action_units]:
        raise ValueError(f"{setup.start} does not know {', '.join(unknown)}: leave out pretrained-as-it-is")
    columns = [processor.action_units.index(name) for name in train.action_units]
    known = [clips.select(processor.action_units) for clips in tests]
    return [predict_probabilities(model, clips)[:, columns] for clips in known]


def own_calibration(setup: Setup, action_units: Sequence[str]) -> dict[str, list[float]] | None:
    """What the finished model `setup.start` says of its own answers; None where it says nothing."""
    config = load_config(setup.start)
    if config.calibration is None:
        return None
    columns = [config.action_units.index(name) for name in action_units]
    return {name: [numbers[column] for column in columns] for name, numbers in config.calibration.items()}


def base_with(model: dict[str, object], **changes: float) -> Method:
    """`base` with some fields of its model and of its recipe changed."""
    return Method("motion", run_aullm, recipe_base().but(model=model, **changes), run_at_once=run_aullm_at_once)


def whole_with(model: dict[str, object], **changes: float) -> Method:
    """`whole` with some fields of its model and of its recipe changed."""
    return Method("motion", run_aullm, recipe_whole().but(model=model, **changes), run_at_once=run_aullm_at_once)


def with_layers(method: Method, layers: int | None) -> Method:
    """The method with another depth of its language model; None, or a method without one, leaves it as it is."""
    if layers is None or method.run not in (run_aullm, run_shuffled):
        return method
    return method.but(model={"num_language_layers": layers})


PREDECESSOR = {"use_instruction_token": False, "use_moe": False, "use_laplacian": False}

OWN = {
    "base": base_with({}),
    "base-no-instruction": base_with({"use_instruction_token": False}),
    "base-no-content": base_with({"use_content_token": False}),
    "base-mlp": base_with({"reader": "mlp"}),
    "base-shuffled": replace(base_with({}), run=run_shuffled, run_at_once=None),
    "base-by-name": base_with({"readout": "au"}),
    "whole": whole_with({}),
    "whole-no-ccr": whole_with({}, **NO_CCR),
    "whole-no-instruction": whole_with({"use_instruction_token": False}, **NO_CCR),
    "whole-no-content": whole_with({"use_content_token": False}),
    "whole-no-prior": whole_with({"use_prior": False}),
    "whole-no-moe": whole_with({"use_moe": False}),
    "whole-no-laplacian": whole_with({"use_laplacian": False}),
    "whole-no-squeeze": whole_with({"use_squeeze_excitation": False}),
    "paper": Method("frames", run_aullm, recipe_paper(), "AULLM++ (Liu et al., 2026), as published"),
    "paper-with-head": Method(
        "frames",
        run_aullm,
        recipe_paper().but(model={"evidence_skip": True, "evidence_loss_weight": 1.0}, **NO_CCR),
        "AULLM++ with base's small head beside the language model, without CCR",
    ),
    "paper-published": Method("frames", run_aullm, recipe_published(), "the same with AU-LLM's published schedule"),
}
STARTED = {
    "base-pretrained": Method(
        "motion",
        go_on,
        tuning_recipe(recipe_base()),
        "ours, from a finished model",
        starts=True,
        run_at_once=go_on_at_once,
    ),
    "pretrained-as-it-is": Method(
        "motion", as_it_is, None, "ours, pre-trained", starts=True, calibration=own_calibration
    ),
}
AU_LLM = Method(
    "frames", run_aullm, recipe_paper().but(model=PREDECESSOR, **NO_CCR), "AU-LLM (CCBR 2025), its parts in our model"
)
