"""Clips of a data set as tensors in memory: decoded, sampled and measured once, kept on disk for the next run.

    clips = ClipSet.build(load_synthetic("casme2-like"), processor, model.config.action_units, model=model)
    train, test = clips.subset(fold.train), clips.subset(fold.test)

A front end without trained weights ("displacement") is run here, once per clip, and training reads `motion_values`;
with the trained LED front end the frames themselves are kept, as bytes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
import torch
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.registry import person
from processing_aullm.video_aullm import FrameList
from training_aullm.clips.clip_cache import CLIP_COLUMNS, fingerprint, load_tensors, save_tensors
from training_aullm.clips.stored_frames import EncodedFrames, stored_rows

ACTION_UNIT_COLUMNS = {name: column for column, name in enumerate(ACTION_UNITS)}


@dataclass(frozen=True)
class ClipSet(Dataset):
    """N clips of one data set.

    Attributes:
        inputs: `motion_values` (N, C, T-1, h, w) float32 as the front end measures them, or `pixel_values`
            (N, T, 1, S, S) uint8.
        input_name: "motion_values" or "pixel_values": the model argument that `inputs` is for.
        labels: (N, K) int64: 1 present, 0 absent, -1 unknown.
        action_units: K names.
        sample_ids: N ids, each once.
        subjects: N subject names.
        data_set: name of the data set.
        label_releases: which releases of the labels, "synthetic-2"; none where nobody said.
        joined_sets: whether subjects carry their data set's name, as in sets that were joined.
    """

    inputs: torch.Tensor
    input_name: str
    labels: torch.Tensor
    action_units: tuple[str, ...]
    sample_ids: tuple[str, ...]
    subjects: tuple[str, ...]
    data_set: str
    label_releases: tuple[str, ...] = ()
    joined_sets: bool = False

    @property
    def people(self) -> tuple[str, ...]:
        """N people by data set and name, "samm/006": two sets may both have an "s001", or the same people."""
        return self.subjects if self.joined_sets else tuple(person(self.data_set, name) for name in self.subjects)

    @classmethod
    def build(
        cls,
        table: datasets.Dataset,
        processor,
        action_units: Sequence[str],
        model=None,
        align: bool = False,
        cache_dir: str | Path | None = None,
        batch_size: int = 16,
        progress: bool = True,
    ) -> "ClipSet":
        """Run every clip through the processor (and the model's motion measurement) once.

        Args:
            table: rows of `dataset_scripts.schema.FEATURES`.
            processor: an AullmProcessor.
            action_units: names of the labels wanted, in order.
            model: a model with front_end="displacement", to measure motion with; None keeps the pixels.
            align: find and hold the face; False for crops that are registered already.
            cache_dir: folder for the finished tensors; None keeps nothing on disk.
            batch_size: clips processed together.
            progress: show a progress bar.

        Returns:
            The clips, in table order.

        Raises:
            ValueError: an empty table, rows of several data sets, a repeated sample id, or an unknown action-unit name.
        """
        sample_ids, subjects, data_set = identities(table)
        labels = select_labels(np.asarray(table["action_units"]), action_units)
        path = None
        if cache_dir is not None:
            path = Path(cache_dir) / f"clips-{fingerprint(table, processor, model, align)}.safetensors"
        tensors = load_tensors(path)
        if tensors is None:
            tensors = _measure(table, processor, model, align, batch_size, progress)
            tensors = save_tensors(tensors, path)
        (input_name, inputs), *_ = tensors.items()
        releases = set(table["label_release"]) - {None} if "label_release" in table.column_names else ()
        names = tuple(action_units)
        return cls(inputs, input_name, labels, names, sample_ids, subjects, data_set, tuple(sorted(releases)))

    @classmethod
    def joined(cls, sets: Sequence["ClipSet"], name: str) -> "ClipSet":
        """Several sets as one, for training on all of them.

        Args:
            sets: clips measured alike and labelled for the same action units.
            name: of the new set.

        Returns:
            Their clips one after the other. Subjects are `people`.
        """
        first = sets[0]
        return first._with(
            inputs=torch.cat([each.inputs for each in sets]),
            labels=torch.cat([each.labels for each in sets]),
            sample_ids=tuple(sample for each in sets for sample in each.sample_ids),
            subjects=tuple(person for each in sets for person in each.people),
            data_set=name,
            label_releases=tuple(sorted({release for each in sets for release in each.label_releases})),
            joined_sets=True,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        item = {name: tensor[0] for name, tensor in self.batch([index]).items()}
        return item | {"index": torch.tensor(index)}

    def batch(self, indices: Sequence[int]) -> dict[str, torch.Tensor]:
        """Model inputs and labels of some clips.

        Args:
            indices: B positions.

        Returns:
            The input tensor under `input_name` (pixels as float32 in [0, 1]) and `labels` (B, K) float32.
        """
        rows = torch.as_tensor(indices, dtype=torch.long)
        inputs = self.inputs[rows]
        inputs = inputs.float() / 255 if inputs.dtype == torch.uint8 else inputs
        return {self.input_name: inputs, "labels": self.labels[rows].float()}

    def subset(self, indices: Sequence[int]) -> "ClipSet":
        """The clips at these positions, in this order.

        Args:
            indices: positions.

        Returns:
            A new set (its tensors are copies).
        """
        rows = torch.as_tensor(np.asarray(indices), dtype=torch.long)
        return self._with(
            inputs=self.inputs[rows],
            labels=self.labels[rows],
            sample_ids=tuple(self.sample_ids[row] for row in rows),
            subjects=tuple(self.subjects[row] for row in rows),
        )

    def select(self, action_units: Sequence[str]) -> "ClipSet":
        """The same clips with the labels of these action units only; a name without labels becomes unknown (-1)."""
        columns = [self.action_units.index(name) if name in self.action_units else None for name in action_units]
        unknown = torch.full_like(self.labels[:, 0], -1)
        labels = torch.stack([unknown if column is None else self.labels[:, column] for column in columns], dim=1)
        return self._with(labels=labels, action_units=tuple(action_units))

    def _with(self, **changes) -> "ClipSet":
        return ClipSet(**{**vars(self), **changes})


def select_labels(universal: np.ndarray, action_units: Sequence[str]) -> torch.Tensor:
    """Columns of the label vector that every data set shares.

    Args:
        universal: (N, len(ACTION_UNITS)) in {1, 0, -1}.
        action_units: K names, in the order wanted.

    Returns:
        (N, K) int64.

    Raises:
        ValueError: a name that no data set codes.
    """
    unknown = [name for name in action_units if name not in ACTION_UNIT_COLUMNS]
    if unknown:
        raise ValueError(f"no data set codes {unknown}: choose from {list(ACTION_UNITS)}")
    columns = [ACTION_UNIT_COLUMNS[name] for name in action_units]
    return torch.from_numpy(np.asarray(universal, dtype=np.int64)[:, columns])


def identities(table: datasets.Dataset) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Sample ids, subjects and the data set's name, checked.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES`.

    Returns:
        N sample ids, N subjects, the name of the data set.

    Raises:
        ValueError: an empty table, rows of several data sets, or a repeated sample id.
    """
    if not len(table):
        raise ValueError("the table has no clip: check the filters that made it")
    sample_ids, names = tuple(table["sample_id"]), sorted(set(table["data_set"]))
    if len(names) > 1:
        raise ValueError(f"the table mixes data sets {names}: build one ClipSet for each")
    if len(set(sample_ids)) != len(sample_ids):
        repeated = next(name for name in sample_ids if sample_ids.count(name) > 1)
        raise ValueError(f"sample id {repeated!r} occurs more than once: scores could not be pooled")
    return sample_ids, tuple(table["subject"]), names[0]


def clips_digest(clips: ClipSet) -> str:
    """A hash of what a model is trained and tested on: inputs, labels and ids."""
    digest = hashlib.sha256(f"{clips.input_name} {clips.action_units} {clips.sample_ids} {clips.subjects}".encode())
    for tensor in (clips.inputs, clips.labels):
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()[:16]


def _measure(
    table: datasets.Dataset, processor, model, align: bool, batch_size: int, progress: bool
) -> dict[str, torch.Tensor]:
    """Decode the frames that are sampled and, where a model is given, measure all clips."""
    name, parts = ("pixel_values" if model is None else "motion_values"), []
    with tqdm(total=len(table), desc=f"clips to {name}", unit="clip", disable=not progress) as bar:
        for start in range(0, len(table), batch_size):
            rows = list(stored_rows(table.select(range(start, min(start + batch_size, len(table)))), CLIP_COLUMNS))
            pixels = processor.image_processor.preprocess(
                [FrameList(EncodedFrames(row["frames"], row["sample_id"]), row["sample_id"]) for row in rows],
                onset=[row["onset"] for row in rows],
                offset=[row["offset"] for row in rows],
                align=align,
                return_tensors="pt",
            )["pixel_values"]
            parts.append((pixels * 255).round().to(torch.uint8) if model is None else _motion(model, pixels))
            bar.update(len(pixels))
    return {name: torch.cat(parts)}


@torch.inference_mode()
def _motion(model, pixels: torch.Tensor) -> torch.Tensor:
    return model.measure_motion(pixels.to(model.device)).float().cpu()
