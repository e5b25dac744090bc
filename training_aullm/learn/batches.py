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
from training_aullm.learn.augmentation import augment_motion, augment_pixels, draw, mix_motion, normals_needed, partners
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
        epoch, indices = keys[0][0], [index for _, index in keys]
        batch = self.clips.batch(indices)
        if self.settings is not None:
            batch = self._varied(batch, epoch, indices)
        return with_flips(batch, self.flip_seed, epoch, indices) if self.flips else batch

    def _varied(self, batch: dict[str, torch.Tensor], epoch: int, indices: list[int]) -> dict[str, torch.Tensor]:
        if "pixel_values" in batch:
            draws = draw(self.seed, epoch, indices, normals=0)
            return batch | {"pixel_values": augment_pixels(batch["pixel_values"], draws, self.settings)}
        motion = batch["motion_values"]
        draws = draw(self.seed, epoch, indices, normals_needed(self.settings, motion.shape[2]))
        # Partners come from all training clips: what a clip is mixed with must not depend on its batch.
        other = self.clips.batch(partners(draws, len(self.clips)).tolist())
        motion, labels = mix_motion(
            motion, batch["labels"], other["motion_values"], other["labels"], draws, self.settings
        )
        return {"motion_values": augment_motion(motion, draws, self.settings), "labels": labels}


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
