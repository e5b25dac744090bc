"""Score a run by a protocol: on people never seen in training, or on another domain. Predictions stay as parquet.

Folds, leave-one-subject-out and a set's own split train one model per fold with the run's settings; a fold whose
predictions exist is not trained again, so a broken evaluation goes on where it stopped (several folds at once are done
together or not at all). A record beside them says what
they were made with, and others are refused. Cross-domain scores a finished model.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import datasets
import numpy as np
import torch

from dataset_scripts.labels import AU_SETS
from dataset_scripts.subject_files import apart
from modeling_aullm import AullmForActionUnitDetection
from training_aullm.clips.clip_set import ClipSet, clips_digest, identities
from training_aullm.console import TrainingBar
from training_aullm.files import check_record
from training_aullm.learn.fitting import as_predictions, fit, predict_probabilities
from training_aullm.learn.folds_at_once import fit_at_once, in_groups, refuse_model
from training_aullm.learn.people import people_seen, refuse_people
from training_aullm.loading import load_model
from training_aullm.prepare.sources import Source, coded_action_units
from training_aullm.runs.known_people import people_in, refuse_known
from training_aullm.runs.release_settings import ReleaseSettings
from training_aullm.runs.settings import RunSettings, build_clips
from training_aullm.score.bootstrap import Interval, bootstrap_f1
from training_aullm.score.label_free import LabelFree
from training_aullm.score.metrics import Scores, score
from training_aullm.score.predictions import Predictions, pool
from training_aullm.score.prior_shift import check_shares
from training_aullm.score.protocols import (
    CROSS,
    FOLDS,
    LOSO,
    SPLIT,
    Fold,
    cross_domain,
    leave_one_subject_out,
    own_split,
    subject_folds,
)
from training_aullm.score.report import json_line

PREDICTIONS = "predictions"
MADE_WITH = "made_with.json"


@dataclass(frozen=True)
class Result:
    """Pooled predictions of one protocol, their scores, and intervals over subjects.

    Attributes:
        name: of the protocol.
        predictions: pooled.
        scores: at threshold 0.5, which training people decided.
        intervals: of F1.
        label_free: scores of decisions by the set's own prevalence, and what that was taken to be; None where the model
            brought no calibration.
        checked: whether the model says whom it was trained on, so that nobody of them is among the tested.
        label_releases: of the tested clips; none where nobody said.
    """

    name: str
    predictions: Predictions
    scores: Scores
    intervals: dict[str, Interval | list[Interval]]
    label_free: LabelFree | None = None
    checked: bool = True
    label_releases: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        predictions: Predictions,
        checked: bool = True,
        prevalence: Mapping[str, float] | None = None,
        label_releases: tuple[str, ...] = (),
    ) -> "Result":
        """Score predictions.

        Args:
            name: of the protocol.
            predictions: pooled.
            checked: see above.
            prevalence: share of clips that show a unit, where it is known; the others are estimated.
            label_releases: see above.

        Raises:
            ValueError: a share of a unit that was not predicted, or that is none.
        """
        scores = score(predictions.probabilities, predictions.labels, predictions.action_units)
        intervals = bootstrap_f1(predictions.labels, [predictions.probabilities], predictions.subjects)
        free = LabelFree.of(predictions, prevalence or {})
        return cls(name, predictions, scores, intervals, free, checked, label_releases)

    def to_json(self) -> str:
        """Means with intervals and F1 per action unit, as one line."""
        per_unit = dict(zip(self.scores.action_units, self.scores.f1, strict=True))
        content = {"protocol": self.name, "data_set": self.predictions.data_set, "clips": len(self.predictions.labels)}
        content["label_releases"] = list(self.label_releases)
        content |= self.scores.summary() | {"f1_interval": self.intervals["f1"], "f1_per_action_unit": per_unit}
        known = dict(zip(self.scores.action_units, self.scores.known.tolist(), strict=True))
        content |= {} if self.label_free is None else {"label_free": self.label_free.summary()}
        return json_line(content | {"undefined": list(self.scores.undefined), "known": known})


def score_folds(
    run: Path,
    settings: RunSettings,
    protocol: str,
    folds: int | None = None,
    predict_fold: "FoldPredictor | None" = None,
    prevalence: Mapping[str, float] | None = None,
    at_once: int = 1,
) -> Result:
    """Train and test on subject-exclusive folds of the run's own clips.

    Args:
        run: the run's folder.
        settings: of the run.
        protocol: "folds", "loso" or "split".
        folds: how many, with "folds".
        predict_fold: gives a fold's predictions; None trains a model on its training side.
        prevalence: share of clips that show a unit, where it is known.
        at_once: folds that are trained in lockstep; they are done together, or none of them.

    Returns:
        Scores of the pooled predictions: a clip is tested once, by a model that never saw its person.

    Raises:
        ValueError: predictions of other settings or other clips lie there already; the clips cannot be divided so; the
            checkpoint that each fold starts from has seen people who are tested; the model cannot be trained in
            lockstep.
    """
    name = f"folds{folds}" if protocol == FOLDS else protocol
    table = settings.source.load()
    splits = _divide(table, protocol, folds)
    check_shares(prevalence or {}, settings.action_units)
    model, processor = settings.build()
    checked = settings.start is None or _refuse_start(settings.start, model.config, table, splits)
    if at_once > 1:
        refuse_model(model)
    clips = build_clips(run, table, model, processor)
    folder = run / PREDICTIONS / name
    made_with = trained_with(settings, model, clips)
    if protocol == SPLIT:  # folds and LOSO follow from the clips; who belongs to which part does not
        made_with["parts"] = {fold.name: hashlib.sha256(fold.test.tobytes()).hexdigest()[:16] for fold in splits}
    check_record(folder / MADE_WITH, made_with, f"delete {folder} or choose another run's folder")
    files = apart(fold.name for fold in splits)
    paths = {name: folder / f"{quote(file, safe='')}.parquet" for name, file in files.items()}
    left = [fold for fold in splits if not paths[fold.name].exists()]
    for group in in_groups(left, at_once):
        if predict_fold is None and len(group) > 1:
            told = _fit_group(run, settings, clips, group)
        else:
            told = ((predict_fold or _fit_fold)(run, settings, clips, fold) for fold in group)
        for fold, predictions in zip(group, told, strict=True):  # written whole, and found again by the next call
            predictions.save(paths[fold.name])
    parts = [Predictions.load(path) for path in paths.values()]
    # Pooled before scoring: an F1 a fold would be undefined wherever a fold's few people do not show a unit.
    tested = np.sort(np.concatenate([fold.test for fold in splits]))
    pooled = pool(parts, [clips.sample_ids[index] for index in tested])
    pooled.save(run / PREDICTIONS / f"{name}.parquet")
    return Result.of(name, pooled, checked, prevalence, clips.label_releases)


def _refuse_start(start: str, config, table: datasets.Dataset, splits: Sequence[Fold]) -> bool:
    """No fold may start from a checkpoint that saw its test people.

    Returns:
        Whether the checkpoint says whom it saw.

    Raises:
        ValueError: it saw some; names them.
    """
    tested = people_in(table.select(sorted({index for fold in splits for index in fold.test.tolist()})))
    seen = people_seen(config, tested)
    refuse_people(
        seen or (),
        f"each fold would start from {start}, which saw the very people that it tests. Start from a checkpoint that "
        "did not, or leave --from out",
    )
    return seen is not None


def trained_with(
    settings: RunSettings | ReleaseSettings, model: AullmForActionUnitDetection, clips: ClipSet
) -> dict[str, object]:
    """All that a training follows from, for a record beside what it leaves.

    Args:
        settings: of the run.
        model: as it is before training.
        clips: those of the run, or those of them that are trained on.
    """
    record = settings.as_record() | {"recipe": asdict(settings.recipe), "clips": clips_digest(clips)}
    if settings.start is not None:  # another checkpoint may stand at that place by now
        record["start_weights"] = weights_digest(model)
    if settings.language_model != "bundled":  # likewise
        record["language_weights"] = model.config.language_sha256
    return record


def weights_digest(model: AullmForActionUnitDetection) -> str:
    """A hash of everything that a model starts with."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def _divide(table: datasets.Dataset, protocol: str, folds: int | None) -> list[Fold]:
    subjects = table["subject"][:]
    if protocol == SPLIT:
        return own_split(table["split"][:] if "split" in table.column_names else [None] * len(table), subjects)
    return leave_one_subject_out(subjects) if protocol == LOSO else subject_folds(subjects, folds)


def _fit_fold(run: Path, settings: RunSettings, clips: ClipSet, fold: Fold) -> Predictions:
    """Train on one side of a split, predict the other."""
    model, _ = settings.build()
    fit(
        model,
        settings.recipe,
        clips.subset(fold.train),
        run / "scratch",
        settings.seed,
        callbacks=[TrainingBar(fold.name)],
    )
    return _test_fold(model, settings, clips, fold)


def _fit_group(run: Path, settings: RunSettings, clips: ClipSet, folds: Sequence[Fold]) -> Iterator[Predictions]:
    """Train on one side of each of several splits in lockstep, predict the other."""
    model, _ = settings.build()
    trained = [clips.subset(fold.train) for fold in folds]
    models = fit_at_once(model, settings.recipe, trained, run / "scratch", settings.seed)
    return (_test_fold(model, settings, clips, fold) for model, fold in zip(models, folds, strict=True))


def _test_fold(model: AullmForActionUnitDetection, settings: RunSettings, clips: ClipSet, fold: Fold) -> Predictions:
    test = clips.subset(fold.test)
    probabilities = predict_probabilities(model, test)
    return as_predictions(probabilities, test, fold.name, settings.seed, model.config.calibration)


FoldPredictor = Callable[[Path, RunSettings, ClipSet, Fold], Predictions]


def score_cross(
    out: Path, model: str | Path, source: Source, seed: int = 0, prevalence: Mapping[str, float] | None = None
) -> Result:
    """Score a finished model on clips of people it has not seen, on the action units that these clips are coded for.

    Args:
        out: folder for predictions and measured clips.
        model: a run's folder, a published folder, or a Hub id.
        source: the clips.
        seed: that the model was trained with.
        prevalence: share of clips that show a unit, where it is known.

    Returns:
        Scores on these clips.

    Raises:
        ValueError: no action unit in common, or people of these clips were trained on; or under the same name stand
            predictions of other clips or another model.
    """
    network, processor = load_model(model)  # first: clips may have to be rendered
    table = source.load()
    checked = refuse_known(network.config, Path(model), people_in(table))
    # A model may answer for units that these clips were never coded for: those have no truth to be scored on.
    coded = AU_SETS.get(identities(table)[2]) or coded_action_units(table)
    common = cross_domain(processor.action_units, coded)
    check_shares(prevalence or {}, common)
    clips = build_clips(out, table, network, processor)
    name = f"{CROSS}-{source.label}"
    _refuse_others(out / PREDICTIONS / f"{name}.parquet", network, clips)
    probabilities = predict_probabilities(network, clips)
    predictions = as_predictions(probabilities, clips, CROSS, seed, network.config.calibration).select(common)
    predictions.save(out / PREDICTIONS / f"{name}.parquet")
    return Result.of(name, predictions, checked, prevalence, clips.label_releases)


def _refuse_others(predictions: Path, model: AullmForActionUnitDetection, clips: ClipSet) -> None:
    """Refuse to replace predictions of another model or of other clips; in a folder of their name stands of which."""
    record = predictions.with_suffix("") / MADE_WITH
    if not predictions.exists():
        record.unlink(missing_ok=True)
    advice = f"move {predictions} away or delete it, or rename the folder of these clips, or of the model"
    check_record(record, {"model": weights_digest(model), "clips": clips_digest(clips)}, advice)
