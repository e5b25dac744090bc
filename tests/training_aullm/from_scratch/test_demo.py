"""The demo's words are made from its numbers; the whole of it runs in tests/commands/test_readme.py."""

import numpy as np
import pytest

from training_aullm.from_scratch.demo import forget_other_settings, honest_reading, known_spans
from training_aullm.prepare.sources import Source
from training_aullm.runs.scoring import Result
from training_aullm.runs.settings import SETTINGS_FILE, RunSettings
from training_aullm.runs.training import FINISHED_FILE, mark_finished
from training_aullm.score.predictions import Predictions
from training_aullm.videos.picture import FaceTimeline

UNITS = ("AU4", "AU12")


def result(name: str, right: bool) -> Result:
    """Of four clips of two people; all decisions right, or all wrong."""
    labels = np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    ids, subjects = tuple(f"c{n}" for n in range(4)), ("s0", "s0", "s1", "s1")
    answers = np.abs(labels - (0.1 if right else 0.9))
    return Result.of(name, Predictions(ids, subjects, "tiny", ("fold0",) * 4, 0, UNITS, answers, labels))


@pytest.fixture
def timeline() -> FaceTimeline:
    """AU4 from 1 to 2 s, nothing before and after."""
    starts = np.arange(0, 4, 0.5)
    answers = np.stack([np.where((starts >= 0.8) & (starts < 2), 0.9, 0.1), np.full(8, 0.2)], 1)
    return FaceTimeline(UNITS, starts, starts + 0.4, np.zeros((8, 4)), answers, 0.5)


def test_the_words_follow_the_numbers(tmp_path, timeline):
    truth = {"fps": 10, "movements": [{"onset": 10, "offset": 20, "action_units": ["AU4"]}]}
    spans = known_spans(truth)
    assert spans == [(1.0, 2.0, "AU4")]
    good, bad = result("unseen", True), result("other", False)
    loses = honest_reading(tmp_path, {"unseen": good, "other": bad}, timeline, spans, seconds=90)
    assert "mean F1 1.00" in loses and "it loses 1.00" in loses and "Done in 1.5 minutes" in loses
    assert "2 positive clips" in loses
    assert "at 1.0 to 2.0 s it shows AU4, and the model answers AU4 (0.90)" in loses
    assert "while the face rests, it answers nothing" in loses
    assert "it gains 1.00" in honest_reading(tmp_path, {"unseen": bad, "other": good}, timeline, spans, seconds=90)


def test_a_demo_of_other_settings_is_not_gone_on_from(tmp_path):
    settings = RunSettings(Source("casme2-like"), UNITS)
    for seed, kept in ((0, False), (0, True), (1, False)):
        wanted = RunSettings(Source("casme2-like"), UNITS, seed=seed)
        forget_other_settings(tmp_path, wanted)
        assert (tmp_path / "checkpoints" / "a").exists() == kept
        (tmp_path / "checkpoints" / "a").mkdir(parents=True, exist_ok=True)
    assert RunSettings.load(tmp_path) != settings


def test_a_model_of_the_same_settings_stays_until_the_new_one_is_there(tmp_path):
    settings = RunSettings(Source("casme2-like"), UNITS)
    forget_other_settings(tmp_path, settings)
    (tmp_path / "model").mkdir()
    mark_finished(tmp_path)
    forget_other_settings(tmp_path, settings)
    assert (tmp_path / "model").exists() and not (tmp_path / FINISHED_FILE).exists()
    (tmp_path / SETTINGS_FILE).write_text("")
    forget_other_settings(tmp_path, settings)
    assert not (tmp_path / "model").exists() and RunSettings.load(tmp_path) == settings
