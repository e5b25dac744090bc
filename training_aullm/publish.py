"""A folder that stands alone: merged model, processor, code and card, and the proof that a stranger can use it.

save_for_hub(model, processor, "runs/demo/model", card=Path("model_card.md"))
logits = ask_stranger("runs/demo/model", "face.mp4", onset=10, offset=24)
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from modeling_aullm import AullmForActionUnitDetection
from processing_aullm import AullmProcessor

STRANGER = Path(__file__).with_name("stranger.py")
NOTICES = [Path(__file__).parents[1] / name for name in ("LICENSE", "NOTICE")]


def save_for_hub(
    model: AullmForActionUnitDetection, processor: AullmProcessor, folder: str | Path, card: Path | None = None
) -> None:
    """Write everything that a Hub repository needs: LoRA merged, weights complete, processor, code and card.

    Args:
        model: trained; it is left as it is.
        processor: the one it was trained with.
        folder: where to.
        card: a file that becomes the folder's README.md.

    Raises:
        ValueError: model and processor name other action units.
    """
    names = [model.config.id2label[k] for k in range(len(model.config.id2label))]
    if names != list(processor.action_units):
        raise ValueError(f"the model answers with {names} but the processor asks for {list(processor.action_units)}")
    model.save_pretrained(folder, full=True)
    processor.save_pretrained(folder)
    for notice in NOTICES:  # Apache-2.0 wants both beside the weights
        shutil.copy(notice, folder)
    if card is not None:
        (Path(folder) / "README.md").write_text(card.read_text("utf-8"), "utf-8")


def ask_stranger(folder: str | Path, video: str | Path, onset: int, offset: int) -> dict:
    """Load a saved folder in a new process without our packages and let it read one clip.

    Args:
        folder: as `save_for_hub` wrote it.
        video: a video file.
        onset, offset: first and last frame of the movement.

    Returns:
        `action_units` (K names), `logits` (Auto class -> K numbers), and the classes that answered.

    Raises:
        RuntimeError: the folder does not stand alone; with the process's own words.
    """
    with tempfile.TemporaryDirectory() as elsewhere:
        answer = Path(elsewhere) / "answer.json"
        where = (Path(folder).resolve(), Path(video).resolve())
        arguments = [*map(str, where), str(onset), str(offset), str(answer)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"HF_MODULES_CACHE": f"{elsewhere}/modules", "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-I", str(STRANGER), *arguments]
        done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{folder} does not stand alone:\n{done.stderr[-3000:]}")
        return json.loads(answer.read_text("utf-8"))


def largest_difference(logits: np.ndarray, answer: dict) -> float:
    """Largest absolute difference between our logits (K,) and those of the stranger, over all Auto classes."""
    return max(float(np.abs(np.asarray(theirs) - logits).max()) for theirs in answer["logits"].values())
