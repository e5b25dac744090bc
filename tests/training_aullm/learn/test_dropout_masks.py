"""Masks drawn outside are those that the modules would draw, one after the other, from the same random numbers."""

import pytest
import torch
from torch import nn

from training_aullm.learn.dropout_masks import DropoutMasks


class Network(nn.Module):
    """Channels dropped whole, then values of the batch twice over, as with a flip."""

    def __init__(self):
        super().__init__()
        self.whole, self.single, self.idle = nn.Dropout3d(0.4), nn.Dropout(0.3), nn.Dropout(0.0)

    def forward(self, values, labels):
        kept = self.idle(self.whole(values)).flatten(1)
        return self.single(torch.cat([kept, 2 * kept]))


def batch(clips):
    return {"values": torch.rand(clips, 3, 2, 4, 4) + 1, "labels": torch.zeros(clips, 2)}


def test_the_masks_are_those_of_the_modules():
    network, clips = Network(), batch(5)
    torch.manual_seed(7)
    expected = [network.train()(**clips) for _ in range(2)]
    masks, generator = DropoutMasks(network, batch(1)), torch.Generator().manual_seed(7)
    for each in expected:
        with masks.given(masks.draw(5, generator)):
            torch.testing.assert_close(network(**clips), each)
    assert not torch.equal(*expected) and (expected[0] == 0).any()


def test_outside_nothing_is_dropped_and_no_random_number_is_taken():
    network, clips = Network(), batch(5)
    before = torch.get_rng_state()
    masks = DropoutMasks(network, clips)
    with masks.given(masks.draw(5, torch.Generator())):
        pass
    assert (network(**clips) != 0).all() and torch.equal(torch.get_rng_state(), before)


def test_a_module_that_is_called_twice_is_refused():
    class Twice(Network):
        def forward(self, values, labels):
            return self.single(self.single(values))

    with pytest.raises(ValueError, match="called twice"):
        DropoutMasks(Twice(), batch(2))
