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
from training_aullm.files import differences
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import RECIPES, Recipe
from training_aullm.learn.starting import recipe_to_go_on, started_model
from training_aullm.loading import MODEL_FOLDER
from training_aullm.prepare.sources import Source

SETTINGS_FILE = "settings.json"
DAMAGED = "delete it, and give the command again with the options that the run was begun with"


@dataclass(frozen=True)
class RunSettings:
    """What a run is made with.

    Attributes:
        source: the training clips.
        action_units: the K names the model answers with.
        preset: "base", "whole" or "paper".
        language_model: Hub id, folder or "bundled".
        layers: layers of the language model to use; None: the recipe's.
        epochs: passes over the training clips; None: the recipe's.
        seed: of weights, order, augmentation and flips.
        start: the finished model that training goes on from: folder, `release` or Hub id; None: from fresh weights.
    """

    source: Source
    action_units: tuple[str, ...]
    preset: str = "base"
    language_model: str = "bundled"
    layers: int | None = None
    epochs: float | None = None
    seed: int = 0
    start: str | None = None

    @property
    def recipe(self) -> Recipe:
        """The preset's recipe, or that of fine-tuning, with what these settings change."""
        changes = {} if self.epochs is None else {"epochs": self.epochs}
        layers = {} if self.layers is None else {"model": {"num_language_layers": self.layers}}
        if self.start is None:
            return RECIPES[self.preset]().but(**changes, **layers)
        return recipe_to_go_on(self.start, self.action_units).but(**changes, **layers)

    @property
    def name(self) -> str:
        """Of the clips and of the start: for folders. Two sets of one's own clips are told apart by where they lie."""
        return self.source.label if self.start is None else f"{self.source.label}-from-{short_name(self.start)}"

    def build(self) -> tuple[AullmForActionUnitDetection, AullmProcessor]:
        """A model to train, and its processor: fresh, or the start with these action units."""
        if self.start is not None:
            return started_model(self.start, self.action_units, self.seed)
        processor = new_processor(self.preset, self.action_units, self.language_model)
        return new_model(self.recipe, self.action_units, self.language_model, self.seed), processor

    def as_record(self) -> dict:
        """The fields as a dictionary; a start that there is none of is not among them, as before there were starts."""
        fields = asdict(self)
        return fields if self.start is not None else {name: fields[name] for name in fields if name != "start"}

    def save(self, run: Path) -> None:
        """Write RUN/settings.json.

        One that lies there alone is of a call that was refused: nothing was made with it, and it is replaced.

        Raises:
            FileExistsError: the folder holds a run with other settings, and the message names them.
        """
        path, text = run / SETTINGS_FILE, json.dumps(self.as_record(), indent=2) + "\n"
        if path.exists() and (found := RunSettings.load(run)) != self and [*run.iterdir()] != [path]:
            told = differences(found.as_record(), self.as_record())
            raise FileExistsError(
                f"{run} holds a run with other settings ({path}; {told}): name another folder or delete it"
            )
        write_whole(path, text)

    @classmethod
    def are_in(cls, folder: Path) -> bool:
        """Whether a folder is a run with clips of its own; that of `aullm release` has none."""
        path = folder / SETTINGS_FILE
        return path.is_file() and "kind" not in read_json(path, DAMAGED)

    @classmethod
    def load(cls, run: Path) -> "RunSettings":
        """Read RUN/settings.json.

        Raises:
            FileNotFoundError: the folder is no run.
            ValueError: it is a run of `aullm release`.
            DamagedFile: the file is cut off, or its fields are not those of a run.
        """
        path = run / SETTINGS_FILE
        if not path.is_file():
            raise FileNotFoundError(f"{path} does not exist: {run} is no run of `aullm train` or `aullm demo`")
        content = read_json(path, DAMAGED)
        if (kind := content.get("kind")) is not None:
            raise ValueError(f"{run} is a run of `aullm {kind}`, which has no clips of its own to train on again")
        with naming(path, "it was written by another version of aullm, or by hand: train the run again"):
            source, names = Source(**content.pop("source")), tuple(content.pop("action_units"))
            return cls(source=source, action_units=names, **content)


def short_name(model: str) -> str:
    """What tells one model from another in a path: RUN/model -> RUN; RUN/hub/model -> RUN-hub; owner/name -> name."""
    parts = [part for part in Path(model).parts if part != MODEL_FOLDER]
    return "-".join(parts[-2:] if parts[-1:] == ["hub"] else parts[-1:]) or MODEL_FOLDER


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
