"""A prepared data set: a folder of parquet shards, one per subject, with a record and a report beside them.

OUT/prepared.json   what it is: name, label release, alignment, code, counts; written last
OUT/report.json     what was repaired, dropped or is doubtful, clip by clip
OUT/data/           subject-<name>.parquet, rows of `dataset_scripts.schema.FEATURES`

clips = load_prepared("prepared/casme2")
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile

import datasets
import pyarrow.parquet as pq

from dataset_scripts.cache import default_cache
from dataset_scripts.clip_files import DATA_FOLDER, PREPARED_FILE, UNFINISHED_FILE
from dataset_scripts.damaged_files import naming, read_json
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.schema import FEATURES
from dataset_scripts.whole_files import write_whole

REPORT_FILE = "report.json"
SYNTH_FILE = "clips.parquet"  # what `aullm synth` writes
SOURCE_FOLDER, CACHE_FOLDER = ".aullm-source", ".aullm-cache"
"""What preparing and loading keep beside a set, and delete: names that no folder of a user has."""
AGAIN = "run the same `aullm prepare` again, it makes anew what is damaged"
STATES = {1: "present", 0: "absent", -1: "unknown"}


@dataclass(frozen=True)
class PreparedRecord:
    """What a prepared set is.

    Attributes:
        name: of the data set.
        label_release: of its coding sheet; several with "+" between.
        alignment: how its clips are stored, the fields of `ClipForm` and the framing of the face.
        open_units: what units count as that the coders left open or put in doubt.
        code: versions of this package and of the alignment.
        clips, subjects, frames: how many are stored.
        left_out: clips that could not be aligned and are not stored; the report names each.
        action_units: name -> clips in which it is "present", "absent", "unknown".
        shards: files under data/, in order.
        copy: a hash of where the data set lay; None for rendered clips, and in sets that do not say.
    """

    name: str
    label_release: str
    alignment: Mapping[str, object]
    open_units: Mapping[str, str]
    code: Mapping[str, str]
    clips: int
    subjects: int
    frames: int
    left_out: int
    action_units: Mapping[str, Mapping[str, int]]
    shards: tuple[str, ...]
    copy: str | None = None

    def save(self, folder: Path) -> None:
        """Write the record: from now on the set is complete."""
        write_whole(folder / PREPARED_FILE, json.dumps(asdict(self), indent=1) + "\n")
        (folder / UNFINISHED_FILE).unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: str | Path) -> "PreparedRecord":
        """Read OUT/prepared.json.

        Raises:
            FileNotFoundError: the folder is not there, not complete, or not a prepared set; the message says which.
            ValueError: the record is damaged, or was written by another version.
        """
        folder = Path(folder)
        path = folder / PREPARED_FILE
        if not path.is_file():
            raise FileNotFoundError(_what_is_there(folder))
        content = {"copy": None} | read_json(path, AGAIN)
        fields = set(cls.__dataclass_fields__)
        if set(content) != fields:
            raise ValueError(
                f"{path} has the fields {sorted(set(content) ^ fields)} too many or too few: it was written by another "
                "version of aullm; prepare the set again"
            )
        return cls(**{**content, "shards": tuple(content["shards"])})


def load_prepared(folder: str | Path) -> datasets.Dataset:
    """The clips of a prepared set.

    Args:
        folder: as `aullm prepare --out` names it.

    Returns:
        Rows of `dataset_scripts.schema.FEATURES`, subject by subject; columns that the set was prepared without are
        null.

    Raises:
        FileNotFoundError: the folder is not a (complete) prepared set, or a shard is missing.
        ValueError: a file is damaged, or was written by another version.
    """
    folder, record = Path(folder), PreparedRecord.load(folder)
    paths = [folder / DATA_FOLDER / name for name in record.shards]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder / PREPARED_FILE} names {len(paths)} shards, {len(missing)} are not there ({missing[0]} ...): "
            "run the same `aullm prepare` again, it makes what is missing"
        )
    for path in paths:
        with naming(path, AGAIN):
            pq.read_metadata(path)
    stored = datasets.Features.from_arrow_schema(pq.read_schema(paths[0]))
    differing = sorted(name for name in stored if stored[name] != FEATURES.get(name))
    if differing:
        raise ValueError(f"{folder} holds other columns than this version reads ({differing}): prepare the set again")
    names = [str(path) for path in paths]
    return datasets.Dataset.from_parquet(names, features=FEATURES, cache_dir=str(_arrow_folder(folder)))


def _arrow_folder(folder: Path) -> Path:
    """Where the rows of a set are kept as Arrow: in its folder, or the user's cache where he may only read that."""
    inside = folder / CACHE_FOLDER
    try:
        inside.mkdir(exist_ok=True)
        with TemporaryFile(dir=inside):
            return inside
    except OSError:
        place = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
        return default_cache() / "arrow" / place


def is_prepared(folder: str | Path) -> bool:
    """Whether a folder holds a complete prepared set."""
    return (Path(folder) / PREPARED_FILE).is_file()


def count_states(vectors: Iterable[Iterable[int]]) -> dict[str, dict[str, int]]:
    """In how many clips each action unit is present, absent and unknown.

    Args:
        vectors: label vectors over `ACTION_UNITS`.

    Returns:
        Name -> {"present": n, "absent": n, "unknown": n}.
    """
    columns = list(zip(*vectors, strict=True)) or [()] * len(ACTION_UNITS)
    counts = {name: Counter(column) for name, column in zip(ACTION_UNITS, columns, strict=True)}
    return {name: {word: count[state] for state, word in STATES.items()} for name, count in counts.items()}


def present_numbers(row: dict) -> set[int]:
    """The action units present in a clip, those that the label vector has no place for included.

    Args:
        row: with columns `action_units` and `coded`.

    Returns:
        FACS numbers.
    """
    inside = {
        int(name.removeprefix("AU")): state for name, state in zip(ACTION_UNITS, row["action_units"], strict=True)
    }
    beyond = {unit["number"] for unit in row["coded"] or () if unit["certainty"] == "sure"} - set(inside)
    return {number for number, state in inside.items() if state == 1} | beyond


def doubtful_numbers(row: dict) -> set[int]:
    """The action units that a clip's cell names and that are unknown in it; as `present_numbers`."""
    states = dict(zip(ACTION_UNITS, row["action_units"], strict=True))
    named = {unit["number"] for unit in row["coded"] or () if unit["certainty"] != "sure"}
    return {number for number in named if states.get(f"AU{number}", -1) == -1} - present_numbers(row)


def package_version() -> str:
    """The version of aullm that is installed, or "not installed" where it runs from its source folder."""
    try:
        return version("aullm")
    except PackageNotFoundError:
        return "not installed"


def _what_is_there(folder: Path) -> str:
    """Why a folder is no prepared set, and what to do."""
    advice = f"make one with `aullm prepare NAME --data-dir ... --out {folder}`"
    if not folder.is_dir():
        return f"{folder} does not exist: {advice}"
    if (folder / UNFINISHED_FILE).is_file():
        name = read_json(folder / UNFINISHED_FILE, AGAIN).get("name")
        shards = len(list((folder / DATA_FOLDER).glob("subject-*.parquet")))
        return (
            f"the preparation of {name} in {folder} was broken off ({shards} subjects are done): run the same "
            "`aullm prepare` again, it goes on from there"
        )
    if (folder / SOURCE_FOLDER).is_dir():
        return (
            f"the preparation in {folder} was broken off while its data set was read: run the same `aullm prepare` "
            "again, it goes on from there"
        )
    if (folder / SYNTH_FILE).is_file():
        return (
            f"{folder} holds {SYNTH_FILE} of `aullm synth`, which is no prepared set: --data of train, evaluate and "
            f'compare reads it as it is; in code: datasets.Dataset.from_parquet("{(folder / SYNTH_FILE).as_posix()}")'
        )
    names = sorted(path.name for path in folder.iterdir())
    found = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "") if names else "nothing"
    return (
        f"{folder} is not a prepared set: {PREPARED_FILE} (or {SYNTH_FILE}) was looked for, {found} was found; {advice}"
    )
