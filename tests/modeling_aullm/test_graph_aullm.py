import pytest
import torch

from modeling_aullm import AullmConfig
from modeling_aullm.graph_aullm import RelationGraph
from modeling_aullm.visual_aullm import feature_shape

UNITS = ["AU1", "AU2", "AU4", "AU12"]


def make_graph(**fields) -> tuple[RelationGraph, torch.Tensor]:
    config = AullmConfig.preset("whole", action_units=UNITS, graph_width=16, **fields)
    return RelationGraph(config, 24).eval(), torch.randn(3, *feature_shape(config))


def test_every_attention_map_sums_to_one():
    graph, x_att = make_graph()
    nodes = graph.chunk(x_att)
    assert nodes.features.shape == (3, 4, 16)
    torch.testing.assert_close(nodes.attentions.flatten(2).sum(-1), torch.ones(3, 4))


def test_units_look_at_different_places():
    graph, x_att = make_graph()
    maps = graph.chunk(x_att).attentions.flatten(2)
    assert (maps[:, 0] - maps[:, 1]).abs().max() > 1e-4


def test_strengths_start_at_the_prior_and_keep_its_zeros():
    graph, x_att = make_graph()
    features = graph.chunk(x_att).features
    _, strengths = graph.reason(features)
    assert strengths.shape == (3, 2, 4, 4)
    torch.testing.assert_close(strengths, graph.prior.expand_as(strengths))
    with torch.no_grad():
        for layer in graph.layers:
            layer.query.weight.normal_()
    _, learned = graph.reason(features)
    assert (learned[..., graph.prior == 0] == 0).all()
    assert not torch.allclose(learned[0], learned[1])  # attention: strengths depend on the clip


def test_messages_travel_along_edges_only():
    prior = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    graph, x_att = make_graph(prior=prior, prior_source="by hand", num_graph_layers=1)
    features = graph.chunk(x_att).features
    changed = features.clone()
    changed[:, 0] = torch.randn(3, 16)
    layer = graph.layers[0]
    difference = (layer(features, graph.prior)[0] - layer(changed, graph.prior)[0]).abs().amax((0, 2))
    assert (difference[:2] > 1e-4).all() and (difference[2:] == 0).all()


def test_without_prior_every_pair_is_tied():
    graph, _ = make_graph(use_prior=False)
    assert torch.equal(graph.neighbours, ~torch.eye(4, dtype=torch.bool))


def test_flip_replaces_one_node_by_its_prototype():
    graph, x_att = make_graph()
    features = graph.chunk(x_att).features
    flipped = graph.flip(features, torch.tensor([0, 2, 3]), torch.tensor([1, 0, 1]))
    assert torch.equal(flipped[0, 0], graph.prototypes[1, 0])
    assert torch.equal(flipped[1, 2], graph.prototypes[0, 2])
    kept = torch.ones(3, 4, dtype=torch.bool)
    kept[[0, 1, 2], [0, 2, 3]] = False
    assert torch.equal(flipped[kept], features[kept])


def test_flip_each_is_flip_for_every_unit():
    graph, x_att = make_graph()
    features = graph.chunk(x_att).features
    state = torch.randint(2, (3, 4))
    every = graph.flip_each(features, state)
    for unit in range(4):
        one = graph.flip(features, torch.full((3,), unit), state[:, unit])
        assert torch.equal(every[:, unit], one)


def test_pooling_listens_to_structure():
    graph, x_att = make_graph()
    features = graph.chunk(x_att).features
    even = graph.pool(features, torch.ones(3, 4, 4))
    star = torch.zeros(3, 4, 4)
    star[:, :, 0] = 5
    assert (even - graph.pool(features, star)).abs().max() > 1e-4


def test_pooling_tells_which_unit_said_what():
    graph, x_att = make_graph()
    features = graph.chunk(x_att).features
    strengths = torch.ones(3, 4, 4)
    assert not torch.allclose(graph.pool(features, strengths), graph.pool(features.roll(1, 1), strengths), atol=1e-3)


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_any_number_of_layers(layers):
    graph, x_att = make_graph(num_graph_layers=layers)
    token, strengths = graph.reason(graph.chunk(x_att).features)
    assert token.shape == (3, 24) and strengths.shape == (3, layers, 4, 4)
