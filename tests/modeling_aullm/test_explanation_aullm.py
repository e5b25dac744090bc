"""Explanations say what the forward pass computed, and nothing else."""

import numpy as np
import pytest
import torch

from modeling_aullm.explanation_aullm import EXPERTS, explain
from tests.modeling_aullm.conftest import UNITS


@pytest.fixture
def model(build):
    return build().eval()


def answers(model, motion, **options) -> np.ndarray:
    with torch.inference_mode():
        output = model(motion_values=motion, **options)
    return (output.logits if output.flipped_logits is None else output.flipped_logits).sigmoid().numpy()


def test_probabilities_are_the_models_answer(model, motion):
    explanations = explain(model, motion_values=motion)
    told = [[each["probabilities"][name] for name in UNITS] for each in explanations]
    np.testing.assert_allclose(told, answers(model, motion), atol=2e-6)


def test_a_counterfactual_is_the_answer_after_a_flip(model, motion):
    for clip, explanation in enumerate(explain(model, motion_values=motion)):
        for k, name in enumerate(UNITS):
            opposite = torch.tensor([int(explanation["probabilities"][name] <= 0.5)])
            flipped = answers(model, motion[clip : clip + 1], flip_index=torch.tensor([k]), flip_state=opposite)[0]
            np.testing.assert_allclose(list(explanation["counterfactuals"][name].values()), flipped, atol=1e-5)
            assert max(abs(flipped[j] - explanation["probabilities"][UNITS[j]]) for j in range(4) if j != k) > 1e-4


def test_maps_weights_and_relations(model, motion):
    first, *_ = explain(model, motion_values=motion)
    assert [maps.sum() for maps in first["attentions"].values()] == pytest.approx([1] * 4, abs=1e-4)
    assert next(iter(first["attentions"].values())).shape == (2, 6, 6)
    assert tuple(first["expert_weights"]) == EXPERTS and sum(first["expert_weights"].values()) == pytest.approx(1, 1e-4)
    assert first["relations"].shape == (4, 4)
    assert not first["relations"][first["prior"] == 0].any(), "no tie where the prior has none"
    assert np.array_equal(first["prior"], np.array(model.config.prior, np.float32))


def test_displacement_is_in_pixels_of_the_crop(build):
    model = build(image_size=48).eval()
    pixels = torch.rand(2, 6, 1, 48, 48)
    second = explain(model, pixel_values=pixels)[1]
    measured = model.measure_motion(pixels)[1].numpy()  # (3, T - 1, h, w), in pixels of a 224-px crop
    np.testing.assert_allclose(second["displacement"], measured[:2].transpose(1, 0, 2, 3) * 48 / 224, rtol=1e-5)
    np.testing.assert_array_equal(second["confidence"], measured[2])


def test_pixels_and_their_motion_are_explained_alike(build):
    model = build(image_size=48).eval()
    pixels = torch.rand(1, 6, 1, 48, 48)
    (one,) = explain(model, pixel_values=pixels, frame_indices=torch.arange(6)[None])
    (other,) = explain(model, motion_values=model.measure_motion(pixels))
    assert one["probabilities"] == pytest.approx(other["probabilities"])
    np.testing.assert_allclose(one["displacement"], other["displacement"], rtol=1e-5)


def test_what_a_model_lacks_is_left_empty(build, motion):
    (alone,) = explain(build(use_instruction_token=False).eval(), motion_values=motion[:1])
    assert (alone["attentions"], alone["relations"], alone["counterfactuals"]) == ({}, None, {})
    assert alone["expert_weights"]
    (graph,) = explain(build(use_content_token=False).eval(), motion_values=motion[:1])
    assert graph["expert_weights"] == {} and graph["counterfactuals"]
    (fewer,) = explain(build(use_laplacian=False).eval(), motion_values=motion[:1])
    assert tuple(fewer["expert_weights"]) == EXPERTS[:3]
    (flat,) = explain(build(num_graph_layers=0).eval(), motion_values=motion[:1])
    assert not flat["relations"].any()


def test_base_claims_no_what_if_and_weighs_no_experts(build, motion):
    """It learns no prototypes, and its experts all count the same: numbers that would say nothing are not told."""
    model = build("base").eval()
    (told,) = explain(model, motion_values=motion[:1])
    assert told["counterfactuals"] == told["expert_weights"] == {} and told["attentions"]
    assert (told["prior"] == 1 - np.eye(len(told["action_units"]))).all()  # where the graph starts: every two are tied
    for asked in ({"output_counterfactuals": True}, {"flip_index": torch.zeros(1).long(), "flip_state": torch.ones(1)}):
        with pytest.raises(ValueError, match="prototype_loss_weight=0"):
            model(motion_values=motion[:1], **asked)


def test_the_published_front_end_measures_no_displacement(build):
    model = build("paper", image_size=32, mid_shape=[1, 2, 2]).eval()
    (explanation,) = explain(model, pixel_values=torch.rand(1, 6, 1, 32, 32))
    assert explanation["displacement"] is None and explanation["confidence"] is None and explanation["attentions"]


def test_training_mode_is_refused(model, motion):
    with pytest.raises(ValueError, match="eval"):
        explain(model.train(), motion_values=motion)
