"""A run: one folder that holds its settings, its model and its predictions.

RUN/settings.json     what it was made with; a run never mixes two settings
RUN/model/            model and processor, as `aullm predict --model RUN` loads them
RUN/history.json      losses and scores over the epochs
RUN/predictions/      parquet files with sample ids
RUN/checkpoints/      while training goes on
RUN/clips/            measured clips, to start faster the next time
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import datasets

from dataset_scripts.labels import ACTION_UNITS, AU_SETS
from dataset_scripts.synthetic import load_synthetic
from modeling_aullm import AullmForActionUnitDetection
from processing_aullm import AullmProcessor
from training_aullm.clips import ClipSet
from training_aullm.prepared import PreparedRecord, is_prepared, load_prepared
from training_aullm.recipes import Recipe, recipe_base, recipe_paper

RECIPES = {"base": recipe_base, "paper": recipe_paper}
SETTINGS_FILE = "settings.json"
TABLE_FILE = "clips.parquet"


@dataclass(frozen=True)
class Source:
    """Where clips come from: a rendered domain, or clips on disk. Exactly one of the two is given.

    Attributes:
        domain: of the clip source.
        data: a prepared set, a folder with clips.parquet, or a parquet file.
        subjects: people to render; None: as many as the real data set has.
        clips: clips to render; None: as the real data set has per person.
        seed: of the rendering.
    """

    domain: str | None = None
    data: str | None = None
    subjects: int | None = None
    clips: int | None = None
    seed: int = 0

    def __post_init__(self):
        if (self.domain is None) == (self.data is None):
            raise ValueError("pass one of --domain (clips are rendered), --data (prepared clips) and --dataset")

    def load(self) -> datasets.Dataset:
        """The table of clips.

        Raises:
            FileNotFoundError: `data` is no parquet file, no prepared set and no folder with clips.parquet.
        """
        if self.domain is not None:
            return load_synthetic(self.domain, subjects=self.subjects, clips=self.clips, seed=self.seed)
        path = Path(self.data)
        if path.is_file():
            return datasets.Dataset.from_parquet(str(path))
        if (path / TABLE_FILE).is_file():
            return datasets.Dataset.from_parquet(str(path / TABLE_FILE))
        return load_prepared(path)

    @property
    def name(self) -> str:
        """The domain, the prepared set's data set, or the file's name: for folders and titles."""
        if self.domain is not None:
            return self.domain
        return PreparedRecord.load(self.data).name if is_prepared(self.data) else Path(self.data).stem


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
        run.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, run: Path) -> "RunSettings":
        """Read RUN/settings.json.

        Raises:
            FileNotFoundError: the folder is no run.
        """
        path = run / SETTINGS_FILE
        if not path.is_file():
            raise FileNotFoundError(f"{path} does not exist: {run} is no run of `aullm train` or `aullm demo`")
        content = json.loads(path.read_text("utf-8"))
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
    measure = model if model.config.front_end == "displacement" else None
    return ClipSet.build(table, processor, processor.action_units, model=measure, cache_dir=run / "clips")


def default_action_units(source: Source) -> tuple[str, ...]:
    """The action units that a data set's protocol scores; for other clips those that two people or more show.

    A unit that one person alone shows can be learnt or tested, but not both.

    Args:
        source: of the clips.

    Returns:
        Names in the order of `ACTION_UNITS`.

    Raises:
        ValueError: nothing to learn: no clip shows an action unit.
    """
    if AU_SETS.get(source.name):
        return AU_SETS[source.name]
    people = people_showing(source.load())
    if not people:
        raise ValueError(
            f"no clip of {source.name} is coded with an action unit: there is nothing to learn or to score"
        )
    wanted = min(2, max(people.values()))
    return tuple(name for name, count in people.items() if count >= wanted)


def people_showing(table: datasets.Dataset) -> dict[str, int]:
    """How many people show each action unit.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES`.

    Returns:
        Name -> people, for units that at least one clip shows, in the order of `ACTION_UNITS`.
    """
    people: dict[str, set[str]] = {name: set() for name in ACTION_UNITS}
    for row in table.select_columns(["subject", "action_units"]):
        for name, state in zip(ACTION_UNITS, row["action_units"], strict=True):
            if state == 1:
                people[name].add(row["subject"])
    return {name: len(each) for name, each in people.items() if each}


def coded_action_units(table: datasets.Dataset) -> tuple[str, ...]:
    """The action units that are known, present or absent, in at least one clip.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES`.

    Returns:
        Names in the order of `ACTION_UNITS`.
    """
    columns = zip(*table["action_units"], strict=True)
    return tuple(
        name for name, column in zip(ACTION_UNITS, columns, strict=True) if any(state != -1 for state in column)
    )
