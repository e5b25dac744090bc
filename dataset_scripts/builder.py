"""A licensed copy as a `datasets.Dataset`: sheet, frames and errata to one typed table, with a report.

    from dataset_scripts.builder import load_dataset_from
    table, report = load_dataset_from("casme2", "CASME2", release="2019-07-01")
    print(report)

Pictures are embedded as they are, never encoded again. The parquet files, one per subject, lie in `out`; a run that was
cut off goes on, and a subject whose rows or pictures changed is written anew.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from datasets import (
    Dataset,
    IterableDataset,
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
    load_dataset,
)
from tqdm.auto import tqdm

from dataset_scripts.cache import default_cache
from dataset_scripts.cells.facs import DEFAULT_POLICY, Policy
from dataset_scripts.clip_files import PREPARED_FILE, UNFINISHED_FILE
from dataset_scripts.damaged_files import read_json
from dataset_scripts.frames.reconcile import ClipPlan
from dataset_scripts.planning import BuildPlan, make_plan
from dataset_scripts.registry import find_layout
from dataset_scripts.report import REPORT_FILE, Report
from dataset_scripts.schema import FEATURES
from dataset_scripts.subject_files import Recipe, file_names, fingerprint, make_row, natural, write_subject
from dataset_scripts.whole_files import whole_file

SETTINGS_FILE = "build.json"
_ARROW = ".arrow"


def load_dataset_from(
    name: str,
    data_dir: str | os.PathLike,
    *,
    release: str | None = None,
    strict: bool = False,
    frames: str = "raw",
    num_proc: int | None = None,
    out: str | os.PathLike | None = None,
    streaming: bool = False,
    sheet: str | os.PathLike | None = None,
    whole: bool = False,
    expressions: str | None = None,
    policy: Policy = DEFAULT_POLICY,
    progress: bool = True,
) -> tuple[Dataset | IterableDataset, Report]:
    """Load a data set from a licensed copy.

    Args:
        name: "casme2", "samm", ...; see `registry.MODULES`.
        data_dir: the folder that holds the copy.
        release: of the coding sheet, or the part of the set; by default the first whose sheet is there.
        strict: raise where anything would be repaired or dropped that no erratum explains, or where two subjects may be
            one person by their names.
        frames: "raw" or "cropped", as the set's authors ship them.
        num_proc: subjects read at the same time (threads: the work is reading files); 4 by default.
        out: folder for the parquet files; by default a folder of its own in $AULLM_CACHE, else ~/.cache/aullm.
        streaming: give an IterableDataset. Without `out` nothing is written: rows are read from the copy as they are
            asked for.
        sheet: the coding sheet, where it is not in `data_dir`.
        whole: keep the whole recording and not only onset to offset.
        expressions: "micro", "macro" or "both", where a sheet names macro-expressions beside the others; by default
            what the set is about: micro for all but DISFA and BP4D (macro) and your own clips (both).
        policy: what of a coding counts as present, absent and unknown.
        progress: show a bar.
    Returns:
        The table with the columns of `schema.FEATURES` (subjects in natural order, clips in the sheet's), the report.
    Raises:
        FileNotFoundError: no sheet or no clips; says what was looked for and what was found.
        FileExistsError: `out` holds another build.
        NotAsPublished: strict, and the copy needs repairs, or somebody may have two names.
        ValueError: an argument out of range, a sheet with other columns, or `out` inside the copy.
    """
    layout, data_dir = find_layout(name), Path(data_dir)
    if num_proc is not None and num_proc < 1:
        raise ValueError(f"num_proc must be at least 1, not {num_proc}")
    if out is not None:
        refuse_inside(Path(out), data_dir)
    plan = make_plan(layout, data_dir, release, frames, None if sheet is None else Path(sheet), whole, expressions)
    recipe = Recipe(plan.layout, plan.release, frames, policy)
    if strict:
        plan.report.refuse()
    if streaming and out is None:
        _count(plan.report, recipe, plan.clips)
        _refuse_empty(plan)
        return _stream(recipe, plan, strict), plan.report
    settings = {"data_set": name, "release": plan.release.name, "frames": frames, "whole": whole}
    settings |= {"policy": asdict(policy)} | ({"expressions": expressions} if expressions else {})
    folder = Path(out) if out is not None else default_folder(settings, data_dir)
    _settle(folder, settings)
    paths = _write(folder, recipe, plan, num_proc or 4, progress)
    if strict:
        plan.report.refuse()
    plan.report.save(folder)
    _refuse_empty(plan)
    return _load(folder, paths, streaming), plan.report


def copy_digest(
    name: str,
    data_dir: str | os.PathLike,
    *,
    release: str | None = None,
    frames: str = "raw",
    sheet: str | os.PathLike | None = None,
    whole: bool = False,
    expressions: str | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> str:
    """A hash of everything that decides the table of a copy; only what the sheet names is looked at, and not read.

    Args:
        name, data_dir, release, frames, sheet, whole, expressions, policy: as for `load_dataset_from`.
    Returns:
        16 hexadecimal digits.
    Raises:
        FileNotFoundError, ValueError: as `load_dataset_from`.
    """
    layout, data_dir = find_layout(name), Path(data_dir)
    plan = make_plan(layout, data_dir, release, frames, None if sheet is None else Path(sheet), whole, expressions)
    findings = repr(plan.report.findings).encode()
    marks = fingerprint(Recipe(plan.layout, plan.release, frames, policy), plan.clips).encode()
    return hashlib.sha256(findings + marks).hexdigest()[:16]


def refuse_inside(out: Path, data_dir: Path) -> None:
    """A copy is only read: what is written into it would be taken for a part of it by the next run.

    Raises:
        ValueError: `out` is the copy or lies in it.
    """
    if data_dir.resolve() in (out.resolve(), *out.resolve().parents):
        raise ValueError(f"{out} lies in {data_dir}, your copy, which is only read: choose a folder outside it")


def default_folder(settings: dict, data_dir: Path) -> Path:
    """Where a build goes by default: a name out of its settings, below $AULLM_CACHE or ~/.cache/aullm."""
    where = json.dumps([settings, str(data_dir.resolve())], sort_keys=True)
    return default_cache() / "prepared" / f"{settings['data_set']}-{hashlib.sha256(where.encode()).hexdigest()[:12]}"


def _refuse_empty(plan: BuildPlan) -> None:
    """A table without a clip is an error; its first findings say why."""
    if not plan.report.clips:
        named = f"no clip of {plan.layout.title} that {plan.sheet} names"
        raise ValueError(f"{named} could be kept. {plan.report.first()}")


def _settle(folder: Path, settings: dict) -> None:
    """Make `out` a folder of this build, or say that it is one of another."""
    path = folder / SETTINGS_FILE
    if path.is_file():
        held = read_json(path, f"delete {folder}, it is made again")
        if held != settings:
            raise FileExistsError(
                f"{folder} holds the build {held}, not {settings}: choose another folder or delete it"
            )
        return
    for name in (PREPARED_FILE, UNFINISHED_FILE):
        if (folder / name).exists():
            raise FileExistsError(f"{folder} holds {name} of `aullm prepare`: choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    if foreign := sorted(
        path.name for path in folder.iterdir() if path.suffix == ".parquet" or path.name == REPORT_FILE
    ):
        raise FileExistsError(f"{folder} holds {foreign[0]}, which no builder wrote: choose another folder")
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(settings, indent=1) + "\n", "utf-8")


def _write(folder: Path, recipe: Recipe, plan: BuildPlan, num_proc: int, progress: bool) -> list[Path]:
    """Write what is missing; findings go to the report in the order of subjects."""
    subjects = _by_subject(plan.clips)
    paths = [folder / name for name in file_names(subjects).values()]
    with ThreadPoolExecutor(num_proc) as pool:
        jobs = [
            pool.submit(write_subject, path, recipe, clips)
            for path, clips in zip(paths, subjects.values(), strict=True)
        ]
        try:
            for job in tqdm(jobs, desc=f"reading {recipe.layout.name}", unit="subject", disable=not progress):
                plan.report.findings += job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for stale in set(folder.glob("subject-*.parquet")) - set(paths):
        stale.unlink()
    _count(plan.report, recipe, plan.clips)
    return paths


def _by_subject(clips: list[ClipPlan]) -> dict[str, list[ClipPlan]]:
    subjects: dict[str, list[ClipPlan]] = {}
    for clip in clips:
        subjects.setdefault(clip.row.subject, []).append(clip)
    return {subject: subjects[subject] for subject in sorted(subjects, key=natural)}


def _count(report: Report, recipe: Recipe, clips: list[ClipPlan]) -> None:
    dropped = {finding.where for finding in report.of_kind("dropped")}
    kept = [clip for clip in clips if f"{clip.row.subject}/{clip.row.clip} ({clip.row.place})" not in dropped]
    present = ((clip.row.subject, recipe.present(clip)) for clip in kept)
    report.count(present, recipe.layout.has_units, map(recipe.in_doubt, kept))


def _load(folder: Path, paths: list[Path], streaming: bool) -> Dataset | IterableDataset:
    files = [str(path) for path in paths]
    if streaming:
        return load_dataset("parquet", data_files=files, features=FEATURES, split="train", streaming=True)
    with _no_bars():
        table = Dataset.from_parquet(files, features=FEATURES, cache_dir=str(folder / _ARROW))
    _forget_older(folder / _ARROW, table)
    return table


def _forget_older(cache: Path, table: Dataset) -> None:
    """Delete what earlier states of the parquet files were mapped to: it would double the space with every change."""
    used = {parent for held in table.cache_files for parent in Path(held["filename"]).resolve().parents}
    for folder in cache.resolve().glob("parquet/*"):
        if folder not in used:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _no_bars() -> Iterator[None]:
    """No bars of `datasets`: it would say "downloading" of files that lie here."""
    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()


def _stream(recipe: Recipe, plan: BuildPlan, strict: bool) -> IterableDataset:
    def rows() -> Iterator[dict]:
        for clips in _by_subject(plan.clips).values():
            for clip in clips:
                row, findings = make_row(recipe, clip)
                plan.report.findings += [each for each in findings if each not in plan.report.findings]
                if strict:
                    plan.report.refuse()
                if row:
                    yield row

    return IterableDataset.from_generator(rows, features=FEATURES)
