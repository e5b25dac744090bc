"""Planted leaks: each is tried on purpose, and refused or without effect."""

import dataclasses

import numpy as np
import pytest
import torch

from modeling_aullm import AullmConfig
from modeling_aullm.prior_aullm import prior_from_labels
from tests.training_aullm.conftest import UNITS
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.sides import refuse_seen_people, refuse_shared_people, two_sides, without_labels
from training_aullm.comparing.tries import choose, variations
from training_aullm.comparing.work import Piece, run_piece
from training_aullm.learn.people import remember_people
from training_aullm.peers.flow_regression import METHOD, FlowLogisticRegression
from training_aullm.peers.method import Method, Setup
from training_aullm.score.metrics import best_cut, oracle_threshold, score
from training_aullm.score.predictions import Predictions

NOBODY = {"data_sets": {}, "label_releases": [], "people": [], "complete": True}


def run(method, clips, split, folder, seed=0) -> Predictions:
    piece = Piece("planted", seed, split)
    run_piece(piece, method, clips, Setup(seed, scratch=folder), 1, folder)
    return Predictions.load(piece.path(folder))


def other_test_labels(clips: ClipSet, split) -> ClipSet:
    """The same clips, the labels of those tested turned round."""
    labels = clips.labels.clone()
    labels[split.fold.test] = torch.where(labels[split.fold.test] < 0, -1, 1 - labels[split.fold.test])
    return dataclasses.replace(clips, labels=labels)


def test_a_person_on_both_sides_is_refused(clips, split):
    fold = dataclasses.replace(split.fold, train=np.append(split.fold.train, split.fold.test[0]))
    with pytest.raises(ValueError, match=r"1 subjects \(tiny/s0 \.\.\.\) are learnt from and tested"):
        two_sides(clips, dataclasses.replace(split, fold=fold))


def test_a_clip_under_another_persons_name_is_refused(clips, split):
    train, test = two_sides(clips, split)
    renamed = dataclasses.replace(test.subset([0]), subjects=("tiny/somebody",))
    with pytest.raises(ValueError, match="1 sample ids"):
        refuse_shared_people(ClipSet.joined([renamed, train], "x"), test, "here")


def test_a_calibration_clip_of_a_test_person_is_refused(clips, split, tmp_path):
    """What a method is transferred from, or calibrated on, may not show those who are tested."""
    _, test = two_sides(clips, split)
    transferred = dataclasses.replace(METHOD, transfers="macro")
    setup = Setup(scratch=tmp_path, others=test.subset([0]))
    with pytest.raises(ValueError, match="what planted learns from first"):
        run_piece(Piece("planted", 0, split), transferred, clips, setup, 1, tmp_path)


def started_from(clips: ClipSet, folder) -> str:
    """The config of a model that was trained on some clips: all that is asked of it here."""
    config = AullmConfig.preset("base", None, UNITS, trained_on={**NOBODY})
    remember_people(config, clips)
    config.save_pretrained(folder)
    return str(folder)


def test_a_finished_model_that_knows_a_test_person_is_refused(clips, split, tmp_path):
    train, test = two_sides(clips, split)
    method = dataclasses.replace(METHOD, starts=True)
    for known, said in ((test, r"1 people .*\(tiny/s0\)"), (clips, "name another start with --from")):
        setup = Setup(scratch=tmp_path, start=started_from(known, tmp_path / "known"))
        with pytest.raises(ValueError, match=said):
            run_piece(Piece("planted", 0, split), method, clips, setup, 1, tmp_path)
    assert not (tmp_path / "predictions").exists()
    assert refuse_seen_people(started_from(train, tmp_path / "other"), test, "here") == {"tiny": 2}


def test_a_finished_model_that_does_not_say_whom_it_knows_is_refused(clips, split, tmp_path):
    AullmConfig.preset("base", None, UNITS).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="does not say whom it was trained on"):
        refuse_seen_people(str(tmp_path), two_sides(clips, split)[1], "here")


def with_threshold_of_the_test_side(recipe, train, tests, setup):
    fitted = FlowLogisticRegression().fit(train)
    found, labels = fitted.predict(tests[0]), tests[0].labels.numpy()
    cuts = np.array([best_cut(*columns) for columns in zip(found.T, labels.T, strict=True)])
    return [np.clip(fitted.predict(each) - cuts + 0.5, 0, 1) for each in tests]


def with_early_stopping_on_the_test_side(recipe, train, tests, setup):
    trained = [FlowLogisticRegression().fit(train).predict(each) for each in tests]
    found = [[1 - each for each in trained], trained]  # at one epoch and at another
    scores = [score(each[0], tests[0].labels.numpy(), tests[0].action_units).mean_f1 for each in found]
    return found[int(np.argmax(np.nan_to_num(scores)))]


def with_a_prior_of_the_test_side(recipe, train, tests, setup):
    prior = np.array(prior_from_labels(torch.cat([train.labels, tests[0].labels])))
    found = [FlowLogisticRegression().fit(train).predict(each) for each in tests]
    return [np.clip(each + 0.3 * each @ prior, 0, 1) for each in found]


LEAKS = (with_threshold_of_the_test_side, with_early_stopping_on_the_test_side, with_a_prior_of_the_test_side)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_from_the_test_side_finds_nothing_there(leak, clips, split, tmp_path):
    """Whatever the labels of the test clips are, predictions are the same."""
    method = Method("apex-flow", leak)
    told = [
        run(method, each, split, tmp_path / str(k)) for k, each in enumerate((clips, other_test_labels(clips, split)))
    ]
    assert (told[0].labels != told[1].labels).any()
    assert np.array_equal(told[0].probabilities, told[1].probabilities)


@pytest.mark.parametrize("leak", LEAKS)
def test_the_same_leaks_would_have_an_effect_if_labels_were_there(leak, clips, split):
    train, test = two_sides(clips, split)
    _, other = two_sides(other_test_labels(clips, split), split)
    (told,), (otherwise,) = (leak(None, train, [each], Setup()) for each in (test, other))
    assert not np.array_equal(told, otherwise)


def test_labels_are_hidden_and_the_clips_stay(clips):
    hidden = without_labels(clips)
    assert (hidden.labels == -1).all() and torch.equal(hidden.inputs, clips.inputs)
    assert (clips.labels != -1).any()


def test_a_threshold_of_the_test_side_would_have_been_a_better_score(clips, split, tmp_path):
    """So the leak that is planted above is one worth planting."""
    honest = run(METHOD, clips, split, tmp_path)
    leaky = oracle_threshold(honest.probabilities, honest.labels, honest.action_units).mean_f1
    assert leaky > score(honest.probabilities, honest.labels, honest.action_units).mean_f1


def test_settings_are_chosen_among_training_people_alone(clips, split, tmp_path):
    seen = []

    def spy(recipe, train, tests, setup):
        seen.append((set(train.subjects), set(tests[0].subjects), bool((tests[0].labels == -1).all())))
        return [np.full((len(each), len(UNITS)), 0.5) for each in tests]

    method = dataclasses.replace(METHOD, run=spy, others=(spy, spy))
    train, test = two_sides(clips, split)
    chosen, scores = choose(variations(method, 3), train, Setup())
    assert chosen == 0 and len(scores) == 3
    for fitted, held_out, hidden in seen:
        assert hidden and not fitted & held_out and not (fitted | held_out) & set(test.subjects)
