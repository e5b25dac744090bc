import pytest
import torch
from torch.nn import functional as F

from modeling_aullm.loss_aullm import asymmetric_loss, prototype_loss


def test_without_focus_it_is_cross_entropy():
    logits, labels = torch.randn(5, 3), (torch.rand(5, 3) > 0.5).float()
    expected = F.binary_cross_entropy_with_logits(logits, labels)
    torch.testing.assert_close(asymmetric_loss(logits, labels, 0, 0, 0), expected)


def test_formula_of_the_authors():
    p = torch.tensor([[0.3, 0.6]])
    loss = asymmetric_loss(torch.logit(p), torch.tensor([[1.0, 0.0]]), gamma_negative=4, gamma_positive=1, clip=0.05)
    expected = -(0.7 * torch.log(p[0, 0]) + 0.55**4 * torch.log(torch.tensor(0.45))) / 2
    torch.testing.assert_close(loss, expected)


def test_easy_negatives_under_the_margin_cost_nothing():
    assert asymmetric_loss(torch.logit(torch.tensor([[0.04]])), torch.zeros(1, 1), 4, 0, 0.05) == 0


def test_negatives_are_the_ones_weighted_down():
    logit = torch.zeros(1, 1)
    assert asymmetric_loss(logit, torch.zeros(1, 1)) < asymmetric_loss(logit, torch.ones(1, 1))


def test_unknown_labels_add_nothing():
    logits = torch.randn(2, 3, requires_grad=True)
    labels = torch.tensor([[1, -1, 0], [-1, -1, -1]]).float()
    asymmetric_loss(logits, labels).backward()
    assert (logits.grad[labels < 0] == 0).all() and (logits.grad[labels >= 0] != 0).all()


def test_loss_does_not_depend_on_how_a_batch_is_split():
    logits, labels = torch.randn(4, 3), torch.randint(-1, 2, (4, 3)).float()
    halves = [asymmetric_loss(logits[i : i + 2], labels[i : i + 2]) for i in (0, 2)]
    torch.testing.assert_close(asymmetric_loss(logits, labels), sum(halves) / 2)


@pytest.mark.parametrize("value", [-200.0, 200.0])
def test_extreme_logits_stay_finite(value):
    logits = torch.full((1, 2), value, requires_grad=True)
    asymmetric_loss(logits, torch.tensor([[1.0, 0.0]]), 4, 1, 0.05).backward()
    assert torch.isfinite(logits.grad).all()


def test_prototypes_move_to_the_nodes_of_their_state():
    features = torch.randn(6, 2, 4, requires_grad=True)
    prototypes = torch.zeros(2, 2, 4, requires_grad=True)
    labels = torch.tensor([[1, -1]]).repeat(6, 1)
    prototype_loss(features, prototypes, labels).backward()
    assert features.grad is None
    assert (prototypes.grad[1, 0] * features.detach()[:, 0].mean(0) < 0).all()
    assert (prototypes.grad[0] == 0).all() and (prototypes.grad[1, 1] == 0).all()
