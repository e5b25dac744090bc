"""Finished clip tensors on disk: what they depend on, and writing them whole or not at all."""

import hashlib
import json
from pathlib import Path

import datasets
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from dataset_scripts.whole_files import first_file
from training_aullm.clips.stored_frames import camera_note, stored_rows

MEASUREMENT_CLASS = "DisplacementField"  # by name: a model loaded from a folder has classes of its own
CLIP_COLUMNS = ["sample_id", "onset", "apex", "offset", "frames"]


def fingerprint(table: datasets.Dataset, processor, model, align: bool) -> str:
    """A name for everything that clip tensors depend on. Labels are not among it: they are read from the table every
    time. Nor is code: its versions stand for it, and golden tests say when they must be raised.

    Args:
        table: the clips, see `table_digest`.
        processor: its image processor's settings, and the version of its alignment.
        model: None, or the model that measures motion: its front end's settings and version.
        align: whether faces are searched and held.

    Returns:
        16 hexadecimal digits.
    """
    image_processor = processor.image_processor
    settings = {name: value for name, value in image_processor.to_dict().items() if not name.startswith("_")}
    parts = [settings, align, _version(image_processor, "alignment_version")]
    if model is not None:
        front_end = next(module for module in model.modules() if type(module).__name__ == MEASUREMENT_CLASS)
        parts += [front_end.grid, _version(front_end, "version")]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    digest.update(table_digest(table).encode())
    return digest.hexdigest()[:16]


def table_digest(table: datasets.Dataset) -> str:
    """16 hexadecimal digits for the clips of a table: ids, onset, apex, offset and the bytes of every frame."""
    digest = hashlib.sha256()
    for row in stored_rows(table, CLIP_COLUMNS):
        marks = [row[mark] for mark in ("onset", "apex", "offset")]
        digest.update(f"{row['sample_id']} {marks} {len(row['frames'])}".encode())
        for frame in row["frames"]:
            digest.update(frame["bytes"] or str(frame["path"]).encode())
            digest.update(camera_note(frame["bytes"] or b"").encode())
    return digest.hexdigest()[:16]


def load_tensors(path: Path | None) -> dict[str, torch.Tensor] | None:
    """Tensors that an earlier run wrote, or None."""
    return load_file(path) if path is not None and is_whole(path) else None


def is_whole(path: Path) -> bool:
    """Whether a file of tensors is there to its end; a damaged one is as good as none: it is written anew."""
    try:
        with safe_open(path, "pt"):
            return True
    except (OSError, SafetensorError):
        return False


def save_tensors(tensors: dict[str, torch.Tensor], path: Path | None) -> dict[str, torch.Tensor]:
    """Write tensors in one move, so that a broken run leaves no half file; nothing without a path.

    Several processes may measure the same clips at once, and processors round differently: who is first counts for all.

    Returns:
        What is to be gone on with: these tensors, or those of a process that was quicker.
    """
    if path is None:
        return tensors
    if path.exists() and not is_whole(path):
        path.unlink(missing_ok=True)
    with first_file(path) as unfinished:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, unfinished)
    kept = load_tensors(path)
    return tensors if all(torch.equal(tensors[name], kept[name]) for name in tensors) else kept


def _version(part: object, name: str) -> str:
    """The version that the code of a part carries; a folder saved before there were versions brings code without."""
    return getattr(part, name, "none")
