"""`aullm evaluate`: an option that would change nothing is refused by its name, before any work."""

import pytest
from typer.testing import CliRunner

from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.cli.main import app
from training_aullm.prepare.sources import Source
from training_aullm.runs.settings import RunSettings


@pytest.fixture
def said(tmp_path, monkeypatch):
    """What `aullm evaluate` says where `run` is a run on clips.parquet and `other` holds clips of others."""
    monkeypatch.chdir(tmp_path)
    rows = [clip_row(f"s{k % 3}", f"c{k}", (90 + k,) * 4, states("4" if k % 2 else "12")) for k in range(6)]
    for name in ("clips", "other"):
        table_of(rows).to_parquet(tmp_path / f"{name}.parquet")
    settings = RunSettings(Source(data="clips.parquet"), ("AU4", "AU12"), epochs=2, seed=3, layers=1)
    settings.save(tmp_path / "run")
    (tmp_path / "run" / "predictions").mkdir()

    def say(*words: str) -> str:
        done = CliRunner().invoke(app, ["evaluate", *words])
        assert isinstance(done.exception, ValueError), done.output
        assert not [*(tmp_path / "run" / "predictions").iterdir()] and not (tmp_path / "run" / "clips").exists()
        return str(done.exception)

    return say


def test_a_run_has_settings_of_its_own(said):
    words = said("run", "--seed", "5", "--epochs", "9", "--action-units", "1,2", "--preset", "paper")
    for told in ("--seed: 3, now 5", "--epochs: 2, now 9", '--preset: "base", now "paper"', 'now ["AU1", "AU2"]'):
        assert told in words
    assert "leave these options out, or name another folder" in words
    assert "--seed: 3, now 0" in said("run", "--seed", "0"), "as given as any other, though it is the default"
    assert "--from: null, now" in said("run", "--from", "release", "--seed", "3")


@pytest.mark.parametrize("idle", ["--action-units", "--from", "--folds-at-once", "--folds", "--seed"])
def test_what_a_finished_model_is_tested_with(said, idle):
    assert said("release", "--data", "other.parquet", idle, "4") == (
        f"leave out {idle}: where a finished model is tested (cross) only --protocol, --domain, --data, --dataset, "
        "--data-dir, --release, --sheet, --subjects, --clips, --prevalence count"
    )


def test_folds_are_made_by_one_protocol(said):
    words = said("run", "--protocol", "loso", "--folds", "3")
    assert words.startswith("leave out --folds: with --protocol loso only --protocol, --domain, ")
    assert said("run", "--subjects", "3") == "--subjects and --clips say how much to render: they go with --domain"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("release",), "--folds: where a finished model is tested (cross)"),
        (("run", "--protocol", "cross"), "--folds: where a finished model is tested (cross)"),
        (("new", "--protocol", "loso"), "--folds: with --protocol loso"),
        (("--protocol", "split"), "--folds: with --protocol split"),
    ],
)
def test_an_idle_option_is_told_before_clips_are_prepared(said, monkeypatch, words, told):
    monkeypatch.setattr("training_aullm.cli.evaluate.chosen_source", lambda *given: pytest.fail("prepared first"))
    assert said(*words, "--dataset", "folder", "--data-dir", "x", "--folds", "3").startswith(f"leave out {told}")


def test_what_recordings_are_spotted_with(said):
    idle = ("--from", "nosuch", "--prevalence", "AU4=7", "--action-units", "AU99", "--protocol", "loso")
    assert said("--spotting", "--domain", "samm-like", *idle) == (
        "leave out --from, --prevalence, --action-units, --protocol: with --spotting only --spotting, --domain, "
        "--subjects, --seed, --dataset, --data-dir count"
    )
    words = said("--spotting", "--dataset", "casme3", "--data-dir", "x", "--seed", "1", "--subjects", "2")
    assert words.startswith("leave out --seed, --subjects: with --spotting of a copy only --spotting, ")
    assert "cut out of them" in said("--spotting", "--data", "clips.parquet")
