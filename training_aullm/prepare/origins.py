"""What a prepared set was made of: the files of its source, and the code that aligned it."""

import hashlib
import inspect
import os
from pathlib import Path

from processing_aullm import AullmImageProcessor
from training_aullm.prepare import aligning


def code_digest() -> str:
    """A hash of the code that aligns: crops of an older version are made anew."""
    digest = hashlib.sha256(inspect.getsource(aligning).encode())
    for file in sorted(Path(inspect.getfile(AullmImageProcessor)).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def listing_digest(folder: str | Path) -> str:
    """A hash of the names, sizes and times of every file below a folder, without reading them.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder: --data-dir names the one in which the data set lies")
    digest = hashlib.sha256()
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            found = os.stat(os.path.join(parent, name))
            digest.update(f"{os.path.relpath(parent, folder)}/{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
