"""Units that were never labelled: what a reader is kept from, what it is asked, and how answers are scored."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

import benchmarks.names as names
from benchmarks import development
from benchmarks.names import ASKED_IN_WORDS, LEFT_OUT, NEAREST, auc_draws, over_units, probes, random_texts, summarise
from benchmarks.readers import Tokens
from dataset_scripts.labels import AU_SETS
from tests.contract.tokenizers import byte_tokenizer

CROSS = AU_SETS["cross"]


def test_the_nearest_unit_of_one_that_is_left_out_stays():
    for group in LEFT_OUT:
        assert set(group) < set(CROSS) and not {NEAREST[unit] for unit in group} & set(group)


def test_random_texts_are_as_long_as_what_they_stand_for():
    tokenizer = byte_tokenizer()
    tokenizer.add_tokens(["Ġtable", "Ġriver"])  # a byte tokenizer has no words of its own
    texts = random_texts(tokenizer, "ab", 6, seed=1)
    assert all(set(text.split()) <= {"table", "river"} and len(text.split()) == 3 for text in texts)
    assert random_texts(tokenizer, "ab", 6, seed=1) == texts


class Taught:
    """Stands for a reader: notes what it is taught, and says how many texts it was asked before."""

    def __init__(self, kind, units, seed):
        self.tokenizer, self.units = byte_tokenizer(), units
        Taught.last = self

    def learn(self, seen, steps):
        self.seen = seen

    def answers(self, seen, texts):
        return np.tile(np.arange(len(texts)), (len(seen.labels), 1))


def test_a_reader_sees_no_label_of_the_units_that_are_left_out(monkeypatch):
    monkeypatch.setattr(names, "Reader", Taught)
    monkeypatch.setattr(names, "random_texts", lambda tokenizer, like, number, seed: ["x"] * number)
    labels = torch.arange(12).expand(5, -1).float()  # a unit's labels are its place, so that columns are told apart
    seen = Tokens(torch.zeros(5, 2), torch.zeros(5, 2), labels)
    table = names.run_fit("language", ["AU2", "AU17"], seen, seen, ["a"] * 5, 0)
    assert Taught.last.units == [name for name in CROSS if name not in ("AU2", "AU17")]
    assert Taught.last.seen.labels[0].tolist() == [CROSS.index(name) for name in Taught.last.units]
    assert (table["AU17 label"] == CROSS.index("AU17")).all() and "AU17 description" in table
    plain = names.run_fit("rows", ["AU2", "AU17"], seen, seen, ["a"] * 5, 0)
    assert "AU2 number" not in plain and "AU1 number" in plain  # rows cannot be asked for what they have no row for


def test_auc_of_all_and_of_drawn_people_is_that_of_the_clips_themselves():
    generator = np.random.default_rng(0)
    labels, people = generator.integers(-1, 2, 60), generator.integers(0, 7, 60)
    values = np.round(generator.normal(size=60) + labels, 1)  # with ties
    draws, known = auc_draws(values, labels, people), labels >= 0
    assert draws[0] == pytest.approx(roc_auc_score(labels[known], values[known]))
    weights = names.subject_weights(7, 2000, seed=0)[4][people]
    assert draws[5] == pytest.approx(roc_auc_score(labels[known], values[known], sample_weight=weights[known]))


def test_a_unit_that_is_told_by_its_description_alone_stands_out(monkeypatch):
    monkeypatch.setattr(names, "random_texts", lambda tokenizer, like, number, seed: ["x"] * number)
    monkeypatch.setattr(names, "LEFT_OUT", (("AU4",),))
    labelled, generator = ["AU7", "AU12"], np.random.default_rng(0)
    truth = {f"{unit} label": generator.integers(0, 2, 80) for unit in ["AU4", *labelled]}
    facts = {"person": [f"s{index % 8}" for index in range(80)], "seconds": 1}
    asked = [*(f"{name} number" for name in labelled), *probes(byte_tokenizer(), ["AU4"])]
    tables = {
        kind: pd.DataFrame(facts | truth | {name: generator.normal(size=80) for name in asked})
        for kind in ASKED_IN_WORDS
    }
    tables["rows"] = pd.DataFrame(facts | truth | {f"{name} number": truth[f"{name} label"] for name in labelled})
    tables["language"]["AU4 description"] = truth["AU4 label"] + 0.1 * generator.normal(size=80)
    (row,), differences = summarise([tables])
    assert row["language description"].value > 0.99 and row["labelled"].value == 1
    assert max(row[name].value for name in ("language random description", "language number", "nearest")) < 0.7
    apart = {each["difference"]: each["people"] for each in differences}
    assert apart["language description - language random description"].low > 0.2
    assert apart["language description - nearest"].low > 0.2
    assert apart["text-mlp description - text-mlp random description"].low < 0.2


def test_a_mean_over_units_is_as_sure_as_the_units_agree():
    same, apart = ([np.full(2001, value) for value in values] for values in ((0.1, 0.1, 0.1), (0.3, -0.1, 0.1)))
    assert over_units(same)["mean"].low == pytest.approx(0.1) and over_units(same)["seen"] == pytest.approx(0)
    assert over_units(apart)["mean"].low < 0 and over_units(apart)["seen"] > 0.2


@pytest.mark.slow
def test_the_program_asks_for_units_that_were_left_out(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(development, "load_synthetic", few_clips)
    for kind in names.STEPS:
        monkeypatch.setitem(names.STEPS, kind, 1)
    told = run_program(names, "--fits", 1, "--read", 1, "--out", tmp_path)
    assert [row["unit"] for row in told["units"]] == list(LEFT_OUT[0])
