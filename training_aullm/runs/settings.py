"""A run: one folder that holds its settings, its model and its predictions.

RUN/settings.json     what it was made with; a run never mixes two settings
RUN/model/            model and processor, as `aullm predict --model RUN` loads them; put there whole
RUN/finished.json     written last
RUN/history.json      losses and scores over the epochs
RUN/predictions/      parquet files with sample ids
RUN/checkpoints/      while training goes on
RUN/clips/            measured clips, to start faster the next time
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import datasets

from dataset_scripts.damaged_files import naming, read_json
from dataset_scripts.whole_files import write_whole
from modeling_aullm import AullmForActionUnitDetection
from processing_aullm import AullmProcessor
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.recipes import Recipe, recipe_base, recipe_paper
from training_aullm.prepare.sources import Source

RECIPES = {"base": recipe_base, "paper": recipe_paper}
SETTINGS_FILE = "settings.json"
DAMAGED = "delete it, and give the command again with the options that the run was begun with"


@dataclass(frozen=True)
class RunSettings:
    """What a run is made with.

    Attributes:
        source: the training clips.
        action_units: the K names the model answers with.
        preset: "base" or "paper".
        language_model: Hub id, folder or "bundled".
        layers: layers of the language model to use; None: the recipe's.
        epochs: passes over the training clips; None: the recipe's.
        seed: of weights, order, augmentation and flips.
    """

    source: Source
    action_units: tuple[str, ...]
    preset: str = "base"
    language_model: str = "bundled"
    layers: int | None = None
    epochs: float | None = None
    seed: int = 0

    @property
    def recipe(self) -> Recipe:
        """The preset's recipe with what these settings change."""
        changes = {} if self.epochs is None else {"epochs": self.epochs}
        layers = {} if self.layers is None else {"model": {"num_language_layers": self.layers}}
        return RECIPES[self.preset]().but(**changes, **layers)

    def save(self, run: Path) -> None:
        """Write RUN/settings.json.

        Raises:
            FileExistsError: the folder holds a run with other settings.
        """
        path = run / SETTINGS_FILE
        if path.exists() and RunSettings.load(run) != self:
            raise FileExistsError(f"{run} holds a run with other settings ({path}): choose another --out or delete it")
        write_whole(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, run: Path) -> "RunSettings":
        """Read RUN/settings.json.

        Raises:
            FileNotFoundError: the folder is no run.
            DamagedFile: the file is cut off, or its fields are not those of a run.
        """
        path = run / SETTINGS_FILE
        if not path.is_file():
            raise FileNotFoundError(f"{path} does not exist: {run} is no run of `aullm train` or `aullm demo`")
        content = read_json(path, DAMAGED)
        with naming(path, "it was written by another version of aullm, or by hand: train the run again"):
            source, names = Source(**content.pop("source")), tuple(content.pop("action_units"))
            return cls(source=source, action_units=names, **content)


def build_clips(
    run: Path, table: datasets.Dataset, model: AullmForActionUnitDetection, processor: AullmProcessor
) -> ClipSet:
    """The clips of a table in the form that the model trains on, kept in RUN/clips.

    Args:
        run: the run's folder.
        table: rows of `dataset_scripts.schema.FEATURES`; crops that are registered already.
        model: says which motion is measured.
        processor: the model's own.

    Returns:
        The clips, labelled for the model's action units.
    """
    # Displacement has no trained weights, so it is measured once a set; LED is trained, so its clips stay frames.
    measure = model if model.config.front_end == "displacement" else None
    return ClipSet.build(table, processor, processor.action_units, model=measure, cache_dir=run / "clips")
