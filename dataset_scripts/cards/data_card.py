"""The data card of a prepared set: README.md with YAML front matter, counts, columns, licence and citation.

contents = read_contents("runs/casme2")
text = data_card(contents, repo_id="me/casme2-aligned")

Tested in tests/dataset_scripts/cards/test_sharing.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features
from huggingface_hub import DatasetCardData

from dataset_scripts.cards.licences import TERMS, kind_of
from dataset_scripts.clip_files import DATA_FOLDER, PREPARED_FILE, UNFINISHED_FILE
from dataset_scripts.damaged_files import naming, read_json
from dataset_scripts.labels import ACTION_UNITS, AU_MEANINGS

_NEEDED = ("sample_id", "data_set", "label_release", "subject", "action_units")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
SYNTHETIC_LICENCE = "apache-2.0"
"""Rendered clips: the heads are CC0, the code that renders is Apache-2.0 (see NOTICE)."""


@dataclass(frozen=True)
class Contents:
    """What lies in a prepared folder, without its pictures.

    Attributes:
        files: the parquet files, in order.
        features: column name -> type.
        clips: how many rows.
        subjects: data set -> how many subjects.
        clips_of: data set -> how many clips.
        releases: data set -> label releases found in it.
        states: (clips, len(ACTION_UNITS)) 1 present, 0 absent, -1 unknown.
    """

    files: tuple[Path, ...]
    features: Features
    clips: int
    subjects: dict[str, int]
    clips_of: dict[str, int]
    releases: dict[str, tuple[str, ...]]
    states: np.ndarray

    @property
    def data_sets(self) -> tuple[str, ...]:
        """Names of the sets in it, sorted."""
        return tuple(sorted(self.clips_of))

    @property
    def synthetic(self) -> bool:
        """Whether every clip is rendered."""
        return all(kind_of(name) == "synthetic" for name in self.data_sets)


def read_contents(folder: str | Path) -> Contents:
    """Look into a prepared folder; reads the labels only, never the pictures.

    Args:
        folder: as `aullm prepare`, `aullm synth` or a builder's `out` wrote it.

    Returns:
        Its contents.

    Raises:
        FileNotFoundError: no such folder, no parquet file in it, or a preparation that was broken off.
        ValueError: a file that is not of the shared schema, is damaged, or holds no clip.
    """
    folder = Path(folder)
    files = _files(folder)
    if not files:
        found = sorted(path.name for path in folder.iterdir())[:8] if folder.is_dir() else "nothing"
        raise FileNotFoundError(f"{folder}: looked for *.parquet of a prepared data set, found {found}")
    features = _features(files)
    table = pa.concat_tables(pq.read_table(path, columns=list(_NEEDED)) for path in files)
    if not len(table):
        raise ValueError(f"{folder}: the {len(files)} parquet files hold no clip")
    columns = table.to_pydict()
    people = set(zip(columns["data_set"], columns["subject"], strict=True))
    releases = set(zip(columns["data_set"], columns["label_release"], strict=True))
    return Contents(
        files=files,
        features=features,
        clips=len(table),
        subjects=dict(Counter(name for name, _ in people)),
        clips_of=dict(Counter(columns["data_set"])),
        releases={name: tuple(sorted(each for of, each in releases if of == name and each)) for name in dict(releases)},
        states=_states(columns["action_units"], folder),
    )


def data_card(contents: Contents, repo_id: str, licence: str | None = None) -> str:
    """Write the card of a prepared set.

    Args:
        contents: what `read_contents` found.
        repo_id: where it will stand, for the lines that load it.
        licence: the Hub's name of the licence of the user's own clips, as "cc-by-4.0"; ignored for other sets.

    Returns:
        Markdown with YAML front matter.
    """
    parts = [
        _heading(contents),
        _counts(contents),
        _units(contents.states),
        _columns(contents.features),
        _licence(contents, licence),
        _citation(contents),
        _loading(repo_id),
    ]
    return f"---\n{_front_matter(contents, licence)}\n---\n\n" + "\n\n".join(parts) + "\n"


def _files(folder: Path) -> tuple[Path, ...]:
    """Of a prepared set the files that its record names, else all: raw frames may lie beside the prepared ones."""
    record, advice = folder / PREPARED_FILE, "prepare the set again"
    if record.is_file():
        content = read_json(record, advice)
        with naming(record, advice):
            return tuple(folder / DATA_FOLDER / name for name in content["shards"])
    if (folder / UNFINISHED_FILE).is_file():
        raise FileNotFoundError(
            f"the preparation in {folder} was broken off: run the same `aullm prepare` again, it goes on from there"
        )
    return tuple(path for path in sorted(folder.rglob("*.parquet")) if not _hidden(path.relative_to(folder)))


def _hidden(path: Path) -> bool:
    """Whether it lies in a cache: a folder whose name begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def _features(files: Sequence[Path]) -> Features:
    """The columns all files share; an error names the file that differs."""
    first: Features | None = None
    for path in files:
        try:
            features = Features.from_arrow_schema(pq.read_schema(path))
        except (pa.ArrowInvalid, OSError) as error:
            raise ValueError(f"{path}: not a readable parquet file ({error}); prepare the set again") from error
        missing = [name for name in _NEEDED if name not in features]
        if missing:
            raise ValueError(f"{path}: columns {missing} are missing, so this is no prepared data set")
        if first is not None and features.keys() != first.keys():
            raise ValueError(f"{path}: columns differ from {files[0]}: {sorted(features.keys() ^ first.keys())}")
        first = features if first is None else first
    return first


def _states(rows: list[list[int]], folder: Path) -> np.ndarray:
    lengths = {len(row) for row in rows}
    if lengths != {len(ACTION_UNITS)}:
        raise ValueError(
            f"{folder}: label vectors of length {sorted(lengths)}, this version writes {len(ACTION_UNITS)}; "
            "prepare the set again"
        )
    return np.asarray(rows, dtype=np.int8)


def _front_matter(contents: Contents, licence: str | None) -> str:
    """Licence, tags, where the data lie: what the Hub reads."""
    licensed = [name for name in contents.data_sets if kind_of(name) == "licensed"]
    fields = {"license": "other" if licensed else licence or SYNTHETIC_LICENCE}
    if licensed:
        fields |= {"license_name": "signed-licence-agreement", "license_link": TERMS[licensed[0]].source}
    tags = ["micro-expression", "action-units", "facs", *contents.data_sets]
    if any(kind_of(name) == "synthetic" for name in contents.data_sets):
        tags.append("synthetic")
    size = next((name for most, name in _SIZES if contents.clips < most), "n>1M")
    return DatasetCardData(
        **fields,
        pretty_name=_title(contents),
        task_categories=["video-classification"],
        tags=tags,
        size_categories=[size],
        configs=[{"config_name": "default", "data_files": [{"split": "train", "path": "data/*.parquet"}]}],
    ).to_yaml()


def _title(contents: Contents) -> str:
    own = {"folder": "Own clips"}
    names = [TERMS[name].title if name in TERMS else own.get(name, name) for name in contents.data_sets]
    return f"{' + '.join(names)}, prepared by aullm"


def _heading(contents: Contents) -> str:
    lines = [f"# {_title(contents)}", "Clips of faces with facial action units, one row a clip."]
    rendered = [name for name in contents.data_sets if kind_of(name) == "synthetic"]
    if rendered:
        lines.append(
            f"**Synthetic: the faces of {', '.join(rendered)} are rendered.** Nobody was filmed, labels are exact, and "
            "a score on these clips says nothing about real faces."
        )
    if any(kind_of(name) == "licensed" for name in contents.data_sets):
        lines.append("**Under a signed licence: keep this repository private.** See Licence below.")
    lines.append("An action unit is a movement of the face. It is not an emotion, an intention or a lie.")
    return "\n\n".join(lines)


def _counts(contents: Contents) -> str:
    rows = [
        f"| {name} | {contents.clips_of[name]} | {contents.subjects[name]} | "
        f"{', '.join(contents.releases.get(name, ())) or 'not named'} |"
        for name in contents.data_sets
    ]
    return "\n".join(
        ["## What is in it", "", "| set | clips | subjects | label release |", "|---|---:|---:|---|", *rows]
    )


def _units(states: np.ndarray) -> str:
    """Clips in which each unit is present, absent, unknown; units that nobody coded are named, not listed."""
    head = ["## Action units", "", "| unit | meaning | present | absent | unknown |", "|---|---|---:|---:|---:|"]
    rows, never = [], []
    for column, name in enumerate(ACTION_UNITS):
        present, absent, unknown = (int((states[:, column] == state).sum()) for state in (1, 0, -1))
        if unknown == len(states):
            never.append(name)
        else:
            rows.append(f"| {name} | {AU_MEANINGS[name]} | {present} | {absent} | {unknown} |")
    none = int(((states == 1).sum(axis=1) == 0).sum())
    tail = [
        "",
        f"Clips without any unit present: {none}. Unknown means: not coded, in doubt, or not to be seen in this clip.",
    ]
    if never:
        tail.append(f"Never coded here: {', '.join(never)}.")
    return "\n".join([*head, *rows, *tail])


def _columns(features: Features) -> str:
    rows = [f"| `{name}` | `{feature}` |" for name, feature in features.items()]
    return "\n".join(["## Columns", "", "| column | type |", "|---|---|", *rows])


def _licence(contents: Contents, licence: str | None) -> str:
    lines = ["## Licence", ""]
    for name in contents.data_sets:
        kind = kind_of(name)
        if kind == "licensed":
            lines.append(f"- {TERMS[name].sentence()}")
        elif kind == "synthetic":
            lines.append(f"- {name}: rendered from CC0 heads by aullm, {SYNTHETIC_LICENCE}.")
        else:
            lines.append(f"- {name}: {licence or 'not stated'}; its owner knows what the people in it agreed to.")
    return "\n".join(lines)


def _citation(contents: Contents) -> str:
    papers = [f"- {TERMS[name].citation}" for name in contents.data_sets if name in TERMS]
    return "\n".join(["## Citation", "", *papers, "- aullm: CITATION.cff of the project that prepared these clips"])


def _loading(repo_id: str) -> str:
    code = f'from datasets import load_dataset\n\nclips = load_dataset("{repo_id}", split="train")'
    states = f"`action_units` holds 1 present, 0 absent, -1 unknown, in this order: {', '.join(ACTION_UNITS)}."
    return f"## Use\n\n```python\n{code}\n```\n\n{states}"
