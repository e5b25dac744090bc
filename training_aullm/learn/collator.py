"""Collation of clips that come one by one: evaluation, prediction, and anyone's own loop."""

from collections.abc import Sequence

import torch

from training_aullm.learn.batches import with_flips

EVALUATION_EPOCH = 0  # flips of an evaluation are the same every time, so that its losses can be compared over epochs


class ClipCollator:
    """Stacks the clips of a `ClipSet` into model inputs; on request draws the action units that CCR flips."""

    def __init__(self, flip_seed: int | None = None):
        """
        Args:
            flip_seed: seed of the flips; None: no flips (no counterfactual pass).
        """
        self.flip_seed = flip_seed

    def __call__(self, samples: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        """
        Args:
            samples: items of a ClipSet.

        Returns:
            Model inputs with a batch dimension: `motion_values` or `pixel_values`, `labels`, and the flips if asked
                for.
        """
        names = [name for name in samples[0] if name != "index"]
        batch = {name: torch.stack([sample[name] for sample in samples]) for name in names}
        if self.flip_seed is None:
            return batch
        return with_flips(batch, self.flip_seed, EVALUATION_EPOCH, [int(sample["index"]) for sample in samples])
