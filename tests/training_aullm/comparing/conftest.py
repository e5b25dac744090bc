"""Noisy clips of a few people, and the split that tests one of them."""

import dataclasses

import pytest
import torch

from tests.training_aullm.conftest import UNITS, make_clips
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.splits import LOSO, divide


@pytest.fixture
def clips() -> ClipSet:
    clips = ClipSet.joined([make_clips(48)], "tiny")
    noise = 2 * torch.randn(clips.inputs.shape, generator=torch.Generator().manual_seed(0))
    return dataclasses.replace(clips, inputs=clips.inputs + noise)  # hard enough to miss some


@pytest.fixture
def split(clips):
    return divide(LOSO, ["tiny"] * len(clips), clips.subjects, {"tiny": UNITS})[0]
