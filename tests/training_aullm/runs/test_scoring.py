"""From a prepared folder to a score: a detector that knows the truth gets exactly 1, and nothing old is mixed in."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dataset_scripts.report import Report
from tests.contract.language_models import save_tiny_language_model
from tests.training_aullm.clip_tables import BrightFaces, clip_row, states, table_of
from training_aullm.clips.clip_set import ClipSet, select_labels
from training_aullm.learn.fitting import as_predictions, predict_probabilities
from training_aullm.prepare.preparing import Preparation, prepare_table
from training_aullm.prepare.sources import Source, coded_action_units, default_action_units
from training_aullm.runs.scoring import Result, score_cross, score_folds
from training_aullm.runs.settings import RunSettings
from training_aullm.runs.training import train_run
from training_aullm.score.metrics import score
from training_aullm.score.protocols import FOLDS, LOSO, SPLIT
from training_aullm.score.report import label_notes


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> str:
    """Ten clips of four people who interleave, of 2 to 9 frames; AU7 is known in some, AU9 coded but never shown,
    AU15 shown by one."""
    folder = tmp_path_factory.mktemp("prepared")
    order = [3, 0, 2, 1, 0, 3, 1, 2, 2, 0]
    coded = ["4 15", "4 12", "12", "", "4 7", "12 7", "4", "12", "7", "4 12"]
    rows = [
        clip_row(
            f"s{person}", f"c{k}", (90 + k,) * (2 + k % 8), states(units, "" if k % 3 else "7" * ("7" not in units))
        )
        for k, (person, units) in enumerate(zip(order, coded, strict=True))
    ]
    prepare_table(table_of(rows), Report("tiny", "1"), folder, Preparation("folder", "x"), 1, False, BrightFaces())
    return str(folder)


@pytest.fixture(scope="module")
def settings(prepared, tmp_path_factory) -> RunSettings:
    language_model = save_tiny_language_model(tmp_path_factory.mktemp("language-model"))
    return RunSettings(Source(data=prepared), ("AU4", "AU7", "AU9", "AU12"), "base", language_model, 1, 1)


def oracle(run, settings, clips: ClipSet, fold):
    """Labels as predictions; what nobody knows is guessed."""
    test = clips.subset(fold.test)
    truth = test.labels.numpy().astype(float)
    return as_predictions(np.where(truth < 0, 0.7, truth), test, fold.name, settings.seed)


@pytest.fixture(scope="module")
def loso(settings, tmp_path_factory) -> tuple[Path, Result]:
    """A folder, and what the oracle scores when one person is left out at a time."""
    folder = tmp_path_factory.mktemp("loso")
    return folder, score_folds(folder, settings, LOSO, predict_fold=oracle)


def test_labels_as_predictions_score_exactly_one(settings, loso):
    _, result = loso
    assert np.delete(result.scores.f1, 2).tolist() == [1.0, 1.0, 1.0] and result.scores.undefined == ("AU9",)
    assert (result.scores.mean_f1, result.scores.mean_macro_f1, result.scores.mean_auc) == (1.0, 1.0, 1.0)
    table = settings.source.load()
    truth = select_labels(np.asarray(table["action_units"]), settings.action_units).numpy()
    assert list(result.predictions.sample_ids) == table["sample_id"][:]  # pooled back into the order of the table
    assert score(result.predictions.probabilities, truth, settings.action_units).mean_f1 == 1.0
    assert list(result.predictions.subjects) == [sample.split("/")[1] for sample in result.predictions.sample_ids]
    assert len(set(result.predictions.fold)) == 4


def test_unknown_labels_and_undefined_units_are_said(loso):
    _, result = loso
    assert result.scores.known.tolist() == [10, 6, 10, 10]
    undefined, partly = label_notes(result.scores, 10)
    assert "no clip shows it: AU9" in undefined and "AU7 in 6" in partly
    assert '"known": {"AU4": 10, "AU7": 6' in result.to_json() and '"undefined": ["AU9"]' in result.to_json()
    assert '"label_releases": ["1"]' in result.to_json()


def test_a_fold_has_a_file_and_all_of_them_a_record(loso):
    names = {path.name for path in (loso[0] / "predictions" / "loso").iterdir()}
    assert names == {"made_with.json", "s0.parquet", "s1.parquet", "s2.parquet", "s3.parquet"}


def test_folds_of_people_whose_names_differ_in_case_alone_have_files_of_their_own_everywhere(settings, tmp_path):
    rows = [clip_row(name, "c", vector=states("4 12")) for name in ("Anna", "anna", "ben")]
    table_of(rows).to_parquet(tmp_path / "clips.parquet")
    mine = replace(settings, source=Source(data=str(tmp_path)), action_units=("AU4", "AU12"))
    score_folds(tmp_path / "run", mine, LOSO, predict_fold=oracle)
    names = {path.name for path in (tmp_path / "run" / "predictions" / "loso").glob("*.parquet")}
    assert len({name.casefold() for name in names}) == 3 and "ben.parquet" in names


def test_predictions_of_other_settings_or_clips_are_refused(settings, tmp_path):
    first = score_folds(tmp_path, settings, FOLDS, 2, oracle)
    again = score_folds(tmp_path, settings, FOLDS, 2, None)  # every fold is there: nothing is trained
    assert again.scores.mean_f1 == first.scores.mean_f1 == 1.0
    with pytest.raises(ValueError, match="seed: 0, now 1"):
        score_folds(tmp_path, replace(settings, seed=1), FOLDS, 2, oracle)
    with pytest.raises(ValueError, match=r"recipe\.epochs: 1, now 2\): delete"):
        score_folds(tmp_path, replace(settings, epochs=2), FOLDS, 2, oracle)


def test_predictions_of_changed_labels_are_refused(settings, tmp_path, prepared):
    table = Source(data=prepared).load()
    table.to_parquet(tmp_path / "clips.parquet")
    mine = replace(settings, source=Source(data=str(tmp_path)))
    score_folds(tmp_path / "run", mine, FOLDS, 2, oracle)
    changed = table.map(lambda row: {"action_units": states("12")}, features=table.features)
    changed.to_parquet(tmp_path / "clips.parquet")
    with pytest.raises(ValueError, match="clips: "):
        score_folds(tmp_path / "run", mine, FOLDS, 2, oracle)


def split_table(settings, part_of: dict[str, str], folder: Path) -> RunSettings:
    """Settings of the same clips, divided by person."""
    table = settings.source.load()
    divided = table.map(lambda row: {"split": part_of[row["subject"]]}, features=table.features)
    divided.to_parquet(folder / "clips.parquet")
    return replace(settings, source=Source(data=str(folder)))


def test_a_sets_own_split_tests_its_test_part_only(settings, tmp_path):
    mine = split_table(settings, {"s0": "train", "s1": "test", "s2": "train", "s3": "test"}, tmp_path)
    seen = []

    def predict(run, settings, clips, fold):
        seen.append((set(clips.subset(fold.train).subjects), set(clips.subset(fold.test).subjects)))
        return oracle(run, settings, clips, fold)

    result = score_folds(tmp_path / "run", mine, SPLIT, predict_fold=predict)
    assert seen == [({"s0", "s2"}, {"s1", "s3"})] and set(result.predictions.subjects) == {"s1", "s3"}
    assert result.name == "split" and result.scores.mean_f1 == 1.0 and len(result.predictions.labels) == 4
    other = split_table(settings, {"s0": "test", "s1": "train", "s2": "train", "s3": "test"}, tmp_path)
    with pytest.raises(ValueError, match=r"parts\.test"):
        score_folds(tmp_path / "run", other, SPLIT, predict_fold=oracle)


def test_a_set_without_a_split_is_told_before_it_is_measured(settings, tmp_path):
    with pytest.raises(ValueError, match="choose --protocol folds or loso"):
        score_folds(tmp_path, settings, SPLIT, predict_fold=oracle)
    assert not list(tmp_path.iterdir())


def test_the_units_of_a_set_are_those_that_two_people_show(prepared):
    assert default_action_units(Source(data=prepared)) == ("AU4", "AU7", "AU12")
    assert "AU9" in coded_action_units(Source(data=prepared).load())


def test_a_set_without_a_unit_is_refused(tmp_path):
    table_of([clip_row("s0", "c0", vector=states(others=-1))]).to_parquet(tmp_path / "clips.parquet")
    with pytest.raises(ValueError, match=r"no clip of .* is coded with an action unit"):
        default_action_units(Source(data=str(tmp_path)))


def test_a_model_learns_from_labels_that_are_mostly_unknown(settings, tmp_path):
    """AU9 is unknown everywhere in this copy; the model still trains, and is tested on other people."""
    rows = [
        clip_row(f"t{k}", "c", (90 + 5 * k,) * 5, states("4" if k % 2 else "12", "7 9", -1), data_set="other")
        for k in range(6)
    ]
    table_of(rows).to_parquet(tmp_path / "clips.parquet")
    mine = replace(settings, source=Source(data=str(tmp_path)))
    history = train_run(tmp_path / "run", mine)
    assert np.isfinite([entry["loss"] for entry in history if "loss" in entry]).all()
    result = score_cross(tmp_path / "run", tmp_path / "run", settings.source)
    assert result.predictions.action_units == mine.action_units and len(result.predictions.labels) == 10
    assert result.scores.undefined == ("AU9",) and np.isfinite(result.scores.mean_f1)
    with pytest.raises(ValueError, match="6 people of these clips were trained on"):
        score_cross(tmp_path / "run", tmp_path / "run", mine.source)


def test_clips_of_one_set_are_scored_side_by_side(settings, tmp_path):
    train_run(tmp_path / "run", settings)
    folders = [tmp_path / name for name in ("mine", "yours", "elsewhere/yours")]
    for number, folder in enumerate(folders):
        rows = [clip_row(f"t{k}", "c", (80 + 5 * k + number,) * 5, data_set="other") for k in range(2)]
        prepare_table(table_of(rows), Report("other", "1"), folder, Preparation("other", "x"), 1, False, BrightFaces())
    for folder in folders[:2]:
        result = score_cross(tmp_path / "run", tmp_path / "run", Source(data=str(folder)))
        assert result.name == f"cross-other-{folder.name}" and result.predictions.data_set == "other"
    names = {path.name for path in (tmp_path / "run" / "predictions").glob("*.parquet")}
    assert names == {"cross-other-mine.parquet", "cross-other-yours.parquet"}
    with pytest.raises(
        ValueError, match=r'otherwise \(clips: "\w+", now "\w+"\): move .*/cross-other-yours\.parquet away'
    ):
        score_cross(tmp_path / "run", tmp_path / "run", Source(data=str(folders[2])))
    (tmp_path / "run" / "predictions" / "cross-other-yours.parquet").unlink()
    score_cross(tmp_path / "run", tmp_path / "run", Source(data=str(folders[2])))
    train_run(tmp_path / "again" / "run", replace(settings, seed=1))
    with pytest.raises(ValueError, match=r"otherwise \(model: "):
        score_cross(tmp_path / "run", tmp_path / "again" / "run", Source(data=str(folders[0])))


def test_a_batch_of_unknown_labels_moves_nothing(build_model, motion_clips):
    unknown = ClipSet(**{**vars(motion_clips), "labels": torch.full_like(motion_clips.labels, -1)})
    model = build_model()
    batch = unknown.batch(range(4))
    loss = model(**batch).loss
    assert torch.isfinite(loss)
    assert np.isfinite(predict_probabilities(model, unknown)).all()


def test_folds_at_once_give_what_one_by_one_gives_and_go_on_where_they_stopped(settings, tmp_path):
    one_by_one = score_folds(tmp_path / "one", settings, LOSO).predictions
    score_folds(tmp_path / "some", settings, LOSO, at_once=3)
    files = sorted((tmp_path / "some" / "predictions" / "loso").glob("*.parquet"))
    files[1].unlink()  # as if killed before it was written
    times = [path.stat().st_mtime_ns for path in (files[0], *files[2:])]
    at_once = score_folds(tmp_path / "some", settings, LOSO, at_once=3).predictions
    assert [path.stat().st_mtime_ns for path in (files[0], *files[2:])] == times
    np.testing.assert_allclose(at_once.probabilities, one_by_one.probabilities, atol=1e-4)
    np.testing.assert_allclose(at_once.evidence, one_by_one.evidence, atol=1e-2)
    assert at_once.sample_ids == one_by_one.sample_ids and at_once.fold == one_by_one.fold


def test_a_preset_that_cannot_be_trained_at_once_is_told_before_clips_are_measured(settings, tmp_path):
    with pytest.raises(ValueError, match=r"folds at once: norm=\"batch\""):
        score_folds(tmp_path, replace(settings, preset="paper"), LOSO, at_once=2)
    assert not (tmp_path / "clips").exists()
