"""A trained model as the start of another: for other action units, or with LoRA injected again after it was merged.

model = AullmForActionUnitDetection.from_pretrained(folder).for_processor(processor)
"""

import torch
from torch import nn

from .history_aullm import History
from .prior_aullm import MACRO_SOURCE, macro_prior

# Fields that follow from others: from the action units, and `text_config` from `num_language_layers`.
FOLLOWING = {"action_units", "prior", "prior_source", "prompt_ids", "au_positions", "calibration", "checkpoint_sha256"}
FOLLOWING |= {"text_config"}


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
        **_prior_of(config, names),
        "calibration": None,
        "checkpoint_sha256": None,
    }
    if config.lora_rank == 0 and config.language_weights == "included" and config.reader == "language":
        fields["lora_rank"] = type(config)().lora_rank  # merging forgets the rank; without adapters nothing could learn
    return type(config).from_dict({**_without_labels(config), **fields, **changes})


def _prior_of(config, names: list[str]) -> dict:
    """The config's prior between units that it knows, the default for each pair with another one, and the source."""
    known, prior = list(config.action_units), macro_prior(names)
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            if first in known and second in known:
                prior[i][j] = config.prior[known.index(first)][known.index(second)]
    new = [name for name in names if name not in known]
    source = config.prior_source
    if new and source != MACRO_SOURCE:
        source = MACRO_SOURCE if len(new) == len(names) else f"{source}; of {', '.join(new)}: {MACRO_SOURCE}"
    return {"prior": prior, "prior_source": source}


@torch.no_grad()
def carry_over(source: nn.Module, target: nn.Module) -> None:
    """Copy what was learned: tensors without a place for each unit whole, of the others the units both models have.

    What one model alone has keeps its fresh start: new units, adapters that were merged in the source, parts that a
    changed field adds. So does the prior, which the target's config sets.

    Args:
        source, target: models that differ in their action units and in parts that one of them lacks.

    Raises:
        ValueError: a tensor has other sizes in the target, or its frozen language model is not in the source.
    """
    before, after = source.config.action_units, target.config.action_units
    kept = [name for name in after if name in before]
    sizes, frozen = _sizes_with_one_unit_more(target), target.body_keys()
    ours = {_unadapted(name): tensor for name, tensor in source.state_dict().items()}
    for name, tensor in target.state_dict().items():
        learned = ours.get(_unadapted(name))
        if learned is None and name in frozen:
            raise ValueError(f"{name} of the language model is not in this model{_changed(source, target)}")
        if learned is None or name.endswith("graph.prior"):
            continue
        shape, known = list(tensor.shape), list(learned.shape)
        axes = [axis for axis, size in enumerate(shape) if sizes[name][axis] != size]
        wanted = [size // len(after) * len(before) if axis in axes else size for axis, size in enumerate(shape)]
        if known != wanted:
            raise ValueError(f"{name} is {known} here and would have to be {wanted}{_changed(source, target)}")
        if not axes:
            tensor.copy_(learned)
        elif kept:
            tensor[_places(tensor, axes, after, kept)] = learned[_places(learned, axes, before, kept)].to(tensor)
    if target.language_reader is not None:
        target.language_reader.from_base = source.language_reader.from_base
    target.history = History.of(target)


def _unadapted(name: str) -> str:
    """A tensor's name without what peft adds to those that it adapts."""
    return name.replace(".base_layer.", ".")


def _changed(source: nn.Module, target: nn.Module) -> str:
    """The fields in which two models differ, those that follow from others left out, and what to do."""
    here, there = _without_labels(source.config), _without_labels(target.config)
    changed = [name for name, value in there.items() if here.get(name) != value and name not in FOLLOWING]
    fields = ", ".join(f"{name}={there[name]!r}" for name in changed)
    return f": what was learned does not fit {fields}. Leave such fields as they are, or train a new model"


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
