"""What a model is not for is told, and how to come by the right clips."""

import dataclasses

import pytest
import torch

from training_aullm.learn.clip_checks import check_answers, check_training


def test_clips_that_a_model_cannot_learn_from_are_refused(build_model, pixel_clips, motion_clips):
    config = build_model().config
    with pytest.raises(ValueError, match="trains on motion_values, these clips hold pixel_values"):
        check_training(config, pixel_clips)
    with pytest.raises(ValueError, match="nothing to learn"):
        check_training(config, dataclasses.replace(motion_clips, labels=torch.full_like(motion_clips.labels, -1)))
    check_training(config, motion_clips)


def test_a_model_answers_for_its_own_units_in_its_own_order(build_model, pixel_clips, motion_clips):
    config = build_model().config
    for check in (check_answers, check_training):
        for units in (["AU1"], motion_clips.action_units[::-1]):
            with pytest.raises(ValueError, match=r"'tiny' are labelled for .* use clips\.select"):
                check(config, motion_clips.select(units))
        with pytest.raises(TypeError, match=r"not a builtins\.list: .*ClipSet\.build"):
            check(config, [])
    check_answers(config, pixel_clips)  # measured by the model itself
