"""What a finished run says of itself: how it was made, what it was trained and tested on, and what it scored.

facts = RunFacts.read(Path("runs/demo"))
facts.settings["preset"], facts.results["unseen"].scores.mean_f1

Tested in tests/training_aullm/publishing/test_card.py.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from dataset_scripts.cards.licences import kind_of
from dataset_scripts.damaged_files import naming, read_json
from training_aullm.loading import MODEL_FOLDER
from training_aullm.prepare.sources import Source
from training_aullm.runs.scoring import PREDICTIONS, Result
from training_aullm.runs.settings import DAMAGED, SETTINGS_FILE, RunSettings
from training_aullm.score.predictions import Predictions

MEASURED = "measured"
RELEASE = "release"
UNSEEN, OTHER = "unseen", "other"
FOLDS = ("folds", "loso", "split")


@dataclass(frozen=True)
class RunFacts:
    """A finished run.

    Attributes:
        folder: of the run.
        kind: "release", "demo" or "train".
        settings: as RUN/settings.json has them.
        data_sets: names of the sets it was trained on.
        results: name of the file under RUN/predictions -> its scores.
    """

    folder: Path
    kind: str
    settings: dict
    data_sets: tuple[str, ...]
    results: dict[str, Result]

    @classmethod
    def read(cls, run: Path) -> "RunFacts":
        """Look at a run; loads no model and renders nothing.

        Args:
            run: its folder.

        Returns:
            The facts.

        Raises:
            FileNotFoundError: the folder is no run, one that is not finished, or one whose clips are gone.
            DamagedFile: its settings or predictions are cut off, or of another version.
        """
        path = run / SETTINGS_FILE
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} does not exist: name a run of `aullm train`, `aullm demo` or `aullm release`"
            )
        if not (run / MODEL_FOLDER / "config.json").is_file():
            raise FileNotFoundError(f"{run / MODEL_FOLDER} holds no model: let the run finish (aullm train --resume)")
        settings = read_json(path, DAMAGED)
        files = sorted((run / PREDICTIONS).glob("*.parquet"))
        results = {file.stem: Result.of(file.stem, Predictions.load(file)) for file in files}
        if settings.get("kind") == RELEASE:
            return cls(run, RELEASE, settings, tuple(settings["domains"]), results)
        seen = {*trained_on(RunSettings.load(run).source), *seen_before(run / MODEL_FOLDER)}
        return cls(run, "demo" if UNSEEN in results else "train", settings, tuple(sorted(seen)), results)

    @property
    def licensed(self) -> tuple[str, ...]:
        """The sets trained on that are under a signed licence."""
        return tuple(name for name in self.data_sets if kind_of(name) == "licensed")

    @property
    def action_units(self) -> tuple[str, ...]:
        """The names that the model answers with."""
        return tuple(self.settings["action_units"])

    def of_this_checkpoint(self) -> dict[str, Result]:
        """The results of the very model in RUN/model, those on its own sets first; folds train models of their own."""
        own = [(name, result) for name, result in self.results.items() if not name.startswith(FOLDS)]
        return dict(sorted(own, key=lambda each: each[1].predictions.data_set not in self.data_sets))

    def of_its_settings(self) -> dict[str, Result]:
        """The results of models that were trained by fold with this run's settings."""
        return {name: result for name, result in self.results.items() if name.startswith(FOLDS)}

    def measured(self, name: str) -> dict | None:
        """What a benchmark wrote down about this very model in RUN/measured, or None.

        Args:
            name: of the benchmark.
        """
        path = self.folder / MEASURED / f"{name}.json"
        return read_json(path, "delete it and measure again") if path.is_file() else None


def seen_before(model: Path) -> tuple[str, ...]:
    """The data sets that a model says it was trained on, those of the checkpoint it started from among them.

    Args:
        model: its folder.

    Raises:
        DamagedFile: its config.json is cut off.
    """
    record = read_json(model / "config.json", "copy or train it again").get("trained_on") or {"data_sets": {}}
    return tuple(record["data_sets"])


def trained_on(source: Source) -> tuple[str, ...]:
    """The data sets of the clips, as the clips themselves say; a file's name says nothing.

    Args:
        source: of a run.

    Returns:
        Names, sorted.

    Raises:
        FileNotFoundError: the clips are not where they were.
    """
    if source.domain is not None:
        return (source.domain,)
    place = Path(source.data)
    files = [place] if place.is_file() else sorted(place.glob("*.parquet")) + sorted(place.glob("data/*.parquet"))
    if not files:
        raise FileNotFoundError(f"{place} holds the clips no more: without them nobody can say whose faces they were")
    names: set[str] = set()
    for file in files:
        with naming(file, "without whole clips nobody can say whose faces they were"):
            names.update(pq.read_table(file, columns=["data_set"])["data_set"].unique().to_pylist())
    return tuple(sorted(names))
