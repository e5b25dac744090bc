"""CCR: which unit is flipped, and what its two parts reward."""

import torch

from training_aullm.learn.counterfactual import draw_flips, intervention, invariance


def test_flips_are_uniform_over_known_labels_and_opposite_to_them():
    labels = torch.tensor([[1, -1, 0, -1, 1]]).repeat(3000, 1)
    index, state = draw_flips(labels, seed=0, epoch=0, indices=range(3000))
    counts = torch.bincount(index, minlength=5)
    assert counts[[1, 3]].tolist() == [0, 0]
    assert counts[[0, 2, 4]].min() > 900
    assert torch.equal(state, 1 - labels.gather(1, index[:, None]).squeeze(1))


def test_a_flip_depends_on_the_sample_and_epoch_only():
    labels = torch.zeros(8, 4, dtype=torch.long)
    whole = draw_flips(labels, 3, 5, range(8))[0]
    parts = torch.cat([draw_flips(labels[:2], 3, 5, [6, 1])[0], draw_flips(labels[:1], 3, 5, [4])[0]])
    assert parts.tolist() == whole[[6, 1, 4]].tolist()


def test_samples_without_a_known_label_cost_nothing():
    labels = torch.full((2, 3), -1)
    index, state = draw_flips(labels, 0, 0, [0, 1])
    neighbours = torch.zeros(3, 3, dtype=torch.bool)
    assert invariance(torch.randn(2, 3), torch.randn(2, 3), labels, index, neighbours).tolist() == [0, 0]
    assert intervention(torch.randn(2, 3), labels, index, state).tolist() == [0, 0]


def test_invariance_ignores_the_flipped_unit_and_its_neighbours_and_detaches_the_original():
    labels, index = torch.zeros(1, 4, dtype=torch.long), torch.tensor([1])
    neighbours = torch.zeros(4, 4, dtype=torch.bool)
    neighbours[1, 2] = neighbours[2, 1] = True
    logits = torch.zeros(1, 4, requires_grad=True)
    flipped = torch.tensor([[3.0, 9.0, 9.0, 1.0]], requires_grad=True)
    value = invariance(logits, flipped, labels, index, neighbours)
    assert value.item() == 5.0  # (3² + 1²) / 2
    value.sum().backward()
    assert logits.grad is None
    assert flipped.grad.tolist() == [[3.0, 0.0, 0.0, 1.0]]


def test_a_full_graph_leaves_nothing_to_hold():
    value = invariance(
        torch.zeros(1, 3), torch.ones(1, 3), torch.zeros(1, 3), torch.tensor([0]), torch.ones(3, 3, dtype=torch.bool)
    )
    assert value.tolist() == [0.0]


def test_intervention_pulls_the_flipped_logit_to_the_flipped_label():
    labels, index = torch.zeros(2, 3, dtype=torch.long), torch.tensor([2, 0])
    flipped = torch.zeros(2, 3, requires_grad=True)
    intervention(flipped, labels, index, torch.tensor([1, 0])).sum().backward()
    assert flipped.grad[0].tolist() == [0, 0, -0.5] and flipped.grad[1].tolist() == [0.5, 0, 0]
