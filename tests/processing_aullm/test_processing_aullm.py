"""The processor's inputs, and that a saved one works alone: in a new process, without our packages or a network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from processing_aullm import AullmProcessor
from processing_aullm.face_networks_aullm import PROGRAMS, WEIGHTS
from processing_aullm.processing_aullm import PROMPT_INPUTS
from processing_aullm.prompt_aullm import TEMPLATES
from tests.processing_aullm.moving import moved

READ = """
import sys, numpy, torch
from transformers import AutoImageProcessor, AutoProcessor
where, clip, answer = sys.argv[1:]
processor = AutoProcessor.from_pretrained(where, trust_remote_code=True)
inputs = processor(videos=numpy.load(clip), action_units=["AU4", "AU12"], return_tensors="pt")
torch.save(dict(inputs), answer)
AutoImageProcessor.from_pretrained(where, trust_remote_code=True)(numpy.load(clip))
assert not [name for name in sys.modules if name in ("processing_aullm", "modeling_aullm", "training_aullm")]
"""


@pytest.fixture
def clip(face):
    return np.stack([moved(face, shift, 0) for shift in range(6)])


@pytest.fixture
def saved(processor, tmp_path) -> Path:
    processor.save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def in_a_fresh_process(where, clip, folder, **environment):
    """What a processor loaded from `where` gives for a clip, where none of our packages can be imported."""
    np.save(folder / "clip.npy", clip)
    settings = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home"), "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", READ, str(where), str(folder / "clip.npy"), str(folder / "answer.pt")]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **settings, **environment}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return torch.load(folder / "answer.pt")


def assert_same(one, other):
    """Equal up to what another number of threads changes in the last bits of a sum: one grey level."""
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0.01 if name == "crop_transforms" else 4e-3)


def test_inputs_have_the_shapes_the_model_reads(processor, clip):
    inputs = processor(videos=[clip, clip[:4]], return_tensors="pt")
    tokens = inputs["input_ids"].shape[1]
    shapes = {name: tuple(value.shape) for name, value in inputs.items()}
    assert shapes == {
        "pixel_values": (2, 6, 1, 224, 224),
        "crop_transforms": (2, 6, 2, 3),
        "frame_indices": (2, 6),
        "input_ids": (2, tokens),
        "attention_mask": (2, tokens),
        "au_positions": (2, 3),
        "action_unit_numbers": (2, 3),
    }
    assert set(inputs) == set(processor.model_input_names)
    assert {inputs[name].dtype for name in PROMPT_INPUTS} == {torch.int64}
    assert inputs["pixel_values"].min() >= 0
    assert inputs["pixel_values"].max() <= 1
    for token in processor.placeholder_ids:
        assert (inputs["input_ids"] == token).sum(1).tolist() == [1, 1]


def test_action_units_of_a_call_replace_the_default(processor, clip):
    inputs = processor(videos=clip, action_units=["AU7"], align=False, return_tensors="pt")
    assert inputs["au_positions"].shape == (1, 1) and inputs["action_unit_numbers"].tolist() == [[7]]
    assert "Which of AU7 move" in processor.tokenizer.decode(inputs["input_ids"][0])
    with pytest.raises(ValueError, match="unknown action units"):
        processor(videos=clip, action_units=["AU0"])


@pytest.mark.parametrize(("preset", "size"), [("base", 224), ("paper", 64)])
def test_presets(tokenizer, preset, size):
    processor = AullmProcessor.from_parts(tokenizer, preset=preset)
    assert processor.image_processor.size == size
    assert processor.template == TEMPLATES[preset]
    assert AullmProcessor.from_parts(tokenizer, preset, template="query").template == TEMPLATES["query"]
    with pytest.raises(ValueError, match="unknown preset 'large'"):
        AullmProcessor.from_parts(tokenizer, preset="large")


def test_a_template_without_placeholders_is_refused_at_once(tokenizer):
    with pytest.raises(ValueError, match="0 placeholders"):
        AullmProcessor.from_parts(tokenizer, template="no soft tokens here")


def test_a_saved_processor_is_whole_and_flat(saved, processor):
    names = {path.name for path in saved.iterdir()}
    code = {path.name for path in (Path(__file__).parents[2] / "processing_aullm").glob("*_aullm.py")}
    assert code | {PROGRAMS, WEIGHTS, "processor_config.json", "tokenizer.json"} <= names
    config = json.loads((saved / "processor_config.json").read_text())
    assert config["auto_map"]["AutoProcessor"] == "processing_aullm.AullmProcessor"
    assert config["action_units"] == ["AU1", "AU4", "AU12"]
    assert config["template"] == TEMPLATES["base"]
    assert config["image_processor"]["framing"] == processor.image_processor.framing


def test_a_saved_processor_loads_with_every_choice(tokenizer, clip, tmp_path):
    first = AullmProcessor.from_parts(
        tokenizer, action_units=["AU2"], template="query", size=64, framing={"center_y": 0.52}
    )
    first.save_pretrained(tmp_path)
    second = AullmProcessor.from_pretrained(tmp_path)
    assert second.action_units == ["AU2"]
    assert second.image_processor._face_files.weights.parent == tmp_path
    assert_same(first(videos=clip, return_tensors="pt"), second(videos=clip, return_tensors="pt"))


def test_a_saved_folder_works_in_a_fresh_process(saved, processor, clip, tmp_path):
    answer = in_a_fresh_process(saved, clip, tmp_path)
    assert_same(answer, dict(processor(videos=clip, action_units=["AU4", "AU12"], return_tensors="pt")))


def test_a_hub_snapshot_works_in_a_fresh_process(saved, processor, clip, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--someone--aullm"
    shutil.copytree(saved, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    answer = in_a_fresh_process("someone/aullm", clip, tmp_path, HF_HUB_CACHE=str(tmp_path / "hub"))
    assert_same(answer, dict(processor(videos=clip, action_units=["AU4", "AU12"], return_tensors="pt")))


def test_a_model_beside_the_processor_does_not_ask_for_trust(saved, monkeypatch):
    model = {"model_type": "aullm", "auto_map": {"AutoConfig": "configuration_aullm.AullmConfig"}}
    (saved / "config.json").write_text(json.dumps(model))
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("a prompt waits on the terminal"))
    assert AullmProcessor.from_pretrained(saved).action_units == ["AU1", "AU4", "AU12"]


def test_a_processor_loaded_from_a_folder_can_be_saved_again(saved, clip, tmp_path):
    AullmProcessor.from_pretrained(saved).save_pretrained(tmp_path / "again")
    for name in (PROGRAMS, WEIGHTS, "processor_config.json"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()
