"""Units that were never labelled: what is asked, what the model is kept from, and how answers are scored."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

import benchmarks.names as names
from benchmarks.names import NEAREST, auc_draws, over_units, probes, question, random_texts, run_fit, summarise
from dataset_scripts.labels import AU_SETS
from processing_aullm.prompt_aullm import CONTENT_TOKEN, INSTRUCTION_TOKEN, add_placeholders
from tests.benchmarks.test_language import named
from tests.contract.tokenizers import byte_tokenizer
from tests.training_aullm.conftest import make_clips


@pytest.fixture
def tokenizer():
    tokenizer = byte_tokenizer()
    add_placeholders(tokenizer, (CONTENT_TOKEN, INSTRUCTION_TOKEN))
    return tokenizer


def test_every_text_is_read_at_its_own_last_token(tokenizer):
    ids, read = question(tokenizer, ["AU4", "brow lowerer"])
    assert [tokenizer.decode(ids[0, place - 2 : place + 1]) for place in read[0]] == ["AU4", "rer"]
    alone, place = question(tokenizer, ["AU4"])
    assert torch.equal(ids[:, : alone.shape[1]], alone) and place[0, 0] == read[0, 0]


def test_pairs_are_of_labelled_sets_and_their_nearest_unit_stays():
    for pair in names.LEFT_OUT:
        assert set(pair) < set(AU_SETS["cross"]) and not {NEAREST[unit] for unit in pair} & set(pair)


def test_random_texts_are_as_long_as_what_they_stand_for(tokenizer):
    tokenizer.add_tokens(["Ġtable", "Ġriver"])  # a byte tokenizer has no words of its own
    texts = random_texts(tokenizer, "ab", 6, seed=1)
    assert all(set(text.split()) <= {"table", "river"} and len(text.split()) == 3 for text in texts)
    assert random_texts(tokenizer, "ab", 6, seed=1) == texts


def test_a_fit_never_sees_a_label_of_the_units_that_are_left_out(tmp_path, language_model_with_tokenizer, monkeypatch):
    monkeypatch.setattr(names, "random_texts", lambda tokenizer, like, number, seed: ["x", "y"])
    monkeypatch.setattr(names, "ASKED", 2)
    small = {"encoder_channels": [8, 8], "motion_grid": 14, "mid_shape": [1, 3, 3], "graph_width": 16}
    recipe = names.RECIPE.but(epochs=1, model=small | {"num_language_layers": 2, "pooling_heads": 2})
    told = []
    for turned in (False, True):
        train, test = make_clips(24), named(make_clips(9, seed=1), "b")
        if turned:
            train.labels[:, 2] = 1 - train.labels[:, 2]
        run_fit(recipe, train, test, ["AU4"], 0, tmp_path / str(turned), language_model_with_tokenizer)
        told.append(pd.read_parquet(tmp_path / str(turned) / "answers.parquet"))
    pd.testing.assert_frame_equal(*(each.drop(columns="seconds") for each in told))
    assert (told[0]["AU4 label"] == test.labels[:, 2].numpy()).all()
    assert told[0]["AU4 number"].std() > 0 and (told[0]["AU4 number"] != told[0]["AU4 description"]).all()
    with pytest.raises(ValueError, match="learnt from and tested"):
        run_fit(recipe, train, train, ["AU4"], 0, tmp_path / "same", language_model_with_tokenizer)


def test_auc_of_all_and_of_drawn_people_is_that_of_the_clips_themselves():
    generator = np.random.default_rng(0)
    labels, people = generator.integers(-1, 2, 60), generator.integers(0, 7, 60)
    values = np.round(generator.normal(size=60) + labels, 1)  # with ties
    draws, known = auc_draws(values, labels, people), labels >= 0
    assert draws[0] == pytest.approx(roc_auc_score(labels[known], values[known]))
    weights = names.subject_weights(7, 2000, seed=0)[4][people]
    assert draws[5] == pytest.approx(roc_auc_score(labels[known], values[known], sample_weight=weights[known]))


def test_a_unit_that_is_told_by_its_description_alone_stands_out(monkeypatch, tokenizer):
    monkeypatch.setattr(names, "random_texts", lambda tokenizer, like, number, seed: ["x"] * number)
    monkeypatch.setattr(names, "LEFT_OUT", (("AU4",),))
    units, generator = ["AU4", "AU7", "AU12"], np.random.default_rng(0)
    table = {f"{unit} label": generator.integers(0, 2, 80) for unit in units}
    asked = {name: generator.normal(size=80) for name in probes(tokenizer, ["AU4"], ["AU7", "AU12"])}
    asked["AU4 description"] = table["AU4 label"] + 0.1 * generator.normal(size=80)
    facts = {"person": [f"s{index % 8}" for index in range(80)], "seconds": 1}
    (row,), differences = summarise([pd.DataFrame(facts | table | asked)])
    assert row["description"].value > 0.99 > 0.7 > row["random_description"].value and row["number"].value < 0.7
    apart = {each["difference"]: each["people"] for each in differences}
    assert apart["description - random_description"].low > 0.2 and apart["description - nearest"].low > 0.2
    assert apart["number - random_number"].low < 0 < apart["number - random_number"].high


def test_a_mean_over_units_is_as_sure_as_the_units_agree():
    same, apart = ([np.full(2001, value) for value in values] for values in ((0.1, 0.1, 0.1), (0.3, -0.1, 0.1)))
    assert over_units(same)["mean"].low == pytest.approx(0.1) and over_units(same)["seen"] == pytest.approx(0)
    assert over_units(apart)["mean"].low < 0 and over_units(apart)["seen"] > 0.2
