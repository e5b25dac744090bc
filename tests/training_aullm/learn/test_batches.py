"""Batches: every sample once an epoch, the same global batch for any number of processes, randomness by sample."""

import numpy as np
import pytest
import torch

from tests.training_aullm.conftest import make_clips
from training_aullm.learn.arguments import AullmTrainingArguments
from training_aullm.learn.batches import ClipCollator, EpochBatches, TrainingBatches, joint_batches


def epoch_of(processes, epoch, size=37, batch=8):
    samplers = [EpochBatches(size, batch, 0, rank, processes) for rank in range(processes)]
    for sampler in samplers:
        sampler.set_epoch(epoch)
    return [[index for share in step for _, index in share] for step in zip(*samplers, strict=True)]


def test_an_epoch_shows_every_sample_once_in_batches_of_almost_equal_size():
    steps = epoch_of(1, 0)
    assert sorted(index for step in steps for index in step) == list(range(37))
    assert {len(step) for step in steps} <= {7, 8}
    assert len(steps) == len(EpochBatches(37, 8, 0))
    assert epoch_of(1, 0) == steps and epoch_of(1, 1) != steps


def test_processes_share_the_same_global_batches():
    assert epoch_of(2, 3) == epoch_of(1, 3)
    assert epoch_of(3, 3) == epoch_of(1, 3)


def test_a_process_without_samples_is_refused():
    with pytest.raises(ValueError, match="1 samples cannot be shared among 2"):
        EpochBatches(1, 8, 0, 0, 2)


def test_a_training_clip_is_the_same_in_any_batch_and_another_in_the_next_epoch(motion_clips, tmp_path):
    batches = TrainingBatches(
        motion_clips, AullmTrainingArguments(str(tmp_path), use_cpu=True, augment_mix=0.5, ccr_intervention_weight=0.1)
    )
    whole = batches.__getitems__([(2, index) for index in range(12)])
    alone = batches.__getitems__([(2, 7)])
    for name in ("motion_values", "labels", "flip_index", "flip_state"):
        torch.testing.assert_close(alone[name][0], whole[name][7])
    assert not torch.equal(batches.__getitems__([(3, 7)])["motion_values"], alone["motion_values"])
    assert set(whole) == {"motion_values", "labels", "flip_index", "flip_state"}


@pytest.mark.parametrize("pixels", [False, True])
def test_batches_of_several_sets_are_those_that_each_gives_by_itself(tmp_path, pixels):
    clips, args = (
        make_clips(14, pixels),
        AullmTrainingArguments(str(tmp_path), use_cpu=True, augment_mix=0.5, ccr_intervention_weight=0.1),
    )
    sets = [TrainingBatches(clips.subset(rows), args) for rows in (range(9), range(4, 14))]
    keys = [[(0, 3), (0, 1), (0, 8)], [(5, 2), (5, 9)]]
    for joint, each, of in zip(joint_batches(sets, keys), sets, keys, strict=True):
        alone = each.__getitems__(of)
        assert set(joint) == set(alone) and "flip_index" in alone
        for name, values in alone.items():
            torch.testing.assert_close(joint[name], values, msg=name)


def test_without_augmentation_and_ccr_the_clips_come_as_they_are(motion_clips, tmp_path):
    args = AullmTrainingArguments(
        str(tmp_path), use_cpu=True, augment=False, ccr_invariance_weight=0, ccr_intervention_weight=0
    )
    batch = TrainingBatches(motion_clips, args).__getitems__([(0, 3), (0, 1)])
    assert set(batch) == {"motion_values", "labels"}
    torch.testing.assert_close(batch["motion_values"], motion_clips.inputs[[3, 1]])


def test_pixels_become_floats(pixel_clips, tmp_path):
    args = AullmTrainingArguments(str(tmp_path), use_cpu=True, augment=False)
    batch = TrainingBatches(pixel_clips, args).__getitems__([(0, 3)])
    torch.testing.assert_close(batch["pixel_values"][0] * 255, pixel_clips.inputs[3].float())


def test_evaluation_flips_are_always_the_same(motion_clips):
    samples = [motion_clips[index] for index in (5, 2)]
    batch, again = ClipCollator(flip_seed=0)(samples), ClipCollator(flip_seed=0)(samples[::-1])
    assert batch["flip_index"].tolist() == again["flip_index"].tolist()[::-1]
    assert "flip_index" not in ClipCollator()(samples) and "index" not in batch


def test_shuffling_covers_different_batches_over_epochs():
    seen = {tuple(np.sort(step)) for epoch in range(5) for step in epoch_of(1, epoch)}
    assert len(seen) > 20
