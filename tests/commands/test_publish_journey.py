"""From a run to somebody else's machine: pushed, then loaded in a new process, with a new cache, without our packages.

The stand-in Hub is the only address that process may ask. Slow: two processes that import torch, and a rendered film.
"""

import json
import os
import subprocess
import sys

import pytest
import torch
from huggingface_hub import HfApi, constants

from dataset_scripts.synthetic.tables.video import render_video
from tests.commands.published import CLIPS, PEOPLE, UNITS, write_run
from tests.hub.app import TOKEN
from tests.hub.server import running
from training_aullm.loading import load_model
from training_aullm.publishing import fresh_process
from training_aullm.publishing.fresh_process import read_in_fresh_process
from training_aullm.publishing.repo_folders import repositories
from training_aullm.publishing.saving import largest_difference
from training_aullm.publishing.sending import prepare, send_all

pytestmark = pytest.mark.slow
ELSEWHERE = """
import json, runpy
runpy.run_path({hide!r})["hide_our_packages"]()
import evaluate
from datasets import load_dataset
from transformers import pipeline
model = dict(model="me/tiny", revision={revision!r}, trust_remote_code=True)
answer = dict(reading=pipeline("action-unit-detection", **model)({video!r}))
answer["clips"] = {{split: len(rows) for split, rows in load_dataset("me/tiny-clips").items()}}
answer["first"] = next(iter(load_dataset("me/tiny-clips", split="train", streaming=True)))["sample_id"]
scored = dict(predictions=[[0.9, 0.1], [0.2, 0.8]], references=[[1, 0], [-1, 0]], action_units=["AU4", "AU12"])
answer["scores"] = evaluate.load("me/au_f1").compute(**scored)
print(json.dumps(answer))
"""
INPUTS = ("pixel_values", "input_ids", "attention_mask", "au_positions")


def own_logits(run, video, onset, offset):
    """What the run's own model answers, before it was merged and sent."""
    model, processor = load_model(run)
    inputs = processor(videos=video, onset=onset, offset=offset, return_tensors="pt")
    with torch.inference_mode():
        return model(**{name: inputs[name] for name in INPUTS}).logits[0].numpy()


def test_somebody_loads_model_pipeline_clips_and_metric_from_the_hub(tmp_path, tiny_language_model, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    run = write_run(tmp_path / "tiny", tiny_language_model)
    video = tmp_path / "face.mp4"
    movement = render_video(video, [["AU4"]], fps=30, seed=3)["movements"][0]
    with running(tmp_path / "hub") as hub:
        api = HfApi(endpoint=hub.url, token=TOKEN)
        folders = prepare(run, repositories("me/tiny"), api=api)
        commits = send_all(folders, api)
        variables = hub.environment(tmp_path / "elsewhere")
        variables.pop("HF_TOKEN")  # a public repository needs none
        clip = {"onset": movement["onset"], "offset": movement["offset"], "revision": commits["model"]}
        answer = read_in_fresh_process("me/tiny", video, **clip, **variables)
        code = ELSEWHERE.format(hide=fresh_process.__file__, revision=commits["model"], video=str(video))
        done = subprocess.run(
            [sys.executable, "-I", "-c", code],
            cwd=tmp_path,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found = json.loads(done.stdout.strip().splitlines()[-1])
    assert largest_difference(own_logits(run, video, movement["onset"], movement["offset"]), answer) < 1e-5
    assert answer["model"].startswith("transformers_modules.me.tiny.") and commits["model"] in answer["model"]
    assert answer["action_units"] == found["reading"]["action_units"] == list(UNITS)
    windows = found["reading"]["faces"][0]["windows"]
    assert windows and all(window["offset"] > window["onset"] for window in windows)
    assert found["clips"] == {"train": (PEOPLE - 2) * CLIPS, "test": 2 * CLIPS}
    assert found["first"] == "casme2-like/s0/c0"
    assert found["scores"]["f1"] == 1.0 and found["scores"]["undefined"] == ["AU12"]


def test_a_private_model_is_hidden_from_strangers(tmp_path, tiny_language_model, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    run = write_run(tmp_path / "tiny", tiny_language_model)
    with running(tmp_path / "hub") as hub:
        api = HfApi(endpoint=hub.url, token=TOKEN)
        folders = prepare(run, {"model": "me/tiny"}, private=True, api=api)
        send_all(folders, api, private=True)
        variables = hub.environment(tmp_path / "elsewhere") | {"HF_TOKEN": "hf_somebody_else"}
        with pytest.raises(RuntimeError, match=r"not a valid model identifier|RepositoryNotFound|404|401"):
            read_in_fresh_process("me/tiny", "x.mp4", 0, 1, **variables)
