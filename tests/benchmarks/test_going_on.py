"""Ways to go on from a finished model: weights move where they should, and decisions come from training people."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from benchmarks import development, going_on
from benchmarks.going_on import CUTS, NOW, WAYS, Draw, decided, expected_cut, move_towards, row_of, trained_weights
from tests.training_aullm.conftest import make_clips
from tests.training_aullm.score.test_prior_shift import shifted_set


def test_the_expected_cut_is_where_f1_is_highest_on_many_clips():
    labels, ratios = shifted_set([0.2], 20_000)
    cut = expected_cut(ratios[:, 0], labels[:, 0])
    present = labels[:, 0] == 1

    def f1(at):
        said = ratios[:, 0] >= at
        return 2 * (said & present).sum() / (said.sum() + present.sum())

    assert f1(cut) > max(f1(at) for at in np.linspace(-4, 8, 100)) - 0.005
    assert expected_cut(ratios[:, 0], np.zeros(len(labels))) == 0.0


@pytest.mark.parametrize("cut", [*CUTS, "label-free"])
def test_labels_of_the_test_decide_nothing(cut):
    clips = make_clips(40)
    generator = np.random.default_rng(0)
    told = {"known": generator.normal(size=(60, 4)), "labels": generator.integers(0, 2, (60, 4))}
    told["there"] = generator.normal(size=(40, 4))
    units = list(clips.action_units)
    first, second = (
        decided(told, cut, {"there": each}, units, 0)["there"]
        for each in (clips, type(clips)(**vars(clips) | {"labels": clips.labels.roll(1, 0)}))
    )
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert not np.array_equal(first.labels, second.labels)


def test_a_row_is_held_against_what_is_done_now():
    clips = make_clips(40)
    right = {"known": 4.0 * clips.labels.numpy() - 2, "labels": clips.labels.numpy()}
    right["there"] = right["known"]
    wrong = right | {"there": -right["there"]}
    parts = [
        {
            name: [decided(told, NOW[2], {"there": clips}, list(clips.action_units), 0)["there"]]
            for name in ("own", "other")
        }
        for told in (right, wrong)
    ]
    row = row_of(*parts)
    assert row["f1"].value == 1.0 and row["minus_now"].value > 0.5 and row["auc"] == 1.0
    assert NOW[0] in WAYS and Draw("x", 1) == Draw("x", 1) and expit(0) == 0.5


def test_weights_go_a_part_of_the_way_and_frozen_ones_stay():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[1].requires_grad_(False)
    before, frozen = trained_weights(model), model[1].weight.clone()
    with torch.no_grad():
        for weight in model.parameters():
            weight += 1.0
    move_towards(model, before, 0.25)
    assert torch.allclose(model[0].weight, before["0.weight"] + 0.75)
    assert set(before) == {"0.weight", "0.bias"} and torch.allclose(model[1].weight, frozen + 1.0)


def test_copies_do_not_follow_the_model():
    model = nn.Linear(2, 1)
    before = trained_weights(model)
    with torch.no_grad():
        model.weight.zero_()
    assert before["weight"].abs().sum() > 0
    move_towards(model, before, 1.0)
    assert torch.equal(model.weight, before["weight"])


@pytest.mark.slow
def test_the_program_goes_on_in_every_kind_of_way(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(development, "load_synthetic", few_clips)
    for name in WAYS:
        monkeypatch.setitem(WAYS, name, replace(WAYS[name], epochs=1, shares=WAYS[name].shares[:1]))
    told = run_program(going_on, "--ways", "asked-alone,now,heads,pulled,fresh", "--seeds", 1, "--out", tmp_path)
    assert {row["way"] for row in told["results"]} == {"asked-alone", "now", "heads", "pulled", "fresh"}
