import copy

import pytest
import torch

from modeling_aullm import AullmForActionUnitDetection

PADDED = torch.tensor([[5, 6, 7, 64, 65, 9, 10], [5, 6, 8, 64, 65, 9, 0], [5, 6, 7, 64, 65, 11, 12]])
PADDING = torch.tensor([[1] * 7, [1] * 6 + [0], [1] * 7])


def plain_and_shared(model: AullmForActionUnitDetection) -> tuple[AullmForActionUnitDetection, ...]:
    plain = copy.deepcopy(model)
    plain.model.reader.share_prefix = False
    return plain, model


def relative(difference: torch.Tensor, reference: torch.Tensor) -> float:
    return (difference.abs().max() / reference.abs().max().clamp_min(1e-9)).item()


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_shared_prefix_gives_the_same_logits_and_gradients(build, motion, labels, attention, bidirectional):
    model = build(language_attention=attention, bidirectional_soft_tokens=bidirectional, evidence_skip=False)
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


def test_bidirectional_soft_tokens_are_not_causal(build, motion):
    model = build(evidence_skip=False)
    before = model(motion_values=motion).logits
    model.model.reader.bidirectional = True
    assert not torch.allclose(model(motion_values=motion).logits, before)


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


def test_an_optimiser_step_empties_the_cache(build, motion, labels):
    model = build().eval()
    with torch.no_grad():
        before = model(motion_values=motion).logits
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.05)
    model(motion_values=motion, labels=labels).loss.backward()
    optimiser.step()
    with torch.no_grad():
        after = model(motion_values=motion).logits
        model.model.reader.share_prefix = False
        torch.testing.assert_close(model(motion_values=motion).logits, after)
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


def test_soft_tokens_enter_at_the_size_of_words(build, motion):
    model = build(stirred=False).eval()
    seen = model.model.observe(motion_values=motion)
    words = model.model.reader.body.get_input_embeddings().weight
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
