"""Look through everything that would be sent, and refuse what must not be."""

import json
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.cards.licences import TERMS, kind_of
from training_aullm.publishing.repo_folders import RepoFolder
from training_aullm.publishing.secret_patterns import SecretPatterns, hidden, printable

TEXTS = {".md", ".py", ".json", ".txt", ".jinja", ".html", ".css", ".js", ""}
VOCABULARIES = {"tokenizer.json", "vocab.json", "merges.txt"}
PICTURES = {".mp4", ".png", ".jpg"}
EXAMPLES = "examples/examples.json"
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95")
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf")
"""First bytes of pickles, and of archives (a file of torch.save is one), whatever a file is called."""
MAX_SHOWN = 10


class NotForSendingError(ValueError):
    """Something secret, licensed or foreign lies among the files to send; the message names each file and line."""

    def __init__(self, findings: list[str]):
        more = [f"... and {len(findings) - MAX_SHOWN} more"] if len(findings) > MAX_SHOWN else []
        lines = "\n  ".join(findings[:MAX_SHOWN] + more)
        super().__init__(f"nothing was sent, because of what must not leave this machine:\n  {lines}")


def refuse_leaks(folders: Iterable[RepoFolder], patterns: SecretPatterns) -> None:
    """Stop before anything is sent that must not be.

    Args:
        folders: everything that would go.
        patterns: what gives a secret or this machine away.

    Raises:
        NotForSendingError: with every finding.
    """
    if findings := [finding for folder in folders for finding in inspect(folder, patterns)]:
        raise NotForSendingError(findings)


def inspect(folder: RepoFolder, patterns: SecretPatterns) -> Iterator[str]:
    """Look through one repository's files.

    Args:
        folder: with the files.
        patterns: what to look for.

    Yields:
        What must not go: role, file, place in it, and what it is.
    """
    for name in folder.names():
        shown = f"{folder.role}: {name}"
        for found in patterns.search(name):
            shown = shown.replace(found.value, hidden(found.value))
            yield f"{shown}, its name: {found.what}"
        if reason := _why_not(folder, name):
            yield f"{shown}: {reason}"
        else:
            search = _in_table if name.endswith(".parquet") else _in_file
            yield from (f"{shown}{found}" for found in search(folder.folder / name, patterns))


def _why_not(folder: RepoFolder, name: str) -> str | None:
    """Why a file stays whatever it says: by its kind, its name and its first bytes."""
    path = folder.folder / name
    if path.is_symlink():
        return "a link: put the file itself there"
    if not folder.may_hold(name):
        return f"not a file of a {folder.role} repository"
    with path.open("rb") as file:
        beginning = file.read(16)
    if beginning.startswith(PICKLES):
        return "a pickle under another name, which runs code when it is opened"
    if beginning.startswith(ARCHIVES):
        return "an archive, whose content would go unseen"
    examples = folder.folder / EXAMPLES
    if path.suffix in PICTURES and path.name not in (json.loads(examples.read_text()) if examples.is_file() else {}):
        return f"a film or picture that {EXAMPLES} does not name: nobody can say whose face it shows"
    return None


def _in_file(path: Path, patterns: SecretPatterns) -> Iterator[str]:
    """Texts line by line, all else by byte; the words of a vocabulary are nobody's name."""
    if path.suffix in TEXTS:
        content = path.read_bytes()
        text = content.decode(json.detect_encoding(content), "replace")  # any Unicode, with or without a mark
        for found in patterns.search(text, names=path.name not in VOCABULARIES):
            yield f", line {found.line}: {found.what}"
    elif path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for found in patterns.search(printable(content), names=False):
                wide = content.find(found.value.encode("utf-16-le"))
                yield f", byte {max(content.find(found.value.encode()), wide)}: {found.what}"


def _in_table(path: Path, patterns: SecretPatterns) -> Iterator[str]:
    """Rows of a prepared set: whose faces they are, where their pictures came from, and what the texts say."""
    try:
        table = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        yield f": not a readable parquet file ({error})"
        return
    if "data_set" not in table.schema_arrow.names:
        yield ": a table without the column data_set: nobody can say whose faces it holds"
        return
    metadata = b"\n".join(b"%s %s" % each for each in (table.metadata.metadata or {}).items())
    for found in patterns.search(metadata.decode("utf-8", "replace")):
        yield f", the file's metadata: {found.what}"
    rows = (row for batch in table.iter_batches(batch_size=64) for row in batch.to_pylist())
    for number, row in enumerate(rows):
        yield from (f", row {number}: {what}" for what in _in_row(row, patterns))


def _in_row(row: dict, patterns: SecretPatterns) -> Iterator[str]:
    """What must not go in one clip."""
    name = row["data_set"]
    if name is None or kind_of(name) == "licensed":
        title = TERMS[name].title if name in TERMS else "a clip without the name of its data set"
        yield f"{title}: faces under a signed licence; `aullm push --private --i-may-share` is their only way"
    pictures = row.pop("frames", None) or ()
    for found in patterns.search(json.dumps(row, ensure_ascii=False, default=str)):
        yield found.what
    for found in patterns.search(printable(b"\0".join(each["bytes"] or b"" for each in pictures)), names=False):
        yield f"in a frame: {found.what}"
    if any(each["path"] and Path(each["path"]).name != each["path"] for each in pictures):
        yield "the place of a frame on this machine"
