"""Small JSON files that say how the files beside them were made."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dataset_scripts.damaged_files import read_json
from dataset_scripts.whole_files import write_whole

MAX_TOLD = 5


def check_record(path: str | Path, settings: dict, advice: str) -> None:
    """Refuse to mix files that were made with different settings.

    Args:
        path: the record; written the first time.
        settings: what decides the files beside it.
        advice: what the user can do where they differ.

    Raises:
        ValueError: the record says otherwise, and the message names the settings that differ; or it is damaged.
    """
    path = Path(path)
    if not path.exists():
        write_whole(path, json.dumps(settings, indent=1, sort_keys=True, default=str) + "\n")
        return
    if told := differences(read_json(path, advice), settings):
        raise ValueError(f"{path.parent} holds files made otherwise ({told}): {advice}")


def differences(found: dict, settings: dict) -> str:
    """The settings in which two records differ, with what both say; empty where they are the same."""
    found, settings = (_flat(json.loads(json.dumps(each, default=str))) for each in (found, settings))
    names = sorted(name for name in {*found, *settings} if found.get(name) != settings.get(name))
    told = [f"{name}: {_short(found.get(name))}, now {_short(settings.get(name))}" for name in names[:MAX_TOLD]]
    return "; ".join(told) + (f"; {len(names) - MAX_TOLD} more" if len(names) > MAX_TOLD else "")


@contextmanager
def recorded(path: str | Path, settings: dict, advice: str) -> Iterator[None]:
    """As `check_record`, around the work: where that fails before anything is made, the record is taken back.

    Else the record of a call that was refused would refuse the corrected one.
    """
    path = Path(path)
    new = not path.exists()
    check_record(path, settings, advice)
    try:
        yield
    except BaseException:
        if new and [*path.parent.iterdir()] == [path]:
            path.unlink()
        raise


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
