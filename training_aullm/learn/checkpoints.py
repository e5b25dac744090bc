"""Which checkpoint of a broken training can be gone on from: the newest that was written to its end."""

import json
import zipfile
from pathlib import Path

from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME, TRAINER_STATE_NAME
from transformers.utils import SAFE_WEIGHTS_NAME

from training_aullm.clips.clip_cache import is_whole


def newest_whole_checkpoint(folder: str | Path) -> Path | None:
    """The last checkpoint that is whole; one that the process was killed over is passed by.

    Args:
        folder: with checkpoint-10, checkpoint-20 and so on; it need not exist.

    Returns:
        Its folder, or None.
    """
    named = [(path.name.rpartition("-")[2], path) for path in Path(folder).glob("checkpoint-*")]
    steps = sorted((int(step), path) for step, path in named if step.isdecimal())
    return next((path for _, path in reversed(steps) if _is_whole(path)), None)


def _is_whole(checkpoint: Path) -> bool:
    """Whether each file of it has its end: weights by their header, torch's by their zip directory, which stands last.

    Nothing is unpickled.
    """
    try:
        state = json.loads((checkpoint / TRAINER_STATE_NAME).read_text("utf-8"))  # the Trainer writes it last
    except (OSError, ValueError):
        return False
    archives = [checkpoint / OPTIMIZER_NAME, checkpoint / SCHEDULER_NAME, *checkpoint.glob("rng_state*.pth")]
    whole = is_whole(checkpoint / SAFE_WEIGHTS_NAME) and all(zipfile.is_zipfile(path) for path in archives)
    return whole and "global_step" in state
