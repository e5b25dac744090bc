"""Runs that go on from a checkpoint: every fold from the same one, and never from one that saw whom it tests."""

import shutil
from dataclasses import replace

import pytest

from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.prepare.sources import Source
from training_aullm.runs import scoring
from training_aullm.runs.evaluating import Evaluation
from training_aullm.runs.scoring import score_folds, weights_digest
from training_aullm.runs.settings import RunSettings
from training_aullm.runs.training import FINISHED_FILE, train_run
from training_aullm.score.protocols import LOSO


@pytest.fixture(scope="module")
def place(tmp_path_factory, language_model_with_tokenizer):
    """Clips of a0 and a1, a run trained on them, and clips of b0 to b2."""
    place = tmp_path_factory.mktemp("starts")
    for group, people in (("a", 2), ("b", 3)):
        rows = [
            clip_row(f"{group}{k % people}", f"c{k}", (90 + k,) * 4, states("4" if k % 2 else "12")) for k in range(6)
        ]
        table_of(rows).to_parquet(place / f"{group}.parquet")
    source = Source(data=str(place / "a.parquet"))
    train_run(place / "run", RunSettings(source, ("AU4", "AU12"), "base", language_model_with_tokenizer, 1, 1))
    return place


@pytest.fixture
def settings(place) -> RunSettings:
    return RunSettings(Source(data=str(place / "b.parquet")), ("AU4", "AU12"), epochs=1, start=str(place / "run"))


def test_every_fold_starts_from_the_same_weights(settings, place, tmp_path, monkeypatch):
    started, real = [], scoring.fit

    def spy(model, *args, **options):
        started.append(weights_digest(model))
        real(model, *args, **options)

    monkeypatch.setattr(scoring, "fit", spy)
    result = score_folds(tmp_path, settings, LOSO)
    assert len(started) == 3 and len(set(started)) == 1
    assert result.checked and set(result.predictions.subjects) == {"b0", "b1", "b2"}
    assert result.label_free.present.shape == (6, 2)  # each fold's model brought its own calibration
    shutil.copytree(place / "run", tmp_path / "other")
    with pytest.raises(ValueError, match=r"otherwise \(start: "):
        score_folds(tmp_path, replace(settings, start=str(tmp_path / "other")), LOSO)
    with pytest.raises(ValueError, match="start_weights: "):
        monkeypatch.setattr(scoring, "weights_digest", lambda model: "another checkpoint stands there")
        score_folds(tmp_path, settings, LOSO)


def test_a_start_that_saw_people_to_be_tested_is_refused_before_work(settings, place, tmp_path):
    own = replace(settings, source=Source(data=str(place / "a.parquet")))
    with pytest.raises(ValueError, match=r"2 people .* \(tiny/a0, tiny/a1\): each fold would start from .*/run"):
        score_folds(tmp_path, own, LOSO)
    assert not list(tmp_path.iterdir())


def test_a_run_that_went_on_has_seen_both(settings, place, tmp_path):
    train_run(tmp_path / "second", settings)
    assert RunSettings.load(tmp_path / "second") == settings
    third = replace(settings, source=Source(data=str(place / "a.parquet")), start=str(tmp_path / "second"))
    with pytest.raises(ValueError, match="tiny/a0"):
        score_folds(tmp_path / "third", third, LOSO)


def test_a_training_goes_on_from_the_weights_it_was_begun_from(settings, tmp_path, monkeypatch):
    train_run(tmp_path, settings)
    (tmp_path / FINISHED_FILE).unlink()  # as if killed before
    monkeypatch.setattr(scoring, "weights_digest", lambda model: "another checkpoint stands there")
    with pytest.raises(ValueError, match=r"start_weights: .* delete .*checkpoints to train on these from the start"):
        train_run(tmp_path, settings, resume=True)


def test_a_start_that_changes_nothing_is_told(settings, tmp_path):
    with pytest.raises(ValueError, match=r"\(--from: null, now .release.\): leave these options out"):
        Evaluation(LOSO, tmp_path, replace(settings, start=None)).refuse_other_settings({"start": "release"})
    Evaluation(LOSO, tmp_path, settings).refuse_other_settings({"start": settings.start})
