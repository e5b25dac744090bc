"""From the options of a command to clips on disk."""

from collections.abc import Sequence
from pathlib import Path

from dataset_scripts.labels import AU_SETS
from dataset_scripts.report import Report
from training_aullm.prepared import PreparedRecord, is_prepared
from training_aullm.preparing import Preparation, prepare_cached
from training_aullm.runs import Source, people_showing


def choose_source(
    domain: str | None = None,
    data: str | Path | None = None,
    dataset: str | None = None,
    data_dir: str | Path | None = None,
    subjects: int | None = None,
    clips: int | None = None,
) -> Source:
    """The clips that a command was asked to use; a data set that is not prepared yet is prepared into the cache.

    Args:
        domain: of the clip source.
        data: a prepared set, a folder with clips.parquet, or a parquet file.
        dataset: a data set's name, or "folder".
        data_dir: where it lies.
        subjects, clips: how much to render.

    Returns:
        The source.

    Raises:
        ValueError: none or several of `domain`, `data` and `dataset`; `data_dir` without `dataset`, or the other way.
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
    if dataset is not None:
        data = prepare_cached(Preparation(dataset, None if data_dir is None else str(data_dir)))
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
    if source.data is not None and not AU_SETS.get(source.name):
        others = {name: n for name, n in people_showing(source.load()).items() if name not in action_units}
        shown = ", ".join(f"{name} (shown by {n})" for name, n in others.items())
        lines += [f"Left out: {shown}; --action-units asks for them."] if others else []
    return lines


def _of_prepared(folder: Path) -> str:
    """A prepared set and its report in one line."""
    record, report = PreparedRecord.load(folder), Report.load(folder)
    kinds = [
        f"{len(report.of_kind(kind))} {kind}" for kind in ("dropped", "repaired", "doubtful") if report.of_kind(kind)
    ]
    found = f"; {', '.join(kinds)}: see `aullm inspect {folder}`" if kinds else ""
    return f"{record.name}: {record.clips} clips of {record.subjects} people{found}."
