"""Why the model answers as it does: attention, movement, expert weights, relations, and counterfactual answers.

    explanation = explain(model, **processor(videos="face.mp4", onset=10, offset=24, return_tensors="pt"))[0]
    explanation["counterfactuals"]["AU4"]["AU7"]  # probability of AU7, had AU4 been answered the other way round

Nothing is fitted to the answer afterwards: every number is one that the forward pass computes on its way to the logits,
or computes again with one node of the graph replaced.
"""

from typing import Any, TypedDict

import torch

from .displacement_aullm import REFERENCE_SIZE

EXPERTS = ("fine detail", "wider detail", "whole face", "edges")
"""The experts of the content token in their order: meso 3 x 3, meso 5 x 5, global convolution, Laplacian."""


Array = Any  # numpy.ndarray, which this package does not import


class Explanation(TypedDict):
    """Why one clip is answered as it is. What a model was built without is an empty dict or None."""

    action_units: list[str]  # K names
    probabilities: dict[str, float]
    attentions: dict[str, Array]  # (T', h, w) float32, sums to 1; cells cover the crop evenly
    displacement: Array | None
    """(T - 1, 2, h, w) float32, how far each cell's skin has moved since the onset without the head, right and down, in
    pixels of the crop; None with `front_end="led"`, which does not measure it."""
    confidence: Array | None  # (T - 1, h, w) how sure that is, 0 to 1; 0 outside of the face
    expert_weights: dict[str, float]  # they sum to 1
    relations: Array | None  # (K, K) float32, mean strength over the graph's layers, row = the influenced unit
    prior: Array | None  # (K, K) the same before training
    counterfactuals: dict[str, dict[str, float]]
    """Flipped unit -> {name -> probability} after that unit's node is set to the opposite of the model's answer."""


@torch.inference_mode()
def explain(
    model, pixel_values: torch.Tensor | None = None, motion_values: torch.Tensor | None = None, **inputs: torch.Tensor
) -> list[Explanation]:
    """Answers for clips together with what led to them.

    Args:
        model: an `AullmForActionUnitDetection` in evaluation mode.
        pixel_values: (B, T, 1, S, S) in [0, 1]; or motion_values: (B, 3, T - 1, h, w) as `measure_motion` gives them.
        **inputs: the other tensors of the processor's answer.

    Returns:
        One explanation for each clip.

    Raises:
        ValueError: for a model in training mode, whose dropout would make up the answer, or a prompt that asks for
            other units than the graph has nodes for.
    """
    if model.training:
        raise ValueError("the model is in training mode: call model.eval() first, or dropout explains itself")
    config, device = model.config, model.device
    names = [config.id2label[k] for k in range(len(config.id2label))]
    if motion_values is None and config.front_end == "displacement":
        motion_values = model.measure_motion(pixel_values.to(device))
    clips = {"pixel_values": pixel_values} if motion_values is None else {"motion_values": motion_values}
    output = model(
        **{name: value.to(device) for name, value in {**inputs, **clips}.items()},
        output_evidence=True,
        output_counterfactuals=config.has_counterfactuals,
    )
    if output.logits.shape[-1] != len(names):
        raise ValueError(f"the prompt asks for {output.logits.shape[-1]} units, the graph has nodes for {names}")
    size = config.image_size if pixel_values is None else pixel_values.shape[-1]
    return [_of_clip(output, motion_values, size, config, names, clip) for clip in range(len(output.logits))]


def _of_clip(output, motion: torch.Tensor | None, size: int, config, names: list[str], clip: int) -> Explanation:
    """The numbers of one clip of the batch, as plain floats and arrays."""
    explanation: Explanation = {
        "action_units": names,
        "probabilities": _by_name(names, output.logits[clip].sigmoid()),
        "attentions": {},
        "displacement": None if motion is None else _array(motion[clip, :2].movedim(0, 1) * (size / REFERENCE_SIZE)),
        "confidence": None if motion is None else _array(motion[clip, 2]),
        "expert_weights": {},
        "relations": None,
        "prior": None,
        "counterfactuals": {},
    }
    if output.expert_weights is not None and config.use_moe:
        weights = output.expert_weights[clip]
        explanation["expert_weights"] = _by_name(EXPERTS[: len(weights)], weights)
    if output.au_attentions is not None:
        explanation |= {
            "attentions": {name: _array(maps) for name, maps in zip(names, output.au_attentions[clip], strict=True)},
            "relations": _array(_strength(output.graph_strengths[clip])),
            "prior": _array(torch.tensor(config.graph_prior)),
        }
    if output.counterfactual_logits is not None:
        flipped = output.counterfactual_logits[clip].sigmoid()
        explanation["counterfactuals"] = {name: _by_name(names, row) for name, row in zip(names, flipped, strict=True)}
    return explanation


def _strength(strengths: torch.Tensor) -> torch.Tensor:
    """(L, K, K) -> (K, K), the mean over layers; a graph without layers relates nothing."""
    return strengths.mean(0) if len(strengths) else strengths.new_zeros(strengths.shape[1:])


def _by_name(names, values: torch.Tensor) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in zip(names, values, strict=True)}


def _array(values: torch.Tensor):
    return values.float().cpu().numpy()
