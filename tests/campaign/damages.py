"""Ways in which a checkpoint is damaged: its weights, its settings, its processor's settings, its files.

Each damage is done to a copy of the whole folder. Which tensors and bits are struck is seeded.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WEIGHTS, CONFIG, PROCESSOR = "model.safetensors", "config.json", "processor_config.json"
BIT_FLIPS, STRUCK = 6, 2
GONE = object()
# Where the code lies, and the language model's own config, are read by transformers, which refuses in its own words.
OF_TRANSFORMERS = ("auto_map", "text_config")
# Settings whose loss or change once went unnoticed, through every door and in both forms of a checkpoint.
DECIDING = {
    "language_sha256": (None, GONE),
    "language_weights": ("included", "base"),
    "prompt_ids": ([5, 6, 256, 257],),
    "reader": ("mlp",),
    "evidence_skip": (False,),
    "num_graph_layers": (1, 3),
    "lora_rank": (0, 2),
    "lora_alpha": (64,),
    "action_units": (["AU12", "AU4"], ["AU4"]),
    "id2label": ({"0": "AU12", "1": "AU4"},),
}
PROCESSOR_FIELDS = {"action_units": (["AU12", "AU4"], ["AU12"], ["AU4", "AU12", "AU1"], []), "size": (112,)}


@dataclass(frozen=True)
class Damage:
    """One way.

    Attributes:
        name: of it.
        do: to a folder.
        named: a refusal must name one of these.
    """

    name: str
    do: Callable[[Path], None]
    named: tuple[str, ...]


def to_weights(folder: Path, chance: random.Random) -> list[Damage]:
    """Tensors lost, added, renamed, exchanged, of other size, type or value; bits flipped in the file."""
    whole = load_file(folder / WEIGHTS)
    names = sorted(whole)
    groups = sorted({".".join(name.split(".")[:3]) for name in names})
    changes = {f"without {group}": _without([n for n in names if n.startswith(group)]) for group in groups}
    changes |= {"without LoRA": _without([name for name in names if "lora_" in name])}
    changes |= {"without every second": _without(names[::2]), "without any": _without(names)}
    changes |= {"one too many": lambda tensors: tensors.update(extra=torch.ones(3))}
    for number, value in enumerate([torch.nan, torch.inf, -torch.inf] * STRUCK):
        at = chance.choice([name for name in names if whole[name].numel()])
        changes[f"{value} in {at} ({number})"] = _with_value(at, value)
    for at in chance.sample([name for name in names if whole[name].ndim > 1], STRUCK):
        changes |= {
            f"{at} of zeros": lambda tensors, at=at: tensors[at].zero_(),
            f"{at} cut": lambda tensors, at=at: tensors.update({at: tensors[at][:-1].contiguous()}),
            f"{at} flat": lambda tensors, at=at: tensors.update({at: tensors[at].flatten()}),
            f"{at} in half precision": lambda tensors, at=at: tensors.update({at: tensors[at].half()}),
            f"{at} renamed": lambda tensors, at=at: tensors.update({f"{at}s": tensors.pop(at)}),
        }
    same = next(
        (a, b) for a in names for b in names if a < b and whole[a].shape == whole[b].shape and whole[a].ndim > 1
    )
    changes["two exchanged"] = lambda tensors: tensors.update({same[0]: tensors[same[1]], same[1]: tensors[same[0]]})
    changes["of another training"] = _of_another_training
    damages = [Damage(name, _rewriting(change), (WEIGHTS, "tensor")) for name, change in changes.items()]
    size = (folder / WEIGHTS).stat().st_size
    header = 8 + int.from_bytes((folder / WEIGHTS).read_bytes()[:8], "little")
    places = [chance.randrange(header, size) for _ in range(BIT_FLIPS)] + [3, chance.randrange(8, header)]
    flips = [Damage(f"a bit of byte {at} flipped", _flipping(at, chance.randrange(8)), (WEIGHTS,)) for at in places]
    return damages + flips


def to_deciding_settings(_: Path, __: random.Random) -> list[Damage]:
    """Settings of config.json that decide about answers."""
    return [
        Damage(f"{CONFIG}: {field} {_told(value)}", _editing(CONFIG, (field,), value), (CONFIG, field))
        for field, values in DECIDING.items()
        for value in values
    ]


def to_every_setting(folder: Path, _: random.Random) -> list[Damage]:
    """Each field of config.json, also of the language model in it, taken out and changed."""
    return _each_field(folder, CONFIG)


def to_processor(folder: Path, _: random.Random) -> list[Damage]:
    """Each field of processor_config.json taken out and changed; action units reversed, fewer, more, none."""
    named = [
        Damage(f"{PROCESSOR}: {field} {_told(value)}", _editing(PROCESSOR, (*above, field), value), (PROCESSOR, field))
        for field, values in PROCESSOR_FIELDS.items()
        for value in values
        for above in [("image_processor",) if field == "size" else ()]
    ]
    # Either side may be named: what was edited, or what of the prompt does not fit to the model any more.
    return [
        replace(each, named=(*each.named, "template", "prompt_ids")) for each in named + _each_field(folder, PROCESSOR)
    ]


def to_files(folder: Path, chance: random.Random) -> list[Damage]:
    """Each file gone, empty, cut or of other bytes; of code only the loss of one file."""
    damages = []
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".safetensors"):
            whole = path.read_bytes()
            at = chance.randrange(1, len(whole) - 1)
            contents = {"empty": b"", f"cut after {at} bytes": whole[:at], "of other bytes": chance.randbytes(64)}
            contents[f"with a bit of byte {at} flipped"] = whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]
            named = (path.name, path.stem)  # or what it is: "tokenizer"
            damages += [Damage(f"{path.name} {how}", _writing(path.name, new), named) for how, new in contents.items()]
            damages.append(Damage(f"{path.name} gone", _losing(path.name), named))
    code = ("modeling_aullm.py", "processing_aullm.py", "graph_aullm.py")
    return damages + [Damage(f"{name} gone", _losing(name), (name, name.removesuffix(".py"))) for name in code]


def _each_field(folder: Path, name: str) -> list[Damage]:
    damages = []
    for path, value in _fields(json.loads((folder / name).read_text("utf-8"))):
        for new in (GONE, _other(value)):
            label = ".".join(path)
            damages.append(Damage(f"{name}: {label} {_told(new)}", _editing(name, path, new), (name, path[-1])))
    return damages


def _fields(settings: dict, above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    """Every field with its path, also those within fields."""
    found = []
    for name, value in settings.items():
        found.append(((*above, name), value))
        if isinstance(value, dict):
            found += _fields(value, (*above, name))
    return found


def _other(value: object) -> object:
    """A value of the same kind that is another."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return 1.1 * value + 0.01
        case str():
            return f"{value}x"
        case list():
            return value[::-1] if value[::-1] != value else [*value, *value[:1]]
        case dict():
            return {}
    return 1


def _told(value: object) -> str:
    return "taken out" if value is GONE else f"= {json.dumps(value)[:40]}"


def _without(gone: list[str]) -> Callable[[dict], None]:
    return lambda tensors: [tensors.pop(name) for name in gone]


def _with_value(name: str, value: float) -> Callable[[dict], None]:
    def change(tensors: dict) -> None:
        tensors[name].view(-1)[len(tensors[name].view(-1)) // 2] = value

    return change


def _of_another_training(tensors: dict) -> None:
    noise = torch.Generator().manual_seed(1)
    for name, tensor in tensors.items():
        tensors[name] = tensor + 0.1 * torch.randn(tensor.shape, generator=noise)


def _rewriting(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        change(tensors)
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})

    return do


def _flipping(at: int, bit: int) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        content = bytearray((folder / WEIGHTS).read_bytes())
        content[at] ^= 1 << bit
        (folder / WEIGHTS).write_bytes(content)

    return do


def _editing(name: str, path: tuple[str, ...], value: object) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        settings = json.loads((folder / name).read_text("utf-8"))
        inner = settings
        for part in path[:-1]:
            inner = inner[part]
        if value is GONE:
            inner.pop(path[-1], None)
        else:
            inner[path[-1]] = value
        (folder / name).write_text(json.dumps(settings), "utf-8")

    return do


def _writing(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content)


def _losing(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()
