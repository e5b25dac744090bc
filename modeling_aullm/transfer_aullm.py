"""A trained model as the start of another: for other action units, or with LoRA injected again after it was merged.

model = AullmForActionUnitDetection.from_pretrained(folder).for_processor(processor)
"""

import torch
from torch import nn

from .prior_aullm import MACRO_SOURCE, macro_prior


def config_for(config, processor, **changes):
    """The config with a processor's action units, frames and prompt, and with LoRA where it was merged.

    Args:
        config: an `AullmConfig`; it is copied.
        processor: an `AullmProcessor`.
        **changes: other fields, for example `prior` and `prior_source` of the new training split.
    """
    prompt, (content, instruction) = processor.prompt(), processor.placeholder_ids
    names = list(processor.action_units)
    fields = {
        "action_units": names,
        "num_frames": processor.image_processor.num_frames,
        "image_size": processor.image_processor.size,
        "prompt_ids": list(prompt.input_ids),
        "au_positions": list(prompt.au_positions),
        "content_token_id": content,
        "instruction_token_id": instruction,
        "prior": macro_prior(names),
        "prior_source": MACRO_SOURCE,
        "calibration": None,
        "checkpoint_sha256": None,
    }
    if list(config.action_units) == names:
        fields |= {"prior": config.prior, "prior_source": config.prior_source}
    if config.lora_rank == 0 and config.language_weights == "included" and config.reader == "language":
        fields["lora_rank"] = type(config)().lora_rank  # merging forgets the rank; without adapters nothing could learn
    return type(config).from_dict({**_without_labels(config), **fields, **changes})


@torch.no_grad()
def carry_over(source: nn.Module, target: nn.Module) -> None:
    """Copy what was learned: tensors without a place for each unit whole, of the others the units both models have.

    What one model alone has keeps its fresh start: new units, adapters that were merged in the source. So does the
    prior, which the target's config sets.

    Args:
        source, target: models that differ in their action units and adapters only.
    """
    before, after = source.config.action_units, target.config.action_units
    kept = [name for name in after if name in before]
    sizes, ours = _sizes_with_one_unit_more(target), source.state_dict()
    if target.language_reader is not None:
        target.language_reader.from_base = source.language_reader.from_base
    for name, tensor in target.state_dict().items():
        axes = [axis for axis, size in enumerate(tensor.shape) if sizes[name][axis] != size]
        learned = ours.get(name, ours.get(name.replace(".base_layer.", ".")))  # peft renames what it adapts
        if name.endswith("graph.prior") or (learned is None and "lora_" in name):
            continue
        if not axes:
            tensor.copy_(learned)
        elif kept:
            tensor[_places(tensor, axes, after, kept)] = learned[_places(learned, axes, before, kept)].to(tensor)


def _places(tensor: torch.Tensor, axes: list[int], units: list[str], kept: list[str]) -> tuple[torch.Tensor, ...]:
    """Indices of the kept units along `axes` (a unit may have several rows, one after the other), and all others."""
    ranges = []
    for axis, size in enumerate(tensor.shape):
        rows = torch.arange(size)
        if axis in axes:
            rows = rows.view(len(units), -1)[[units.index(name) for name in kept]].flatten()
        ranges.append(rows)
    return torch.meshgrid(*ranges, indexing="ij")


def _sizes_with_one_unit_more(model: nn.Module) -> dict[str, torch.Size]:
    """Shapes the tensors would have with another unit: those that differ have a place for each."""
    units = list(model.config.action_units)
    units.append(next(f"AU{number}" for number in range(1, 99) if f"AU{number}" not in units))
    fields = {"action_units": units, "prior": macro_prior(units), "prior_source": MACRO_SOURCE}
    config = type(model.config).from_dict({**_without_labels(model.config), **fields})
    with torch.device("meta"):
        return {name: tensor.shape for name, tensor in type(model)(config).state_dict().items()}


def _without_labels(config) -> dict:
    return {name: value for name, value in config.to_dict().items() if name not in ("id2label", "label2id")}
