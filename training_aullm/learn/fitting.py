"""From a recipe to a trained model, and from a model to predictions: what commands and benchmarks share.

model, processor = new_model(recipe, action_units), new_processor(recipe.preset, action_units)
trainer = fit(model, recipe, train_clips, "runs/mine", seed=0)
predictions = as_predictions(predict_probabilities(model, test_clips), test_clips, "fold0", seed=0)
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PrinterCallback, ProgressCallback, TrainerCallback, set_seed

from modeling_aullm import AullmConfig, AullmForActionUnitDetection, resolve_language_model
from processing_aullm import AullmProcessor
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.arguments import AullmTrainingArguments
from training_aullm.learn.batches import TrainingBatches
from training_aullm.learn.calibration import calibrate, evidence
from training_aullm.learn.checkpoints import newest_whole_checkpoint
from training_aullm.learn.clip_checks import check_answers
from training_aullm.learn.recipes import Recipe
from training_aullm.learn.trainer import AullmTrainer
from training_aullm.score.metrics import UNKNOWN, best_cut
from training_aullm.score.predictions import Predictions

SURELY_ABSENT = 4.0  # logits under the threshold: a probability below 0.02


def new_processor(
    preset: str, action_units: Sequence[str], language_model: str = "bundled", template: str | None = None
) -> AullmProcessor:
    """The processor of a preset with the language model's tokenizer.

    Args:
        preset: "base", "whole" or "paper".
        action_units: names, in order.
        language_model: Hub id, folder or "bundled".
        template: name of a prompt template; None: the preset's.

    Returns:
        The processor.
    """
    location, _ = resolve_language_model(language_model)
    return AullmProcessor.from_parts(location, preset=preset, action_units=action_units, template=template)


def new_model(
    recipe: Recipe, action_units: Sequence[str], language_model: str = "bundled", seed: int = 0
) -> AullmForActionUnitDetection:
    """An untrained model around a pretrained language model, with the processor's prompt stored in its config.

    Args:
        recipe: preset and config fields.
        action_units: names, in order.
        language_model: Hub id, folder or "bundled".
        seed: of the new weights.

    Returns:
        The model.
    """
    processor = new_processor(recipe.preset, action_units, language_model, recipe.template)
    prompt, (content, instruction) = processor.prompt(), processor.placeholder_ids
    settings = {
        "prompt_ids": list(prompt.input_ids),
        "au_positions": list(prompt.au_positions),
        "content_token_id": content,
        "instruction_token_id": instruction,
    }
    set_seed(seed)  # right before the weights are drawn: nothing above may move them
    config = AullmConfig.preset(recipe.preset, language_model, list(action_units), **(settings | recipe.model))
    return AullmForActionUnitDetection.from_language_model(config, language_model)


def fit(
    model: AullmForActionUnitDetection,
    recipe: Recipe,
    clips: ClipSet,
    output_dir: str | Path,
    seed: int = 0,
    eval_clips: ClipSet | None = None,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] | None = None,
    **overrides: Any,
) -> AullmTrainer:
    """Train as the recipe says, move the decisions to threshold 0.5 on the training clips, and calibrate on them.

    Args:
        model: from `new_model`; trained in place and left in evaluation mode.
        recipe: hyper-parameters.
        clips: training clips.
        output_dir: folder for checkpoints.
        seed: of order, augmentation, flips and dropout.
        eval_clips: clips to evaluate on after each epoch, for curves only: nothing is chosen by them.
        resume: go on from the newest whole checkpoint in `output_dir`; where there is none, from the start.
        callbacks: called at every step, instead of the Trainer's own printing; an empty sequence trains in silence.
        **overrides: fields of `AullmTrainingArguments`.

    Returns:
        The trainer; `trainer.state.log_history` holds the curves.

    Raises:
        ValueError: the clips do not fit the model's front end or action units, or all labels are unknown.
    """
    strategy = {} if eval_clips is None else {"eval_strategy": "epoch"}
    args = recipe.training_arguments(output_dir, seed, **(strategy | overrides))
    trainer = AullmTrainer(model=model, args=args, train_dataset=clips, eval_dataset=eval_clips, callbacks=callbacks)
    for printing in () if callbacks is None else (PrinterCallback, ProgressCallback):
        trainer.remove_callback(printing)
    checkpoint = newest_whole_checkpoint(output_dir) if resume else None
    taught = taught_units(model)
    trainer.train(resume_from_checkpoint=checkpoint and str(checkpoint))
    decide(model, recipe, clips, args, taught)  # after the last checkpoint, so that a resumed run is not moved twice
    return trainer


def taught_units(model: AullmForActionUnitDetection) -> np.ndarray:
    """Which units a model knows; asked before it is trained on.

    Returns:
        (K,) bool. The bias of a unit's logit starts at zero and moves once it is trained. One row that is read at every
        name answers for units that were never labelled, too: it is taken to know all.
    """
    bias = model.head.score.bias.detach().cpu().numpy()
    return (bias != 0) | np.full(len(model.config.action_units), model.head.by_name)


def decide(
    model: AullmForActionUnitDetection,
    recipe: Recipe,
    clips: ClipSet,
    args: AullmTrainingArguments,
    taught: np.ndarray | None = None,
) -> None:
    """Move the decisions of a trained model to threshold 0.5 on its training clips, and calibrate it on them.

    Args:
        model: trained; changed in place and left in evaluation mode.
        recipe: says how often clips are varied for it; 0: decisions stay, and nothing is calibrated.
        clips: the training clips.
        args: of the training.
        taught: (K,) `taught_units` of the model before: their decisions stay where no clip has a label. None: none.
    """
    model.eval()
    model.config.calibration = None  # of other weights
    if recipe.calibration_rounds:
        logits, labels = varied_answers(model, clips, args, recipe.calibration_rounds)
        moved = move_bias(model.head.score, _shift(logits, labels, taught))
        model.config.calibration = calibrate(logits - moved, labels)


def decision_shift(
    network: nn.Module, clips: ClipSet, args: AullmTrainingArguments, rounds: int = 3, batch_size: int = 64
) -> np.ndarray:
    """How far every action unit's logits lie above where they should be cut, by training clips alone.

    The asymmetric loss makes networks answer "present" too readily: at 0.5 recall is high and precision low, on the
    training clips already. Moving each unit's bias to where F1 is highest there makes 0.5 the right threshold.

    Args:
        network: trained; gives logits, or an output that has them.
        clips: the training clips.
        args: of the training: seeds and augmentation. Epochs after the last one are drawn.
        rounds: as for `varied_answers`.
        batch_size: clips per forward pass.

    Returns:
        (K,) to be taken from the logits.

    Source:
        Our choice; docs/training.md ("Where to say yes") has what it gave.
    """
    return _shift(*varied_answers(network, clips, args, rounds, batch_size))


@torch.inference_mode()
def varied_answers(
    network: nn.Module, clips: ClipSet, args: AullmTrainingArguments, rounds: int = 3, batch_size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """What a network answers to its training clips in variations that it has not seen.

    Args:
        network: trained; gives logits, or an output that has them.
        clips: the training clips.
        args: of the training: seeds and augmentation. Epochs after the last one are drawn.
        rounds: times that every clip is varied anew. Clips as they are would flatter: the network has them by heart.
        batch_size: clips per forward pass.

    Returns:
        Logits and labels, (rounds N, K) each.
    """
    network.eval()
    batches, device = TrainingBatches(clips, args), next(network.parameters()).device
    logits, labels = [], []
    # An epoch has a step at least, so that many steps have seen no later one.
    after = math.ceil(args.num_train_epochs) if args.max_steps < 1 else args.max_steps
    for epoch in range(after, after + rounds):
        for start in range(0, len(clips), batch_size):
            keys = [(epoch, index) for index in range(start, min(start + batch_size, len(clips)))]
            batch = batches.__getitems__(keys)  # epochs that training did not see: new augmentation
            logits.append(_logits(network, batch[clips.input_name].to(device), clips.input_name).float().cpu())
            labels.append(batch["labels"])
    return torch.cat(logits).numpy(), torch.cat(labels).numpy()


def _shift(logits: np.ndarray, labels: np.ndarray, taught: np.ndarray | None = None) -> np.ndarray:
    """(K,); every unit is cut by itself, and one that nobody taught far above all that is answered for it."""
    cuts = np.array([best_cut(*column) for column in zip(logits.T, labels.T, strict=True)])
    known = (labels != UNKNOWN).any(0)
    return np.where(known if taught is None else known | taught, cuts, logits.max(0) + SURELY_ABSENT)


@torch.no_grad()
def move_bias(layer: nn.Linear, shift: np.ndarray) -> np.ndarray:
    """Take a shift from the logits of the last layer.

    Args:
        layer: the layer that gives the logits: K rows, or one row that is read at every action unit's name.
        shift: (K,). One shared row can only be moved as a whole: by the mean.

    Returns:
        (K,) what was taken.
    """
    moved = shift if len(layer.bias) == len(shift) else shift.mean(keepdims=True)
    layer.bias -= torch.from_numpy(moved).to(layer.bias)
    return np.broadcast_to(moved, shift.shape)


@torch.inference_mode()
def predict_probabilities(model: nn.Module, clips: ClipSet, batch_size: int = 64) -> np.ndarray:
    """Probability of every action unit in every clip.

    Args:
        model: an AULLM++ model, or a plain network that gives logits.
        clips: the clips.
        batch_size: clips per forward pass.

    Returns:
        (N, K) float64.

    Raises:
        ValueError: the clips are labelled for other action units than the model answers for, or in another order.
    """
    if hasattr(model, "config"):  # a plain network has no names for its answers
        check_answers(model.config, clips)
    model.eval()
    device, logits = next(model.parameters()).device, []
    for start in range(0, len(clips), batch_size):
        batch = clips.batch(range(start, min(start + batch_size, len(clips))))
        logits.append(_logits(model, batch[clips.input_name].to(device), clips.input_name))
    return torch.sigmoid(torch.cat(logits).cpu().double()).numpy()  # not every device has float64


def _logits(network: nn.Module, values: torch.Tensor, input_name: str) -> torch.Tensor:
    """(B, K) of an AULLM++ model or of a plain network."""
    output = network(**{input_name: values})
    return output if isinstance(output, torch.Tensor) else output.logits


def as_predictions(
    probabilities: np.ndarray, clips: ClipSet, fold: str, seed: int, calibration: dict | None = None
) -> Predictions:
    """Probabilities with the sample ids, subjects and labels of their clips.

    Args:
        probabilities: (N, K).
        clips: the N clips.
        fold: name of the split they were tested in.
        seed: training seed.
        calibration: of the model's config, for the evidence beside the probabilities.

    Returns:
        Predictions, ready to save.
    """
    return Predictions(
        sample_ids=clips.sample_ids,
        subjects=clips.subjects,
        data_set=clips.data_set,
        fold=(fold,) * len(clips),
        seed=seed,
        action_units=clips.action_units,
        probabilities=probabilities,
        labels=clips.labels.numpy(),
        evidence=None if calibration is None else evidence(probabilities, calibration),
    )
