"""Several folds trained in lockstep: what they train is stacked, what is frozen is shared and multiplied once for all.

for model, fold in zip(fit_at_once(model, recipe, [clips.subset(fold.train) for fold in folds], out), folds):
    predict_probabilities(model, clips.subset(fold.test))

A fold is a row: all its trained weights, one after the other. A step is one forward and one backward pass for all rows
(`torch.vmap` over `functional_call`); batches, augmentation, flips, dropout, cut gradients, optimiser and schedule are
each fold's own, those of its own `AullmTrainer`. So the weights are those of one fold after the other but for rounding.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn
from torch.func import functional_call
from tqdm.auto import tqdm

from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.agreement_aullm import check_labels
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.arguments import AullmTrainingArguments
from training_aullm.learn.batches import EpochBatches, joint_batches
from training_aullm.learn.dropout_masks import DropoutMasks
from training_aullm.learn.fitting import decide, taught_units
from training_aullm.learn.people import remember_people
from training_aullm.learn.recipes import Recipe
from training_aullm.learn.trainer import AullmTrainer

T = TypeVar("T")


def fit_at_once(
    model: AullmForActionUnitDetection,
    recipe: Recipe,
    folds: Sequence[ClipSet],
    output_dir: str | Path,
    seed: int = 0,
    progress: bool = True,
    **overrides: Any,
) -> Iterator[AullmForActionUnitDetection]:
    """Train a model for each of several folds; every fold as `fit` would have trained it alone.

    Args:
        model: the start of every fold.
        recipe: hyper-parameters.
        folds: training clips of each.
        output_dir: as for `fit`; nothing is written.
        seed: as for `fit`, of every fold.
        progress: show a bar.
        **overrides: fields of `AullmTrainingArguments`.

    Yields:
        The model, once per fold with the weights, decisions and calibration of that fold: one object, so be done with a
        fold before asking for the next.

    Raises:
        ValueError: the clips are not for this model; or model or arguments cannot be trained in lockstep.
    """
    refuse_model(model)
    taught = taught_units(model)
    args = recipe.training_arguments(output_dir, seed, **overrides)
    together = FoldsAtOnce(model, args, folds)
    together.train(progress)
    seen_before = model.config.trained_on
    for number, clips in enumerate(folds):
        together.put_in(number)
        model.config.trained_on = seen_before
        remember_people(model.config, clips)
        decide(model, recipe, clips, args, taught)
        yield model


def refuse_model(model: AullmForActionUnitDetection) -> None:
    """Refuse a model whose copies in lockstep could not do as each would alone.

    Raises:
        ValueError: batch statistics, which clips that fill up a shorter batch would enter; or dropout in LoRA, whose
            modules are called twice a pass.
    """
    config = model.config
    reasons = {
        f'norm="{config.norm}" looks at whole batches': config.norm == "batch",
        f"lora_dropout={config.lora_dropout} draws twice a pass": config.lora_dropout > 0 and config.lora_rank > 0,
    }
    _refuse([reason for reason, holds in reasons.items() if holds])


def _refuse(reasons: list[str]) -> None:
    if reasons:
        raise ValueError(f"folds at once: {'; '.join(reasons)}. Train this recipe fold by fold")


def in_groups(work: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Pieces of work in order, so many together; the last group may be smaller."""
    return (work[start : start + size] for start in range(0, len(work), size))


class Batches(NamedTuple):
    """One batch of each of F folds."""

    inputs: dict[str, torch.Tensor]  # (F, B, ...) by name
    masks: list[torch.Tensor]  # (F, times, B, ...) a dropout module
    shares: torch.Tensor  # (F,) B over the clips that a fold really has in its batch


class FoldsAtOnce:
    """F folds in lockstep.

    Attributes:
        rows: (F, P) the trained weights of every fold, optimiser group after group.

    Source: our choice. Rows instead of a stack for every weight: norms and updates of a fold are then those of a few
        long vectors.
    """

    def __init__(self, model: AullmForActionUnitDetection, args: AullmTrainingArguments, folds: Sequence[ClipSet]):
        """
        Args:
            model: the start of every fold; moved to the device of `args`.
            args: of every fold.
            folds: training clips of each.

        Raises:
            ValueError: arguments of a training that was not tried in lockstep.
        """
        untried = {"bf16": False, "fp16": False, "gradient_accumulation_steps": 1, "max_steps": -1}
        _refuse([f"{name}={getattr(args, name)}" for name, usual in untried.items() if getattr(args, name) != usual])
        groups = AullmTrainer(model=model, args=args).create_optimizer().param_groups
        names = {id(weight): name for name, weight in model.named_parameters()}
        self.model = model
        self.weights = {names[id(weight)]: weight for group in groups for weight in group["params"]}
        start = torch.cat([weight.detach().flatten() for weight in self.weights.values()])
        self.rows = start.repeat(len(folds), 1).requires_grad_()
        self.rows.grad = torch.zeros_like(self.rows)
        parts = zip(folds, self.rows.detach(), self.rows.grad, strict=True)
        self.folds = [Fold(model, args, clips, groups, row, gradient) for clips, row, gradient in parts]

    def train(self, progress: bool = True) -> None:
        """All steps of all folds. A fold of fewer steps than others rests when it is done."""
        with self.training():
            for step in tqdm(range(max(fold.steps for fold in self.folds)), "folds at once", disable=not progress):
                numbers = [number for number, fold in enumerate(self.folds) if step < fold.steps]
                self.backward(numbers, self.prepare(numbers))
                self.update(numbers)

    @contextmanager
    def training(self) -> Iterator[None]:
        """Within, the model's dropout takes masks that are given, and its labels are not looked at: `Fold` has."""
        self.dropout = DropoutMasks(self.model, _moved(self.folds[0].clips.__getitems__([(0, 0)]), self.rows.device))
        self.model.checks_values = False
        try:
            yield
        finally:
            self.model.checks_values = True

    def prepare(self, numbers: Sequence[int]) -> "Batches":
        """What the next step of some folds is made of, drawn from each fold's own random numbers."""
        folds = [self.folds[number] for number in numbers]
        batches = joint_batches([fold.clips for fold in folds], [next(fold.keys) for fold in folds])
        sizes = [len(batch["labels"]) for batch in batches]
        masks = [self.dropout.draw(size, fold.generator) for size, fold in zip(sizes, folds, strict=True)]
        # Each part of a loss is a mean over the batch, to which clips that fill it up add nothing but their number.
        shares = torch.tensor([max(sizes) / size for size in sizes], device=self.rows.device)
        inputs = _moved(_filled_up(batches, max(sizes)), self.rows.device)
        return Batches(inputs, _stacked_masks(masks, max(sizes)), shares)

    def backward(self, numbers: Sequence[int], batches: "Batches") -> None:
        """Gradients of these folds."""
        rows = self.rows if len(numbers) == len(self.folds) else self.rows[list(numbers)]
        losses = torch.vmap(self._loss)(rows, batches.inputs, batches.masks)
        self.rows.grad.zero_()  # in place: the optimisers of the folds look into it
        (losses * batches.shares).sum().backward()

    def update(self, numbers: Sequence[int]) -> None:
        """Cut the gradients of these folds, update their weights, go on in their schedules."""
        for number in numbers:
            self.folds[number].step()

    @torch.no_grad()
    def put_in(self, number: int) -> None:
        """Give the model the weights of a fold."""
        for weight, own in zip(self.weights.values(), self._of_row(self.rows[number]).values(), strict=True):
            weight.copy_(own)

    def _loss(self, row: torch.Tensor, batch: dict[str, torch.Tensor], masks: list[torch.Tensor]) -> torch.Tensor:
        """The loss of one fold. (P,) -> ()."""
        with self.dropout.given(masks):
            outputs = functional_call(self.model, self._of_row(row), kwargs=batch)
        return self.folds[0].trainer.loss_of(outputs, batch)[0]

    def _of_row(self, row: torch.Tensor) -> dict[str, torch.Tensor]:
        """A row as weights by name."""
        parts = row.split([weight.numel() for weight in self.weights.values()])
        return {name: part.view(weight.shape) for (name, weight), part in zip(self.weights.items(), parts, strict=True)}


class Fold:
    """What is one fold's own: batches, random numbers, optimiser and schedule, all as in a training by itself."""

    def __init__(
        self,
        model: AullmForActionUnitDetection,
        args: AullmTrainingArguments,
        clips: ClipSet,
        groups: list[dict],
        row: torch.Tensor,
        gradient: torch.Tensor,
    ):
        """
        Args:
            model: shared by all folds.
            args: of the training.
            clips: training clips.
            groups: of the optimiser over the model's own weights; the row holds them one after the other.
            row: (P,) weights, trained in place.
            gradient: (P,) where their gradients will be.

        Raises:
            ValueError: a label is none, or the clips are not for this model.
        """
        check_labels(clips.labels, clips.labels)
        clips = replace(clips, inputs=clips.inputs.to(row.device))  # varied there; labels are few and stay
        sizes = [sum(weight.numel() for weight in group["params"]) for group in groups]
        self.weights = [nn.Parameter(part) for part in row.split(sizes)]
        for weight, part in zip(self.weights, gradient.split(sizes), strict=True):
            weight.grad = part
        kind, options = AullmTrainer.get_optimizer_cls_and_kwargs(args, model)
        own = [group | {"params": [weight]} for group, weight in zip(groups, self.weights, strict=True)]
        self.trainer = AullmTrainer(
            model=model, args=args, train_dataset=clips, optimizers=(kind(own, **options), None), callbacks=[]
        )
        self.generator = torch.Generator(row.device).manual_seed(args.seed)
        loader = self.trainer.get_train_dataloader()
        self.clips, self.keys = loader.dataset, self._keys(loader.batch_sampler)
        self.steps = math.ceil(args.num_train_epochs * len(loader))
        self.trainer.create_scheduler(self.steps)

    def step(self) -> None:
        """Cut the gradients, update the weights, go on in the schedule."""
        if self.trainer.args.max_grad_norm:
            nn.utils.clip_grad_norm_(self.weights, self.trainer.args.max_grad_norm)
        self.trainer.optimizer.step()
        self.trainer.lr_scheduler.step()

    def _keys(self, sampler: EpochBatches) -> Iterator[list[tuple[int, int]]]:
        """Which clips are in a batch, epoch after epoch."""
        for epoch in count():
            sampler.set_epoch(epoch)
            # A DataLoader takes a number from the stream of dropout whenever an epoch begins; so must we.
            torch.empty((), dtype=torch.int64, device=self.generator.device).random_(generator=self.generator)
            yield from sampler


def _filled_up(batches: list[dict[str, torch.Tensor]], size: int) -> dict[str, torch.Tensor]:
    """Batches as one (F, size, ...). What is missing in one is filled up by its first clip with all labels unknown."""

    def full(name: str, values: torch.Tensor) -> torch.Tensor:
        more = values[:1].expand(size - len(values), *values.shape[1:])
        return torch.cat([values, torch.full_like(more, -1) if name == "labels" else more])

    return {name: torch.stack([full(name, batch[name]) for batch in batches]) for name in batches[0]}


def _stacked_masks(masks: list[list[torch.Tensor]], size: int) -> list[torch.Tensor]:
    """Masks (times, B, ...) of each fold as (F, times, size, ...) a module."""

    def full(mask: torch.Tensor) -> torch.Tensor:
        times, clips, *shape = mask.shape
        return torch.cat([mask, mask.new_ones(times, size - clips, *shape)], dim=1)

    return [torch.stack([full(mask) for mask in each]) for each in zip(*masks, strict=True)]


def _moved(batch: dict[str, torch.Tensor], device: torch.device) -> dict[str, torch.Tensor]:
    return {name: values.to(device) for name, values in batch.items()}
