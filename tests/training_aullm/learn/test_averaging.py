"""Weights between a start and where training went."""

import torch
from torch import nn

from training_aullm.learn.averaging import move_towards, trained_weights


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
