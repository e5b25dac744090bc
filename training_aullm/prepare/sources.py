"""Where clips come from: a rendered domain or clips on disk, and the action units that can be learnt from them.

Tested in tests/training_aullm/runs/test_scoring.py.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import pyarrow.parquet as pq

from dataset_scripts.damaged_files import naming
from dataset_scripts.labels import ACTION_UNITS, AU_SETS
from dataset_scripts.report import Report
from dataset_scripts.synthetic import load_synthetic
from training_aullm.clips.clip_set import identities
from training_aullm.prepare.cached import prepare_cached
from training_aullm.prepare.prepared import SYNTH_FILE, PreparedRecord, is_prepared, load_prepared
from training_aullm.prepare.preparing import Preparation

NEEDED = {"sample_id", "data_set", "subject", "frames", "onset", "offset", "action_units"}


@dataclass(frozen=True)
class Source:
    """Where clips come from: a rendered domain, or clips on disk. Exactly one of the two is given.

    Attributes:
        domain: of the clip source.
        data: a prepared set, a folder with clips.parquet, or a parquet file.
        subjects: people to render; None: as many as the real data set has.
        clips: clips to render; None: as the real data set has per person.
        seed: of the rendering.
    """

    domain: str | None = None
    data: str | None = None
    subjects: int | None = None
    clips: int | None = None
    seed: int = 0

    def __post_init__(self):
        if (self.domain is None) == (self.data is None):
            raise ValueError("pass one of --domain (clips are rendered), --data (prepared clips) and --dataset")

    def load(self) -> datasets.Dataset:
        """The table of clips.

        Raises:
            FileNotFoundError: `data` is no parquet file, no prepared set and no folder with clips.parquet.
            DamagedFile: the file is cut off, or lacks columns that clips have.
        """
        if self.domain is not None:
            return load_synthetic(self.domain, subjects=self.subjects, clips=self.clips, seed=self.seed)
        path = Path(self.data)
        for file in (path, path / SYNTH_FILE):
            if file.is_file():
                return _read_table(file)
        return load_prepared(path)

    @property
    def name(self) -> str:
        """The domain, the prepared set's data set, or the file's name: for folders and titles."""
        if self.domain is not None:
            return self.domain
        return PreparedRecord.load(self.data).name if is_prepared(self.data) else Path(self.data).stem

    @property
    def label(self) -> str:
        """What tells these clips from others in the name of a result: the domain, or where they lie, and of what set.

        All folders of one's own clips have one name, and so have two copies of a data set.
        """
        if self.domain is not None:
            return self.domain
        path = Path(os.path.abspath(self.data))  # of "." too; links keep their names
        place = path.parent.name if path.name == SYNTH_FILE else path.name.removesuffix(".parquet")
        return place if not is_prepared(path) or place.startswith(self.name) else f"{self.name}-{place}"


def _protocol_units(source: Source) -> tuple[str, ...]:
    """The units that the protocol of the clips' data set scores; none for other clips.

    The clips say of which data set they are: a folder or a file may be called anything.

    Raises:
        ValueError: no clip, or clips of several data sets.
    """
    if source.domain is not None:
        return AU_SETS.get(source.domain, ())
    table = source.load()
    try:
        return AU_SETS.get(identities(table)[2], ())
    except ValueError as error:
        raise ValueError(f"{source.data}: {error}") from error


def _read_table(path: Path) -> datasets.Dataset:
    """A parquet file of clips."""
    with naming(path, "name a file of `aullm synth`, or make it again"):
        if missing := sorted(NEEDED - {*pq.read_schema(path).names}):
            raise ValueError(f"the columns {', '.join(missing)} are missing")
        return datasets.Dataset.from_parquet(str(path))


def choose_source(
    domain: str | None = None,
    data: str | Path | None = None,
    dataset: str | None = None,
    data_dir: str | Path | None = None,
    subjects: int | None = None,
    clips: int | None = None,
    release: str | None = None,
    sheet: str | Path | None = None,
) -> Source:
    """The clips that a command was asked to use; a data set that is not prepared yet is prepared into the cache.

    Args:
        domain: of the clip source.
        data: a prepared set, a folder with clips.parquet, or a parquet file.
        dataset: a data set's name, or "folder".
        data_dir: where it lies.
        subjects, clips: how much to render.
        release, sheet: of the data set's coding, where several or none are found in `data_dir`.

    Returns:
        The source.

    Raises:
        ValueError: none or several of `domain`, `data` and `dataset`; `data_dir` without `dataset`, or the other way;
            `release` or `sheet` without it.
        FileNotFoundError: nothing is there, or it is not what the data set looks like.
    """
    if data_dir is not None and dataset is None:
        raise ValueError("--data-dir goes with --dataset: name the data set that lies there (your own clips: folder)")
    if sum(each is not None for each in (domain, data, dataset)) > 1:
        raise ValueError(
            "pass one of --domain (rendered), --data (prepared) and --dataset with --data-dir (as shipped)"
        )
    if (subjects is not None or clips is not None) and domain is None:
        raise ValueError("--subjects and --clips say how much to render: they go with --domain")
    if (release is not None or sheet is not None) and dataset is None:
        raise ValueError("--release and --sheet say how a data set is read: they go with --dataset")
    if dataset is not None:
        data_dir, sheet = (path and str(path) for path in (data_dir, sheet))
        data = prepare_cached(Preparation(dataset, data_dir, release, sheet))
    return Source(domain, None if data is None else str(data), subjects, clips)


def about_source(source: Source, action_units: Sequence[str] | None) -> list[str]:
    """What a user should know of the clips and of the units chosen, before long work starts.

    Args:
        source: the clips.
        action_units: those that will be learnt; None where a finished model brings its own.

    Returns:
        Sentences.
    """
    lines = [_of_prepared(Path(source.data))] if source.data is not None and is_prepared(source.data) else []
    if action_units is None:
        return lines
    lines.append(f"Action units: {' '.join(action_units)}.")
    if source.data is not None and not _protocol_units(source):
        others = {name: n for name, n in people_showing(source.load()).items() if name not in action_units}
        shown = ", ".join(f"{name} (shown by {n})" for name, n in others.items())
        lines += [f"Left out: {shown}; --action-units asks for them."] if others else []
    return lines


def default_action_units(source: Source) -> tuple[str, ...]:
    """The action units that a data set's protocol scores; for other clips those that two people or more show.

    A unit that one person alone shows can be learnt or tested, but not both.

    Args:
        source: of the clips.

    Returns:
        Names in the order of `ACTION_UNITS`.

    Raises:
        ValueError: nothing to learn: no clip shows an action unit; or the clips are of several data sets.
    """
    if units := _protocol_units(source):
        return units
    people = people_showing(source.load())
    if not people:
        raise ValueError(
            f"no clip of {source.name} is coded with an action unit: there is nothing to learn or to score"
        )
    wanted = min(2, max(people.values()))
    return tuple(name for name, count in people.items() if count >= wanted)


def why_action_units(source: Source) -> str:
    """Why `default_action_units` are those they are, in words."""
    return "as its protocol scores" if _protocol_units(source) else "those that two people or more show"


def people_showing(table: datasets.Dataset) -> dict[str, int]:
    """How many people show each action unit.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES`.

    Returns:
        Name -> people, for units that at least one clip shows, in the order of `ACTION_UNITS`.
    """
    people: dict[str, set[str]] = {name: set() for name in ACTION_UNITS}
    for row in table.select_columns(["subject", "action_units"]):
        for name, state in zip(ACTION_UNITS, row["action_units"], strict=True):
            if state == 1:
                people[name].add(row["subject"])
    return {name: len(each) for name, each in people.items() if each}


def coded_action_units(table: datasets.Dataset) -> tuple[str, ...]:
    """The action units that are known, present or absent, in at least one clip.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES`.

    Returns:
        Names in the order of `ACTION_UNITS`.
    """
    columns = zip(*table["action_units"], strict=True)
    return tuple(
        name for name, column in zip(ACTION_UNITS, columns, strict=True) if any(state != -1 for state in column)
    )


def _of_prepared(folder: Path) -> str:
    """A prepared set and its report in one line."""
    record, report = PreparedRecord.load(folder), Report.load(folder)
    kinds = [
        f"{len(report.of_kind(kind))} {kind}" for kind in ("dropped", "repaired", "doubtful") if report.of_kind(kind)
    ]
    found = f"; {', '.join(kinds)}: see `aullm inspect {folder}`" if kinds else ""
    return f"{record.name}: {record.clips} clips of {record.subjects} people{found}."
