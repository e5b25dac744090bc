"""Score a finished model on when movements happen: whole recordings, read one after the other.

    result = score_spotting("runs/release", takes, Path("runs/release"), load_pipeline("runs/release"))

What was spotted in a recording stays in a file of its own, so an evaluation that was broken off goes on where it
stopped; a record beside the files says what they were made with, and others are refused.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import datasets
from rich.table import Table
from tqdm.auto import tqdm

from dataset_scripts.damaged_files import read_json
from dataset_scripts.layout import EXPRESSIONS
from dataset_scripts.synthetic import load_takes
from dataset_scripts.takes import load_takes_from
from modeling_aullm.displacement_aullm import MEASUREMENT_VERSION
from processing_aullm.alignment_aullm import ALIGNMENT_VERSION
from processing_aullm.clip_error_aullm import ClipError
from training_aullm.clips.take_windows import WINDOWS_VERSION
from training_aullm.files import recorded, write_whole
from training_aullm.loading import model_place
from training_aullm.prepare.cached import listing_digest
from training_aullm.runs.scoring import weights_digest
from training_aullm.score.report import json_line
from training_aullm.score.spotting import MIN_OVERLAP, count_hits, spotting_scores

SPOTTED = "spotted"


@dataclass(frozen=True)
class SpottingResult:
    """What spotting scored.

    Attributes:
        data_set, label_release: whose recordings, coded in which release of its sheet.
        takes, quiet: how many, and how many without any expression.
        minutes: that they last together.
        scores: of "micro", "macro" and "both", see `spotting_scores`; None for a kind that the sheet does not name.
        unread: takes that could not be read or show no face, with the reason; nothing was spotted in them.
    """

    data_set: str
    label_release: str
    takes: int
    quiet: int
    minutes: float
    scores: dict[str, dict[str, float | int | None]]
    unread: dict[str, str]

    @property
    def false_alarms_per_minute(self) -> float:
        """Spotted intervals that hit nothing of their kind, of kinds that are scored."""
        scored = [row for kind in EXPRESSIONS if (row := self.scores[kind])["found"] is not None]
        return round(sum(row["found"] - row["hits"] for row in scored) / self.minutes, 3)

    def to_json(self) -> str:
        """All of it as one line."""
        content = {"protocol": "spotting", "overlap": MIN_OVERLAP, **vars(self)}
        return json_line(content | {"false_alarms_per_minute": self.false_alarms_per_minute})

    def table(self, title: str) -> Table:
        """A row a kind."""
        table = Table(title=title, title_justify="left")
        table.add_column("expressions")
        for heading in ("true", "found", "hits", "precision", "recall", "F1"):
            table.add_column(heading, justify="right")
        for kind, row in self.scores.items():
            cells = (row[name] for name in ("true", "found", "hits", "precision", "recall", "f1"))
            table.add_row(kind, *("undefined" if cell is None else str(cell) for cell in cells))
        return table


def choose_takes(
    domain: str | None = None,
    data: str | Path | None = None,
    dataset: str | None = None,
    data_dir: str | Path | None = None,
    subjects: int | None = None,
    seed: int = 0,
    release: str | None = None,
    sheet: str | Path | None = None,
) -> tuple[datasets.Dataset, tuple[str, ...], list[str]]:
    """The recordings that a command was asked to spot in.

    Args:
        domain: of the clip source; takes are rendered. subjects, seed: how many people to render, and which.
        data: not possible, prepared clips are cut out of their recordings.
        dataset: a set with whole recordings. data_dir: where it lies. release, sheet: of its coding, see `takes`.

    Returns:
        Rows of `TAKE_FEATURES`, the kinds of expression that are named in them, and sentences on what was found.

    Raises:
        ValueError: none or several of them are given, or clips.
        FileNotFoundError: nothing is there, or it is not what the data set looks like.
    """
    if data is not None:
        raise ValueError(
            "--spotting needs whole recordings, and --data holds clips cut out of them: name the copy itself, "
            "as in --dataset casme3 --data-dir CASME3"
        )
    if (domain is None) == (dataset is None) or (dataset is None) != (data_dir is None):
        raise ValueError(
            "--spotting needs --domain (takes are rendered), or --dataset with --data-dir (a licensed copy)"
        )
    if domain is not None:
        return load_takes(domain, seed=seed, **({} if subjects is None else {"subjects": subjects})), EXPRESSIONS, []
    takes, report = load_takes_from(dataset, data_dir, release=release, sheet=sheet)
    kinds = Counter(event["kind"] for row in takes for event in row["events"])
    lines = [
        f"{dataset}, release {report.release}{report.from_sheet}: {len(takes)} recordings, {kinds['micro']} micro- and "
        f"{kinds['macro']} macro-expressions"
    ]
    lines += [f"{kind}: {group}" for kind in ("dropped", "doubtful") for group in report.groups(kind)]
    return takes, tuple(report.expressions), lines


def score_spotting(
    model: str | Path,
    takes: datasets.Dataset,
    out: Path,
    pipe: Callable[..., dict],
    named: Sequence[str] = EXPRESSIONS,
    progress: bool = True,
) -> SpottingResult:
    """Read every take and score what was spotted.

    Args:
        model: a run's folder, a published folder, or a Hub id; names what the files were made with.
        takes: rows of `TAKE_FEATURES`.
        out: folder for what was spotted.
        pipe: reads a take: (video, fps=...) -> a reading.
        named: kinds of expression that the takes' coders named; no other is scored.
        progress: show a bar.

    Returns:
        Scores over all takes; those without any expression count with their false alarms.

    Raises:
        ValueError: no take; or `out` holds what another model spotted, or another version of this program.
    """
    if not len(takes):
        raise ValueError("there is no recording to spot in")
    data_set = takes[0]["data_set"]
    folder = out / SPOTTED / data_set
    counts, unread = Counter(), {}
    with recorded(folder / "spotted.json", _made_with(model, pipe), f"delete {folder} to read them again"):
        for row in tqdm(takes, desc=f"spotting in {data_set}", unit="take", disable=not progress):
            spotted = _spotted(folder, row, pipe)
            counts += count_hits(spotted["movements"], row["events"])
            unread |= {row["sample_id"]: spotted["unread"]} if spotted["unread"] else {}
    return SpottingResult(
        data_set,
        takes[0]["label_release"],
        len(takes),
        sum(not any(event["kind"] in ("micro", "macro") for event in row["events"]) for row in takes),
        round(sum(row["frames"] / row["fps"] for row in takes) / 60, 3),
        spotting_scores(counts, named=named),
        unread,
    )


def _spotted(folder: Path, row: dict, pipe: Callable[..., dict]) -> dict:
    """The movements of one take, read now or before, and why it could not be read."""
    path = folder / f"{quote(row['sample_id'], safe='')}.json"
    asked = {"video": row["video"], "frames": row["frames"], "fps": row["fps"]}
    files = _files(Path(row["video"]))
    if path.is_file():
        held = read_json(path, "delete it and evaluate again")
        if held["asked"] == asked and held.get("files", files) == files:  # earlier versions did not look at the files
            return held
    faces, unread = [], None
    try:
        faces = pipe(row["video"], fps=row["fps"], second_opinion=False)["faces"]  # a score of our model alone
    except ClipError as error:
        unread = str(error)
    movements = [
        {name: movement[name] for name in ("kind", "onset", "apex", "offset", "score")}
        for face in faces
        for movement in face["movements"]
    ]
    spotted = {"asked": asked, "files": files, "movements": movements, "unread": unread}
    write_whole(path, json.dumps(spotted) + "\n")
    return spotted


def _files(video: Path) -> str:
    """What changes when frames are exchanged in place: sizes and times of a film or of all frames of a folder."""
    if video.is_dir():
        return listing_digest(video)
    state = video.stat()
    return f"{state.st_size} {state.st_mtime_ns}"


def _made_with(model: str | Path, pipe: Callable[..., dict]) -> dict:
    """What decides which movements are spotted: the model's files, or its weights (Hub), and versions of what reads."""
    place = Path(model_place(model))
    made_with = {"reader": WINDOWS_VERSION, "alignment": ALIGNMENT_VERSION, "measurement": MEASUREMENT_VERSION}
    if not place.is_dir():
        return made_with | {"model": str(model), "weights": weights_digest(pipe.model)}
    for path in sorted([*place.glob("*.safetensors"), place / "config.json"]):
        with path.open("rb") as file:
            made_with[path.name] = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return made_with
