"""Every training hyper-parameter of each preset, in one place.

    recipe = recipe_base()
    args = recipe.training_arguments("runs/mine", seed=0)

Epochs are fixed in advance and no checkpoint is chosen by a score: nothing here may come from test subjects.
"""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch

from processing_aullm.processing_aullm import PRESETS
from training_aullm.learn.arguments import PREFIX, AullmTrainingArguments
from training_aullm.learn.augmentation import AugmentationSettings


@dataclass(frozen=True)
class Recipe:
    """How one model is built and trained.

    Attributes:
        preset: preset of `AullmConfig` ("base", "whole", "paper").
        model: fields of `AullmConfig` that differ from the preset.
        epochs: passes over the training clips.
        batch_size: clips per step of a process, which trains on one graphics card, however many there are.
        learning_rate: of new modules.
        lora_learning_rate: of LoRA.
        led_learning_rate: of LED's scalars.
        weight_decay: on matrices of new modules and of LoRA.
        warmup: fraction of the steps in which the learning rates rise.
        max_grad_norm: gradient norm is cut to this.
        ccr_invariance_weight: see `AullmTrainingArguments`.
        ccr_intervention_weight: see `AullmTrainingArguments`.
        augmentation: strengths; None: clips as they are.
        bf16: autocast to bfloat16.
        calibration_rounds: times every training clip is varied for `decision_shift`; 0: decisions stay.
    """

    preset: str
    model: dict[str, Any] = field(default_factory=dict)
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 1e-3
    lora_learning_rate: float = 5e-4
    led_learning_rate: float = 0.01
    weight_decay: float = 0.05
    warmup: float = 0.1
    max_grad_norm: float = 1.0
    ccr_invariance_weight: float = 0.0
    ccr_intervention_weight: float = 0.0
    augmentation: AugmentationSettings | None = field(default_factory=AugmentationSettings)
    bf16: bool = False
    calibration_rounds: int = 3

    def but(self, **changes: Any) -> "Recipe":
        """The recipe with some fields replaced; entries of `model` are added to those there.

        Args:
            **changes: fields of `Recipe`.

        Returns:
            A new recipe.
        """
        if "model" in changes:
            changes["model"] = self.model | changes["model"]
        return replace(self, **changes)

    @property
    def template(self) -> str:
        """The prompt template: the preset's, but a unit that is read at its name must stand in the prompt."""
        return "query" if self.model.get("readout") == "au" else PRESETS[self.preset][1]

    def training_arguments(self, output_dir: str | Path, seed: int = 0, **overrides: Any) -> AullmTrainingArguments:
        """Arguments for `AullmTrainer`.

        Args:
            output_dir: folder for checkpoints.
            seed: of weights, order, augmentation and flips.
            **overrides: fields of `AullmTrainingArguments` that the recipe does not set, or sets otherwise.

        Returns:
            The arguments. Nothing is saved, logged to services or evaluated during training unless asked for.
        """
        varied = {"augment": self.augmentation is not None}
        if self.augmentation is not None:
            varied |= {
                PREFIX + each.name: getattr(self.augmentation, each.name) for each in fields(AugmentationSettings)
            }
        settings = {
            "output_dir": str(output_dir),
            "seed": seed,
            "num_train_epochs": self.epochs,
            "per_device_train_batch_size": self.batch_size,
            "per_device_eval_batch_size": 2 * self.batch_size,
            "learning_rate": self.learning_rate,
            "lora_learning_rate": self.lora_learning_rate,
            "led_learning_rate": self.led_learning_rate,
            "weight_decay": self.weight_decay,
            "warmup_steps": self.warmup,
            "lr_scheduler_type": "cosine",
            "max_grad_norm": self.max_grad_norm,
            "ccr_invariance_weight": self.ccr_invariance_weight,
            "ccr_intervention_weight": self.ccr_intervention_weight,
            "bf16": self.bf16,
            "use_cpu": not torch.accelerator.is_available(),  # unless said, transformers refuses bfloat16 there
            "logging_strategy": "epoch",
            "save_strategy": "no",
            "eval_strategy": "no",
            "report_to": "none",
        }
        args = AullmTrainingArguments(**(settings | varied | overrides))
        if not (args.bf16 or args.fp16):  # else `accelerate launch` would decide, and records would not say so
            args.mixed_precision = "no"
        return args


def recipe_base() -> Recipe:
    """The preset `base`: measured motion, the first layers of the language model, and augmentation."""
    return Recipe(
        preset="base",
        model={"num_language_layers": 4},
        epochs=24,
        batch_size=16,
        augmentation=AugmentationSettings(mix=0.0),
    )


def recipe_whole() -> Recipe:
    """The preset `whole`: `base` with every part of the published figure, and CCR."""
    return replace(recipe_base(), preset="whole", ccr_invariance_weight=0.1, ccr_intervention_weight=0.1)


def recipe_paper() -> Recipe:
    """The preset `paper`: LED on 64x64 frames, mirrored and shifted.

    Source: dropout, decay and loss of the AU-LLM script. Its 350 epochs of batch 256 at 3e-5 are replaced by fewer,
        larger steps (our choice: about 200 training clips and two CPU cores), the frozen body is kept in bfloat16
        (our choice: fifteen tokens a clip make it most of a step). The asymmetric loss with gamma 4 is small, and CCR
        at `whole`'s weights drowns it: AUC .61 at 0.1, .76 at 0.01 (20 epochs, one fold of development renders).
    """
    return Recipe(
        preset="paper",
        model={"num_language_layers": 4, "language_dtype": "bfloat16"},
        epochs=30,
        batch_size=16,
        learning_rate=1e-3,
        lora_learning_rate=5e-4,
        weight_decay=0.005,
        ccr_invariance_weight=0.01,
        ccr_intervention_weight=0.01,
        augmentation=AugmentationSettings(mirror=0.5, shift=0.03, gain=0.1),
    )


def recipe_published() -> Recipe:
    """`paper` with the published schedule and the whole language model: made for a graphics card and licensed clips.

    Source: the AU-LLM script: Adam at 3e-5, batches of 256, 350 epochs. AULLM++ names no other; how CCR is weighed,
        mirror and shift are ours, as in `recipe_paper`.
    """
    return recipe_paper().but(
        model={"num_language_layers": None},
        epochs=350,
        batch_size=256,
        learning_rate=3e-5,
        lora_learning_rate=3e-5,
    )


KNOWN_PART, FRESH_PART = 10, 3
"""By what rates are divided where a finished model goes on: with units that it knows, with some that start fresh."""


def tuning_recipe(recipe: Recipe, knows_all: bool = True) -> Recipe:
    """For going on with a finished model: the recipe half as long, at a tenth of its rates.

    Args:
        recipe: of the model's preset.
        knows_all: whether the model knows every unit that is asked for; what starts fresh needs a third of the rates.

    Source: Chosen on development people (`benchmarks.going_on`, docs/experiments.md). With units that are known a third
        is as good where the model is trained further and loses on another domain; a unit that is not learns less at a
        tenth.
    """
    return _slower(recipe.but(epochs=recipe.epochs // 2), KNOWN_PART if knows_all else FRESH_PART)


def with_fresh_units(recipe: Recipe) -> Recipe:
    """A recipe of `tuning_recipe` for units that the model knows, when some of those asked for start fresh.

    Args:
        recipe: as it is, or with other epochs or rates.
    """
    return _slower(recipe, FRESH_PART / KNOWN_PART)


def _slower(recipe: Recipe, part: float) -> Recipe:
    return recipe.but(
        learning_rate=recipe.learning_rate / part,
        lora_learning_rate=recipe.lora_learning_rate / part,
        led_learning_rate=recipe.led_learning_rate / part,
    )


def recipe_led_network() -> Recipe:
    """The plain LED network (no language model, no graph), with the augmentation of `paper`. Rates and epochs are our
    choice, for two CPU cores: LED's published script takes 0.1 for its scalars and 1e-4 for the rest, over more epochs.
    In float32: bfloat16 gains nothing even on a CPU that has it (0.73 s a step of 32 clips on one core, 0.72 without).
    """
    return recipe_paper().but(
        epochs=40,
        batch_size=32,
        ccr_invariance_weight=0.0,
        ccr_intervention_weight=0.0,
    )


def recipe_flow_cnn() -> Recipe:
    """The small 2-D network on Farneback flow.

    Its clips are mirrored, and their motion is made up to 1.4 times as large or as small (`amplitude`). Not calibrated:
    varied so little it knows its training clips too well, and lost by it (.660 to .629 on two sets of development
    renders).
    """
    return Recipe(
        preset="base",
        epochs=30,
        calibration_rounds=0,
        augmentation=AugmentationSettings(
            mirror=0.5, shift=0.0, scale=0.0, rotation=0.0, noise=0.0, drift=0.0, drift_turn=0.0, mix=0.0
        ),
    )


RECIPES = {"base": recipe_base, "whole": recipe_whole, "paper": recipe_paper}
"""Of each preset of the model."""
