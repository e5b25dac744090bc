"""Batches of training, augmented and with a drawn flip, for any number of processes; and of evaluation, as they are.

The epoch travels with every index, so that augmentation and flips are functions of (seed, epoch, sample) in worker
processes and after a resume too.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.arguments import AullmTrainingArguments
from training_aullm.learn.augmentation import (
    Draws,
    augment_motion,
    augment_pixels,
    draw,
    mix_motion,
    normals_needed,
    partners,
)
from training_aullm.learn.counterfactual import draw_flips

EVALUATION_EPOCH = 0  # flips of an evaluation are the same every time, so that its losses can be compared over epochs


class EpochBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index) of one process. All processes together see each sample once per epoch.

    The samples of an epoch are shuffled and cut into global batches whose sizes differ by one at most: no ragged last
    batch, nothing dropped, nothing repeated. Each process takes its share of every global batch.
    """

    def __init__(self, size: int, global_batch: int, seed: int, rank: int = 0, processes: int = 1):
        """
        Args:
            size: number of samples.
            global_batch: largest number of samples per step over all processes.
            seed: of the shuffling.
            rank: this process.
            processes: their number.

        Raises:
            ValueError: a process would be left without a sample.
        """
        self.count = -(-size // global_batch) if size else 0
        if not self.count or size // self.count < processes:
            raise ValueError(
                f"{size} samples cannot be shared among {processes} processes in batches of {global_batch}"
            )
        self.size, self.seed, self.rank, self.processes, self.epoch = size, seed, rank, processes, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration shuffles for. The Trainer calls this."""
        self.epoch = int(epoch)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.size)
        for batch in np.array_split(order, self.count):
            # Every process shuffles alike and takes its part: no communication, and one process sees the same batches.
            yield [(self.epoch, int(index)) for index in np.array_split(batch, self.processes)[self.rank]]


class EpochLoader(DataLoader):
    """A DataLoader that hands the epoch on to its batch sampler."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration is drawn for."""
        self.batch_sampler.set_epoch(epoch)


class TrainingBatches(Dataset):
    """Whole batches of augmented training clips, by list of (epoch, index)."""

    def __init__(self, clips: ClipSet, args: AullmTrainingArguments):
        """
        Args:
            clips: the training clips.
            args: seeds, augmentation, and whether flips are wanted.
        """
        self.clips, self.settings = clips, args.augmentation()
        self.seed, self.flip_seed, self.flips = args.seed, args.flip_seed, args.uses_counterfactuals

    def __len__(self) -> int:
        return len(self.clips)

    # A DataLoader calls this once a batch, so that augmentation runs on (B, ...) tensors, not clip by clip.
    def __getitems__(self, keys: list[tuple[int, int]]) -> dict[str, torch.Tensor]:
        return joint_batches([self], [keys])[0]

    def draws(self, keys: list[tuple[int, int]]) -> Draws:
        """The random numbers that vary a batch."""
        moving = self.clips.input_name == "motion_values"
        normals = normals_needed(self.settings, self.clips.inputs.shape[2]) if moving else 0
        return draw(self.seed, keys[0][0], [index for _, index in keys], normals)


def joint_batches(sets: Sequence[TrainingBatches], keys: Sequence[list[tuple[int, int]]]) -> list[dict]:
    """A batch of each of several training sets, what each would give by itself; all clips are varied in one go.

    Args:
        sets: with the same kind of clips and the same augmentation.
        keys: (epoch, index) of the clips of each batch; a batch is of one epoch.

    Returns:
        Model inputs, `labels`, and the flips where they are wanted.
    """
    batches = [each.clips.batch([index for _, index in of]) for each, of in zip(sets, keys, strict=True)]
    if sets[0].settings is not None:
        batches = _varied(sets, batches, [each.draws(of) for each, of in zip(sets, keys, strict=True)])
    return [
        with_flips(batch, each.flip_seed, of[0][0], [index for _, index in of]) if each.flips else batch
        for each, batch, of in zip(sets, batches, keys, strict=True)
    ]


def _varied(sets: Sequence[TrainingBatches], batches: list[dict], each_draws: list[Draws]) -> list[dict]:
    name, settings = sets[0].clips.input_name, sets[0].settings
    draws = Draws(torch.cat([each.uniform for each in each_draws]), torch.cat([each.normal for each in each_draws]))
    inputs, labels = (torch.cat([batch[part] for batch in batches]) for part in (name, "labels"))
    if name == "pixel_values":
        inputs = augment_pixels(inputs, draws, settings)
    else:
        if settings.mix > 0:
            # Partners come from all training clips: what a clip is mixed with must not depend on its batch.
            others = [
                each.clips.batch(partners(own, len(each.clips)).tolist())
                for each, own in zip(sets, each_draws, strict=True)
            ]
            other, other_labels = (torch.cat([batch[part] for batch in others]) for part in (name, "labels"))
            inputs, labels = mix_motion(inputs, labels, other, other_labels, draws, settings)
        inputs = augment_motion(inputs, draws, settings)
    sizes = [len(batch["labels"]) for batch in batches]
    parts = zip(inputs.split(sizes), labels.split(sizes), strict=True)
    return [{name: values, "labels": known} for values, known in parts]


class ClipCollator:
    """Stacks clips of a `ClipSet` that come one by one: evaluation, prediction, anyone's own loop."""

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


def with_flips(batch: dict[str, torch.Tensor], seed: int, epoch: int, indices: list[int]) -> dict[str, torch.Tensor]:
    """The batch with `flip_index` and `flip_state` (B,): the action unit that CCR flips in each sample."""
    flip_index, flip_state = draw_flips(batch["labels"], seed, epoch, indices)
    return batch | {"flip_index": flip_index, "flip_state": flip_state}


def as_is(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Collator of a data set that gives whole batches."""
    return batch
