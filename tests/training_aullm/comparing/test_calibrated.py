"""Evidence of any method: learnt on training people, and of no use to whoever knows the labels of the test clips."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from modeling_aullm import AullmConfig
from tests.training_aullm.comparing.test_sides import other_test_labels, run
from tests.training_aullm.conftest import make_clips
from training_aullm.comparing.calibrated import VARIATIONS, calibration_of, varied_clips
from training_aullm.comparing.work import Piece, run_piece
from training_aullm.learn.calibration import evidence
from training_aullm.learn.recipes import recipe_base, recipe_flow_cnn
from training_aullm.peers.flow_regression import METHOD
from training_aullm.peers.method import Setup
from training_aullm.peers.methods import METHODS
from training_aullm.score.label_free import LabelFree
from training_aullm.score.predictions import Predictions


def test_training_clips_are_varied_as_their_training_varies_them():
    motion = make_clips()
    varied = varied_clips(motion, recipe_flow_cnn(), 0)
    assert len(varied) == VARIATIONS * len(motion) and varied.people == motion.people * VARIATIONS
    assert torch.equal(varied.labels, motion.labels.repeat(VARIATIONS, 1))
    once, again, otherwise = (varied_clips(motion, recipe_base(), seed).inputs for seed in (0, 0, 1))
    assert torch.equal(once, again) and not torch.equal(once, otherwise)
    assert not torch.equal(once[: len(motion)], motion.inputs)


def test_an_epoch_that_was_trained_in_part_is_not_shown_again():
    motion, recipe = make_clips(), recipe_flow_cnn()
    started, whole = (varied_clips(motion, recipe.but(epochs=epochs), 0).inputs for epochs in (1.5, 2))
    assert torch.equal(started, whole)


def test_clips_stay_as_they_are_where_nothing_is_varied():
    motion = make_clips()
    for recipe in (None, recipe_flow_cnn().but(augmentation=None)):
        assert varied_clips(motion, recipe, 0) is motion


def test_a_method_that_says_the_same_of_every_clip_has_no_evidence():
    labels = np.array([[1, 0], [0, 1], [0, 0]])
    assert calibration_of(np.tile([0.2, 0.7], (3, 1)), labels) is None
    assert calibration_of(np.array([[0.9, 0.1], [0.2, 0.1], [0.1, 0.1]]), labels)["slope"][0] > 0


def test_decisions_without_labels_are_the_same_whatever_the_labels_are(clips, split, tmp_path):
    told = [
        run(METHOD, each, split, tmp_path / str(k)) for k, each in enumerate((clips, other_test_labels(clips, split)))
    ]
    assert (told[0].labels != told[1].labels).any()
    free = [LabelFree.of(each, {}) for each in told]
    assert np.array_equal(free[0].present, free[1].present) and free[0].present.any()


def test_a_unit_that_became_rare_is_found_less_often(clips, split, tmp_path):
    """The same clips, those that show a unit thinned out among the tested: the decisions follow."""
    whole = run(METHOD, clips, split, tmp_path)
    rare = np.flatnonzero((whole.labels[:, 0] != 1) | (np.arange(len(whole.labels)) % 4 == 0))
    assert LabelFree.of(whole.rows(rare), {}).shares[0] < LabelFree.of(whole, {}).shares[0]


def test_a_model_that_learns_nothing_here_brings_its_own_calibration(clips, split, tmp_path):
    """What its answers mean was learned with it: to learn it here would be to learn something here."""
    units = [*reversed(clips.action_units), "AU43"]
    numbers = {"slope": [0.5 + k for k in range(len(units))], "offset": [0.1 * k for k in range(len(units))]}
    calibration = numbers | {"prevalence": [0.2] * len(units)}
    config = AullmConfig.preset("base", None, units, calibration=calibration)
    config.save_pretrained(tmp_path / "start")
    as_it_is = replace(METHODS["pretrained-as-it-is"], run=METHOD.run, clips=METHOD.clips, starts=False)
    piece = Piece("planted", 0, split)
    run_piece(piece, as_it_is, clips, Setup(scratch=tmp_path, start=str(tmp_path / "start")), 1, tmp_path)
    told = Predictions.load(piece.path(tmp_path))
    expected = evidence(told.probabilities, {name: column[:-1][::-1] for name, column in calibration.items()})
    assert told.evidence == pytest.approx(expected)


def test_all_present_has_none(clips, split, tmp_path):
    assert run(METHODS["all-present"], clips, split, tmp_path).evidence is None
