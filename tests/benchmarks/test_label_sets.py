"""Data sets that are labelled for different units: what is hidden, and which scores are of hidden units."""

import json

import numpy as np
import pytest

from benchmarks.label_sets import MODELS, SIZES, UNITS, cell_draws, masked, row_of
from dataset_scripts.labels import AU_SETS
from tests.training_aullm.conftest import make_clips
from training_aullm.learn.fitting import as_predictions, new_model


def test_a_set_keeps_the_labels_of_its_own_protocol_only():
    clips = masked(make_clips(12), "samm-like")
    assert clips.action_units == UNITS and set(UNITS) == set().union(*(AU_SETS[name] for name in SIZES))
    for k, unit in enumerate(UNITS):
        known = bool((clips.labels[:, k] != -1).any())
        assert known == (unit in AU_SETS["samm-like"] and unit in make_clips(12).action_units), unit


def save_fit(folder, quality):
    """Answers for all domains whose ranking is right where `quality` says so, and the other way round elsewhere."""
    generator = np.random.default_rng(0)
    for domain in SIZES:
        clips = make_clips(60).select(UNITS)
        clips.labels[:] = clips.labels.new_tensor(generator.integers(0, 2, clips.labels.shape))
        right = np.array([quality[unit in AU_SETS[domain]] for unit in UNITS])
        probabilities = np.where(clips.labels.numpy() == right, 0.9, 0.1)
        as_predictions(probabilities, clips, domain, 0).save(folder / f"{domain}.parquet")
    (folder / "seconds.json").write_text(json.dumps({"seconds": 1}))
    return folder


def test_units_that_the_set_asked_is_not_labelled_for_are_scored_apart(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = save_fit(tmp_path / "one", {True: 1, False: 0}), save_fit(tmp_path / "two", {True: 1, False: 1})
    assert cell_draws([one], labelled=True)[0, 0] == 1 and cell_draws([one], labelled=False)[0, 0] == 0
    row = row_of("two", [two], [one])
    assert row["labelled_difference"].value == 0 and row["unlabelled_difference"].value == 1


@pytest.mark.parametrize("name", MODELS)
def test_every_way_of_reading_answers_for_every_unit(name, language_model_with_tokenizer):
    recipe = MODELS[name].recipe.but(model={"num_language_layers": 1})
    model = new_model(recipe, UNITS, language_model_with_tokenizer)
    assert model.evidence_head is None
    rows = len(model.head.score.weight)
    assert rows == (len(UNITS) if name.startswith("rows") else 1)
    assert model(motion_values=make_motion()).logits.shape == (2, len(UNITS))


def make_motion():
    """Motion of two clips."""
    return 0.1 * make_clips(2).inputs.new_ones(2, 3, 5, 28, 28)
