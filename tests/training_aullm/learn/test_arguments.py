"""Training arguments: what is refused, what follows from what."""

import pytest
from transformers.training_args import ParallelMode

from training_aullm.learn.arguments import AullmTrainingArguments


def test_wrong_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="ccr_invariance_weight=-1"):
        AullmTrainingArguments(str(tmp_path), use_cpu=True, ccr_invariance_weight=-1)
    with pytest.raises(ValueError, match="mix=3"):
        AullmTrainingArguments(str(tmp_path), use_cpu=True, augment_mix=3)


def test_flips_follow_the_seed_unless_they_have_their_own(tmp_path):
    assert AullmTrainingArguments(str(tmp_path), use_cpu=True, seed=5).flip_seed == 5
    assert AullmTrainingArguments(str(tmp_path), use_cpu=True, seed=5, flip_seed=2).flip_seed == 2


def test_a_counterfactual_pass_is_made_only_when_it_weighs_something(tmp_path):
    weights = {"ccr_invariance_weight": 0.0, "ccr_intervention_weight": 0.0}
    assert not AullmTrainingArguments(str(tmp_path), use_cpu=True, **weights).uses_counterfactuals
    weights["ccr_intervention_weight"] = 0.1
    assert AullmTrainingArguments(str(tmp_path), use_cpu=True, **weights).uses_counterfactuals


def test_a_process_trains_on_one_card_however_many_there_are(tmp_path):
    args = AullmTrainingArguments(str(tmp_path), use_cpu=True, per_device_train_batch_size=16)
    args._n_gpu = 4  # as transformers counts them where four are in sight
    assert (args.n_gpu, args.train_batch_size, args.eval_batch_size) == (1, 16, 8)
    assert args.parallel_mode is ParallelMode.NOT_PARALLEL
