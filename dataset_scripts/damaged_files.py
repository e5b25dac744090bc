"""A file that cannot be read is told by its name: libraries say "Expecting value" and not of what.

with naming(path, "delete it, it is made again"):
    table = pq.read_table(path)
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DamagedFile(ValueError):
    """A file that is there but cannot be read: cut off, empty, or of another kind."""


@contextmanager
def naming(path: str | Path, advice: str) -> Iterator[None]:
    """Around the lines that read a file: whatever a library raises there becomes one sentence.

    Args:
        path: the file.
        advice: what the user can do.

    Raises:
        DamagedFile: with the file, what was wrong, and the advice.
        OSError: as it came where it names a file: missing, or not allowed.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        said = f"the field {error} is missing" if isinstance(error, KeyError) else str(error).partition("\n")[0]
        raise DamagedFile(f"{path} cannot be read ({said.rstrip('.') or type(error).__name__}): {advice}") from error


def read_json(path: str | Path, advice: str) -> dict:
    """A JSON file that holds one object.

    Args:
        path: the file.
        advice: what the user can do where it is damaged.

    Raises:
        DamagedFile: it is empty, cut off, or no object.
    """
    with naming(path, advice):
        content = json.loads(Path(path).read_text("utf-8"))
        if not isinstance(content, dict):
            raise TypeError(f"it holds a {type(content).__name__}, not an object")
    return content
