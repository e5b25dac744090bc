"""Folds in lockstep come to what each comes to alone, however many there are; what cannot be done so is refused."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training_aullm.conftest import make_clips
from training_aullm.learn.fitting import fit, predict_probabilities
from training_aullm.learn.folds_at_once import FoldsAtOnce, fit_at_once
from training_aullm.learn.recipes import recipe_whole

QUIET = {"use_cpu": True, "disable_tqdm": True}
TINY = recipe_whole().but(epochs=2.5, batch_size=4, model={})
NO_CCR = {"ccr_invariance_weight": 0.0, "ccr_intervention_weight": 0.0}
DROPOUT = {"encoder_dropout": 0.2, "projector_dropout": 0.3, "graph_dropout": 0.1, "head_dropout": 0.1}


def some_folds():
    """Of 8, 11 and 9 clips: two or three steps an epoch, in batches of three or four."""
    clips = make_clips(14)
    return [clips.subset(range(8)), clips.subset(range(3, 14)), clips.subset(range(5, 14))]


def result(model, clips):
    return {
        "weights": copy.deepcopy(model.state_dict()),
        "calibration": model.config.calibration,
        "people": model.config.trained_on,
        "told": predict_probabilities(model, clips),
    }


def assert_same(found, expected):
    for name, weight in expected["weights"].items():
        torch.testing.assert_close(found["weights"][name], weight, atol=2e-5, rtol=1e-4, msg=name)
    for name, values in (expected["calibration"] or {}).items():
        np.testing.assert_allclose(found["calibration"][name], values, atol=1e-3, rtol=1e-3)
    np.testing.assert_allclose(found["told"], expected["told"], atol=2e-5)
    assert found["people"] == expected["people"]


def at_once(model, recipe, folds, tmp_path, tested):
    return [result(each, tested) for each in fit_at_once(model, recipe, folds, tmp_path, 3, False, **QUIET)]


@pytest.mark.parametrize(
    ("model", "recipe"),
    [
        (DROPOUT, {}),
        (DROPOUT | {"readout": "au", "au_positions": [4, 5] * 2, "evidence_skip": False}, {"calibration_rounds": 0}),
        (DROPOUT | {"reader": "mlp"}, {"max_grad_norm": 0.1, "augmentation": None}),
        ({"use_instruction_token": False, "share_prefix": False}, NO_CCR | {"batch_size": 16}),
    ],
    ids=["base", "by name", "without a language model", "without a graph"],
)
def test_a_fold_comes_to_what_it_comes_to_alone(build_model, tmp_path, model, recipe):
    recipe, folds, tested = TINY.but(**recipe), some_folds(), make_clips(6, seed=1)
    together = at_once(build_model(**model), recipe, folds, tmp_path, tested)
    start = build_model(**model).state_dict()
    for found, clips in zip(together, folds, strict=True):
        alone = build_model(**model)
        fit(alone, recipe, clips, tmp_path, 3, callbacks=[], **QUIET)
        assert_same(found, result(alone, tested))
        assert max(float((weight - start[name]).abs().max()) for name, weight in found["weights"].items()) > 1e-3


def test_how_many_folds_there_are_changes_nothing(build_model, tmp_path):
    folds, tested = some_folds(), make_clips(6, seed=1)
    together = at_once(build_model(**DROPOUT), TINY, folds, tmp_path, tested)
    (alone,) = at_once(build_model(**DROPOUT), TINY, folds[2:], tmp_path, tested)
    assert_same(together[2], alone)
    assert np.abs(together[0]["told"] - together[1]["told"]).max() > 1e-3


def test_a_fold_that_lacks_a_unit_calls_it_absent(build_model, tmp_path):
    folds, tested = some_folds()[:2], make_clips(6, seed=1)
    folds[0].labels[:, 3] = -1  # a copy: the folds share no labels
    lacking, whole = at_once(build_model(), TINY, folds, tmp_path, tested)
    assert lacking["told"][:, 3].max() < 0.1 < whole["told"][:, 3].max()


def test_the_folds_of_these_tests_do_not_end_together(build_model, tmp_path):
    together = FoldsAtOnce(build_model(), TINY.training_arguments(tmp_path, **QUIET), some_folds())
    assert [fold.steps for fold in together.folds] == [5, 8, 8]


def test_afterwards_the_model_is_as_any_other(build_model, tmp_path, motion_clips):
    model = build_model(**DROPOUT)
    (left,) = at_once(model, TINY, [motion_clips], tmp_path, motion_clips)
    assert not model.training and model.checks_values
    batch = motion_clips.batch(range(4))
    with pytest.raises(ValueError, match="labels hold 2"):
        model(**batch | {"labels": batch["labels"] + 1})
    fit(model, TINY, motion_clips, tmp_path, callbacks=[], **QUIET)
    assert np.abs(predict_probabilities(model, motion_clips) - left["told"]).max() > 1e-3


@pytest.mark.parametrize(
    ("model", "recipe", "said"),
    [
        ({"norm": "batch"}, {}, "looks at whole batches"),
        ({"lora_dropout": 0.1}, {}, r"lora_dropout=0\.1 draws twice"),
        ({}, {"bf16": True}, "bf16=True"),
    ],
)
def test_what_cannot_be_done_at_once_is_refused(build_model, tmp_path, motion_clips, model, recipe, said):
    with pytest.raises(ValueError, match=f"{said}.*fold by fold"):
        next(fit_at_once(build_model(**model), TINY.but(**recipe), [motion_clips], tmp_path, **QUIET))


@pytest.mark.parametrize("untried", [{"gradient_accumulation_steps": 2}, {"max_steps": 3}])
def test_other_steps_are_refused(build_model, tmp_path, motion_clips, untried):
    (name,) = untried
    with pytest.raises(ValueError, match=f"{name}={untried[name]}"):
        next(fit_at_once(build_model(), TINY, [motion_clips], tmp_path, **untried, **QUIET))


def test_clips_and_labels_are_looked_at_before(build_model, tmp_path, motion_clips):
    wrong = replace(motion_clips, labels=motion_clips.labels + 2)
    with pytest.raises(ValueError, match="labels hold"):
        next(fit_at_once(build_model(), TINY, [motion_clips, wrong], tmp_path, **QUIET))
    with pytest.raises(ValueError, match=r"clips\.select"):
        next(fit_at_once(build_model(), TINY, [motion_clips, motion_clips.select(["AU1"])], tmp_path, **QUIET))
