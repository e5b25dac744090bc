"""Tables and JSON lines."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from training_aullm.score.bootstrap import Interval, bootstrap_f1
from training_aullm.score.metrics import score
from training_aullm.score.report import json_line, latex_table, markdown_table, result_table, score_table


@pytest.fixture
def scored():
    generator = np.random.default_rng(0)
    labels = (generator.random((40, 3)) < 0.4).astype(int)
    labels[:, 2] = 0
    probabilities = np.clip(labels * 0.4 + generator.random((40, 3)) * 0.5, 0, 1)
    intervals = bootstrap_f1(labels, [probabilities], np.repeat(list("abcd"), 10), replicates=100)
    return score(probabilities, labels, ["AU1", "AU2", "AU4"]), intervals


def text_of(table):
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_the_score_table_says_undefined_and_gives_means(scored):
    scores, intervals = scored
    text = text_of(score_table(scores, intervals["per_action_unit"], "scores"))
    assert "undefined" in text and "mean (1 undefined)" in text
    assert f"{scores.mean_f1:.3f}" in text and f"({intervals['per_action_unit'][0].low:.2f}" in text
    assert "interval" not in text_of(score_table(scores))


def test_result_tables_in_both_forms():
    results = [
        {"name": "base", "f1": Interval(0.7, 0.6, 0.8), "auc": 0.9},
        {"name": "mlp", "f1": Interval(0.6, 0.5, 0.7)},
    ]
    columns = {"name": "variant", "f1": "F1", "auc": "AUC"}
    assert "0.700 (0.60–0.80)" in text_of(result_table(results, columns))
    lines = markdown_table(results, columns).splitlines()
    assert lines[2] == "| base | 0.700 (0.60–0.80) | 0.900 |" and lines[3].endswith("| – |")


def test_one_person_is_said_to_have_no_interval(scored):
    alone, none = Interval(0.8, np.nan, np.nan), Interval(*[np.nan] * 3)
    text = text_of(score_table(scored[0], [alone, alone, none]))
    assert text.count("one person: no interval") == 2 and "nan" not in text
    assert markdown_table([{"f1": alone}], {"f1": "F1"}).endswith("| 0.800 (one person: no interval) |")
    assert json.loads(json_line({"f1": alone})) == {"f1": [0.8, None, None]}


def test_json_has_no_nan():
    line = json_line({"f1": float("nan"), "a": np.float64(0.12345), "b": [Interval(0.5, 0.25, 0.75)], "n": np.int64(3)})
    assert json.loads(line) == {"f1": None, "a": 0.1235, "b": [[0.5, 0.25, 0.75]], "n": 3}


def test_a_table_for_a_paper_has_every_cell_and_no_bare_sign_of_latex():
    rows = [{"name": "a_b & c", "f1": Interval(0.5, 0.4, 0.6)}, {"name": "d", "f1": None}]
    text = latex_table(rows, {"name": "method", "f1": "F1 (95%)"}, "50% of a_b")
    assert r"method & F1 (95\%) \\" in text and r"a\_b \& c & 0.500 (0.40--0.60) \\" in text and r"50\% of a\_b" in text
    assert text.count(r"\\") == 3 and r"\begin{tabular}{lr}" in text


def test_minus_signs_and_dashes_are_those_of_latex():
    rows = [{"name": "base-mlp-1", "f1": Interval(-0.05, -0.1, 0.02)}, {"name": "base", "f1": None}]
    text = latex_table(rows, {"name": "method", "f1": "minus base"}, "")
    assert r"base-mlp-1 & $-$0.050 ($-$0.10--0.02) \\" in text and r"base & -- \\" in text
    assert "–" not in text
