"""A finished model as the start of the next training.

    start = start_from("runs/release", table)
    AullmTrainer(start.model, start.recipe.training_arguments("runs/mine"), train_dataset=start.clips).train()
    Trainer(start.model, TrainingArguments("runs/mine"), train_dataset=start.clips).train()  # transformers' own

What the model knows of a unit follows the unit's name, units that it does not know start fresh, and adapters that were
merged are injected anew (`AullmForActionUnitDetection.for_processor`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
from transformers import set_seed

from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from processing_aullm import AullmProcessor
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.clip_checks import refuse_uncoded, uncoded_units
from training_aullm.learn.people import remember_people
from training_aullm.learn.recipes import RECIPES, Recipe, tuning_recipe
from training_aullm.loading import load_config, load_model


@dataclass(frozen=True)
class Start:
    """What a training goes on from.

    Attributes:
        model: to be trained.
        processor: its own.
        clips: to train on, labelled for the model's units, in the form that its front end reads.
        recipe: hyper-parameters for fine-tuning it.
    """

    model: AullmForActionUnitDetection
    processor: AullmProcessor
    clips: ClipSet
    recipe: Recipe


def start_from(
    source: str | Path,
    table: datasets.Dataset,
    action_units: Sequence[str] | None = None,
    cache_dir: str | Path | None = None,
) -> Start:
    """A finished model and clips to go on with.

    Args:
        source: a run's folder, a published folder, `release`, or a Hub id.
        table: rows of `dataset_scripts.schema.FEATURES`; crops that are registered already.
        action_units: K names to answer with; None: the model's own.
        cache_dir: folder for measured clips; None keeps nothing on disk.

    Returns:
        What to give to a trainer. The model's config already names these people as trained on, whichever trainer it is.

    Raises:
        FileNotFoundError, ValueError: as for `load_model`, and as for `ClipSet.build`.
        ValueError: no clip is coded for a unit that the model does not know either.
    """
    model, processor = started_model(source, action_units)
    measure = model if model.config.front_end == "displacement" else None
    clips = ClipSet.build(table, processor, processor.action_units, model=measure, cache_dir=cache_dir)
    coded = {*clips.action_units} - {*uncoded_units(clips)}
    refuse_uncoded(clips.data_set, clips.action_units, coded | {*load_config(source).action_units})
    remember_people(model.config, clips)
    return Start(model, processor, clips, recipe_to_go_on(source, processor.action_units))


def started_model(
    source: str | Path, action_units: Sequence[str] | None = None, seed: int = 0
) -> tuple[AullmForActionUnitDetection, AullmProcessor]:
    """A finished model, made ready to be trained on.

    Args:
        source: as for `load_model`.
        action_units: K names to answer with; None: the model's own.
        seed: of what starts fresh: new units, adapters.

    Returns:
        The model and its processor.

    Raises:
        FileNotFoundError, ValueError: as for `load_model`.
    """
    model, processor = load_model(source)
    if action_units is not None:
        processor = AullmProcessor(
            processor.image_processor,
            processor.tokenizer,
            list(action_units),
            processor.template,
            processor.content_token,
            processor.instruction_token,
        )
    set_seed(seed)
    return model.for_processor(processor), processor


def preset_of_model(source: str | Path) -> str:
    """The preset whose recipe suits a finished model; reads its config only.

    Args:
        source: as for `load_model`.

    Raises:
        FileNotFoundError, ValueError: as for `load_model`.
    """
    return _preset_of(load_config(source))


def recipe_to_go_on(source: str | Path, action_units: Sequence[str]) -> Recipe:
    """How a finished model is trained further; reads its config only.

    Args:
        source: as for `load_model`.
        action_units: that it will answer with.

    Raises:
        FileNotFoundError, ValueError: as for `load_model`.
    """
    config = load_config(source)
    recipe = tuning_recipe(RECIPES[_preset_of(config)](), set(action_units) <= set(config.action_units))
    if config.has_counterfactuals:
        return recipe
    return recipe.but(ccr_invariance_weight=0.0, ccr_intervention_weight=0.0)  # such as AU-LLM, by `paper`'s rates


def _preset_of(config: AullmConfig) -> str:
    """What the front end learns decides about rates and augmentation, prototypes about CCR."""
    if config.front_end == "led":
        return "paper"
    return "whole" if config.has_counterfactuals else "base"
