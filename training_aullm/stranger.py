"""What somebody else's machine does with a published folder. Run as a script, never imported.

    python -I stranger.py FOLDER VIDEO ONSET OFFSET ANSWER.json

Loads model and processor through the Auto classes alone, in a process where the packages of this project do not
exist: their folders leave `sys.path` and every import of them fails. Writes the action-unit logits of one clip.
"""

import importlib.abc
import json
import sys
from pathlib import Path

OURS = ("modeling_aullm", "processing_aullm", "training_aullm", "dataset_scripts")


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


def main(folder: str, video: str, onset: str, offset: str, answer: str) -> None:
    """Load the folder, read one clip, write the answer."""
    hide_our_packages()

    import torch
    from transformers import AutoModel, AutoModelForVideoClassification, AutoProcessor

    processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
    inputs = processor(videos=video, onset=int(onset), offset=int(offset), return_tensors="pt")
    inputs = {name: inputs[name] for name in ("pixel_values", "input_ids", "attention_mask", "au_positions")}
    logits = {}
    for auto in (AutoModel, AutoModelForVideoClassification):
        model = auto.from_pretrained(folder, trust_remote_code=True).eval()
        with torch.inference_mode():
            logits[auto.__name__] = model(**inputs).logits[0].tolist()
    content = {
        "model": type(model).__module__ + "." + type(model).__name__,
        "processor": type(processor).__module__ + "." + type(processor).__name__,
        "action_units": [model.config.id2label[k] for k in range(len(model.config.id2label))],
        "logits": logits,
    }
    Path(answer).write_text(json.dumps(content, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
