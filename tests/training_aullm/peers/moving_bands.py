"""A toy problem on flow: a band of the picture moves down where a unit is present."""

import dataclasses

import torch

from tests.training_aullm.conftest import UNITS, make_clips


def flow_clips(number, steps, cells, seed=0):
    """Motion clips on another grid: the rows of a band move down where the unit is present."""
    clips = make_clips(number, seed=seed)
    inputs = 0.1 * torch.randn(number, 2, steps, cells, cells, generator=torch.Generator().manual_seed(seed))
    band = cells // len(UNITS)
    for k in range(len(UNITS)):
        present = (clips.labels[:, k] == 1).float()[:, None, None, None]
        inputs[:, 1, :, band * k : band * (k + 1)] += present
    return dataclasses.replace(clips, inputs=inputs)


def accuracy(probabilities, clips):
    known = clips.labels.numpy() != -1
    return ((probabilities >= 0.5) == (clips.labels.numpy() == 1))[known].mean()
