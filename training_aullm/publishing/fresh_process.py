"""What somebody else's machine does with what was published: a new process in which our packages do not exist.

answer = read_in_fresh_process("runs/demo/model", "face.mp4", onset=10, offset=24)
answer["logits"]["AutoModel"]  # K numbers

The process runs this very file, `python -I fresh_process.py REQUEST.json ANSWER.json`, and loads model and processor
through the Auto classes alone.

Tested in tests/commands/test_publish.py.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = ("modeling_aullm", "processing_aullm", "training_aullm", "dataset_scripts", "space_app")
INPUTS = ("pixel_values", "input_ids", "attention_mask", "au_positions")


def read_in_fresh_process(
    model: str | Path, video: str | Path, onset: int, offset: int, revision: str | None = None, **environment: str
) -> dict:
    """Let a saved model read one clip, in an empty folder and with a cache of its own for the code that it brings.

    Args:
        model: a folder as `save_for_hub` wrote it, which is read offline, or a Hub id.
        video: a video file.
        onset, offset: first and last frame of the movement.
        revision: commit on the Hub.
        environment: variables to set, as HF_ENDPOINT.

    Returns:
        `action_units` (K names), `logits` (Auto class -> K numbers), and the classes that answered.

    Raises:
        RuntimeError: the model does not stand alone; with the process's own words.
    """
    if Path(model).is_dir():
        model, environment = Path(model).resolve(), {"HF_HUB_OFFLINE": "1"} | environment
    request = {"model": str(model), "revision": revision, "video": str(Path(video).resolve())}
    with tempfile.TemporaryDirectory() as elsewhere:
        asked, answer = Path(elsewhere) / "request.json", Path(elsewhere) / "answer.json"
        asked.write_text(json.dumps(request | {"onset": onset, "offset": offset}), "utf-8")
        variables = {**os.environ, "HF_MODULES_CACHE": f"{elsewhere}/modules", **environment}
        command = [sys.executable, "-I", __file__, str(asked), str(answer)]
        done = subprocess.run(command, cwd=elsewhere, env=variables, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{model} does not stand alone:\n{done.stderr[-3000:]}")
        return json.loads(answer.read_text("utf-8"))


def hide_our_packages() -> None:
    """Make every import of ours fail in this process, as it does where they were never installed."""
    for name in OURS:
        sys.modules[name] = None


def read_clip(request: dict) -> dict:
    """Logits of one clip, by both Auto classes."""
    import torch
    from transformers import AutoModel, AutoModelForVideoClassification, AutoProcessor

    source = {"trust_remote_code": True, "revision": request["revision"] or "main"}
    processor = AutoProcessor.from_pretrained(request["model"], **source)
    clip = {"videos": request["video"], "onset": request["onset"], "offset": request["offset"]}
    inputs = processor(**clip, return_tensors="pt")
    logits = {}
    for auto in (AutoModel, AutoModelForVideoClassification):
        model = auto.from_pretrained(request["model"], **source).eval()
        with torch.inference_mode():
            logits[auto.__name__] = model(**{name: inputs[name] for name in INPUTS}).logits[0].tolist()
    return {
        "model": type(model).__module__ + "." + type(model).__name__,
        "processor": type(processor).__module__ + "." + type(processor).__name__,
        "action_units": [model.config.id2label[k] for k in range(len(model.config.id2label))],
        "logits": logits,
    }


if __name__ == "__main__":
    hide_our_packages()
    answer = read_clip(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(answer, indent=2) + "\n", "utf-8")
