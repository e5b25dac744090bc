"""The model under the tools its users bring: compile, export, other dtypes and attentions, gradient checkpointing."""

import copy
import warnings

import pytest
import torch
from accelerate import cpu_offload
from torch.export import Dim
from transformers import AutoModel

from modeling_aullm import AullmForActionUnitDetection


@torch.no_grad()
def logits(model, motion) -> torch.Tensor:
    return model(motion_values=motion).logits


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        pytest.param({"language_attention": "sdpa"}, marks=pytest.mark.slow),
        pytest.param({"readout": "au", "au_positions": [6, 7, 6, 7]}, marks=pytest.mark.slow),
    ],
)
def test_one_graph_without_breaks(build, motion, overrides):
    model = build(**overrides).eval()
    expected = logits(model, motion)
    compiled = torch.compile(model, fullgraph=True, backend="eager")  # the tracing; what is made of it is torch's
    torch.testing.assert_close(logits(compiled, motion), expected)


@torch.no_grad()
def test_exported_for_any_number_of_clips(build, motion):
    model = build().eval()
    clips = {"motion_values": {0: Dim("clips", min=1, max=64)}}
    program = torch.export.export(model, (), {"motion_values": motion}, dynamic_shapes=clips).module()
    for some in (motion, motion[:2], motion.repeat(4, 1, 1, 1, 1)):
        torch.testing.assert_close(program(motion_values=some).logits, logits(model, some))


@torch.no_grad()
@pytest.mark.slow
def test_pixels_are_measured_outside_of_an_exported_graph_and_beside_a_compiled_one(build):
    model, pixels = build().eval(), torch.rand(2, 6, 1, 48, 48)
    with pytest.raises(ValueError, match="measure_motion"):
        torch.export.export(model, (), {"pixel_values": pixels})
    expected = model(pixel_values=pixels).logits
    torch.testing.assert_close(torch.compile(model, backend="eager")(pixel_values=pixels).logits, expected)
    led = build("paper", image_size=48).eval()  # no measuring: pixels go into the graph
    program = torch.export.export(led, (), {"pixel_values": pixels}).module()
    torch.testing.assert_close(program(pixel_values=pixels).logits, led(pixel_values=pixels).logits)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float16", 0.02), ("bfloat16", 0.1), ("float64", 1e-4), ("auto", 0.0)]
)
def test_a_dtype_is_that_of_the_frozen_language_model(build, motion, tmp_path, dtype, tolerance):
    model = build().eval()
    expected = logits(model, motion)
    model.save_pretrained(tmp_path)
    wanted = torch.float32 if dtype == "auto" else getattr(torch, dtype)
    for auto in (AullmForActionUnitDetection, AutoModel):
        loaded = auto.from_pretrained(tmp_path, dtype=dtype, trust_remote_code=True)
        assert {p.dtype for p in loaded.parameters() if p.requires_grad} == {torch.float32}
        assert {p.dtype for p in loaded.parameters() if not p.requires_grad} == {wanted}
        torch.testing.assert_close(logits(loaded, motion), expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("convert", ["half", "bfloat16", "double"])
def test_a_converted_model_answers_and_is_saved_as_it_is(build, motion, tmp_path, convert):
    model = getattr(build().eval(), convert)()
    answer = logits(model, motion)
    assert answer.isfinite().all()
    model.save_pretrained(tmp_path)
    assert torch.equal(logits(AullmForActionUnitDetection.from_pretrained(tmp_path), motion), answer)
    back = model.float()
    assert {p.dtype for p in back.parameters()} == {torch.float32}


def test_an_attention_chosen_at_loading_is_used(build, motion, tmp_path):
    model = build().eval()
    model.save_pretrained(tmp_path)
    for attention in ("eager", "sdpa"):
        loaded = AullmForActionUnitDetection.from_pretrained(tmp_path, attn_implementation=attention)
        assert loaded.language_reader.body.config._attn_implementation == attention
        torch.testing.assert_close(logits(loaded, motion), logits(model, motion))


def test_gradient_checkpointing_gives_the_same_gradients(build, motion, labels):
    model = build(encoder_dropout=0.0, projector_dropout=0.0, graph_dropout=0.0, head_dropout=0.0).train()
    other = copy.deepcopy(model)
    other.gradient_checkpointing_enable()
    for each in (model, other):
        each(motion_values=motion, labels=labels).loss.backward()
    for (name, one), (_, two) in zip(model.named_parameters(), other.named_parameters(), strict=True):
        assert (one.grad is None) == (two.grad is None), name
        if one.grad is not None:
            torch.testing.assert_close(two.grad, one.grad, atol=1e-4, rtol=1e-3, msg=name)


def test_a_training_step_warns_of_nothing(build, motion, labels):
    """A warning of each new worker or process hides what matters."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build().train()(motion_values=motion, labels=labels).loss.backward()


def test_token_embeddings_are_the_language_models(build):
    model = build()
    assert model.get_input_embeddings() is model.language_reader.body.get_input_embeddings()
    with pytest.raises(NotImplementedError, match="reads no text"):
        build(reader="mlp").get_input_embeddings()


def test_the_frozen_language_model_keeps_its_tokens(build):
    model = build()
    assert model.resize_token_embeddings() is model.resize_token_embeddings(64) is model.get_input_embeddings()
    with pytest.raises(NotImplementedError, match="keeps its 64 tokens"):
        model.resize_token_embeddings(66)


def test_no_clips_give_no_answers(build, motion, labels):
    model = build()
    output = model(motion_values=motion[:0], labels=labels[:0])
    assert output.logits.shape == (0, 4) and output.loss == 0
    assert model(pixel_values=torch.rand(0, 6, 1, 48, 48)).logits.shape == (0, 4)


def reader_on_disk(model, tmp_path) -> dict:
    """Options of `from_pretrained`: every part here but the language model."""
    parts = [f"model.{name}" for name, _ in model.model.named_children()] + ["head", "evidence_head"]
    return {"device_map": dict.fromkeys(parts, "cpu") | {"model.reader": "disk"}, "offload_folder": tmp_path / "disk"}


@torch.no_grad()
def test_an_offloaded_language_model_answers_the_same(build, motion, tmp_path):
    model = build().eval()
    expected = logits(model, motion)
    model.save_pretrained(tmp_path / "merged", full=True)
    merged = AullmForActionUnitDetection.from_pretrained(tmp_path / "merged", **reader_on_disk(model, tmp_path))
    assert all(weight.is_meta for weight in merged.language_reader.parameters())
    cpu_offload(model.language_reader.body, execution_device=torch.device("cpu"))
    for offloaded in (merged, model):
        for _ in range(2):
            torch.testing.assert_close(logits(offloaded, motion), expected)


def test_what_cannot_be_offloaded_says_so(build, motion, tmp_path):
    model = build().eval()
    model.save_pretrained(tmp_path / "trained")
    with pytest.raises(ValueError, match="full=True"):
        AullmForActionUnitDetection.from_pretrained(tmp_path / "trained", **reader_on_disk(model, tmp_path))
    cpu_offload(model, execution_device=torch.device("cpu"))
    with pytest.raises(ValueError, match="motion is offloaded"):
        logits(model, motion)
