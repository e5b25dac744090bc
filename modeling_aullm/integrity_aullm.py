"""Whether a checkpoint still is what was saved: complete, finite, and neither weights nor deciding settings changed.

write_record(folder)                       # after saving: config.json gets `checkpoint_sha256`
stored = StoredCheckpoint.find(folder)     # before loading
stored.check_config(); stored.check_weights()
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from transformers.utils import cached_file, logging

from .base_model_aullm import DOWNLOAD_OPTIONS, hash_weights
from .configuration_aullm import AullmConfig

RECORD = "checkpoint_sha256"
# These may change without changing an answer: where the base lies, and how the same numbers are computed.
NOT_DECIDING = {"auto_map", "language_model", "language_revision", "language_attention", "share_prefix", RECORD}
WRITERS_OWN = {"transformers_version", "dtype", "_name_or_path", "name_or_path"}  # in text_config
HUB_OPTIONS = (*DOWNLOAD_OPTIONS, "revision", "subfolder")
ON_PURPOSE = (
    "If you changed it on purpose, load it with from_pretrained(..., verify=False), which checks nothing, and save it "
    "again with save_pretrained; otherwise fetch or save the checkpoint anew."
)

logger = logging.get_logger(__name__)


class CheckpointError(ValueError):
    """A checkpoint is not what was saved: incomplete, damaged or changed."""


@dataclass(frozen=True)
class StoredCheckpoint:
    """The files of a checkpoint, as they are now.

    Args:
        name: folder or Hub id, for messages.
        config: config.json as it stands there, None where there is none.
        weights: its safetensors files, none where weights are stored otherwise.
        variant: of the weights' file name.
    """

    name: str
    config: dict | None
    weights: tuple[Path, ...]
    variant: str | None = None

    @classmethod
    def find(cls, name: str | Path, variant: str | None = None, **options) -> "StoredCheckpoint":
        """Look for the files; a Hub's are downloaded, as loading would.

        Args:
            name: folder or Hub id.
            variant: of the weights' file name, as in `from_pretrained`.
            **options: of `from_pretrained`; those that say where to look are used.

        Raises:
            CheckpointError: a file is no JSON or no safetensors.
        """
        where = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}

        def find(file: str) -> Path | None:
            found = cached_file(str(name), file, _raise_exceptions_for_missing_entries=False, **where)
            return None if found is None else Path(found)

        config = find("config.json")
        stem = "model" if variant is None else f"model.{variant}"
        single, index = find(f"{stem}.safetensors"), None
        if single is None:
            index = find(f"{stem}.safetensors.index.json")
        parts = [single.name] if single else sorted(set(_read_json(index)["weight_map"].values())) if index else []
        files = tuple(path for path in map(find, parts) if path is not None)
        for file in files:
            _check_opens(file)
        return cls(str(name), None if config is None else _read_json(config), files, variant)

    @property
    def record(self) -> dict[str, str] | None:
        """What `write_record` wrote: digests of "config", of "weights", and of each variant, "weights.fp16"."""
        return None if self.config is None else self.config.get(RECORD)

    @property
    def weights_name(self) -> str:
        """Under which the record keeps the digest of these weights."""
        return "weights" if self.variant is None else f"weights.{self.variant}"

    def check_config(self) -> None:
        """Refuse settings that are not those saved.

        Raises:
            CheckpointError: a setting that decides about answers was changed, added or removed in config.json.
        """
        if self.record is None:
            logger.warning_once(
                f"{self.name} has no {RECORD} in its config.json: it was written by an older version or by another "
                "program, so nobody can tell whether its weights and settings still are what was saved."
            )
        elif self.record.get("config") != config_digest(self.config):
            raise CheckpointError(
                f"{self.name}: config.json is not the one saved with these weights: a setting that decides about "
                f"answers was changed, added or removed. {ON_PURPOSE}"
            )

    def check_weights(self) -> None:
        """Refuse weights that are not those saved.

        Raises:
            CheckpointError: a value, name, shape or type in the weight files was changed.
        """
        if self.record is not None and self.record.get(self.weights_name) != weights_digest(self.weights):
            files = ", ".join(file.name for file in self.weights) or "weights as safetensors"
            raise CheckpointError(f"{self.name}: {files}: these are not the weights that were saved. {ON_PURPOSE}")


def write_record(folder: str | Path, variant: str | None = None, kept: dict[str, str] | None = None) -> None:
    """Write into a saved folder's config.json what its weights and settings are now.

    Args:
        folder: as `save_pretrained` left it.
        variant: of the weights' file name.
        kept: digests of other weights that lie there, from `records_beside`.
    """
    stored = StoredCheckpoint.find(folder, variant)
    record = {"config": config_digest(stored.config), stored.weights_name: weights_digest(stored.weights)}
    path = Path(folder) / "config.json"
    unfinished = path.with_suffix(".json.part")
    content = {**stored.config, RECORD: {**(kept or {}), **record}}
    unfinished.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
    os.replace(unfinished, path)


def records_beside(folder: str | Path, config: dict, variant: str | None) -> dict[str, str]:
    """Digests of the weights that lie in a folder already and share its config.json with those about to be saved.

    Args:
        folder: to save to.
        config: that will be written there.
        variant: of the weights to save; None replaces the config, and what was saved with other settings is given up.

    Raises:
        ValueError: a variant is to be saved beside weights of other settings, which would not load any more.
    """
    path = Path(folder) / "config.json"
    try:
        record = _read_json(path).get(RECORD) or {} if path.is_file() else {}
    except CheckpointError:
        if variant is not None:
            raise
        return {}  # a damaged file is replaced
    if record.get("config") == config_digest(config):
        return record
    if record and variant is not None:
        raise ValueError(
            f"{folder} holds weights saved with other settings than variant={variant!r} has (language_dtype counts), "
            "and both would share its config.json: save the variant to a folder of its own"
        )
    return {}


def config_digest(config: dict) -> str:
    """SHA-256 over the settings in a config.json that decide about answers; the file's, so that no default matters."""
    own = {field.name for field in fields(AullmConfig)} - {f.name for f in fields(AullmConfig.__base__)} - NOT_DECIDING
    deciding = {name: value for name, value in config.items() if name in own}
    if isinstance(deciding.get("text_config"), dict):
        deciding["text_config"] = {k: v for k, v in deciding["text_config"].items() if k not in WRITERS_OWN}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def weights_digest(files: Iterable[Path]) -> str:
    """SHA-256 over names, types, shapes and bytes of all tensors; how they are split over files does not matter."""
    return hash_weights(tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files))


def check_complete(name: str, info: dict, other_sizes: bool = False) -> None:
    """Refuse a checkpoint that did not fill the model.

    Args:
        name: of the checkpoint.
        info: what `from_pretrained(..., output_loading_info=True)` reports.
        other_sizes: tensors of another size than the config's are wanted, and start fresh.

    Raises:
        CheckpointError: tensors are missing or of another size, or the config has no place for some.
    """
    missing, unexpected = sorted(info["missing_keys"]), sorted(info["unexpected_keys"])
    if missing:
        raise CheckpointError(f"{name} lacks {_count(missing)} that its config asks for. {ON_PURPOSE}")
    if info["mismatched_keys"] and not other_sizes:
        resized = sorted(key for key, *_ in info["mismatched_keys"])
        raise CheckpointError(f"{name} holds {_count(resized)} of another size than its config asks for. {ON_PURPOSE}")
    if unexpected:
        raise CheckpointError(f"{name} holds {_count(unexpected)} that its config has no place for. {ON_PURPOSE}")


def check_finite(name: str, weights: dict[str, torch.Tensor]) -> None:
    """Refuse weights that are not numbers: the answers would be none either.

    Args:
        name: of the checkpoint.
        weights: by name.

    Raises:
        CheckpointError: a tensor holds NaN or infinity.
    """
    # A sum is NaN or infinite where a value is, and needs no copy of the tensor. Offloaded ones are not here to see.
    here = {key: value for key, value in weights.items() if not value.is_meta}
    odd = [key for key, value in here.items() if not torch.isfinite(value.sum(dtype=torch.float32))]
    if odd:
        raise CheckpointError(f"{name} has NaN or infinite values in {_count(odd)}: train again from an earlier one")


def _check_opens(file: Path) -> None:
    try:
        with safe_open(file, framework="pt"):
            pass
    except SafetensorError as error:
        raise CheckpointError(f"{file} is cut or damaged ({error}): fetch or save the checkpoint anew") from error


def _read_json(file: Path) -> dict:
    try:
        return json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{file} is not JSON ({error}): fetch or save the checkpoint anew") from error


def _count(names: list[str]) -> str:
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"{len(names)} tensor{'s' if len(names) > 1 else ''} ({shown})"
