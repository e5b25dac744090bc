"""`aullm compare`: what it refuses before any work, and a whole comparison of two methods."""

import json

import pytest
from typer.testing import CliRunner

from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.cli.compare import Comparing
from training_aullm.cli.main import app
from training_aullm.comparing.splits import PROTOCOLS


def run(*words):
    return CliRunner().invoke(app, ["compare", *map(str, words)])


@pytest.fixture
def clips(tmp_path):
    rows = [clip_row(f"s{k % 3}", f"c{k}", (90 + k,) * 4, states("4" if k % 2 else "12")) for k in range(9)]
    path = tmp_path / "clips.parquet"
    table_of(rows).to_parquet(path)
    return path


def test_the_command_knows_every_protocol():
    assert tuple(each.value for each in Comparing) == PROTOCOLS


def test_two_methods_are_compared_in_two_parts(clips, tmp_path):
    words = ("--data", clips, "--models", "all-present,flow-lr", "--out", tmp_path / "out")
    first = run(*words, "--shard", "1/2")
    assert first.exit_code == 0 and "fits are left" in first.output
    second = run(*words)
    assert second.exit_code == 0, second.output
    results = json.loads(second.output.strip().splitlines()[-1])["results"]
    assert [row["method"] for row in results] == ["all-present", "flow-lr"]
    assert len(json.loads((tmp_path / "out" / "manifest.json").read_text())["done"]) == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--models", "nonsense"), "is no method"),
        (("--models", "base", "--shard", "3/2"), "give a part and their number"),
        (("--action-units", "AU99"), "unknown action units ['AU99']; known are AU1, AU2"),
        (("--protocol", "cross"), "needs two data sets"),
        (("--folds-at-once", "2", "--tries", "2"), "chooses one for each"),
        (
            ("--models", "flow-lr", "--from", "nosuch", "--folds", "3"),
            "leave out --from, --folds: with this ",
        ),
        (("--models", "flow-cnn", "--layers", "2"), "leave out --layers: with this "),
        (("--models", "all-present", "--epochs", "2", "--tries", "2"), "leave out --epochs, --tries: with this "),
        (("--models", "base-pretrained", "--language-model", "x"), "leave out --language-model: with this "),
        (("--subjects", "3"), "leave out --subjects: with this protocol, clips and models only "),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(words, said, clips, tmp_path):
    done = run("--data", clips, "--out", tmp_path / "out", *words)
    assert isinstance(done.exception, ValueError) and said in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_the_units_that_are_scored_are_said_with_the_reason(clips, tmp_path):
    words = ("--data", clips, "--models", "all-present", "--out")
    assert "is scored on AU4 AU12 (those that two people or more show)." in run(*words, tmp_path / "a").output
    assert "is scored on AU4 (--action-units)." in run(*words, tmp_path / "b", "--action-units", "4").output


def test_clips_must_be_named(tmp_path):
    assert "say which clips" in str(run("--out", tmp_path / "out").exception)
