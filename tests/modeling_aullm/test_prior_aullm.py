import pytest
import torch

from modeling_aullm import macro_prior, prior_from_labels


def test_macro_prior_ties_what_macro_expressions_tie():
    prior = torch.tensor(macro_prior(["AU1", "AU2", "AU12", "AU24", "AU25"]))
    assert torch.equal(prior, prior.T) and (prior.diagonal() == 0).all()
    assert prior[0, 1] > 0  # surprise and fear
    assert prior[0, 2] == 0
    assert prior[3, 4] < 0  # lips pressed or parted, not both


def test_prior_from_labels_finds_pairs_and_exclusions():
    together = torch.tensor([[1, 1, 0], [0, 0, 1]]).repeat(20, 1)
    prior = torch.tensor(prior_from_labels(together))
    assert prior[0, 1] == pytest.approx(1.0, abs=1e-3)
    assert prior[0, 2] == prior[1, 2] == -0.5


def test_independent_units_carry_no_edge():
    labels = (torch.rand(4000, 3) > 0.5).int()
    assert prior_from_labels(labels) == [[0.0] * 3] * 3


def test_unknown_labels_are_left_out_of_the_counts():
    labels = torch.tensor([[1, 1], [0, 0]]).repeat(20, 1)
    noise = torch.tensor([[1, -1], [-1, 1]]).repeat(50, 1)
    assert prior_from_labels(torch.cat([labels, noise])) == prior_from_labels(labels)


def test_labels_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="1, 0 and -1"):
        prior_from_labels(torch.full((4, 2), 0.5))
