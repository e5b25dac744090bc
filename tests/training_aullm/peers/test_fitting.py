"""The first methods of the comparison: each learns a toy problem on its own input, and ignores unknown labels."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.training_aullm.conftest import UNITS, make_clips
from tests.training_aullm.peers.moving_bands import accuracy, flow_clips
from training_aullm.learn.fitting import predict_probabilities
from training_aullm.learn.recipes import recipe_flow_cnn, recipe_led_network
from training_aullm.peers.fitting import NetworkRun, TransferredRun, fit_network
from training_aullm.peers.flow_cnn import FlowConvNet
from training_aullm.peers.flow_regression import FlowLogisticRegression
from training_aullm.peers.led import LedNetwork
from training_aullm.peers.led_published import PublishedLed
from training_aullm.peers.method import Setup
from training_aullm.peers.sssnet import SSSNet


def test_logistic_regression_learns_and_never_predicts_what_it_never_saw():
    clips, test = flow_clips(60, 1, 14), flow_clips(30, 1, 14, seed=1)
    clips.labels[:, 2] = 0
    probabilities = FlowLogisticRegression().fit(clips).predict(test)
    assert not probabilities[:, 2].any()
    assert accuracy(np.delete(probabilities, 2, 1), test.select([name for name in UNITS if name != UNITS[2]])) > 0.9


def test_the_flow_network_learns():
    torch.manual_seed(0)
    clips, recipe = (
        flow_clips(24, 5, 28),
        dataclasses.replace(recipe_flow_cnn(), epochs=12, augmentation=None, batch_size=8),
    )
    network = fit_network(FlowConvNet(len(UNITS), width=8), clips, recipe, 0, gamma_negative=0.0, clip=0.0)
    assert accuracy(predict_probabilities(network, clips), clips) > 0.9


@pytest.mark.parametrize("build", [LedNetwork, PublishedLed])
def test_a_led_network_reads_frames_and_trains_its_scalars(build):
    torch.manual_seed(0)
    clips = make_clips(6, pixels=True)
    clips = dataclasses.replace(clips, inputs=torch.randint(0, 256, (6, 6, 1, 64, 64), dtype=torch.uint8))
    network = build(len(UNITS))
    before = network.led.log_alpha.item()
    recipe = dataclasses.replace(recipe_led_network(), epochs=2, batch_size=3)
    fit_network(network, clips, recipe, 0, gamma_negative=4.0, clip=0.05)
    assert network.led.log_alpha.item() != before
    assert predict_probabilities(network, clips).shape == (6, len(UNITS))


def test_a_network_is_calibrated_when_its_recipe_says_so():
    clips, biases = flow_clips(24, 5, 28), []
    for rounds in (0, 1):
        torch.manual_seed(0)
        recipe = dataclasses.replace(recipe_flow_cnn(), epochs=1, batch_size=8, calibration_rounds=rounds)
        network = fit_network(FlowConvNet(len(UNITS), width=8), clips, recipe, 0, gamma_negative=2.0, clip=0.0)
        biases.append(network.head.bias.detach())
    assert (biases[0] - biases[1]).abs().max() > 1e-3


@pytest.mark.parametrize("epochs", [1, 10])
def test_a_network_learns_in_few_steps(epochs):
    torch.manual_seed(0)
    network, recipe = FlowConvNet(len(UNITS), width=8), recipe_flow_cnn().but(epochs=epochs, batch_size=8)
    before = network.head.weight.detach().clone()
    fit_network(network, flow_clips(8, 5, 28), recipe, 0, gamma_negative=2.0, clip=0.0)
    assert (network.head.weight - before).abs().max() > 1e-5


def test_whether_the_first_half_was_trained_just_now_is_not_seen_in_the_second(tmp_path):
    """A killed comparison finds it on disk when it goes on, and must answer as an unbroken one. SSSNet has dropout."""
    clips, recipe = flow_clips(12, 1, 64), dataclasses.replace(recipe_flow_cnn(), epochs=2, batch_size=6)
    small = NetworkRun(lambda labels: SSSNet(labels, channels=(4, 8), hidden=16))
    setup = Setup(0, scratch=tmp_path, others=clips)
    trained, found = (TransferredRun(small)(recipe, clips, [clips], setup)[0] for _ in range(2))
    assert len([*tmp_path.iterdir()]) == 1 and np.array_equal(trained, found)
