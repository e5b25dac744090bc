"""A checkpoint that is not what it was does not answer; one that was changed on purpose can be loaded all the same."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from modeling_aullm import AullmConfig, AullmForActionUnitDetection, AullmModel, CheckpointError, integrity_aullm


@pytest.fixture
def saved(build, tmp_path):
    """saved(full): a folder with a checkpoint, trained weights only or merged."""

    def make(full: bool = False, **overrides):
        folder = tmp_path / ("full" if full else "trained")
        build(**overrides).save_pretrained(folder, full=full)
        return folder

    return make


def edit_weights(folder, change) -> list[str]:
    """Apply `change` to the dict of tensors; the names that are gone."""
    path = folder / "model.safetensors"
    weights = load_file(path)
    before = set(weights)
    change(weights)
    save_file(weights, path, metadata={"format": "pt"})
    return sorted(before - set(weights))


def edit_config(folder, change) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


def without(*parts):
    def change(weights):
        for name in [name for name in weights if any(part in name for part in parts)]:
            del weights[name]

    return change


def half(weights):
    for name in sorted(weights)[::2]:
        del weights[name]


def forget_record(config):
    del config["checkpoint_sha256"]


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    ("full", "change"),
    [
        (True, without("model.encoder.", "reader.body.layers.1.mlp.")),
        (True, without("reader.body.embed_tokens")),
        (True, half),
        (False, without("lora_")),
        (False, without("head.score")),
        (False, half),
    ],
)
def test_missing_tensors_are_named(saved, full, change, recorded):
    folder = saved(full)
    gone = edit_weights(folder, change)
    if not recorded:
        edit_config(folder, forget_record)
    assert gone
    with pytest.raises(CheckpointError, match=f"lacks {len(gone)} tensor") as caught:
        AullmForActionUnitDetection.from_pretrained(folder)
    assert gone[0] in str(caught.value)
    with pytest.raises(ValueError, match="lacks"):
        AutoModel.from_pretrained(folder, trust_remote_code=True)


def test_the_loading_report_is_true(saved):
    folder, options = saved(full=True), {"verify": False, "output_loading_info": True}
    gone = edit_weights(folder, without("model.encoder.", "reader.body.layers.1.mlp."))
    _, info = AullmForActionUnitDetection.from_pretrained(folder, **options)
    assert sorted(info["missing_keys"]) == gone
    _, info = AullmForActionUnitDetection.from_pretrained(saved(full=False), output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]


def test_one_flipped_bit_is_found(saved):
    for full in (False, True):
        path = saved(full) / "model.safetensors"
        content = bytearray(path.read_bytes())
        content[len(content) * 2 // 3] ^= 1
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="not the weights that were saved"):
            AullmForActionUnitDetection.from_pretrained(path.parent)
        AullmForActionUnitDetection.from_pretrained(path.parent, verify=False)


@pytest.mark.parametrize("full", [False, True])
def test_the_model_without_heads_comes_out_of_a_whole_checkpoint(saved, motion, full):
    """And is checked as the whole one is."""
    folder = saved(full)
    whole = AullmForActionUnitDetection.from_pretrained(folder)
    inner, info = AullmModel.from_pretrained(folder, output_loading_info=True)
    assert torch.equal(
        inner(motion_values=motion).last_hidden_state, whole.model(motion_values=motion).last_hidden_state
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    edit_weights(folder, lambda weights: weights["head.score.bias"].add_(1))
    with pytest.raises(CheckpointError, match="not the weights"):
        AullmModel.from_pretrained(folder)
    edit_weights(folder, lambda weights: weights.update(unknown=torch.ones(1)))
    with pytest.raises(CheckpointError, match=r"holds 1 tensor \(unknown\)"):
        AullmModel.from_pretrained(folder)
    gone = edit_weights(folder, without("model.encoder."))
    with pytest.raises(CheckpointError, match=f"lacks {len(gone)} tensor"):
        AullmModel.from_pretrained(folder)


def test_a_cut_file_is_named(saved):
    path = saved() / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"model\.safetensors is cut or damaged"):
        AullmForActionUnitDetection.from_pretrained(path.parent)
    path = saved() / "config.json"
    path.write_text('{"model_type": ')
    with pytest.raises(CheckpointError, match=r"config\.json is not JSON"):
        AullmForActionUnitDetection.from_pretrained(path.parent)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_named_though_they_were_saved_so(build, tmp_path, value):
    model = build()
    with torch.no_grad():
        model.head.score.weight[1, 3] = value
    model.save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"NaN or infinite values in 1 tensor \(head\.score\.weight\)"):
        AullmForActionUnitDetection.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("full", "fields"),
    [
        (False, {"language_sha256": None}),
        (False, {"language_weights": "included"}),
        (True, {"language_weights": "base"}),
        (False, {"prompt_ids": [6, 5, 7, 8, 64, 65, 9, 10]}),
        (False, {"reader": "mlp"}),
        (False, {"evidence_skip": False}),
        (False, {"num_graph_layers": 1}),
        (False, {"num_graph_layers": 3}),
        (False, {"lora_rank": 2}),
        (False, {"lora_alpha": 64}),
        (False, {"action_units": ["AU12", "AU4", "AU2", "AU1"]}),
        (False, {"led_epsilon": 0.5}),
    ],
)
def test_a_changed_setting_is_found(saved, full, fields):
    folder = saved(full)
    edit_config(folder, lambda config: config.update(fields))
    with pytest.raises(CheckpointError, match=r"config\.json is not the one saved.*verify=False"):
        AullmForActionUnitDetection.from_pretrained(folder)


def test_a_setting_that_was_taken_out_is_found(saved):
    for field in ("language_sha256", "prompt_ids", "text_config", "prior"):
        folder = saved()
        edit_config(folder, lambda config, field=field: config.pop(field))
        with pytest.raises(CheckpointError, match=r"config\.json"):
            AullmForActionUnitDetection.from_pretrained(folder)


def test_settings_and_weights_that_do_not_fit_are_named_without_a_record_too(saved):
    folder = saved()
    edit_config(folder, lambda config: (forget_record(config), config.update(evidence_skip=False)))
    with pytest.raises(CheckpointError, match=r"holds \d+ tensors \(evidence_head.*no place for"):
        AullmForActionUnitDetection.from_pretrained(folder)
    edit_config(folder, lambda config: config.update(evidence_skip=True, lora_rank=2))
    with pytest.raises(CheckpointError, match=r"lora_.*of another size"):
        AullmForActionUnitDetection.from_pretrained(folder)


def test_what_does_not_decide_may_change(saved, motion):
    folder = saved()
    expected = AullmForActionUnitDetection.from_pretrained(folder)(motion_values=motion).logits
    edit_config(folder, lambda config: config.update(transformers_version="5.99", custom_pipelines={}, extra="mine"))
    edit_config(folder, lambda config: config.update(share_prefix=False, language_attention="sdpa"))
    logits = AullmForActionUnitDetection.from_pretrained(folder)(motion_values=motion).logits
    torch.testing.assert_close(logits, expected)
    AullmConfig.from_pretrained(folder).save_pretrained(folder)  # read and written by transformers: the same settings
    AullmForActionUnitDetection.from_pretrained(folder)


def test_changed_on_purpose_and_saved_again(saved, tmp_path):
    folder = saved()
    edit_config(folder, lambda config: config.update(lora_alpha=64))
    changed = AullmForActionUnitDetection.from_pretrained(folder, verify=False)
    changed.save_pretrained(folder)
    assert AullmForActionUnitDetection.from_pretrained(folder).config.lora_alpha == 64


def test_converted_and_sharded_checkpoints_are_verified_too(build, tmp_path):
    build().half().save_pretrained(tmp_path / "half")
    AullmForActionUnitDetection.from_pretrained(tmp_path / "half")
    build().save_pretrained(tmp_path / "parts", full=True, max_shard_size="20KB")
    parts = sorted((tmp_path / "parts").glob("model-*.safetensors"))
    assert len(parts) > 1
    AullmForActionUnitDetection.from_pretrained(tmp_path / "parts")
    name, tensor = next((n, t) for n, t in load_file(parts[1]).items() if t.is_floating_point())
    save_file({**load_file(parts[1]), name: tensor + 1e-3}, parts[1], metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="not the weights"):
        AullmForActionUnitDetection.from_pretrained(tmp_path / "parts")


def test_variants_lie_beside_each_other(build, tmp_path):
    model = build()
    model.save_pretrained(tmp_path)
    with torch.no_grad():
        model.head.score.bias += 1
    model.save_pretrained(tmp_path, variant="ema")
    biases = [
        AullmForActionUnitDetection.from_pretrained(tmp_path, variant=variant).head.score.bias
        for variant in (None, "ema")
    ]
    torch.testing.assert_close(biases[1] - biases[0], torch.ones(4))
    content = bytearray((tmp_path / "model.ema.safetensors").read_bytes())
    content[-10] ^= 1
    (tmp_path / "model.ema.safetensors").write_bytes(content)
    AullmForActionUnitDetection.from_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"model\.ema\.safetensors: these are not the weights"):
        AullmForActionUnitDetection.from_pretrained(tmp_path, variant="ema")


def test_variants_stay_when_the_weights_beside_them_are_saved_again(build, tmp_path):
    model = build()
    model.save_pretrained(tmp_path, variant="ema")
    expected = model.head.score.bias.detach().clone()
    with torch.no_grad():
        model.head.score.bias += 1
    for _ in range(2):
        model.save_pretrained(tmp_path)
        loaded = AullmForActionUnitDetection.from_pretrained(tmp_path, variant="ema")
        assert torch.equal(loaded.head.score.bias, expected)
    assert torch.equal(AullmForActionUnitDetection.from_pretrained(tmp_path).head.score.bias, model.head.score.bias)
    model.half().save_pretrained(tmp_path)  # its settings go into config.json, and the variant has others
    AullmForActionUnitDetection.from_pretrained(tmp_path)
    with pytest.raises(CheckpointError):
        AullmForActionUnitDetection.from_pretrained(tmp_path, variant="ema")


def test_a_damaged_config_may_be_saved_over(build, tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="not JSON"):
        build().save_pretrained(tmp_path, variant="ema")
    build().save_pretrained(tmp_path)
    AullmForActionUnitDetection.from_pretrained(tmp_path)


def test_a_variant_of_other_settings_does_not_take_the_config_of_what_lies_there(build, tmp_path):
    model = build()
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="folder of its own"):
        model.half().save_pretrained(tmp_path, variant="fp16")
    AullmForActionUnitDetection.from_pretrained(tmp_path)
    model.save_pretrained(tmp_path / "half", variant="fp16")
    AullmForActionUnitDetection.from_pretrained(tmp_path / "half", variant="fp16")


def test_an_older_checkpoint_loads_and_says_that_nobody_vouches_for_it(saved, monkeypatch):
    said = []
    monkeypatch.setattr(integrity_aullm.logger, "warning_once", said.append)
    folder = saved()
    AullmForActionUnitDetection.from_pretrained(folder)
    assert not said
    edit_config(folder, forget_record)
    AullmForActionUnitDetection.from_pretrained(folder)
    assert "older version" in said[0]
