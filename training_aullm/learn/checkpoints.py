"""Which checkpoint of a broken training can be gone on from: the newest that was written to its end and is unharmed."""

import json
import zipfile
from pathlib import Path

from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME, TRAINER_STATE_NAME
from transformers.utils import SAFE_WEIGHTS_NAME, logging

from modeling_aullm import CheckpointError
from modeling_aullm.integrity_aullm import StoredCheckpoint
from training_aullm.clips.clip_cache import is_whole

logger = logging.get_logger(__name__)


def newest_whole_checkpoint(folder: str | Path) -> Path | None:
    """The last checkpoint that is whole; one that the process was killed over, or that was damaged, is passed by.

    Args:
        folder: with checkpoint-10, checkpoint-20 and so on; it need not exist.

    Returns:
        Its folder, or None.
    """
    named = [(path.name.rpartition("-")[2], path) for path in Path(folder).glob("checkpoint-*")]
    steps = sorted((int(step), path) for step, path in named if step.isdecimal())
    return next((path for step, path in reversed(steps) if _is_whole(path, step)), None)


def _is_whole(checkpoint: Path, step: int) -> bool:
    """Whether each file of it is there to its end, and holds what was written. Nothing is unpickled."""
    try:
        state = json.loads((checkpoint / TRAINER_STATE_NAME).read_text("utf-8"))  # the Trainer writes it last
    except (OSError, ValueError):
        return False
    archives = [checkpoint / OPTIMIZER_NAME, checkpoint / SCHEDULER_NAME, *checkpoint.glob("rng_state*.pth")]
    whole = is_whole(checkpoint / SAFE_WEIGHTS_NAME) and all(zipfile.is_zipfile(path) for path in archives)
    if not whole or state.get("global_step") != step:
        return False
    damage = _damage(checkpoint, archives)
    if damage is not None:
        logger.warning_once(f"{checkpoint.name} is passed by, its content is not what was written: {damage}")
    return damage is None


def _damage(checkpoint: Path, archives: list[Path]) -> str | None:
    """What is wrong inside: weights and settings by their digests, torch's archives by the checksums of their parts."""
    try:
        refuse_changed(checkpoint)
        return next((f"{path.name}, {part}" for path in archives if (part := _bad_part(path)) is not None), None)
    except (CheckpointError, zipfile.BadZipFile) as error:
        return str(error)


def _bad_part(archive: Path) -> str | None:
    with zipfile.ZipFile(archive) as parts:
        return parts.testzip()


def refuse_changed(checkpoint: str | Path) -> None:
    """Refuse a checkpoint whose weights or settings are not those that the Trainer saved.

    Args:
        checkpoint: its folder.

    Raises:
        CheckpointError: says which of the two.
    """
    stored = StoredCheckpoint.find(checkpoint)
    stored.check_config()
    stored.check_weights()
