"""Whether what is given to a model was made for it: action units, frames and their values, prompt, labels.

check_processor(model.config, processor)  # where the two meet: pipelines, commands, `for_processor`

Both name the action units in their own file, so one may be edited, swapped or relabelled without the other, and every
answer would then carry another unit's name.
"""

import torch
from transformers.utils import logging

SLACK = 0.01  # what interpolation overshoots by
BRIGHTEST = 2.0  # frames are brightened in training (`augment_gain`)

logger = logging.get_logger(__name__)


def check_processor(config, processor) -> None:
    """Refuse a processor that asks for something else than the model answers.

    Args:
        config: an `AullmConfig`.
        processor: an `AullmProcessor`.

    Raises:
        ValueError: the two differ in action units or their order, in number or size of frames, or in the prompt.
    """
    images = processor.image_processor
    facts = {
        "action_units": (list(config.action_units), list(processor.action_units)),
        "num_frames": (config.num_frames, images.num_frames),
        "image_size": (config.image_size, images.size),
    }
    if config.prompt_ids is not None and config.reader == "language":
        facts["prompt_ids"] = (list(config.prompt_ids), list(processor.prompt().input_ids))
    for name, (ours, theirs) in facts.items():
        if ours != theirs:
            raise ValueError(
                f"model and processor do not belong together: the model has {name}={ours}, the processor {theirs}. "
                "Load both from one folder as they were saved; for other units fine-tune model.for_processor(processor)"
            )


def check_labels_of(config) -> None:
    """Refuse a config whose `id2label` names other units than `action_units`: logits would be read under wrong names.

    Raises:
        ValueError: as after `from_pretrained(..., id2label=...)` or `num_labels=...`, or edited on a loaded config.
    """
    labels = [config.id2label[index] for index in sorted(config.id2label)]
    if labels != list(config.action_units):
        raise ValueError(
            f"id2label names {labels}, action_units {list(config.action_units)}. A trained model answers for the units "
            "it was saved with: leave action_units, id2label and num_labels as they were, and fine-tune "
            "model.for_processor(processor) for others; a new one takes AullmConfig(action_units=[...])"
        )


def check_asked_units(config, numbers: torch.Tensor) -> None:
    """Refuse prompts for other action units than the logits stand for.

    Args:
        config: an `AullmConfig`; a language model that only reads by name (`readout="au"` without `evidence_skip`)
            answers any.
        numbers: (B, K), 4 for AU4, as the processor gives them.

    Raises:
        ValueError: the units or their order differ.
    """
    if config.reader == "language" and config.readout == "au" and not config.evidence_skip:
        return
    own = torch.tensor([int(name[2:]) for name in config.action_units], device=numbers.device)
    if numbers.shape[1:] != own.shape or not bool((numbers == own).all()):
        asked = [[f"AU{number}" for number in row] for row in numbers.tolist()]
        other = next(row for row in asked if row != list(config.action_units))
        raise ValueError(
            f"the processor asks for {other}, the model answers {list(config.action_units)} in this order: call the "
            "processor without action_units, or fine-tune model.for_processor(processor) for others"
        )


def check_clips(pixel_values: torch.Tensor | None, motion_values: torch.Tensor | None = None) -> None:
    """Refuse clips whose numbers mean something else than the model reads: answers would be wrong without a sign.

    Args:
        pixel_values: in [0, 1], float32 (float16 tells 8-bit grey levels apart, too).
        motion_values: as `measure_motion` gives them.

    Raises:
        ValueError: other values, another type, NaN.
    """
    for name, values in {"pixel_values": pixel_values, "motion_values": motion_values}.items():
        if values is not None and not isinstance(values, torch.Tensor):
            raise ValueError(f"{name} is a {type(values).__name__}: call the processor with return_tensors='pt'")
    looks = not torch.compiler.is_compiling()  # a compiled or exported graph cannot look at values
    if pixel_values is not None:
        if not pixel_values.is_floating_point():
            raise ValueError(f"pixel_values are {pixel_values.dtype}: divide by 255 and give float32 in [0, 1]")
        if pixel_values.dtype == torch.bfloat16:
            raise ValueError("pixel_values are bfloat16, which rounds movements away: keep them in float32")
        if looks and pixel_values.numel():
            low, high = torch.stack(pixel_values.aminmax()).tolist()
            if not (low >= -SLACK and high <= BRIGHTEST):  # as NaN is neither
                raise ValueError(
                    f"pixel_values go from {low:g} to {high:g}, not from 0 to 1: divide grey levels by 255, and do not "
                    "normalise them"
                )
    if motion_values is not None and looks and not bool(torch.isfinite(motion_values.sum(dtype=torch.float32))):
        raise ValueError("motion_values hold NaN or infinity: measure them again with model.measure_motion")


def check_here(model: torch.nn.Module) -> None:
    """Refuse to run where anything but the language model is offloaded: accelerate brings weights back around a
    module's `forward`, and our small parts have other methods, too.

    Args:
        model: an `AullmModel`.

    Raises:
        ValueError: a weight is not here.
    """
    for name, part in () if torch.compiler.is_compiling() else model.named_children():
        if name != "reader" and any(weight.is_meta for weight in part.parameters()):
            raise ValueError(
                f"{name} is offloaded: only the language model (model.reader) can be, with a device_map that names "
                "every other part a device, or with accelerate's cpu_offload(model.language_reader.body)"
            )


def check_labels(labels: torch.Tensor, logits: torch.Tensor) -> None:
    """Refuse labels that say neither present (1), absent (0) nor unknown (-1).

    A batch in which all are unknown is taken and teaches nothing: a data set may have such clips. The log says so once,
    because a whole data set of them would train at a loss of zero.

    Raises:
        ValueError: another shape than the logits', or another value.
    """
    if labels.shape != logits.shape:
        raise ValueError(f"labels have shape {tuple(labels.shape)}, logits {tuple(logits.shape)}")
    known = (labels == 1) | (labels == 0) | (labels == -1)
    if not bool(known.all()):
        value = labels[~known][0].item()
        raise ValueError(f"labels hold {value:g}: write 1 for present, 0 for absent and -1 for unknown")
    if labels.numel() and bool((labels == -1).all()):
        logger.warning_once(
            "a batch holds no known label (all are -1) and teaches nothing: if the loss stays at 0, look at the labels"
        )
