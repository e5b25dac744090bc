"""The sparse structural prior between action units: a K x K matrix and where it came from.

The matrix is symmetric with a zero diagonal. Positive entries tie action units that act together, negative entries
tie units that exclude one another, zeros carry no edge. Nothing here may be built from subjects a score is taken on.
"""

from collections.abc import Sequence

import torch

MACRO_COMBINATIONS: tuple[tuple[int, ...], ...] = (
    (6, 12),
    (1, 4, 15),
    (1, 4, 15, 17),
    (6, 15),
    (1, 2, 5, 25),
    (1, 2, 5, 26),
    (1, 2, 4, 5, 20, 25),
    (1, 2, 4, 5, 7, 20, 26),
    (4, 5, 7, 10, 23),
    (4, 5, 7, 17, 23),
    (4, 5, 7, 17, 24),
    (4, 7, 23),
    (9, 17),
    (10, 17),
    (9, 15, 17),
    (10, 15, 17),
    (4, 7, 9, 10),
    (12, 14),
    (14, 17),
)
EXCLUSIVE_PAIRS: tuple[tuple[int, int], ...] = ((5, 43), (24, 25), (24, 26), (18, 20))

MACRO_SOURCE = (
    "FACS/EMFACS combinations of macro-expressions (Friesen & Ekman 1983; Ekman, Friesen & Hager 2002), "
    "Jaccard index; mechanically exclusive pairs negative; no labels of any data set"
)


def macro_prior(action_units: Sequence[str], threshold: float = 0.15) -> list[list[float]]:
    """The leak-free default: how often macro-expression prototypes hold both units of a pair.

    Args:
        action_units: K names such as `"AU4"`.
        threshold: Jaccard index under which a pair carries no edge.

    Returns:
        (K, K) nested list, entries in [-1, 1].

    Source: Our choice. The paper motivates its prior by the subset correspondence between macro- and
        micro-expressions; the combinations are those of the FACS and EMFACS manuals.
    """
    numbers = [int(name.removeprefix("AU")) for name in action_units]
    member = torch.tensor([[float(n in combination) for combination in MACRO_COMBINATIONS] for n in numbers])
    both = member @ member.T
    either = member.sum(1, keepdim=True) + member.sum(1) - both
    prior = both / either.clamp_min(1)
    prior = torch.where(prior >= threshold, prior, 0.0).fill_diagonal_(0)
    for first, second in EXCLUSIVE_PAIRS:
        if first in numbers and second in numbers:
            i, j = numbers.index(first), numbers.index(second)
            prior[i, j] = prior[j, i] = -0.5
    return _as_rows(prior)


def prior_from_labels(labels: torch.Tensor, threshold: float = 0.1, min_count: int = 5) -> list[list[float]]:
    """A prior from the labels of a *training split*: normalised pointwise mutual information of every pair.

    Args:
        labels: (N, K), 1 present, 0 absent, -1 unknown (the clip is left out of that pair's counts).
        threshold: absolute value under which a pair carries no edge.
        min_count: a pair gets a negative edge only when it never occurs although independence expects this many.

    Returns:
        (K, K) nested list, entries in [-1, 1]: positive normalised PMI, or -0.5 for exclusive pairs.

    Raises:
        ValueError: when `labels` is not a matrix of 1, 0 and -1.

    Source: Our choice. Positive PMI keeps the matrix sparse without a hand-set number of edges.
    """
    labels = torch.as_tensor(labels).float()
    if labels.ndim != 2 or not torch.isin(labels, torch.tensor([1.0, 0.0, -1.0])).all():
        raise ValueError(f"labels must be an (N, K) matrix of 1, 0 and -1, got shape {tuple(labels.shape)}")
    known, active = (labels >= 0).float(), (labels == 1).float()
    total = (known.T @ known).clamp_min(1)
    joint = (active.T @ active) / total
    expected = ((active.T @ known) / total) * ((known.T @ active) / total)
    pmi = torch.log(joint.clamp_min(1e-12) / expected.clamp_min(1e-12)) / -torch.log(joint.clamp(1e-12, 1 - 1e-6))
    prior = torch.where((joint > 0) & (pmi >= threshold), pmi.clamp(max=1.0), 0.0)
    prior = torch.where((joint == 0) & (expected * total >= min_count), -0.5, prior)
    return _as_rows(prior.fill_diagonal_(0))


def _as_rows(prior: torch.Tensor) -> list[list[float]]:
    return [[round(value, 4) for value in row] for row in prior.tolist()]
