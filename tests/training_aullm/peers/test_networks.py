"""The flow networks of others: what they look at, how large they are, and that they learn."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.training_aullm.conftest import UNITS
from tests.training_aullm.peers.moving_bands import accuracy, flow_clips
from training_aullm.learn.fitting import predict_probabilities
from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.artnet import AmplificationTransformer
from training_aullm.peers.fitting import fit_network
from training_aullm.peers.flow import AMPLIFICATIONS
from training_aullm.peers.flow_cnn import FlowConvNet
from training_aullm.peers.flow_maps import USUAL_STRAIN, flow_maps
from training_aullm.peers.htnet import Attention, HTNet, Level, face_parts
from training_aullm.peers.led import LedNetwork
from training_aullm.peers.led_published import PublishedLed
from training_aullm.peers.method import Setup
from training_aullm.peers.methods import METHODS
from training_aullm.peers.micro_attention import AttendingNetwork, MicroAttention
from training_aullm.peers.off_apexnet import OffApexNet
from training_aullm.peers.sssnet import SSSNet

NETWORKS = {  # small ones, and the (steps, cells) that they look at
    "htnet": (lambda labels: HTNet(labels, width=24, depths=(1, 1, 1)), 1, 28),
    "off-apexnet": (lambda labels: OffApexNet(labels, width=32), 1, 28),
    "sssnet": (lambda labels: SSSNet(labels, channels=(8, 16), hidden=32), 1, 64),
    "micro-attention": (lambda labels: AttendingNetwork(labels, width=8), 1, 28),
    "artnet": (lambda labels: AmplificationTransformer(labels, width=32, depth=1), len(AMPLIFICATIONS), 28),
}

IDLE = {"levels.2.place"}
"""What may have no gradient: a number added to all channels alike in HTNet's last level, where only norms follow."""


def weights(module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_learns_and_every_weight_of_it_takes_part(name):
    torch.manual_seed(0)
    build, steps, cells = NETWORKS[name]
    clips, network = flow_clips(24, steps, cells), build(len(UNITS))
    network(clips.inputs[:4]).square().sum().backward()
    idle = [key for key, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not set(idle) - IDLE
    recipe = dataclasses.replace(recipe_flow_cnn(), epochs=20, augmentation=None, batch_size=8, learning_rate=3e-3)
    network = fit_network(build(len(UNITS)), clips, recipe, 0, gamma_negative=0.0, clip=0.0)
    told = predict_probabilities(network, clips)
    assert accuracy(told, clips) > 0.85
    alone = predict_probabilities(network, clips.subset([3]))  # what else is tested has no say
    assert alone == pytest.approx(told[3:4], abs=1e-5)


def test_htnets_last_place_changes_nothing_and_the_others_do():
    torch.manual_seed(0)
    network, clips = NETWORKS["htnet"][0](len(UNITS)).eval(), torch.randn(2, 2, 1, 28, 28)
    with torch.inference_mode():
        before = network(clips)
        moved = []
        for level in network.levels:
            level.place += 1.0
            moved.append((network(clips) - before).abs().max().item())
            level.place -= 1.0
    assert min(moved[:2]) > 1e-3 and moved[2] < 1e-5


def test_strain_is_that_of_a_stretched_skin_and_none_where_it_moves_as_one():
    across = torch.arange(28.0).expand(28, 28)
    stretched = torch.stack([0.1 * across, torch.zeros(28, 28)])[None, :, None]  # a tenth of a pixel more each cell
    assert flow_maps(stretched)[0, 2] == pytest.approx(torch.full((28, 28), 0.1 / USUAL_STRAIN).numpy(), abs=1e-4)
    assert flow_maps(torch.ones(1, 2, 1, 28, 28))[0, 2].max() < 1e-4


def test_strain_is_the_same_on_every_grid():
    strains = []
    for cells in (28, 64):
        place = (torch.arange(cells) + 0.5) / cells
        field = torch.stack([place.expand(cells, cells), torch.zeros(cells, cells)])  # 1 px more from side to side
        strains.append(flow_maps(field[None, :, None])[0, 2].mean().item())
    assert strains == pytest.approx([1 / 28 / USUAL_STRAIN] * 2, rel=1e-3)


def test_a_mirrored_clip_has_the_mirrored_strain():
    flow = torch.randn(1, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    mirrored = flow.flip(-1) * torch.tensor([-1.0, 1.0]).view(1, 2, 1, 1, 1)
    assert torch.allclose(flow_maps(mirrored)[:, 2], flow_maps(flow)[:, 2].flip(-1), atol=1e-5)


def test_face_parts_are_eyes_above_and_mouth_below():
    maps = torch.arange(28 * 28.0).view(1, 1, 28, 28)
    parts = face_parts(maps)[0, 0]
    assert parts.shape == (28, 28)
    rows, columns = parts // 28, parts % 28
    assert rows[:14].float().mean() == pytest.approx(0.34 * 28, abs=1) and rows[14:].max() == 27
    assert columns[:14, :14].max() < columns[:14, 14:].min() + 4 and columns[:14, :14].min() < 4


def test_tokens_of_a_level_meet_within_their_block_only():
    level, maps = Level(12, 3, 1, 4), torch.randn(1, 4, 4, 12, generator=torch.Generator().manual_seed(0))
    changed = maps.clone()
    changed[0, 0, 0, 0] += 1
    moved = (level(changed, 2) - level(maps, 2)).abs().amax(-1)[0] > 1e-6
    assert moved[:2, :2].all() and not moved[2:].any() and not moved[:, 2:].any()


WEIGHTS = {  # a network, how many classes, its trained weights: as built for eight units, then for its authors' classes
    "htnet": (HTNet, 8, 139_588_107),
    "micro-attention": (AttendingNetwork, 8, 1_488_680),
    "artnet": (AmplificationTransformer, 8, 472_776),
    "sssnet": (SSSNet, 8, 1_350_536),
    "off-apexnet": (OffApexNet, 8, 2_669_600),
    "led": (PublishedLed, 8, 2_694_475),
    "led-network": (LedNetwork, 8, 121_487),
    "flow-cnn": (FlowConvNet, 8, 104_936),
    "htnet, three emotions: main_HTNet.py and Model.py of its authors": (HTNet, 3, 139_582_982),
    "sssnet, units of CD6ME: models/me_networks.py of its authors": (SSSNet, 12, 1_351_564),
    "led, units of CD6ME: LED.ipynb of its authors": (PublishedLed, 12, 2_695_503),
    "off-apexnet, three emotions: 2.66M in the README of Off-TANet": (OffApexNet, 3, 2_664_475),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_network_has_its_number_of_weights(name):
    """The authors' own networks were built from their code and counted, and agree but for what a file says is ours."""
    build, classes, number = WEIGHTS[name]
    assert weights(build(classes)) == number


def test_blocks_and_units_of_micro_attention_are_those_of_its_authors():
    """Counted in their train_test.prototxt, five emotions; the norm of a grey picture and the first convolution of
    7 x 7 are theirs alone, and ours has half of their width."""
    norm, convolution = 2, 64 * 7 * 7 + 64
    network = AttendingNetwork(5, width=64)
    first = weights(network.start[0])
    assert weights(network) - first == 5_944_839 - norm - convolution
    assert sum(weights(module) for module in network.modules() if isinstance(module, MicroAttention)) == 1_044_480
    assert AttendingNetwork(5).head.in_features == network.head.in_features / 2


def test_one_token_a_block_is_left_by_the_published_sizes_of_htnet():
    """So attention has nothing to choose from."""
    network = HTNet(3)
    assert [level.layers[0].feed[1].in_features for level in network.levels] == [256, 512, 1024]
    assert [len(level.layers) for level in network.levels] == [2, 2, 10]
    assert [level.layers[0].attend[1].heads for level in network.levels] == [3, 6, 12]
    assert [level.place.numel() for level in network.levels] == [1, 1, 1] and network.blocks == [4, 2, 1]


def test_attention_among_equal_tokens_is_that_of_one_token():
    """Which is worked out without asking who attends to whom."""
    attention, one = Attention(16, 3), torch.randn(5, 1, 16)
    assert torch.allclose(attention(one), attention(one.expand(-1, 4, -1))[:, :1], atol=1e-6)


def test_micro_attention_raises_what_it_looks_at_in_all_maps_alike():
    unit, maps = MicroAttention(4), [torch.rand(1, 4, 3, 3) for _ in range(3)]
    raised = unit(*maps) / (maps[0] + maps[2])
    assert raised.std(dim=1).max() < 1e-5 and raised.std() > 1e-3 and raised.min() > 1 and raised.max() < 2


def test_a_peer_after_the_people_of_the_checkpoint_has_learned_from_them_longer_than_it_goes_on(tmp_path):
    pretrained, alone = METHODS["flow-cnn-pretrained"], METHODS["flow-cnn"]
    assert (alone.recipe.epochs, pretrained.run.first.epochs, pretrained.recipe.epochs) == (30, 12, 15)
    assert pretrained.recipe.learning_rate == pytest.approx(alone.recipe.learning_rate / 10)
    assert pretrained.transfers == "release" and "12 epochs" in pretrained.settings()["run"]
    clips, others = flow_clips(24, 5, 28), flow_clips(24, 5, 28, seed=1)
    short = dataclasses.replace(pretrained.run, first=pretrained.run.first.but(epochs=12))
    still = pretrained.recipe.but(epochs=1, learning_rate=0.0)
    (told,) = short(still, clips, [others], Setup(0, scratch=tmp_path, others=others))
    assert accuracy(told, others) > 0.9  # by what it learned from the others alone
    for path in tmp_path.iterdir():
        path.unlink()
    setup, moved = Setup(0, scratch=tmp_path, others=others), pretrained.recipe.but(epochs=1, batch_size=8)
    made, found = (short(moved, clips, [others], setup)[0] for _ in range(2))
    assert np.array_equal(made, found)  # dropout is the same where the first half is made and where it is found


def test_a_transfer_starts_from_macro_clips_and_makes_that_start_once(tmp_path):
    clips, macro = flow_clips(12, 1, 28), flow_clips(12, 1, 28, seed=1)
    recipe = dataclasses.replace(recipe_flow_cnn(), epochs=1, augmentation=None, batch_size=12)
    first = METHODS["micro-attention"].run(recipe, clips, [clips], Setup(0, scratch=tmp_path, others=macro))[0]
    (kept,) = tmp_path.iterdir()
    made = kept.stat().st_mtime_ns
    again = METHODS["micro-attention"].run(recipe, clips, [clips], Setup(0, scratch=tmp_path, others=macro))[0]
    assert np.array_equal(first, again) and kept.stat().st_mtime_ns == made
    for change in ({"inputs": -macro.inputs}, {"labels": 1 - macro.labels}):  # the same names, other clips
        other = Setup(0, scratch=tmp_path, others=dataclasses.replace(macro, **change))
        assert not np.array_equal(first, METHODS["micro-attention"].run(recipe, clips, [clips], other)[0])
    assert len(list(tmp_path.iterdir())) == 3
