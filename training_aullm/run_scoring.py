"""Score a run by a protocol: on people never seen in training, or on another domain. Predictions stay as parquet.

Folds and leave-one-subject-out train one model per fold with the run's settings; a fold whose predictions exist is not
trained again, so a broken evaluation goes on where it stopped. Cross-domain scores the run's own model.
"""

from dataclasses import dataclass
from pathlib import Path

import datasets

from training_aullm.bootstrap import Interval, bootstrap_f1
from training_aullm.fitting import as_predictions, fit, new_model, new_processor, predict_probabilities
from training_aullm.metrics import Scores, score
from training_aullm.predict import load_model
from training_aullm.predictions import Predictions, pool
from training_aullm.progress import TrainingBar
from training_aullm.protocols import Fold, cross_domain, leave_one_subject_out, subject_folds
from training_aullm.report import json_line
from training_aullm.runs import RunSettings, Source, build_clips, default_action_units

PREDICTIONS = "predictions"


@dataclass(frozen=True)
class Result:
    """Pooled predictions of one protocol, their scores, and intervals over subjects."""

    name: str
    predictions: Predictions
    scores: Scores
    intervals: dict[str, Interval | list[Interval]]

    @classmethod
    def of(cls, name: str, predictions: Predictions) -> "Result":
        """Score predictions at threshold 0.5."""
        scores = score(predictions.probabilities, predictions.labels, predictions.action_units)
        intervals = bootstrap_f1(predictions.labels, [predictions.probabilities], predictions.subjects)
        return cls(name, predictions, scores, intervals)

    def to_json(self) -> str:
        """Means with intervals and F1 per action unit, as one line."""
        per_unit = dict(zip(self.scores.action_units, self.scores.f1, strict=True))
        content = {"protocol": self.name, "data_set": self.predictions.data_set, "clips": len(self.predictions.labels)}
        content |= self.scores.summary() | {"f1_interval": self.intervals["f1"], "f1_per_action_unit": per_unit}
        return json_line(content | {"undefined": list(self.scores.undefined)})


def score_folds(run: Path, settings: RunSettings, folds: int | None) -> Result:
    """Train and test on subject-exclusive folds of the run's own clips.

    Args:
        run: the run's folder.
        settings: of the run.
        folds: how many; None leaves one subject out at a time.

    Returns:
        Scores of the pooled predictions: every clip is tested once, by a model that never saw its person.
    """
    name = "loso" if folds is None else f"folds{folds}"
    recipe, names = settings.recipe, settings.action_units
    processor = new_processor(settings.preset, names, settings.language_model)
    model = new_model(recipe, names, settings.language_model, settings.seed)
    clips = build_clips(run, settings.source.load(), model, processor)
    splits = leave_one_subject_out(clips.subjects) if folds is None else subject_folds(clips.subjects, folds)
    parts = []
    for fold in splits:
        path = run / PREDICTIONS / name / f"{fold.name}.parquet"
        if not path.exists():
            _fit_fold(run, settings, clips, fold).save(path)
        parts.append(Predictions.load(path))
    pooled = pool(parts, clips.sample_ids)
    pooled.save(run / PREDICTIONS / f"{name}.parquet")
    return Result.of(name, pooled)


def _fit_fold(run: Path, settings: RunSettings, clips, fold: Fold) -> Predictions:
    """Train on one side of a split, predict the other."""
    model = new_model(settings.recipe, settings.action_units, settings.language_model, settings.seed)
    fit(
        model,
        settings.recipe,
        clips.subset(fold.train),
        run / "scratch",
        settings.seed,
        callbacks=[TrainingBar(fold.name)],
    )
    test = clips.subset(fold.test)
    return as_predictions(predict_probabilities(model, test), test, fold.name, settings.seed)


def score_cross(run: Path, settings: RunSettings, source: Source) -> Result:
    """Score the run's own model on another domain, on the action units that both have.

    Args:
        run: the run's folder, with a model.
        settings: of the run.
        source: the other domain's clips.

    Returns:
        Scores on the other domain.

    Raises:
        ValueError: no action unit in common, or people of the other domain were trained on.
    """
    table = source.load()
    refuse_shared_people(settings.source.load(), table)
    model, processor = load_model(run)
    clips = build_clips(run, table, model, processor)
    common = cross_domain(settings.action_units, default_action_units(source))
    predictions = as_predictions(predict_probabilities(model, clips), clips, "cross", settings.seed).select(common)
    predictions.save(run / PREDICTIONS / f"cross-{clips.data_set}.parquet")
    return Result.of("cross", predictions)


def refuse_shared_people(trained: datasets.Dataset, tested: datasets.Dataset) -> None:
    """No person may be on both sides, however the two tables were named or cut.

    Args:
        trained, tested: rows of `dataset_scripts.schema.FEATURES`.

    Raises:
        ValueError: a data set's subject is in both; the message names some.
    """
    people = [set(zip(table["data_set"], table["subject"], strict=True)) for table in (trained, tested)]
    shared = sorted(people[0] & people[1])
    if shared:
        some = ", ".join("/".join(each) for each in shared[:3])
        raise ValueError(
            f"{len(shared)} people of these clips were trained on ({some} ...): pass another --domain or --data, or "
            "score people never seen with --protocol folds"
        )
