"""What a checkpoint says of its weights' past is of these weights, whoever trained them."""

import copy

import pytest

from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from modeling_aullm.history_aullm import logger
from tests.modeling_aullm.conftest import UNITS
from tests.modeling_aullm.test_transfer_aullm import processor_for

SEEN = {"data_sets": {"tiny": 1}, "label_releases": ["1"], "people": ["0123456789ab"], "complete": True}
LINE = {"slope": [1.0] * 4, "offset": [0.5] * 4, "prevalence": [0.2] * 4}


@pytest.fixture
def finished(build, tmp_path):
    """A model that says whom it has seen and how it is calibrated, loaded from where it was saved."""
    model = build()
    model.config.trained_on, model.config.calibration = dict(SEEN), dict(LINE)
    model.save_pretrained(tmp_path / "finished")
    return AullmForActionUnitDetection.from_pretrained(tmp_path / "finished")


@pytest.fixture
def said(monkeypatch) -> list[str]:
    said = []
    monkeypatch.setattr(logger, "warning_once", said.append)
    return said


def train(model):
    """As any trainer does that knows nothing of our config."""
    model.head.score.bias.data.add_(0.1)  # not counted by torch either


def saved(model, folder, **options) -> AullmConfig:
    model.save_pretrained(folder, **options)
    return AullmConfig.from_pretrained(folder)


@pytest.mark.parametrize("full", [False, True])
def test_weights_that_were_trained_since_have_an_open_past(finished, tmp_path, said, full):
    train(finished)
    config = saved(finished, tmp_path / "more", full=full)
    assert config.trained_on == SEEN | {"complete": False} and config.calibration is None
    assert "remember_people" in said[0]


def test_what_is_said_anew_is_kept(finished, tmp_path, said):
    train(finished)
    finished.config.trained_on, finished.config.calibration = dict(SEEN), dict(LINE)  # measured and said again
    config = saved(finished, tmp_path / "more")
    assert (config.trained_on, config.calibration) == (SEEN, LINE) and not said


def untouched(model):
    return model


def copied(model):
    return copy.deepcopy(model)


def halved(model):
    return model.half()


@pytest.mark.parametrize("change", [untouched, copied, halved])
def test_the_same_weights_keep_their_past(finished, tmp_path, said, change):
    config = saved(change(finished), tmp_path / "same", full=True)
    assert (config.trained_on, config.calibration) == (SEEN, LINE) and not said


def test_a_new_model_that_was_trained_has_not_seen_nobody(build, tmp_path, said):
    model = build(stirred=False)
    assert saved(model, tmp_path / "new").trained_on["complete"] and not said
    train(model)
    assert not saved(model, tmp_path / "trained").trained_on["complete"] and said


def test_so_has_one_for_other_units(finished, tmp_path, said):
    model = finished.for_processor(processor_for(*UNITS[:3]))
    assert saved(model, tmp_path / "new").trained_on == SEEN and not said
    train(model)
    assert saved(model, tmp_path / "trained").trained_on == SEEN | {"complete": False}


def test_weights_that_are_given_count(finished, tmp_path, said):
    """The Trainer passes them."""
    weights = {name: weight + 0.1 for name, weight in finished.state_dict().items()}
    finished.save_pretrained(tmp_path / "more", state_dict=weights)
    assert AullmConfig.from_pretrained(tmp_path / "more").calibration is None


def test_a_model_that_was_built_by_hand_is_taken_at_its_word(finished, tmp_path, said):
    model = AullmForActionUnitDetection(finished.config)
    assert saved(model, tmp_path / "random").trained_on == SEEN and not said
