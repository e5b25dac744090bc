"""Look through everything that would be sent, and refuse what must not be."""

import json
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_scripts.cards.licences import TERMS, kind_of
from training_aullm.publishing.repo_folders import Parcel
from training_aullm.publishing.rules import why_not
from training_aullm.publishing.secret_patterns import Marks

TEXTS = {".md", ".py", ".json", ".txt", ".jinja", ".html", ".css", ".js", ""}
VOCABULARIES = {"tokenizer.json", "vocab.json", "merges.txt"}
PICTURES = {".mp4", ".png", ".jpg"}
EXAMPLES = "examples/examples.json"
MOST_SHOWN = 10
BEGINNING = 16


@dataclass(frozen=True)
class Finding:
    """Something that must not go: the repository's role, the file, the place in it, and what it is."""

    role: str
    file: str
    place: str
    what: str

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        return f"{self.role}: {self.file}{place}: {self.what}"


class NotForSendingError(ValueError):
    """Something secret, licensed or foreign lies among the files to send; the message names each file and line."""

    def __init__(self, findings: list[Finding]):
        self.findings = findings
        shown = [f"  {finding}" for finding in findings[:MOST_SHOWN]]
        shown += [f"  ... and {len(findings) - MOST_SHOWN} more"] if len(findings) > MOST_SHOWN else []
        lines = "\n".join(shown)
        super().__init__(f"nothing was sent, because of what must not leave this machine:\n{lines}")


def refuse_leaks(parcels: Iterable[Parcel], marks: Marks) -> None:
    """Stop before anything is sent that must not be.

    Args:
        parcels: everything that would go.
        marks: what gives a secret or this machine away.

    Raises:
        NotForSendingError: with every finding.
    """
    findings = [finding for parcel in parcels for finding in inspect_parcel(parcel, marks)]
    if findings:
        raise NotForSendingError(findings)


def inspect_parcel(parcel: Parcel, marks: Marks) -> Iterator[Finding]:
    """Look through one repository's files.

    Args:
        parcel: the files.
        marks: what to look for.

    Yields:
        What must not go.
    """
    for name in parcel.names():
        for mark in marks.search(name.encode()):
            yield Finding(parcel.role, name, "its name", mark.what)
        for place, what in inspect_file(parcel, name, marks):
            yield Finding(parcel.role, name, place, what)


def inspect_file(parcel: Parcel, name: str, marks: Marks) -> Iterator[tuple[str, str]]:
    """Look through one file.

    Args:
        parcel: what it is part of.
        name: its path in the repository.
        marks: what to look for.

    Yields:
        Place and reason.
    """
    path = parcel.folder / name
    beginning = b"" if path.is_symlink() else path.open("rb").read(BEGINNING)
    reason = why_not(parcel.role, name, beginning, path.is_symlink()) or _unknown_face(parcel, path)
    if reason is not None:
        yield "", reason
        return
    if path.suffix == ".parquet":
        yield from _in_table(path, marks)
    elif path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield from _in_bytes(content, path, marks)


def _unknown_face(parcel: Parcel, path: Path) -> str | None:
    """Why a film or picture must not go: only the Space has any, and its list of examples names each."""
    if path.suffix not in PICTURES:
        return None
    examples = parcel.folder / EXAMPLES
    named = json.loads(examples.read_text("utf-8")) if examples.is_file() else {}
    if path.parent == examples.parent and path.name in named:
        return None
    return f"a film or picture that {EXAMPLES} does not name: nobody can say whose face it shows"


def _in_bytes(content: mmap.mmap, path: Path, marks: Marks) -> Iterator[tuple[str, str]]:
    """Texts line by line, all else by byte; the words of a vocabulary are nobody's name."""
    readable = path.suffix in TEXTS
    for mark in marks.search(content, text=readable and path.name not in VOCABULARIES):
        if readable:
            line = content[: mark.start].count(b"\n") + 1
            yield f"line {line}", mark.what
        else:
            yield f"byte {mark.start}", mark.what


def _in_table(path: Path, marks: Marks) -> Iterator[tuple[str, str]]:
    """Rows of a prepared set: whose faces they are, where their pictures came from, and what the texts say."""
    try:
        table = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        yield "", f"not a readable parquet file ({error})"
        return
    if "data_set" not in table.schema_arrow.names:
        yield "", "a table without the column data_set: nobody can say whose faces it holds"
        return
    metadata = b"\n".join(b"%s %s" % each for each in (table.metadata.metadata or {}).items())
    for mark in marks.search(metadata, text=True):
        yield "the file's metadata", mark.what
    row = 0
    for batch in table.iter_batches(batch_size=64):
        for values in batch.to_pylist():
            for what in _in_row(values, marks):
                yield f"row {row}", what
            row += 1


def _in_row(values: dict, marks: Marks) -> Iterator[str]:
    """What must not go in one clip."""
    name = values["data_set"]
    if name is None or kind_of(name) == "licensed":
        title = TERMS[name].title if name in TERMS else "a clip without the name of its data set"
        yield f"{title}: faces under a signed licence; `aullm push --private --i-may-share` is their only way"
    pictures = values.pop("frames", None) or ()
    text = json.dumps(values, ensure_ascii=False, default=str).encode()
    for mark in marks.search(text, text=True):
        yield mark.what
    for picture in pictures:
        for mark in marks.search(picture["bytes"] or b""):
            yield f"in a frame: {mark.what}"
        if picture["path"] and Path(picture["path"]).name != picture["path"]:
            yield f"the place of a frame on this machine ({Path(picture['path']).name})"
