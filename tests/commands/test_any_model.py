"""One loader: whatever a command wrote, and what is on the Hub, can be read with, scored, and gone on from."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import HfApi, constants

from modeling_aullm.pipeline_aullm import AullmPipeline
from tests.commands.published import UNITS, write_clips, write_run
from tests.hub.app import TOKEN
from tests.hub.server import running
from training_aullm import loading
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.people import remember_people
from training_aullm.learn.starting import started_model
from training_aullm.loading import load_model, load_pipeline
from training_aullm.prepare.sources import Source
from training_aullm.publishing.saving import save_for_hub
from training_aullm.publishing.sending import send_all
from training_aullm.publishing.staging import stage
from training_aullm.runs.evaluating import plan_evaluation
from training_aullm.runs.facts import RunFacts
from training_aullm.runs.release_settings import ReleaseSettings

KINDS = {
    "a run": "tiny",
    "its model": "tiny/model",
    "what was staged of it": "tiny/hub",
    "the model that was staged": "tiny/hub/model",
    "a merged folder": "merged",
    "a run of aullm release": "runs/release",
    "the release by its name": "release",
    "a model without a processor": "bare",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory, tiny_language_model) -> Path:
    """A folder with a model of every kind; all are the same model, which has seen the people of casme2-like."""
    place = tmp_path_factory.mktemp("models")
    run = write_run(place / "tiny", tiny_language_model)
    model, processor = load_model(run)
    table = write_clips(place / "casme2-like.parquet", "casme2-like")
    remember_people(model.config, ClipSet.build(table, processor, UNITS, model=model, progress=False))
    model.save_pretrained(run / "model")
    stage(RunFacts.read(run), {"model": "me/tiny"})
    save_for_hub(model, processor, place / "merged")
    ReleaseSettings().save(place / "runs" / "release")
    shutil.copytree(place / "merged", place / "runs" / "release" / "model")
    model.save_pretrained(place / "bare")
    write_clips(place / "other.parquet", "other")
    return place


@pytest.fixture
def here(place, monkeypatch) -> Path:
    monkeypatch.setattr(loading, "RELEASED", place / "runs" / "release")  # what came with the package
    monkeypatch.chdir(place)
    return place


def evaluate(named: str, data: str):
    return plan_evaluation(named, Source(data=data), None, 5, None).score()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_scored_on_other_people(here, kind):
    result, expected = evaluate(KINDS[kind], "other.parquet"), evaluate("merged", "other.parquet")
    np.testing.assert_allclose(result.predictions.probabilities, expected.predictions.probabilities, atol=1e-5)
    assert result.checked and result.predictions.action_units == UNITS


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a run"])  # a run is scored on them by fold
def test_every_kind_refuses_the_people_it_was_trained_on(here, kind):
    with pytest.raises(ValueError, match=r"4 people of these clips were trained on \(casme2-like/s0, "):
        evaluate(KINDS[kind], "casme2-like.parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_videos_and_can_be_gone_on_from(here, kind):
    assert isinstance(load_pipeline(KINDS[kind]), AullmPipeline)
    model, processor = started_model(KINDS[kind], ["AU9", "AU12"])
    known, _ = load_model(KINDS[kind])
    assert (model.head.score.weight[1] == known.head.score.weight[1]).all() and processor.action_units == [
        "AU9",
        "AU12",
    ]
    trained = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert any("lora_A" in name for name in trained) and model.config.trained_on == known.config.trained_on


def test_a_folder_that_was_only_scored_by_folds_is_told(here):
    (here / "scored").mkdir(exist_ok=True)
    with pytest.raises(FileNotFoundError, match="only scored by folds keeps no model"):
        started_model("scored")


def test_the_release_alone_says_what_it_needs(here):
    with pytest.raises(ValueError, match="runs/release is a finished model: test it on clips with --data"):
        plan_evaluation("runs/release", None, None, 5, None)


@pytest.mark.slow
def test_a_model_on_the_hub_is_scored(here, aullm, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with running(here / "the-hub") as hub:
        api = HfApi(endpoint=hub.url, token=TOKEN)
        send_all(stage(RunFacts.read(here / "tiny"), {"model": "me/tiny"}), api)
        variables = hub.environment(here / "elsewhere")
        done = aullm("evaluate", "me/tiny", "--data", "other.parquet", cwd=here, **variables)
        refused = aullm("evaluate", "me/tiny", "--data", "casme2-like.parquet", cwd=here, **variables)
    assert done.returncode == 0, done.stderr
    expected = evaluate("merged", "other.parquet")
    assert json.loads(done.stdout.splitlines()[-1]) == json.loads(expected.to_json())
    assert refused.returncode == 2 and "4 people of these clips were trained on" in refused.stderr
