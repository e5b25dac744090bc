"""Whom a model was trained on travels in its config, as hashes."""

import json

import pytest

from modeling_aullm import AullmForActionUnitDetection
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.people import people_seen, refuse_people, remember_people
from training_aullm.learn.recipes import recipe_base
from training_aullm.learn.trainer import AullmTrainer


def test_a_training_is_remembered_and_added_to(build_model, motion_clips, tmp_path):
    model = build_model()
    assert people_seen(model.config, ["tiny/s0"]) == []
    args = recipe_base().but(epochs=1, batch_size=4).training_arguments(tmp_path / "out", use_cpu=True)
    AullmTrainer(model, args, train_dataset=motion_clips.subset([0, 1, 3])).train()  # s0 and s1
    assert people_seen(model.config, ["tiny/s0", "tiny/s1", "tiny/s2", "other/s0"]) == ["tiny/s0", "tiny/s1"]
    model.save_pretrained(tmp_path / "full", full=True)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path / "full")
    assert loaded.config.trained_on == model.config.trained_on
    remember_people(loaded.config, motion_clips)
    assert loaded.config.trained_on["data_sets"] == {"tiny": 3} and len(loaded.config.trained_on["people"]) == 3


def test_a_model_that_did_not_say_whom_it_saw_never_says_all(build_model, motion_clips):
    config = build_model().config
    config.trained_on = None  # as versions left it that kept no record
    assert people_seen(config, ["tiny/s0"]) is None
    remember_people(config, motion_clips)
    assert people_seen(config, ["tiny/s0", "other/s9"]) == ["tiny/s0"]
    assert people_seen(config, ["other/s9"]) is None


def test_no_name_travels(build_model, motion_clips):
    model = build_model()
    remember_people(model.config, ClipSet(**{**vars(motion_clips), "subjects": ("anna",) * 12, "data_set": "folder"}))
    assert "anna" not in json.dumps(model.config.to_dict())
    assert people_seen(model.config, ["folder/anna"]) == ["folder/anna"]


def test_people_of_joined_sets_keep_their_sets_name(build_model, motion_clips):
    config = build_model().config
    other = ClipSet(**{**vars(motion_clips), "data_set": "samm_long", "label_releases": ("1",)})
    joined = ClipSet.joined([motion_clips, other], "both").subset(range(24))
    remember_people(config, joined)
    assert config.trained_on["data_sets"] == {"samm": 3, "tiny": 3} and config.trained_on["label_releases"] == ["1"]


def test_who_took_away_the_record_is_told(build_model, motion_clips, tmp_path):
    model = build_model()
    remember_people(model.config, motion_clips)
    model.save_pretrained(tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(content | {"trained_on": None}))
    with pytest.raises(ValueError, match=r"config\.json is not the one saved"):
        AullmForActionUnitDetection.from_pretrained(tmp_path)


def test_some_are_named(build_model):
    refuse_people([], "pass others")
    with pytest.raises(ValueError, match=r"4 people .* \(a/1, a/2, a/3 \.\.\.\): pass others"):
        refuse_people(["a/1", "a/2", "a/3", "a/4"], "pass others")
