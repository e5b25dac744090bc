"""Which model on which clips: every way to ask, and what is told where it makes no sense."""

from dataclasses import replace
from pathlib import Path

import pytest

from training_aullm.prepare.sources import Source, choose_source
from training_aullm.runs import evaluating
from training_aullm.runs.evaluating import plan_evaluation
from training_aullm.runs.settings import RunSettings

OWN, OTHER = Source("casme2-like"), Source("samm-like")


def begin(source: Source) -> RunSettings:
    return RunSettings(source, ("AU4",))


@pytest.fixture
def run(tmp_path) -> str:
    """A finished run."""
    begin(OWN).save(tmp_path / "run")
    (tmp_path / "run" / "model").mkdir()
    (tmp_path / "run" / "model" / "config.json").touch()
    return str(tmp_path / "run")


@pytest.mark.parametrize(
    ("protocol", "expected"), [(None, "folds"), ("folds", "folds"), ("loso", "loso"), ("split", "split")]
)
def test_a_run_is_scored_on_its_own_clips(run, protocol, expected):
    evaluation = plan_evaluation(run, None, protocol, 4, begin)
    assert (evaluation.protocol, evaluation.out, evaluation.folds) == (expected, Path(run), 4)
    assert evaluation.settings == begin(OWN) and evaluation.model is None


@pytest.mark.parametrize("protocol", [None, "cross"])
def test_other_clips_test_the_runs_model(run, protocol):
    evaluation = plan_evaluation(run, OTHER, protocol, 5, begin)
    assert (evaluation.protocol, evaluation.model, evaluation.source) == ("cross", run, OTHER)
    assert evaluation.settings == begin(OWN)


def test_clips_without_a_run_begin_one(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluating, "RUNS", tmp_path)
    evaluation = plan_evaluation(None, OTHER, "loso", 5, begin)
    assert (evaluation.protocol, evaluation.out) == ("loso", tmp_path / "samm-like")
    assert RunSettings.load(evaluation.out) == begin(OTHER)
    again = plan_evaluation(str(evaluation.out), OTHER, "loso", 5, begin)
    assert again == evaluation
    (evaluation.out / "predictions").mkdir()
    with pytest.raises(FileExistsError, match="other settings"):
        plan_evaluation(str(evaluation.out), OTHER, "loso", 5, lambda source: replace(begin(source), seed=3))


def test_a_finished_model_without_a_run_is_scored_beside_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluating, "RUNS", tmp_path / "runs")
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "config.json").touch()
    evaluation = plan_evaluation(str(tmp_path / "published"), OTHER, None, 5, begin)
    assert (evaluation.protocol, evaluation.settings) == ("cross", None)
    assert evaluation.out == tmp_path / "runs" / "published-on-samm-like"
    hub = plan_evaluation("someone/a-model", OTHER, "cross", 5, begin)
    assert (hub.model, hub.out.name) == ("someone/a-model", "a-model-on-samm-like")
    comes_along = plan_evaluation(None, OTHER, "cross", 5, begin)
    assert (comes_along.model, comes_along.out.name) == ("release", "release-on-samm-like")


def test_what_makes_no_sense_is_told(run, tmp_path):
    for protocol in ("loso", "split"):
        with pytest.raises(ValueError, match="name another folder"):
            plan_evaluation(run, OTHER, protocol, 5, begin)
    with pytest.raises(ValueError, match="pass other clips"):
        plan_evaluation(run, OWN, "cross", 5, begin)
    with pytest.raises(FileNotFoundError, match="--data"):
        plan_evaluation(None, None, None, 5, begin)
    with pytest.raises(FileNotFoundError, match=r"settings\.json"):
        plan_evaluation(str(tmp_path / "nowhere"), None, None, 5, begin)
    with pytest.raises(ValueError, match="finished model"):
        plan_evaluation(f"{run}/model", OTHER, "folds", 5, begin)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"data_dir": "x"}, "--dataset"),
        ({"domain": "samm-like", "data": "x"}, "pass one of"),
        ({"data": "x", "dataset": "folder", "data_dir": "y"}, "pass one of"),
        ({"data": "x", "subjects": 3}, "--domain"),
        ({"dataset": "casme2"}, "--data-dir"),
        ({"data": "x", "sheet": "y"}, "they go with --dataset"),
        ({"domain": "samm-like", "release": "V3"}, "they go with --dataset"),
    ],
)
def test_options_that_do_not_go_together_are_told(options, word):
    with pytest.raises(ValueError, match=word):
        choose_source(**options)


def test_a_copy_is_read_by_the_sheet_and_release_that_are_named(monkeypatch):
    asked = []
    monkeypatch.setattr("training_aullm.prepare.sources.prepare_cached", lambda each: asked.append(each) or "prepared")
    source = choose_source(dataset="casme2", data_dir="copy", release="2014-05-08", sheet=Path("codes.xlsx"))
    assert source.data == "prepared"
    (preparation,) = asked
    assert (preparation.data_dir, preparation.asked["release"], preparation.asked["sheet"]) == (
        *("copy", "2014-05-08"),
        "codes.xlsx",
    )


def test_a_data_dir_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        choose_source(dataset="casme2", data_dir=tmp_path / "nowhere")


def test_a_finished_model_has_no_folds_to_train_at_once(run):
    with pytest.raises(ValueError, match="trains none"):
        plan_evaluation(run, OTHER, None, 5, begin).score(at_once=2)
