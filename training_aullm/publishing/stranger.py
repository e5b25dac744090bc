"""What somebody else's machine does with what was published. Run as a script, never imported.

    python -I stranger.py REQUEST.json ANSWER.json

Loads model and processor through the Auto classes alone, in a process where the packages of this project do not
exist: their folders leave `sys.path` and every import of them fails. REQUEST.json holds `model` (folder or Hub id),
`revision` (or null), `video`, `onset`, `offset`, and, where they are to be tried too, `pipeline` (true), `clips` (a
data set) and `metric` (an `evaluate` module).
"""

import importlib.abc
import json
import sys
from pathlib import Path

OURS = ("modeling_aullm", "processing_aullm", "training_aullm", "dataset_scripts", "space_app")
INPUTS = ("pixel_values", "input_ids", "attention_mask", "au_positions")


class Absent(importlib.abc.MetaPathFinder):
    """Answers every import of our packages as a machine does on which they were never installed."""

    def find_spec(self, fullname: str, path=None, target=None) -> None:
        if fullname.split(".")[0] in OURS:
            raise ModuleNotFoundError(f"No module named {fullname!r} (hidden on purpose)", name=fullname)


def hide_our_packages() -> None:
    """Take our packages away from this process, and check that they are gone.

    Raises:
        RuntimeError: one of them can still be imported.
    """
    sys.path[:] = [entry for entry in sys.path if not any((Path(entry or ".") / name).is_dir() for name in OURS)]
    sys.meta_path.insert(0, Absent())
    for name in OURS:
        try:
            __import__(name)
        except ModuleNotFoundError:
            continue
        raise RuntimeError(f"{name} can still be imported: this process would not show that the folder stands alone")


def read_clip(request: dict) -> dict:
    """Logits of one clip, by both Auto classes."""
    import torch
    from transformers import AutoModel, AutoModelForVideoClassification, AutoProcessor

    source = {"trust_remote_code": True, "revision": request.get("revision") or "main"}
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


def read_video(request: dict) -> dict:
    """The whole video, by the pipeline that the repository brings."""
    from transformers import pipeline

    source = {"model": request["model"], "revision": request.get("revision") or "main", "trust_remote_code": True}
    return pipeline("action-unit-detection", **source)(request["video"])


def load_clips(name: str) -> dict:
    """How many clips each split has, and the first clip's id and frames."""
    from datasets import load_dataset

    clips = load_dataset(name)
    first = next(iter(load_dataset(name, split="train", streaming=True)))
    sizes = {split: len(rows) for split, rows in clips.items()}
    return {"clips": sizes, "first": first["sample_id"], "frame": list(first["frames"][0].size)}


def use_metric(name: str) -> dict:
    """Scores of two clips with one unknown label."""
    import evaluate

    predictions, references = [[0.9, 0.1], [0.2, 0.8]], [[1, 0], [-1, 0]]
    return evaluate.load(name).compute(predictions=predictions, references=references, action_units=["AU4", "AU12"])


def main(request: str, answer: str) -> None:
    """Do what is asked, write the answer."""
    hide_our_packages()
    asked = json.loads(Path(request).read_text("utf-8"))
    content = read_clip(asked)
    if asked.get("pipeline"):
        content["reading"] = read_video(asked)
    if asked.get("clips"):
        content["data"] = load_clips(asked["clips"])
    if asked.get("metric"):
        content["scores"] = use_metric(asked["metric"])
    Path(answer).write_text(json.dumps(content, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
