"""A data set as training wants it: found, read, aligned once, kept.

    record = prepare(Preparation("casme2", data_dir="CASME2"), "prepared/casme2")
    clips = load_prepared("prepared/casme2")

Each subject becomes one file that is written whole or not at all. A preparation that was broken off goes on with the
subjects that are missing; one that is repeated checks each subject's file against its source and makes anew only what
has changed.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from dataset_scripts.builder import SETTINGS_FILE, load_dataset_from, refuse_inside
from dataset_scripts.cells.facs import Policy
from dataset_scripts.clip_files import DATA_FOLDER, PREPARED_FILE, UNFINISHED_FILE, count_frames, findings_of
from dataset_scripts.damaged_files import DamagedFile, read_json
from dataset_scripts.planning import open_copy
from dataset_scripts.registry import find_layout
from dataset_scripts.report import Report
from dataset_scripts.subject_files import file_names
from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.whole_files import write_whole
from processing_aullm import AullmImageProcessor
from processing_aullm.alignment_aullm import FaceAligner
from training_aullm.files import only_run
from training_aullm.prepare.aligning import ClipForm
from training_aullm.prepare.prepared import (
    AGAIN,
    CACHE_FOLDER,
    REPORT_FILE,
    SOURCE_FOLDER,
    PreparedRecord,
    count_states,
    doubtful_numbers,
    load_prepared,
    package_version,
    present_numbers,
)
from training_aullm.prepare.subjects import VERSION, SubjectJob, prepare_subjects

CLIPS_A_PROCESS = 25  # a process takes some seconds to start, as long as these clips take to align
STATES = {"present": 1, "absent": 0, "unknown": -1}
OF_COPIES = {
    "data_dir": "--data-dir",
    "release": "--release",
    "sheet": "--sheet",
    "frames": "--frames",
    "alternative": "--alternatives",
    "unclear": "--unclear",
    "expressions": "--expressions",
}
"""Fields of `Preparation` that say how a copy is read, and their options: rendered clips come from none."""
LABEL_COLUMNS = ["subject", "label_release", "action_units", "coded"]
__all__ = ["Preparation", "load_prepared", "prepare", "prepare_table"]


@dataclass(frozen=True)
class Preparation:
    """What is prepared, and how.

    Attributes:
        name: a data set that `dataset_scripts` reads, "folder", or a domain of the clip source.
        data_dir: where the data set lies; None for a domain.
        release: of the labels; None: the first that the data set's builder finds.
        sheet: the coding sheet, where it does not lie in `data_dir`.
        frames: "raw" or "cropped": which of the frames that a set ships.
        align: find the face and hold it still; None: yes for data sets, no for rendered clips, which come registered.
        whole: keep the frames before the onset and after the offset too.
        strict: stop at what would have to be repaired or dropped, and at names that may be of one person.
        alternative, unclear: what units count as that coders left open ("12 or 14") or put in doubt ("4?"): "present",
            "absent" or "unknown"; an unknown unit takes no part in training and scores.
        expressions: "micro", "macro" or "both", of a set that has both; None: what the set is about, mostly micro.
    """

    name: str
    data_dir: str | None = None
    release: str | None = None
    sheet: str | None = None
    frames: str = "raw"
    align: bool | None = None
    whole: bool = False
    strict: bool = False
    alternative: str = "unknown"
    unclear: str = "unknown"
    expressions: str | None = None

    def __post_init__(self):
        for name, value in self.open_units.items():
            if value not in STATES:
                raise ValueError(f"{name} units count as one of {', '.join(STATES)}, not {value!r}")
        # A field's default is an attribute of the class.
        idle = [option for name, option in OF_COPIES.items() if getattr(self, name) != getattr(Preparation, name)]
        if self.rendered and idle:
            raise ValueError(
                f"{self.name} is rendered: leave {', '.join(idle)} out; --align, --whole and --strict count"
            )
        if not self.rendered and self.data_dir is None:
            raise ValueError(f"pass --data-dir, the folder in which {self.name} lies")

    @property
    def rendered(self) -> bool:
        """Whether the clips come from the clip source."""
        return self.name in DOMAINS

    @property
    def open_units(self) -> dict[str, str]:
        """What units of either doubtful certainty count as."""
        return {"alternative": self.alternative, "unclear": self.unclear}

    @property
    def asked(self) -> dict:
        """What is asked of a copy, for those who read it."""
        names = ("release", "frames", "sheet", "whole", "expressions", "policy")
        return {name: getattr(self, name) for name in names}

    @property
    def policy(self) -> Policy:
        """The same for the coding sheet's reader."""
        return Policy(**{certainty: STATES[word] for certainty, word in self.open_units.items()})

    @property
    def form(self) -> ClipForm:
        """How clips are stored."""
        return ClipForm(align=not self.rendered if self.align is None else self.align, whole=self.whole)


def prepare(
    preparation: Preparation, out: str | Path, num_proc: int | None = None, progress: bool = True
) -> PreparedRecord:
    """Read a data set, align every clip once, and write the prepared set.

    Args:
        preparation: what, and how.
        out: folder of the prepared set.
        num_proc: processes; None: one per core, eight at most, and fewer for few clips.
        progress: show bars.

    Returns:
        The record of the finished set.

    Raises:
        ValueError: the folder holds another set; no clip can be used; in strict mode, anything was repaired or dropped.
        FileNotFoundError: `data_dir` is not what the data set looks like.
        BlockingIOError: another run prepares it.
    """
    out = Path(out)
    refuse_in_copy(out, preparation)
    with only_run(out):
        return prepare_alone(preparation, out, num_proc, progress)


def refuse_in_copy(out: Path, preparation: Preparation) -> None:
    """
    Raises:
        ValueError: `out` lies in the copy that is read.
    """
    if preparation.data_dir is not None:
        refuse_inside(out, Path(preparation.data_dir))


def prepare_alone(preparation: Preparation, out: Path, num_proc: int | None, progress: bool) -> PreparedRecord:
    """As `prepare`, for callers that have seen to it that no other run writes the folder."""
    refuse_other_set(out, preparation)
    if preparation.rendered:
        source = load_synthetic(preparation.name, num_proc=num_proc, progress=progress)
        report = Report(preparation.name, source[0]["label_release"])
    else:
        source, report = load_dataset_from(
            preparation.name,
            preparation.data_dir,
            strict=preparation.strict,
            **preparation.asked,
            num_proc=num_proc,
            progress=progress,
            out=(out / SOURCE_FOLDER / key_of(preparation)).resolve(),
        )
    num_proc = min(8, os.cpu_count() or 1, 1 + len(source) // CLIPS_A_PROCESS) if num_proc is None else num_proc
    record = prepare_table(source, report, out, preparation, num_proc, progress)
    shutil.rmtree(out / SOURCE_FOLDER, ignore_errors=True)
    return record


def prepare_table(
    source: datasets.Dataset,
    report: Report,
    out: Path,
    preparation: Preparation,
    num_proc: int = 1,
    progress: bool = True,
    aligner: FaceAligner | None = None,
) -> PreparedRecord:
    """Align and write the clips of a table.

    Args:
        source: rows of `dataset_scripts.schema.FEATURES`.
        report: of the builder; what is found here is added.
        out, preparation, num_proc, progress: as `prepare`.
        aligner: holds faces, in this process; None: the packaged networks.

    Returns, Raises:
        As `prepare`.
    """
    jobs = _plan(source, out)
    _begin(out, preparation, report.release)
    with tqdm(total=len(source), desc=f"preparing {preparation.name}", unit="clip", disable=not progress) as bar:
        for job in prepare_subjects(jobs, preparation.form, num_proc, aligner):
            bar.update(len(job.rows))
    return _finish(out, preparation, jobs, report, source)


def key_of(preparation: Preparation) -> str:
    """A hash of what is asked for, and of where."""
    settings = asdict(preparation) | {"data_dir": str(Path(preparation.data_dir or "").resolve())}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def refuse_other_set(out: Path, preparation: Preparation) -> None:
    """One folder holds one data set: one release of its labels, from one place.

    Raises:
        ValueError: the folder holds another one, or files that are none of ours.
    """
    for file in (PREPARED_FILE, UNFINISHED_FILE):
        if (out / file).is_file():
            try:
                held = read_json(out / file, AGAIN)
            except DamagedFile:
                return  # of nobody knows which: it is made anew
            if told := _other_set(held, preparation):
                raise ValueError(f"{out} holds {told}: choose another --out or delete it")
            return
    if (out / DATA_FOLDER).exists():
        raise ValueError(f"{out / DATA_FOLDER} holds files of something else: choose another --out")
    if tables := sorted(path.name for path in (*out.glob(SETTINGS_FILE), *out.glob("*.parquet"))):
        raise ValueError(f"{out} holds {tables[0]}, a table that is not prepared: choose another --out")
    if (out / REPORT_FILE).exists():
        raise ValueError(f"{out} holds {REPORT_FILE}, which would be replaced: choose another --out")


def _other_set(held: dict, preparation: Preparation) -> str | None:
    """What a folder holds and what is asked for instead; None where it is the same, or nobody said of which it is."""
    name, release, place = held.get("name"), held.get("label_release"), held.get("copy")
    if name != preparation.name:
        return f"{name}, not {preparation.name}"
    if place not in (None, _place(preparation)):
        return f"{name} of another folder than {preparation.data_dir}"
    if release is not None and not preparation.rendered:
        sheet = None if preparation.sheet is None else Path(preparation.sheet)
        asked, _ = open_copy(find_layout(name), Path(preparation.data_dir), preparation.release, sheet)
        if asked.name != release:
            return f"release {release} of {name}, not {asked.name}"
    return None


def _place(preparation: Preparation) -> str | None:
    """A hash of where a copy lies: folders of a machine go into no record."""
    if preparation.data_dir is None:
        return None
    return hashlib.sha256(str(Path(preparation.data_dir).resolve()).encode()).hexdigest()[:12]


def _plan(source: datasets.Dataset, out: Path) -> list[SubjectJob]:
    """One job per subject, in order of first appearance."""
    rows: dict[str, list[int]] = {}
    for index, subject in enumerate(source["subject"]):
        rows.setdefault(str(subject), []).append(index)
    names = file_names(rows)
    return [
        SubjectJob(subject, source.select(indices), out / DATA_FOLDER / names[subject])
        for subject, indices in rows.items()
    ]


def _begin(out: Path, preparation: Preparation, release: str) -> None:
    """From here on the folder is unfinished, whatever it was before."""
    content = {"name": preparation.name, "label_release": release, "copy": _place(preparation)}
    content |= {"alignment": asdict(preparation.form)}
    write_whole(out / UNFINISHED_FILE, json.dumps(content, indent=1) + "\n")
    (out / PREPARED_FILE).unlink(missing_ok=True)


def _finish(
    out: Path, preparation: Preparation, jobs: list[SubjectJob], report: Report, source: datasets.Dataset
) -> PreparedRecord:
    """Report, counts and record of the shards; shards of subjects that are no more are removed."""
    paths = [job.path for job in jobs]
    for stale in set((out / DATA_FOLDER).glob("subject-*.parquet")) - set(paths):
        stale.unlink()
    rows = pa.concat_tables(pq.read_table(path, columns=LABEL_COLUMNS) for path in paths).to_pylist()
    report.findings.extend(finding for path in paths for finding in findings_of(path))
    present = [(row["subject"], present_numbers(row)) for row in rows]
    report.count(present, any(1 in row["action_units"] for row in rows), map(doubtful_numbers, rows))
    report.save(out)
    if not rows:
        raise ValueError(f"not one clip of {preparation.name} can be used: {out / REPORT_FILE} says why for each")
    if preparation.strict:
        report.refuse()
    shutil.rmtree(out / CACHE_FOLDER, ignore_errors=True)
    form = preparation.form
    framing = AullmImageProcessor(size=form.size).framing if form.align else None
    record = PreparedRecord(
        name=preparation.name,
        label_release="+".join(sorted({str(row["label_release"]) for row in rows})),
        alignment=asdict(form) | {"framing": framing, "frames": report.frames},
        open_units=preparation.open_units,
        code={"aullm": package_version(), "alignment": VERSION},
        clips=len(rows),
        subjects=len({row["subject"] for row in rows}),
        frames=sum(count_frames(path) for path in paths),
        left_out=len(source) - len(rows),
        action_units=count_states(row["action_units"] for row in rows),
        shards=tuple(path.name for path in paths),
        copy=_place(preparation),
    )
    record.save(out)
    return record
