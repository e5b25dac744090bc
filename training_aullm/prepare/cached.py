"""A data set prepared into the cache, and made anew there when its files change.

clips = load_prepared(prepare_cached(Preparation("folder", data_dir="my-clips")))
"""

import hashlib
import os
from pathlib import Path

from dataset_scripts.builder import copy_digest
from dataset_scripts.cache import default_cache
from dataset_scripts.sets.folder_metadata import read_metadata
from dataset_scripts.subject_files import VERSION as ROWS_VERSION
from dataset_scripts.synthetic.config import SOURCE_VERSION
from dataset_scripts.whole_files import write_whole
from training_aullm.files import only_run
from training_aullm.prepare.prepared import PreparedRecord
from training_aullm.prepare.preparing import Preparation, key_of, prepare_alone, refuse_in_copy
from training_aullm.prepare.subjects import VERSION

LISTING_FILE = "listing"


def prepare_cached(preparation: Preparation, num_proc: int | None = None, progress: bool = True) -> Path:
    """The prepared set of a folder, made in the cache unless it is there and the folder has not changed since.

    Args:
        preparation: what, and how.
        num_proc, progress: as `prepare`.

    Returns:
        The folder of the prepared set: $AULLM_CACHE/aligned/NAME-..., one for each data folder.

    Raises:
        ValueError, FileNotFoundError: as `prepare`.
    """
    out = default_cache() / "aligned" / f"{preparation.name}-{key_of(preparation)}"
    if not _holds(out, _made_of(preparation)):
        refuse_in_copy(out, preparation)
        with only_run(out, f"{preparation.name} is being prepared by another run: waiting until it has ended"):
            made_of = _made_of(preparation)
            if not _holds(out, made_of):
                prepare_alone(preparation, out, num_proc, progress)
                write_whole(out / LISTING_FILE, made_of)
    return out


def _made_of(preparation: Preparation) -> str:
    """What decides a set: a hash of its files, of your own clips all there are, else those that the sheet names; and
    the version of what prepares them."""
    if preparation.rendered:
        files = f"rendered {SOURCE_VERSION}"
    elif preparation.name == "folder":
        files = _folder_digest(preparation.data_dir)
    else:
        files = copy_digest(preparation.name, preparation.data_dir, **preparation.asked)
    return f"{files}, prepared {VERSION}"


def _holds(out: Path, made_of: str) -> bool:
    """Whether a set of these files can be read: in the cache nobody can be asked to mend it."""
    listing = out / LISTING_FILE
    if not listing.is_file() or listing.read_text("utf-8") != made_of:
        return False
    try:
        PreparedRecord.load(out)
    except (FileNotFoundError, ValueError):
        return False
    return True


def _folder_digest(folder: str) -> str:
    """Of your own clips: all files there are, and what this version makes of the cells of action units."""
    listing = listing_digest(folder)
    codings = repr([(row.coding, row.coded_units) for row in read_metadata(folder)])
    return f"{listing}, rows {ROWS_VERSION}, cells {hashlib.sha256(codings.encode()).hexdigest()[:16]}"


def listing_digest(folder: str | Path) -> str:
    """A hash of the names, sizes and times of every file below a folder, without reading them.

    Links are followed, as those do who read the files; one that leads nowhere counts itself.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder: --data-dir names the one in which the data set lies")
    digest, walked = hashlib.sha256(), {os.path.realpath(folder)}
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = {name: os.path.realpath(os.path.join(parent, name)) for name in sorted(folders)}
        folders[:] = [name for name, place in real.items() if place not in walked]
        for name in sorted(real.keys() - set(folders)):  # walked under another name, or a circle
            digest.update(f"{os.path.relpath(parent, folder)}/{name} {real[name]}\n".encode())
        walked.update(real.values())
        for name in sorted(files):
            path = os.path.join(parent, name)
            found = os.stat(path) if os.path.exists(path) else os.lstat(path)
            digest.update(f"{os.path.relpath(parent, folder)}/{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
