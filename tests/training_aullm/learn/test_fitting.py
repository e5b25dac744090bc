"""A new model gets the prompt that its read-out needs."""

import torch

from tests.contract.language_models import save_tiny_language_model
from training_aullm.learn.fitting import new_model
from training_aullm.learn.recipes import recipe_base

UNITS = ["AU1", "AU4", "AU12"]


def test_each_unit_is_read_at_its_own_name(tmp_path):
    base = save_tiny_language_model(tmp_path)
    small = recipe_base().but(model={"num_language_layers": 2})
    last = new_model(small, UNITS, base)
    named = new_model(small.but(model={"readout": "au"}), UNITS, base)
    assert len(set(last.config.au_positions)) == 1
    assert len(set(named.config.au_positions)) == len(UNITS)
    logits = named.eval()(motion_values=torch.randn(1, 2, 5, 28, 28)).logits
    assert logits.shape == (1, 3)
