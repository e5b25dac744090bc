"""The shipped checkpoint is published with one command, under the name that it gets."""

import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from training_aullm.cli.main import app
from training_aullm.loading import RELEASED
from training_aullm.publishing.shipped import Shipped, is_shipped


def test_its_card_goes_under_its_new_name_with_its_scores():
    card = ModelCard(Shipped().card({"model": "me/smiles", "metric": "me/au_f1"}))
    assert card.data.model_name == "smiles" and "\n# smiles\n" in card.text
    assert "PATH/TO" not in card.text and 'model="me/smiles"' in card.text
    scores = json.loads((RELEASED / "scores.json").read_text("utf-8"))
    stated = {(entry.dataset_type, entry.metric_type): entry.metric_value for entry in card.data.eval_results}
    assert stated == {(name, "f1"): each["f1"] for name, each in scores.items()} | {
        key: value for key, value in stated.items() if key[1] != "f1"
    }


def test_a_run_of_that_name_is_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_shipped(Path("release")) and not is_shipped(Path("runs/release"))
    (tmp_path / "release" / "model").mkdir(parents=True)
    (tmp_path / "release" / "model" / "config.json").write_text("{}")
    assert not is_shipped(Path("release"))


@pytest.mark.slow
def test_a_dry_run_puts_everything_together_and_sends_nothing(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["publish", "release", "--repo", "me/smiles", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "nothing was sent" in done.output
    hub = tmp_path / "runs" / "release" / "hub"
    assert sorted(path.name for path in hub.iterdir()) == ["metric", "model", "space"]
    assert (hub / "model" / "model.safetensors").stat().st_size > 50_000_000, "complete, with the language model"
    assert json.loads((hub / "space" / "model.json").read_text())["model"] == "me/smiles"
    assert {"camera.js", "live.py", "film.py"} <= {path.name for path in (hub / "space").iterdir()}
