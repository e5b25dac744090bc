"""What a model is not for is told, and how to come by the right clips."""

import dataclasses

import pytest
import torch

from training_aullm.learn import clip_checks
from training_aullm.learn.clip_checks import check_answers, check_training, refuse_uncoded


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


def test_units_that_no_clip_is_coded_for_are_named(build_model, motion_clips, monkeypatch):
    config, said = build_model().config, []
    monkeypatch.setattr(clip_checks.logger, "warning", said.append)
    check_training(config, motion_clips)
    assert not said
    motion_clips.labels[:, 2:] = -1
    check_training(config, motion_clips)
    assert "'tiny'" in said[0] and "AU4, AU12" in said[0]


def test_units_that_were_asked_for_and_cannot_be_learnt_are_refused():
    with pytest.raises(ValueError, match=r"'tiny' .* AU4: .*--action-units AU1,AU12\)"):
        refuse_uncoded("tiny", ["AU1", "AU4", "AU12"], {"AU1", "AU12"})
    refuse_uncoded("tiny", ["AU1", "AU4", "AU12"], {"AU1", "AU4", "AU12", "AU15"})
