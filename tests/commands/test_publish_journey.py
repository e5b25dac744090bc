"""From a run to somebody else's machine: pushed, then loaded in a new process, with a new cache, without our packages.

The stand-in Hub is the only address that process may ask. Slow: two processes that import torch, and a rendered film.
"""

import pytest
import torch
from huggingface_hub import HfApi, constants

from dataset_scripts.synthetic.tables.video import render_video
from tests.commands.published import CLIPS, PEOPLE, UNITS, write_run
from tests.hub.app import TOKEN
from tests.hub.server import running
from training_aullm.loading import load_model
from training_aullm.publishing.saving import largest_difference, run_stranger
from training_aullm.publishing.sending import carry_out, make_plan
from training_aullm.publishing.staging import Publication

pytestmark = pytest.mark.slow
INPUTS = ("pixel_values", "input_ids", "attention_mask", "au_positions")


def own_logits(run, video, onset, offset):
    """What the run's own model answers, before it was merged and sent."""
    model, processor = load_model(run)
    inputs = processor(videos=video, onset=onset, offset=offset, return_tensors="pt")
    with torch.inference_mode():
        return model(**{name: inputs[name] for name in INPUTS}).logits[0].numpy()


def test_a_stranger_loads_model_pipeline_clips_and_metric_from_the_hub(tmp_path, tiny_language_model, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    run = write_run(tmp_path / "tiny", tiny_language_model)
    video = tmp_path / "face.mp4"
    movement = render_video(video, [["AU4"]], fps=30, seed=3)["movements"][0]
    with running(tmp_path / "hub") as hub:
        api = HfApi(endpoint=hub.url, token=TOKEN)
        plan = make_plan(Publication(run, "me/tiny"), False, api, print)
        commits = carry_out(plan, False, api, print)
        request = {"model": "me/tiny", "revision": commits["model"], "video": str(video), "pipeline": True}
        request |= {"onset": movement["onset"], "offset": movement["offset"]}
        request |= {"clips": "me/tiny-clips", "metric": "me/au_f1"}
        variables = hub.environment(tmp_path / "stranger")
        variables.pop("HF_TOKEN")  # a public repository needs none
        answer = run_stranger(request, variables)
    assert largest_difference(own_logits(run, video, movement["onset"], movement["offset"]), answer) < 1e-5
    assert answer["model"].startswith("transformers_modules.me.tiny.") and commits["model"] in answer["model"]
    assert answer["action_units"] == answer["reading"]["action_units"] == list(UNITS)
    windows = answer["reading"]["faces"][0]["windows"]
    assert windows and all(window["offset"] > window["onset"] for window in windows)
    assert answer["data"]["clips"] == {"train": (PEOPLE - 2) * CLIPS, "test": 2 * CLIPS}
    assert answer["data"]["first"] == "casme2-like/s0/c0"
    assert answer["scores"]["f1"] == 1.0 and answer["scores"]["undefined"] == ["AU12"]


def test_a_private_model_is_hidden_from_strangers(tmp_path, tiny_language_model, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    run = write_run(tmp_path / "tiny", tiny_language_model)
    with running(tmp_path / "hub") as hub:
        api = HfApi(endpoint=hub.url, token=TOKEN)
        plan = make_plan(Publication(run, "me/tiny", ("model",)), True, api, print)
        carry_out(plan, True, api, print)
        variables = hub.environment(tmp_path / "stranger") | {"HF_TOKEN": "hf_somebody_else"}
        with pytest.raises(RuntimeError, match=r"not a valid model identifier|RepositoryNotFound|404|401"):
            run_stranger({"model": "me/tiny", "video": "x.mp4", "onset": 0, "offset": 1}, variables)
