"""The checkpoint that comes with the package, as a release run leaves it: what was trained, its card and its scores.

    python -m training_aullm.from_scratch.released runs/release

The frozen language model is not in it: its name and digest are, and it is found where every model finds it. A check
goes with it: the model's answers to a few rendered clips, which a test asks of the shipped file again.

Tested in tests/training_aullm/from_scratch/test_released.py.
"""

import argparse
import json
import shutil
from pathlib import Path

from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.whole_files import whole_folder
from modeling_aullm import AullmForActionUnitDetection
from processing_aullm import AullmProcessor
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import predict_probabilities
from training_aullm.loading import MODEL_FOLDER, RELEASED, load_model
from training_aullm.runs.facts import RunFacts

TRAINED = "trained"
"""A release run's folder of what was trained alone."""

SHIPPED = ("config.json", "model.safetensors")
SCORES, CHECK = "scores.json", "check.json"
CHECKED = {"domain": "casme2-like", "subjects": 3, "clips": 6, "seed": 910}
"""Rendered clips whose answers are written down."""


def ship(run: Path, folder: Path = RELEASED) -> None:
    """Take a finished release run's checkpoint into the package.

    Args:
        run: of `aullm release`.
        folder: where to; one that stands there is replaced.

    Raises:
        FileNotFoundError: the run is not finished.
    """
    facts = RunFacts.read(run)
    scores = {name: json.loads(result.to_json()) for name, result in facts.of_this_checkpoint().items()}
    with whole_folder(folder) as unfinished:
        for name in SHIPPED:
            shutil.copy(run / TRAINED / name, unfinished)
        shutil.copy(run / MODEL_FOLDER / "README.md", unfinished)
        (unfinished / SCORES).write_text(json.dumps(scores, indent=1) + "\n", "utf-8")
    (folder / CHECK).write_text(json.dumps(answers(*load_model(folder)), indent=1) + "\n", "utf-8")


def answers(model: AullmForActionUnitDetection, processor: AullmProcessor) -> dict[str, list[float]]:
    """Probabilities of the clips of `CHECKED`, rounded: sample id -> K numbers."""
    settings = dict(CHECKED)
    table = load_synthetic(settings.pop("domain"), **settings)
    clips = ClipSet.build(table, processor, processor.action_units, model=model, progress=False)
    found = predict_probabilities(model, clips)
    return {name: [round(float(p), 3) for p in row] for name, row in zip(clips.sample_ids, found, strict=True)}


def main() -> None:
    """Ship a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a finished `aullm release`")
    ship(parser.parse_args().run)


if __name__ == "__main__":
    main()
