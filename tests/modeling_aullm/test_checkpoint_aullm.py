import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import Trainer, TrainerCallback, TrainingArguments

from modeling_aullm import (
    AullmConfig,
    AullmForActionUnitDetection,
    BaseMismatchError,
    base_model_aullm,
    checkpoint_aullm,
    language_aullm,
)
from modeling_aullm.transfer_aullm import carry_over


def body_keys(folder) -> list[str]:
    return [name for name in load_file(folder / "model.safetensors") if "reader.body." in name]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("preset", ["base", "paper"])
def test_reload_gives_identical_logits(build, tmp_path, full, preset):
    model = build(preset, **({"image_size": 48} if preset == "paper" else {})).eval()
    pixels = torch.rand(2, 6, 1, 48, 48)
    expected = model(pixel_values=pixels).logits
    model.save_pretrained(tmp_path, full=full)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    difference = (loaded(pixel_values=pixels).logits - expected).abs().max()
    assert difference < 1e-5 if full else difference == 0
    assert not loaded.training and loaded.config.language_sha256 == model.config.language_sha256


def test_a_training_checkpoint_leaves_the_language_model_out(build, tmp_path):
    model = build()
    model.save_pretrained(tmp_path)
    assert body_keys(tmp_path) and all("lora_" in name for name in body_keys(tmp_path))
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["language_model"] == model.config.language_model and config["language_weights"] == "base"
    assert set(config["auto_map"]) == {"AutoConfig", "AutoModel", "AutoModelForVideoClassification"}


def test_loading_freezes_the_body_again(build, tmp_path):
    model = build()
    model.save_pretrained(tmp_path)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    frozen = {n for n, p in loaded.named_parameters() if not p.requires_grad}
    assert frozen == {n for n, p in model.named_parameters() if not p.requires_grad}


def test_full_checkpoint_needs_neither_peft_nor_base(build, motion, tmp_path, monkeypatch):
    model = build().eval()
    model.save_pretrained(tmp_path, full=True)
    assert not any("lora_" in name or "base_layer" in name for name in body_keys(tmp_path))
    monkeypatch.setattr(language_aullm, "inject_adapter_in_model", None)
    monkeypatch.setattr(language_aullm, "LoraConfig", None)
    monkeypatch.setattr(checkpoint_aullm, "find_base", None)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    torch.testing.assert_close(loaded(motion_values=motion).logits, model(motion_values=motion).logits)


def test_saving_full_leaves_the_model_as_it_was(build, motion, tmp_path):
    model = build().eval()
    before = model(motion_values=motion).logits
    model.save_pretrained(tmp_path, full=True)
    assert model.config.lora_rank == 4 and model.config.language_weights == "base"
    assert torch.equal(model(motion_values=motion).logits, before)


def test_a_merged_checkpoint_of_given_weights_holds_them_everywhere(build, motion, tmp_path):
    """The Trainer passes the weights, gathered from several processes: those of the module may be parts, or older."""
    model, averaged = build().eval(), build().eval()
    with torch.no_grad():
        for parameter in averaged.parameters():
            parameter.mul_(1.1)
    model.save_pretrained(tmp_path, full=True, state_dict=averaged.state_dict())
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    torch.testing.assert_close(loaded(motion_values=motion).logits, averaged(motion_values=motion).logits)


def test_lora_without_peft_says_what_to_install(build, tmp_path, monkeypatch):
    build().save_pretrained(tmp_path)
    monkeypatch.setattr(language_aullm, "LoraConfig", None)
    with pytest.raises(ImportError, match="pip install peft"):
        AullmForActionUnitDetection.from_pretrained(tmp_path)


def test_another_base_is_refused(build, base_folder, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(base_folder, base)
    build(language_model=str(base)).save_pretrained(tmp_path / "model")
    weights = load_file(base / "model.safetensors")
    save_file({n: w + 1e-3 for n, w in weights.items()}, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BaseMismatchError, match="full=True"):
        AullmForActionUnitDetection.from_pretrained(tmp_path / "model")


def test_base_may_have_moved(build, base_folder, motion, tmp_path):
    base, moved = tmp_path / "base", tmp_path / "moved"
    shutil.copytree(base_folder, base)
    model = build(language_model=str(base)).eval()
    model.save_pretrained(tmp_path / "model")
    base.rename(moved)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path / "model", language_model=str(moved))
    assert torch.equal(loaded(motion_values=motion).logits, model(motion_values=motion).logits)


def test_model_without_a_base_is_saved_whole(build, motion, tmp_path):
    text_config = build().config.text_config.to_dict()
    fields = {"text_config": text_config, "motion_grid": 12, "action_units": ["AU4", "AU12"]}
    model = AullmForActionUnitDetection(AullmConfig.preset("base", language_model=None, **fields)).eval()
    model.save_pretrained(tmp_path)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    assert torch.equal(loaded(motion_values=motion).logits, model(motion_values=motion).logits)


@torch.no_grad()
def test_a_body_that_never_got_its_base_is_saved_whole(build, motion, tmp_path):
    """`Model(config)` is random, also with the config of a model that was trained on a base."""
    trained = build().eval()
    trained.save_pretrained(tmp_path / "trained")
    model = AullmForActionUnitDetection(AullmConfig.from_pretrained(tmp_path / "trained")).eval()
    model.save_pretrained(tmp_path / "random")
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path / "random")
    assert torch.equal(loaded(motion_values=motion).logits, model(motion_values=motion).logits)
    with pytest.raises(RuntimeError, match="lacks"):
        model.load_state_dict({k: v for k, v in trained.state_dict().items() if k not in trained.frozen_keys()})


@pytest.mark.parametrize("source", ["new", "trained", "random"])
def test_a_model_for_other_units_leaves_out_what_its_source_does(build, tmp_path, source):
    model = build()
    if source != "new":
        model.save_pretrained(tmp_path)
        model = AullmForActionUnitDetection.from_pretrained(tmp_path)
    if source == "random":
        model = AullmForActionUnitDetection(model.config)
    target = AullmForActionUnitDetection(model.config)
    carry_over(model, target)
    assert target.leaves_base_out == model.leaves_base_out == (source != "random")


def test_labels_edited_on_a_loaded_config_are_not_saved(build, tmp_path):
    for edit in (
        {"id2label": {0: "brow", 1: "b", 2: "c", 3: "d"}},
        {"num_labels": 7},
        {"action_units": ["AU12", "AU4", "AU2", "AU1"]},
    ):
        model = build()
        for name, value in edit.items():
            setattr(model.config, name, value)
        with pytest.raises(ValueError, match=r"id2label names .* action_units"):
            model.save_pretrained(tmp_path / "saved")
        assert not (tmp_path / "saved").exists()


def test_the_base_is_fetched_with_the_options_of_the_checkpoint(build, base_folder, tmp_path, monkeypatch):
    asked = []

    def download(name, **options):
        asked.append({k: v for k, v in options.items() if k not in ("revision", "allow_patterns")})
        return base_folder

    monkeypatch.setattr(base_model_aullm, "snapshot_download", download)
    build().save_pretrained(tmp_path)
    options = {"token": "hf_x", "cache_dir": str(tmp_path / "cache"), "local_files_only": True}
    AullmForActionUnitDetection.from_pretrained(tmp_path, language_model="somebody/gated", **options)
    AullmForActionUnitDetection.from_pretrained(tmp_path, language_model="somebody/open")
    build(language_model="somebody/open")
    config = AullmConfig.from_pretrained(tmp_path)
    AullmForActionUnitDetection.from_language_model(config, "somebody/gated", token="hf_x")
    assert asked == [options, {}, {}, {"token": "hf_x"}]


def test_bfloat16_body_reloads_exactly(build, motion, tmp_path):
    model = build(language_dtype="bfloat16").eval()
    model.save_pretrained(tmp_path)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    assert torch.equal(loaded(motion_values=motion).logits, model(motion_values=motion).logits)


def test_state_dict_without_the_frozen_body_is_complete(build):
    model = build()
    state = {n: t for n, t in model.state_dict().items() if n not in model.frozen_keys()}
    assert model.load_state_dict(state).missing_keys == []
    state.pop("head.score.weight")
    with pytest.raises(RuntimeError, match=r"head\.score\.weight"):
        model.load_state_dict(state)


class Clips(torch.utils.data.Dataset):
    """Eight random clips."""

    def __init__(self):
        generator = torch.Generator().manual_seed(3)
        self.motion = torch.randn(8, 3, 5, 12, 12, generator=generator)
        self.labels = (torch.rand(8, 4, generator=generator) > 0.5).float()

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict:
        return {"motion_values": self.motion[index], "labels": self.labels[index]}


class StopAt(TrainerCallback):
    """Stops as an interrupted run would."""

    def __init__(self, step: int):
        self.step = step

    def on_step_end(self, args, state, control, **_):
        control.should_training_stop = state.global_step >= self.step


def test_trainer_resumes_exactly_from_a_training_checkpoint(build, tmp_path):
    def trainer(folder, stop=None) -> Trainer:
        args = TrainingArguments(
            folder, max_steps=4, save_steps=2, per_device_train_batch_size=4, learning_rate=1e-2, use_cpu=True,
            report_to=[], disable_tqdm=True, logging_strategy="no", seed=1,
        )  # fmt: skip
        torch.manual_seed(1)
        return Trainer(build(stirred=False), args, train_dataset=Clips(), callbacks=[StopAt(stop)] if stop else [])

    whole = trainer(tmp_path / "whole")
    whole.train()
    trainer(tmp_path / "cut", stop=2).train()
    resumed = trainer(tmp_path / "cut")
    resumed.train(resume_from_checkpoint=str(tmp_path / "cut" / "checkpoint-2"))
    assert all("lora_" in name for name in body_keys(tmp_path / "cut" / "checkpoint-2"))
    for (name, one), (_, other) in zip(whole.model.named_parameters(), resumed.model.named_parameters(), strict=True):
        assert torch.equal(one, other), name


FRESH = """
import sys, torch
from pathlib import Path
from transformers import AutoModel, AutoModelForVideoClassification
here = Path(sys.argv[1])
assert not (here / "modeling_aullm").exists()
motion, expected = torch.load(here / "motion.pt"), torch.load(here / "expected.pt")
for folder in ("small", "full"):
    for auto in (AutoModel, AutoModelForVideoClassification):
        model = auto.from_pretrained(here / folder, trust_remote_code=True)
        torch.testing.assert_close(model(motion_values=motion).logits, expected)
        print(folder, model.config.id2label[0])
"""


def test_a_fresh_process_needs_only_the_folder(build, motion, tmp_path):
    model = build().eval()
    model.save_pretrained(tmp_path / "small")
    model.save_pretrained(tmp_path / "full", full=True)
    torch.save(motion, tmp_path / "motion.pt")
    torch.save(model(motion_values=motion).logits.detach(), tmp_path / "expected.pt")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-I", "-c", FRESH, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["small", "AU1"] * 2 + ["full", "AU1"] * 2


def test_a_prior_that_is_asked_for_at_loading_is_used(build, motion, tmp_path):
    build("base").save_pretrained(tmp_path / "base")
    rows = [[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0] * 4, [0.0] * 4]
    plain = AullmForActionUnitDetection.from_pretrained(tmp_path / "base")
    asked = {"use_prior": True, "prior": rows, "prior_source": "by hand"}
    other = AullmForActionUnitDetection.from_pretrained(tmp_path / "base", **asked)
    assert other.model.graph.neighbours.tolist() == [[bool(value) for value in row] for row in rows]
    assert not torch.equal(other(motion_values=motion).logits, plain(motion_values=motion).logits)
    other.save_pretrained(tmp_path / "other")
    again = AullmForActionUnitDetection.from_pretrained(tmp_path / "other")
    assert torch.equal(again(motion_values=motion).logits, other(motion_values=motion).logits)
    with pytest.raises(ValueError, match="prior_source"):
        AullmForActionUnitDetection.from_pretrained(tmp_path / "base", use_prior=True, prior=rows)


def test_a_checkpoint_keeps_its_own_prior_where_none_is_asked_for(build, motion, tmp_path):
    """An older config has no `use_prior`; its prior lies in the weights alone."""
    model = build("whole").eval()
    model.save_pretrained(tmp_path)
    edit = json.loads((tmp_path / "config.json").read_text())
    del edit["use_prior"], edit["checkpoint_sha256"]
    (tmp_path / "config.json").write_text(json.dumps(edit))
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    assert torch.equal(loaded(motion_values=motion).logits, model(motion_values=motion).logits)


def peft_lora(*modules) -> LoraConfig:
    return LoraConfig(r=4, target_modules=list(modules))


@pytest.mark.parametrize("modules", [("q_proj", "v_proj"), ("k_proj",)])
@pytest.mark.parametrize("name", ["default", "mine"])
def test_peft_does_not_touch_trained_adapters(build, motion, tmp_path, modules, name):
    model = build().eval()
    before = model(motion_values=motion).logits
    for attempt in (
        lambda: get_peft_model(model, peft_lora(*modules), name),
        lambda: model.add_adapter(peft_lora(*modules), name),
    ):
        with pytest.raises(ValueError, match="full=True"):
            attempt()
    assert torch.equal(model(motion_values=motion).logits, before)
    model.save_pretrained(tmp_path)  # as if nothing had been asked
    assert torch.equal(AullmForActionUnitDetection.from_pretrained(tmp_path)(motion_values=motion).logits, before)


def test_peft_adapts_a_merged_model(build, motion, tmp_path):
    build().save_pretrained(tmp_path / "merged", full=True)

    def merged() -> AullmForActionUnitDetection:
        return AullmForActionUnitDetection.from_pretrained(tmp_path / "merged")

    tuned = get_peft_model(merged(), peft_lora("q_proj", "v_proj")).eval()
    torch.testing.assert_close(tuned(motion_values=motion).logits, merged()(motion_values=motion).logits)
    for parameter in tuned.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.3)
    expected = tuned(motion_values=motion).logits
    tuned.save_pretrained(tmp_path / "adapter")
    again = PeftModel.from_pretrained(merged(), tmp_path / "adapter").merge_and_unload()
    again.save_pretrained(tmp_path / "again")
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path / "again")
    torch.testing.assert_close(loaded(motion_values=motion).logits, expected, atol=1e-4, rtol=1e-4)
    merged().add_adapter(peft_lora("q_proj"))
