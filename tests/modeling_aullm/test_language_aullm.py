import copy

import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from transformers import GemmaConfig, LlamaConfig

from modeling_aullm import AullmForActionUnitDetection
from tests.modeling_aullm.conftest import VOCABULARY, save_base

PADDED = torch.tensor([[5, 6, 7, 64, 65, 9, 10], [5, 6, 8, 64, 65, 9, 0], [5, 6, 7, 64, 65, 11, 12]])
PADDING = torch.tensor([[1] * 7, [1] * 6 + [0], [1] * 7])


def plain_and_shared(model: AullmForActionUnitDetection) -> tuple[AullmForActionUnitDetection, ...]:
    plain = copy.deepcopy(model)
    plain.model.reader.share_prefix = False
    return plain, model


def relative(difference: torch.Tensor, reference: torch.Tensor) -> float:
    return (difference.abs().max() / reference.abs().max().clamp_min(1e-9)).item()


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_shared_prefix_gives_the_same_logits_and_gradients(build, motion, labels, attention):
    model = build(language_attention=attention, evidence_skip=False)
    gradients, logits = [], []
    for each in plain_and_shared(model):
        output = each(motion_values=motion, labels=labels)
        output.loss.backward()
        logits.append(output.logits.detach())
        gradients.append({n: p.grad for n, p in each.named_parameters() if p.grad is not None})
    assert relative(logits[0] - logits[1], logits[0]) < 1e-4
    assert gradients[0].keys() == gradients[1].keys()
    largest = max(g.abs().max() for g in gradients[0].values())
    for name, gradient in gradients[0].items():
        assert (gradient - gradients[1][name]).abs().max() < 1e-4 * max(gradient.abs().max(), 1e-3 * largest), name


@pytest.mark.parametrize("mask", [None, PADDING])
def test_shared_prefix_with_prompts_of_their_own(build, motion, mask):
    plain, shared = plain_and_shared(build(evidence_skip=False))
    expected = plain(motion_values=motion, input_ids=PADDED, attention_mask=mask).logits
    torch.testing.assert_close(shared(motion_values=motion, input_ids=PADDED, attention_mask=mask).logits, expected)


def test_padding_changes_nothing(build, motion):
    model = build(evidence_skip=False).eval()
    alone = model(motion_values=motion[1:2], input_ids=PADDED[1:2, :6]).logits
    together = model(motion_values=motion, input_ids=PADDED, attention_mask=PADDING).logits
    torch.testing.assert_close(together[1:2], alone)
    left = torch.cat([torch.zeros(1, 2, dtype=torch.long), PADDED[1:2, :6]], 1)
    mask = torch.tensor([[0, 0, 1, 1, 1, 1, 1, 1]])
    torch.testing.assert_close(model(motion_values=motion[1:2], input_ids=left, attention_mask=mask).logits, alone)


@pytest.mark.parametrize("built", ["eager", "sdpa"])
@pytest.mark.parametrize("wanted", ["eager", "sdpa", "aullm_split"])
@pytest.mark.parametrize("mask", [None, PADDING])
def test_another_attention_gives_the_same_answer(build, motion, built, wanted, mask):
    model = build(language_attention=built, evidence_skip=False).eval()
    prompt = {} if mask is None else {"input_ids": PADDED, "attention_mask": mask}
    before = model(motion_values=motion, **prompt).logits
    model.set_attn_implementation(wanted)
    assert model.model.reader.body.config._attn_implementation == wanted
    torch.testing.assert_close(model(motion_values=motion, **prompt).logits, before)
    with torch.no_grad():
        torch.testing.assert_close(model(motion_values=motion, **prompt).logits, before)


def count_prefix_runs(model) -> list:
    reader, calls = model.model.reader, []
    run = reader._run_prefix
    reader._run_prefix = lambda prompt: calls.append(1) or run(prompt)
    return calls


def test_prefix_is_kept_for_inference_until_a_weight_changes(build, motion):
    model = build().eval()
    calls = count_prefix_runs(model)
    with torch.no_grad():
        first = model(motion_values=motion).logits
        model(motion_values=motion)
        assert len(calls) == 1
        adapter = next(p for n, p in model.named_parameters() if "lora_B" in n)
        adapter.add_(0.5)
        changed = model(motion_values=motion).logits
        assert len(calls) == 2 and not torch.allclose(first, changed)
        model(motion_values=motion, input_ids=torch.tensor([[1, 2, 64, 65, 3]]))
        assert len(calls) == 3


def weights_of(model, mark: str) -> list[torch.nn.Parameter]:
    return [p for n, p in model.model.reader.body.named_parameters() if mark in n]


def optimiser_step(model):
    with torch.enable_grad():
        sum(p.square().sum() for p in weights_of(model, "lora_")).backward()
    torch.optim.AdamW(weights_of(model, "lora_"), lr=0.05).step()


def one_value_of_an_adapter(model):
    weights_of(model, "lora_B")[0].data[1, 1] += 30.0


def moving_average(model):
    for weight in weights_of(model, "lora_"):
        weight.data.copy_(0.5 * weight.data)


def sign_flip(model):
    for weight in weights_of(model, "lora_B"):
        weight.data.neg_()


def frozen_weights_written_to(model):
    for weight in weights_of(model, "mlp"):
        weight.data.copy_(torch.randn_like(weight))


def one_frozen_value(model):
    weights_of(model, "mlp.down_proj")[0][1, 1] += 30.0


def frozen_weights_replaced(model):
    for weight in weights_of(model, "mlp"):
        weight.data = torch.randn_like(weight)


def word_embedding(model):
    model.model.reader.body.get_input_embeddings().weight.data[6] += 2.0


def load_state_dict(model):
    model.load_state_dict({n: p + 0.3 if "lora_" in n else p for n, p in model.state_dict().items()})


def merged_adapters(model):
    for module in model.model.reader.body.modules():
        if hasattr(module, "lora_A"):
            module.merge()
    moving_average(model)  # adapters that are merged do nothing any more


def half_precision(model):
    model.model.reader.body.to(torch.bfloat16)
    model.model.reader.language_dtype = torch.bfloat16


CHANGES = [
    optimiser_step,
    one_value_of_an_adapter,
    moving_average,
    sign_flip,
    frozen_weights_written_to,
    one_frozen_value,
    frozen_weights_replaced,
    word_embedding,
    load_state_dict,
    merged_adapters,
    half_precision,
]


@pytest.mark.parametrize("guard", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_weight_is_never_answered_with_an_old_prefix(build, motion, change, guard):
    model = build(evidence_skip=False).eval()
    with guard():
        before = model(motion_values=motion).logits
    with torch.no_grad():
        change(model)
    with guard():
        after = model(motion_values=motion).logits
        model.model.reader.share_prefix = False
        plain = model(motion_values=motion).logits
    loose = {"atol": 0.05, "rtol": 0.05} if change is half_precision else {}
    torch.testing.assert_close(after, plain, **loose)
    assert not torch.equal(before, after)


def switched_off(layer):
    layer.enable_adapters(False)


def another_active(layer):
    layer.set_adapter("other", inference_mode=True)


def scaled(layer):
    layer.scaling["default"] = 0.0


@pytest.mark.parametrize("change", [switched_off, another_active, scaled])
def test_adapters_that_act_otherwise_are_never_answered_with_an_old_prefix(build, motion, change):
    """Nothing is written to a weight: as with peft's `disable_adapter`, `set_adapter`, `set_scale`."""
    model = build(evidence_skip=False).eval()
    body = model.model.reader.body
    inject_adapter_in_model(LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False), body, "other")
    layers = [module for module in body.modules() if hasattr(module, "lora_A")]
    for layer in layers:
        layer.set_adapter("default", inference_mode=True)  # frozen, as peft loads adapters
    with torch.no_grad():
        before = model(motion_values=motion).logits
        for layer in layers:
            change(layer)
        after = model(motion_values=motion).logits
        model.model.reader.share_prefix = False
        torch.testing.assert_close(after, model(motion_values=motion).logits)
    assert not torch.allclose(before, after)


def test_prefix_is_never_kept_in_training(build, motion):
    model = build().train()
    calls = count_prefix_runs(model)
    with torch.no_grad():
        model(motion_values=motion)
        model(motion_values=motion)
    assert len(calls) == 2


def test_only_adapters_of_the_body_are_trained(build):
    reader = build().model.reader
    assert {("lora_" in name) for name, p in reader.body.named_parameters() if p.requires_grad} == {True}
    assert all(p.requires_grad for name, p in reader.body.named_parameters() if "lora_" in name)


def test_fresh_adapters_change_nothing(build, motion):
    model = build(stirred=False).eval()
    with_lora = model(motion_values=motion).logits
    for name, parameter in model.named_parameters():
        if "lora_A" in name:
            assert parameter.abs().max() > 0
            parameter.data.mul_(3)
    torch.testing.assert_close(model(motion_values=motion).logits, with_lora)


@pytest.mark.parametrize("kind", [LlamaConfig, GemmaConfig])
def test_soft_tokens_enter_at_the_size_of_words(build, motion, tmp_path, kind):
    """Gemma's embeddings are larger than the numbers in their table."""
    model = build(language_model=save_base(tmp_path, kind=kind), stirred=False).eval()
    seen = model.model.observe(motion_values=motion)
    words = model.model.reader.body.get_input_embeddings()(torch.arange(VOCABULARY))
    token, _ = model.model.instruct(seen.nodes.features)
    for soft in (seen.content, token):
        torch.testing.assert_close(
            soft.square().mean(-1).sqrt(), words.square().mean().sqrt().expand(3), rtol=0.05, atol=0
        )


def test_bfloat16_body_keeps_everything_trained_in_float32(build, motion, labels):
    model = build(language_dtype="bfloat16")
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}
    assert {p.dtype for p in model.parameters() if not p.requires_grad} == {torch.bfloat16}
    model(motion_values=motion, labels=labels).loss.backward()
    exact = build(language_dtype="float32")
    exact.load_state_dict({n: p.float() for n, p in model.state_dict().items()})
    torch.testing.assert_close(
        model(motion_values=motion).logits, exact(motion_values=motion).logits, atol=0.1, rtol=0.1
    )


def test_autocast_leaves_evidence_in_float32(build, motion, labels):
    model = build()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(motion_values=motion, labels=labels, output_evidence=True)
    assert output.logits.dtype == output.content_token.dtype == torch.float32
    exact = model(motion_values=motion, output_evidence=True)
    assert torch.equal(output.content_token, exact.content_token)
    assert not torch.equal(output.logits, exact.logits)


def test_more_layers_than_there_are_is_an_error(build):
    with pytest.raises(ValueError, match="num_language_layers=9"):
        build(num_language_layers=9)
