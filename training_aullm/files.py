"""Small JSON files that say how the files beside them were made, written whole or not at all."""

import json
from pathlib import Path

from dataset_scripts.whole_files import whole_file

MOST_TOLD = 5


def write_whole(path: str | Path, text: str) -> None:
    """Write a text file in one move, so that nobody ever reads half of it.

    Args:
        path: the file; its folder is made.
        text: what it holds from then on.
    """
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(text, "utf-8")


def check_record(path: str | Path, settings: dict, advice: str) -> None:
    """Refuse to mix files that were made with different settings.

    Args:
        path: the record; written the first time.
        settings: what decides the files beside it.
        advice: what the user can do where they differ.

    Raises:
        ValueError: the record says otherwise; the message names the settings that differ.
    """
    path, settings = Path(path), json.loads(json.dumps(settings, default=str))
    if not path.exists():
        write_whole(path, json.dumps(settings, indent=1, sort_keys=True) + "\n")
        return
    found, settings = _flat(json.loads(path.read_text("utf-8"))), _flat(settings)
    names = sorted(name for name in {*found, *settings} if found.get(name) != settings.get(name))
    if names:
        told = [f"{name}: {_short(found.get(name))}, now {_short(settings.get(name))}" for name in names[:MOST_TOLD]]
        differences = "; ".join(told) + (f"; {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else "")
        raise ValueError(f"{path.parent} holds files made otherwise ({differences}): {advice}")


def _flat(settings: dict, above: str = "") -> dict[str, object]:
    """Settings within settings as "recipe.model.width"."""
    flat: dict[str, object] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return flat


def _short(value: object, most: int = 60) -> str:
    """A value as text that fits into a message."""
    text = json.dumps(value)
    return text if len(text) <= most else f"{text[:most]} ..."
