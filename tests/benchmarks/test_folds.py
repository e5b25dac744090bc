"""The experiment table: jobs write once, other settings are refused, rows come from pooled predictions."""

import dataclasses

import numpy as np
import pytest

from benchmarks import folds
from benchmarks.folds import COLUMNS, VARIANTS, Job, run_job, summarise
from modeling_aullm import AullmConfig
from processing_aullm.prompt_aullm import TEMPLATES
from tests.training_aullm.conftest import make_clips
from training_aullm.files import check_record
from training_aullm.score.predictions import Predictions
from training_aullm.score.protocols import subject_folds
from training_aullm.score.report import json_line, markdown_table

CROSS_UNITS = ("AU1", "AU4", "AU9")
ABLATIONS = {
    "base-no-instruction": {"use_instruction_token": False},
    "base-no-content": {"use_content_token": False},
    "base-mlp": {"reader": "mlp"},
    "base-by-name": {"readout": "au"},
}
OF_WHOLE = {
    "whole-no-content": {"use_content_token": False},
    "whole-no-prior": {"use_prior": False},
    "whole-no-moe": {"use_moe": False},
    "whole-no-laplacian": {"use_laplacian": False},
    "whole-no-squeeze": {"use_squeeze_excitation": False},
}


@pytest.fixture
def data(monkeypatch):
    """Two tiny domains of flow clips."""
    own, other = make_clips(36), make_clips(18, seed=1)
    own, other = (dataclasses.replace(each, inputs=each.inputs[:, :, :1]) for each in (own, other))
    other = dataclasses.replace(other, sample_ids=tuple(f"other/{i}" for i in range(18)))
    monkeypatch.setattr(folds, "_worker_clips", {"apex-flow": (own, other)})
    return own, other


def run(folder, data, seed=0):
    splits = [*subject_folds(data[0].subjects, 3), None]
    jobs = [Job("flow-lr", seed, split, folder, "none") for split in splits]
    for job in jobs:
        run_job(job)
    return jobs


def test_a_row_holds_pooled_scores_and_the_other_domain(data, tmp_path):
    jobs = run(tmp_path, data)
    assert all(job.path.exists() for job in jobs) and jobs[-1].path.name == "cross.parquet"
    row = summarise(tmp_path / "flow-lr", "flow-lr", tmp_path, 1, data, CROSS_UNITS)
    assert row["f1"].value > 0.8 and row["f1"].low <= row["f1"].value <= row["f1"].high
    assert set(row["cross_f1_per_action_unit"]) == {"AU1", "AU4"}
    assert "minus_base" not in row and row["seconds"] >= 0
    assert '"f1": [' in json_line(row) and markdown_table([row], COLUMNS).startswith("| variant | mean F1")


def test_the_difference_to_base_is_paired(data, tmp_path):
    for job in run(tmp_path, data):
        found = Predictions.load(job.path)
        base = dataclasses.replace(found, probabilities=np.zeros_like(found.probabilities))
        base.save(tmp_path / "base" / "seed0" / job.path.name)
    row = summarise(tmp_path / "flow-lr", "flow-lr", tmp_path, 1, data, CROSS_UNITS)
    assert row["minus_base"].value == pytest.approx(row["f1"].value)


def test_a_missing_fold_is_an_error_not_a_better_score(data, tmp_path):
    run(tmp_path, data)[0].path.unlink()
    with pytest.raises(ValueError, match="12 missing"):
        summarise(tmp_path / "flow-lr", "flow-lr", tmp_path, 1, data, CROSS_UNITS)


def test_predictions_of_other_settings_are_not_mixed(tmp_path):
    record = tmp_path / "base" / "settings.json"
    check_record(record, VARIANTS["base"].settings(), "delete it")
    check_record(record, VARIANTS["base"].settings(), "delete it")
    with pytest.raises(ValueError, match=r"recipe.epochs: 24, now 1\): delete it"):
        check_record(record, VARIANTS["base"].with_epochs(1).settings(), "delete it")


def test_every_ablation_differs_from_its_origin_in_what_its_name_says():
    base, whole = VARIANTS["base"].recipe, VARIANTS["whole"].recipe
    assert VARIANTS["whole-no-ccr"].recipe == whole.but(ccr_invariance_weight=0.0, ccr_intervention_weight=0.0)
    assert whole.ccr_invariance_weight > 0 and whole.ccr_intervention_weight > 0
    for name, setting in ABLATIONS.items():
        assert VARIANTS[name].recipe == base.but(model=setting)
    for name, setting in OF_WHOLE.items():
        assert VARIANTS[name].recipe == whole.but(model=setting)
    assert len({VARIANTS[name].recipe.epochs for name in (*ABLATIONS, *OF_WHOLE, "base", "whole")}) == 1


def test_every_switch_of_the_model_is_a_row_of_the_table():
    """Otherwise nobody can say what the part behind it is worth."""
    switches = {name for name in AullmConfig.__dataclass_fields__ if name.startswith("use_") and name != "use_cache"}
    assert switches <= {name for changed in (ABLATIONS | OF_WHOLE).values() for name in changed}


def test_a_read_out_by_name_is_recorded_with_its_prompt():
    templates = {name: VARIANTS[name].settings()["template"] for name in ("base", "base-by-name")}
    assert templates["base-by-name"] == TEMPLATES["query"] != templates["base"]


def test_thresholds_of_the_test_clips_stand_beside_the_result_and_are_never_lower(data, tmp_path):
    run(tmp_path, data)
    asked = (tmp_path / "flow-lr", "flow-lr", tmp_path, 1, data, CROSS_UNITS)
    assert "old_f1" not in summarise(*asked)
    row = summarise(*asked, old_scoring=True)
    assert row["old_f1"] >= row["f1"].value and not {"old_f1", "old_macro_f1"} & set(COLUMNS)


@pytest.mark.slow
def test_the_program_runs_folds_and_the_other_domain(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(folds, "load_synthetic", few_clips)
    settings = ("--variants", "base-mlp", "--seeds", 1, "--folds", 2, "--epochs", 1, "--workers", 1, "--out", tmp_path)
    told = run_program(folds, *settings, "--old-scoring")
    assert [row["variant"] for row in told["results"]] == ["base-mlp"]
