"""Trains the plain networks among the methods: one loop, one loss, one way of batching for all of them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from modeling_aullm.loss_aullm import asymmetric_loss
from training_aullm.clips.clip_cache import load_tensors, save_tensors
from training_aullm.clips.clip_set import ClipSet, clips_digest
from training_aullm.learn.batches import EpochBatches, TrainingBatches, as_is
from training_aullm.learn.fitting import decision_shift, move_bias, predict_probabilities
from training_aullm.learn.recipes import Recipe
from training_aullm.learn.trainer import parameter_groups
from training_aullm.peers.method import Setup


@dataclass(frozen=True)
class NetworkRun:
    """Trains a plain network: the `run` of a `Method`.

    Attributes:
        network: K -> a module that takes the clips' input by name, gives (B, K) logits and has a linear layer `head`.
        gamma_negative: focusing on absent action units.
        clip: margin of the asymmetric loss.

    Source: our choice, the same for every flow network: gamma 2 without a margin is what `flow-cnn` was found to need.
        The papers train emotion classes with cross-entropy, which does not say how to weigh rare units.
    """

    network: Callable[[int], nn.Module]
    gamma_negative: float = 2.0
    clip: float = 0.0

    def __str__(self) -> str:
        return f"{self.network.__name__}, gamma {self.gamma_negative:g}, margin {self.clip:g}"

    def __call__(self, recipe: Recipe, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
        """Fit on `train`, give (N, K) probabilities for each of `tests`."""
        torch.manual_seed(setup.seed)
        network = self.fit(self.network(len(train.action_units)), train, recipe, setup.seed)
        return [predict_probabilities(network, clips) for clips in tests]

    def fit(self, network: nn.Module, clips: ClipSet, recipe: Recipe, seed: int) -> nn.Module:
        """Train a network that exists already."""
        return fit_network(network, clips, recipe, seed, self.gamma_negative, self.clip)


def fit_network(
    network: nn.Module, clips: ClipSet, recipe: Recipe, seed: int, gamma_negative: float, clip: float
) -> nn.Module:
    """Train a plain network with the asymmetric loss, the same batching, and the recipe's rates and calibration.

    Args:
        network: takes the clips' inputs, gives (B, K) logits.
        clips: training clips.
        recipe: epochs, batch size, rates, augmentation.
        seed: of order and augmentation (weights: seed torch before building the network).
        gamma_negative: focusing on absent action units.
        clip: margin of the asymmetric loss.

    Returns:
        The network, trained, in evaluation mode.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, args = network.to(device), recipe.training_arguments("unused", seed=seed)
    batches = EpochBatches(len(clips), recipe.batch_size, seed)
    loader = DataLoader(TrainingBatches(clips, args), batch_sampler=batches, collate_fn=as_is)
    matrices = {name for name, weight in network.named_parameters() if weight.ndim > 1}
    optimizer = torch.optim.AdamW(parameter_groups(network, args, matrices), fused=True)
    epochs = max(1, round(recipe.epochs))
    steps = max(2, epochs * len(batches))
    rates = [group["lr"] for group in optimizer.param_groups]
    rising = recipe.warmup if recipe.warmup * steps > 1 else 2 / (steps + 1)  # torch divides by what is above one step
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=rates, total_steps=steps, pct_start=rising, cycle_momentum=False
    )
    network.train()
    for epoch in range(epochs):
        batches.set_epoch(epoch)
        for batch in loader:
            with torch.autocast(device.type, torch.bfloat16, enabled=recipe.bf16):
                logits = network(batch[clips.input_name].to(device))
            loss = asymmetric_loss(logits, batch["labels"].to(device), gamma_negative, 0.0, clip)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.max_grad_norm)
            optimizer.step()
            schedule.step()
    if recipe.calibration_rounds:
        move_bias(network.head, decision_shift(network, clips, args, recipe.calibration_rounds))
    return network.eval()


@dataclass(frozen=True)
class TransferredRun:
    """Trains a plain network on clips of other people first, then on those that are compared.

    Attributes:
        training: of the network.
        first: recipe of the first half; None: that of the second.
    """

    training: NetworkRun
    first: Recipe | None = None

    def __str__(self) -> str:
        first = "" if self.first is None else f" for {self.first.epochs:g} epochs at {self.first.learning_rate:g}"
        return f"{self.training}, after other people{first}"

    def __call__(self, recipe: Recipe, train: ClipSet, tests: list[ClipSet], setup: Setup) -> list[np.ndarray]:
        """Fit on `setup.others` and on `train`, give (N, K) probabilities for each of `tests`.

        The first half is the same for every fold with the same action units, so it is kept in `setup.scratch`, under a
        name made of all that it depends on.
        """
        torch.manual_seed(setup.seed)
        network, first = self.training.network(len(train.action_units)), self.first or recipe
        others = setup.others.select(train.action_units)
        made_of = f"{setup.seed} {self} {first} {clips_digest(others)}"
        path = setup.scratch / f"others-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.safetensors"
        weights = load_tensors(path)
        if weights is None:
            with torch.random.fork_rng():  # whether the first half was trained just now must not be seen in the second
                weights = self.training.fit(network, others, first, setup.seed).cpu().state_dict()
            weights = save_tensors(weights, path)
        network.load_state_dict(weights)
        self.training.fit(network, train, recipe, setup.seed)
        return [predict_probabilities(network, clips) for clips in tests]
