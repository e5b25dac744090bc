"""The checkpoint that comes with the package: it is what its card says, and it is the default."""

import json

import numpy as np
import pytest

from training_aullm.from_scratch.released import CHECK, SCORES, answers
from training_aullm.loading import RELEASED, load_model, model_place


@pytest.fixture(scope="module")
def released():
    return load_model("release")


def test_the_shipped_file_answers_as_was_written_down(released):
    expected = json.loads((RELEASED / CHECK).read_text("utf-8"))
    found = answers(*released)
    assert found.keys() == expected.keys()
    difference = np.array(list(found.values())) - np.array(list(expected.values()))
    assert np.abs(difference).max() < 0.05 and np.abs(difference).mean() < 0.005  # another processor's rounding


def test_its_card_states_its_scores_and_calls_them_synthetic():
    card, scores = (RELEASED / "README.md").read_text("utf-8"), json.loads((RELEASED / SCORES).read_text("utf-8"))
    assert "synthetic" in card
    for name, score in scores.items():
        assert name in card and str(score["f1"]) in card


def test_it_knows_whom_it_saw_and_is_calibrated(released):
    config = released[0].config
    assert config.trained_on["data_sets"] and config.calibration and config.language_sha256


def test_a_folder_of_that_name_without_a_model_does_not_hide_it(tmp_path, monkeypatch):
    (tmp_path / "release").mkdir()
    monkeypatch.chdir(tmp_path)
    assert model_place("release") == str(RELEASED)
