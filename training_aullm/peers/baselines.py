"""What AULLM++ is compared with, on the same clips and folds: a plain LED network, and two methods on optical flow.

None of them has a language model, a relation graph or counterfactuals. Source: our choice; the first probes on the
clip source were made with these three.
"""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader

from modeling_aullm.configuration_aullm import AullmConfig
from modeling_aullm.loss_aullm import asymmetric_loss
from modeling_aullm.temporal_aullm import EulerianFilter
from modeling_aullm.visual_aullm import MotionEncoder
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.batches import EpochBatches, TrainingBatches, as_is
from training_aullm.learn.fitting import decision_shift, move_bias
from training_aullm.learn.recipes import Recipe
from training_aullm.learn.trainer import parameter_groups


class LedNetwork(nn.Module):
    """LED, the published 3-D encoder with squeeze-excitation, one linear layer.

    Source: Varanka et al. (SCIA 2023) and the AU-LLM script for the encoder's sizes.
    """

    def __init__(self, labels: int):
        """
        Args:
            labels: K action units.
        """
        super().__init__()
        config = AullmConfig.preset("paper", language_model=None)
        self.led = EulerianFilter(config.num_frames, tuple(config.led_start), config.led_epsilon)
        self.encoder = MotionEncoder(config, in_channels=1)
        self.pool = nn.Sequential(nn.MaxPool3d(2), nn.Dropout3d(config.encoder_dropout), nn.Flatten())
        self.head = nn.Linear(config.encoder_channels[1] * 2 * 9 * 9, labels)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            pixel_values: (B, 6, 1, 64, 64) in [0, 1].

        Returns:
            (B, K) logits.
        """
        return self.head(self.pool(self.encoder(self.led(pixel_values.transpose(1, 2)))))


class FlowConvNet(nn.Module):
    """A small 2-D network on the flow from onset to each of five frames, stacked as channels."""

    def __init__(self, labels: int, steps: int = 5, width: int = 32):
        """
        Args:
            labels: K action units.
            steps: flow fields per clip.
            width: channels of the first layer.
        """
        super().__init__()
        layers, channels = [], 2 * steps
        for wider in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.GroupNorm(8, wider), nn.GELU(), nn.MaxPool2d(2)]
            channels = wider
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.5))
        self.head = nn.Linear(channels * 3 * 3, labels)

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, steps, 28, 28) in pixels.

        Returns:
            (B, K) logits.
        """
        return self.head(self.features(motion_values.flatten(1, 2)))


class FlowLogisticRegression:
    """One balanced logistic regression per action unit on the flow from onset to the true apex.

    An action unit with fewer than three known positives in training is never predicted. Balanced weights already put
    decisions near the best threshold: calibrating it on its training clips, as the networks are, made it worse (.61 to
    .56 on development renders), because it knows them too well.
    """

    def __init__(self, regularisation: float = 0.02):
        """
        Args:
            regularisation: inverse strength C of scikit-learn.
        """
        self.regularisation = regularisation
        self.models: list = []

    def fit(self, clips: ClipSet) -> "FlowLogisticRegression":
        """
        Args:
            clips: training clips of `flow.apex_flow`.

        Returns:
            Itself.
        """
        flow, labels = clips.inputs.flatten(1).numpy(), clips.labels.numpy()
        self.models = [self._fit_one(flow[column != -1], column[column != -1]) for column in labels.T]
        return self

    def predict(self, clips: ClipSet) -> np.ndarray:
        """
        Args:
            clips: clips of `flow.apex_flow`.

        Returns:
            (N, K) probabilities.
        """
        flow = clips.inputs.flatten(1).numpy()
        none = np.zeros(len(flow))
        return np.stack([none if each is None else each.predict_proba(flow)[:, 1] for each in self.models], axis=1)

    def _fit_one(self, flow: np.ndarray, labels: np.ndarray):
        if labels.sum() < 3 or labels.all():
            return None
        classifier = LogisticRegression(C=self.regularisation, class_weight="balanced", max_iter=300)
        return make_pipeline(StandardScaler(), classifier).fit(flow, labels)


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
    args = recipe.training_arguments("unused", seed=seed, use_cpu=True)
    batches = EpochBatches(len(clips), recipe.batch_size, seed)
    loader = DataLoader(TrainingBatches(clips, args), batch_sampler=batches, collate_fn=as_is)
    matrices = {name for name, weight in network.named_parameters() if weight.ndim > 1}
    optimizer = torch.optim.AdamW(parameter_groups(network, args, matrices))
    steps = recipe.epochs * len(batches)
    rates = [group["lr"] for group in optimizer.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=rates, total_steps=steps, pct_start=recipe.warmup, cycle_momentum=False
    )
    network.train()
    for epoch in range(recipe.epochs):
        batches.set_epoch(epoch)
        for batch in loader:
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bf16):
                logits = network(batch[clips.input_name])
            loss = asymmetric_loss(logits, batch["labels"], gamma_negative, 0.0, clip)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.max_grad_norm)
            optimizer.step()
            schedule.step()
    if recipe.calibration_rounds:
        move_bias(network.head, decision_shift(network, clips, args, recipe.calibration_rounds))
    return network.eval()
