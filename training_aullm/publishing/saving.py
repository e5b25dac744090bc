"""A folder that stands alone: merged model, processor, code and card, and the proof that a stranger can use it.

save_for_hub(model, processor, "runs/demo/model")
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
from modeling_aullm.pipeline_aullm import add_pipeline
from processing_aullm import AullmProcessor
from training_aullm.publishing.card import fill_card
from training_aullm.publishing.project_files import project_file
from training_aullm.runs.facts import RunFacts

STRANGER = Path(__file__).with_name("stranger.py")


def save_for_hub(
    model: AullmForActionUnitDetection, processor: AullmProcessor, folder: str | Path, card: bool = False
) -> None:
    """Write everything that a Hub repository needs: LoRA merged, weights complete, processor, pipeline, code and card.

    Args:
        model: trained; it is left as it is.
        processor: the one it was trained with.
        folder: where to.
        card: write the folder's README.md, from what the run that `folder` lies in has recorded.

    Raises:
        ValueError: model and processor name other action units.
        FileNotFoundError: a card is wanted, and the folder above is no run.
    """
    names = [model.config.id2label[k] for k in range(len(model.config.id2label))]
    if names != list(processor.action_units):
        raise ValueError(f"the model answers with {names} but the processor asks for {list(processor.action_units)}")
    model.save_pretrained(folder, full=True)
    processor.save_pretrained(folder)
    forget_places(Path(folder))
    add_pipeline(folder)
    add_notices(Path(folder))
    if card:
        text = fill_card(RunFacts.read(Path(folder).parent))
        (Path(folder) / "README.md").write_text(text, "utf-8")


def add_notices(folder: Path) -> None:
    """Put the licence and the notices beside what is passed on, as Apache-2.0 wants it."""
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(project_file(name), folder)


def forget_places(folder: Path) -> None:
    """Take folders of this machine out of a complete model's config: it needs its base no more, only the base's name.

    Args:
        folder: with config.json.
    """
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    base = config.get("language_model")
    if base is not None and Path(base).is_dir():
        config["language_model"] = Path(base).resolve().name
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")


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
    clip = {"video": str(Path(video).resolve()), "onset": onset, "offset": offset}
    return run_stranger({"model": str(Path(folder).resolve()), **clip}, {"HF_HUB_OFFLINE": "1"})


def run_stranger(request: dict, environment: dict[str, str]) -> dict:
    """Run stranger.py in an empty folder, with a cache of its own for the code that it loads.

    Args:
        request: what stranger.py is asked for.
        environment: variables to set, as HF_ENDPOINT.

    Returns:
        Its answer.

    Raises:
        RuntimeError: it failed; with its own words.
    """
    with tempfile.TemporaryDirectory() as elsewhere:
        asked, answer = Path(elsewhere) / "request.json", Path(elsewhere) / "answer.json"
        asked.write_text(json.dumps(request), "utf-8")
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        variables |= {"HF_MODULES_CACHE": f"{elsewhere}/modules", **environment}
        command = [sys.executable, "-I", str(STRANGER), str(asked), str(answer)]
        done = subprocess.run(command, cwd=elsewhere, env=variables, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{request['model']} does not stand alone:\n{done.stderr[-3000:]}")
        return json.loads(answer.read_text("utf-8"))


def largest_difference(logits: np.ndarray, answer: dict) -> float:
    """Largest absolute difference between our logits (K,) and those of the stranger, over all Auto classes."""
    return max(float(np.abs(np.asarray(theirs) - logits).max()) for theirs in answer["logits"].values())
