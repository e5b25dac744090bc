"""A data set in numbers before anything is trained: what it shows, how long, how often, by whom.

inspection = Inspection.of("prepared/casme2")
inspection.states.shape, inspection.rise_ms  # (clips, action units), milliseconds from onset to apex
draw_inspection(inspection, Path("prepared/casme2/inspect"))
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
from rich.table import Table
from rich.text import Text

from dataset_scripts.labels import ACTION_UNITS, AU_MEANINGS
from dataset_scripts.published import Published, published
from dataset_scripts.report import REPORT_FILE, Report
from processing_aullm.geometry_aullm import to_gray
from training_aullm.clips.stored_frames import EncodedFrames, marks_of, stored_rows
from training_aullm.figures.cooccurrence import draw_cooccurrence
from training_aullm.figures.differences import Difference, draw_differences
from training_aullm.figures.durations import draw_durations
from training_aullm.prepare.previews import present_units, spread_over_subjects
from training_aullm.prepare.sources import Source

MAX_PAIRS, MAX_GROUPS = 10, 8
KINDS = {"dropped": "left out", "repaired": "repaired", "doubtful": "doubtful"}
COLUMNS = ["data_set", "label_release", "subject", "fps", "onset", "apex", "offset", "action_units"]


@dataclass(frozen=True)
class Inspection:
    """What N clips say about themselves, pictures aside.

    Attributes:
        name, release: of the data set; several releases with "+" between.
        table: the clips.
        states: (N, len(ACTION_UNITS)) 1 present, 0 absent, -1 unknown.
        subjects: N names.
        fps: (N,) frames per second.
        rise_ms, fall_ms: (N,) milliseconds from onset to apex and from apex to offset; NaN where a mark is not known.
        total_ms: (N,) milliseconds from onset to offset.
        report: what was found when the set was prepared; None where nothing was.
    """

    name: str
    release: str
    table: datasets.Dataset
    states: np.ndarray
    subjects: tuple[str, ...]
    fps: np.ndarray
    rise_ms: np.ndarray
    fall_ms: np.ndarray
    total_ms: np.ndarray
    report: Report | None

    @classmethod
    def of(cls, folder: str | Path) -> "Inspection":
        """Look at a prepared set, or at rendered clips.

        Args:
            folder: as `aullm prepare` or `aullm synth` made it.

        Returns:
            The inspection.

        Raises:
            FileNotFoundError: the folder is neither.
        """
        folder = Path(folder)
        table = Source(data=str(folder)).load()
        columns = table.select_columns(COLUMNS).with_format("arrow")[:].to_pydict()
        onset, apex, offset, fps = (
            np.array([np.nan if value is None else value for value in columns[name]], dtype=np.float64)
            for name in ("onset", "apex", "offset", "fps")
        )
        frame_ms = 1000 / fps
        return cls(
            name="+".join(sorted(set(columns["data_set"]))),
            release="+".join(sorted({str(release) for release in columns["label_release"]})),
            table=table,
            states=np.array(columns["action_units"], dtype=np.int8),
            subjects=tuple(columns["subject"]),
            fps=fps,
            rise_ms=(apex - onset) * frame_ms,
            fall_ms=(offset - apex) * frame_ms,
            total_ms=(offset - onset) * frame_ms,
            report=Report.load(folder) if (folder / REPORT_FILE).is_file() else None,
        )

    @property
    def published(self) -> Published | None:
        """The published counts of this set and release, where there are any."""
        return published(self.name, self.release) if self.report is None else self.report.published

    @property
    def shown(self) -> list[int]:
        """Columns of the units that at least one clip shows."""
        return [int(k) for k in np.flatnonzero((self.states == 1).any(axis=0))]

    def people_showing(self, k: int) -> int:
        """How many people show unit k."""
        return len({self.subjects[row] for row in np.flatnonzero(self.states[:, k] == 1)})

    def clips_per_subject(self) -> np.ndarray:
        """Clips of each person, the fewest first."""
        return np.sort(np.fromiter(Counter(self.subjects).values(), dtype=int))

    def together(self) -> np.ndarray:
        """(S, S): in how many clips two of the S shown units come together; the diagonal counts each alone."""
        present = (self.states[:, self.shown] == 1).astype(np.int64)
        return present.T @ present

    def by_chance(self) -> np.ndarray:
        """(S, S): in how many clips two shown units would come together if neither minded the other.

        Counted where both are known: a clip in which one of them was not coded says nothing of the pair.
        """
        states = self.states[:, self.shown]
        present, known = (states == 1).astype(np.int64), (states != -1).astype(np.int64)
        beside = present.T @ known  # (S, S): the first is present, the second known
        return beside * beside.T / np.maximum(known.T @ known, 1)


def draw_inspection(inspection: Inspection, folder: Path, clips: int = 10) -> list[Path]:
    """Write the pictures.

    Args:
        inspection: of a set.
        folder: for the PNG files.
        clips: on the contact sheet.

    Returns:
        The files; no co-occurrence where no clip shows a unit, no durations where none is known.
    """
    title, written = f"{inspection.name}, {len(inspection.subjects)} clips", []
    if inspection.shown:
        names = [ACTION_UNITS[k] for k in inspection.shown]
        draw_cooccurrence(folder / "cooccurrence.png", names, inspection.together(), title)
        written.append(folder / "cooccurrence.png")
    if not np.isnan(inspection.total_ms).all():
        draw_durations(folder / "durations.png", inspection.rise_ms, inspection.fall_ms, inspection.total_ms, title)
        written.append(folder / "durations.png")
    rows = stored_rows(inspection.table.select(spread_over_subjects(inspection.subjects, clips)))
    draw_differences(folder / "clips.png", [_difference(row) for row in rows], title)
    return [*written, folder / "clips.png"]


def _difference(row: dict) -> Difference:
    """Onset and apex of a clip; the middle where the apex is not known."""
    onset, apex, _ = marks_of(row)
    frames = EncodedFrames(row["frames"], row["sample_id"])
    first, second = (to_gray(frames[index]) for index in (onset, apex))
    return Difference(row["sample_id"], present_units(row["action_units"]), first, second, row["apex"] is not None)


def inspection_tables(inspection: Inspection) -> Iterator[Table | Text]:
    """Everything that `aullm inspect` prints, in order.

    Args:
        inspection: of a set.

    Yields:
        Tables and texts for a rich console.
    """
    yield unit_table(inspection)
    if notes := unit_notes(inspection):
        yield Text("\n".join(notes))
    if len(inspection.shown) > 1:
        yield pair_table(inspection)
    yield measure_table(inspection)
    if inspection.report is not None:
        yield from finding_tables(inspection.report)


def unit_table(inspection: Inspection) -> Table:
    """Per action unit: clips that show it, beside the published count, absent, unknown, and people who show it."""
    clips = len(inspection.subjects)
    table = Table(title=f"{inspection.name}, release {inspection.release}: {clips} clips", title_justify="left")
    expected = inspection.published.units if inspection.published else {}
    doubtful = inspection.report.in_doubt if inspection.report else {}
    table.add_column("action unit")
    for heading in ("present", *(["published"] if expected else []), "absent", "unknown", "people"):
        table.add_column(heading, justify="right")
    for k, name in enumerate(ACTION_UNITS):
        present, absent, unknown = (int((inspection.states[:, k] == state).sum()) for state in (1, 0, -1))
        if not present and int(name[2:]) not in expected:
            continue
        count = expected.get(int(name[2:]))
        differs = count is not None and not present <= count <= present + doubtful.get(int(name[2:]), 0)
        published = [Text("" if count is None else str(count), style="bold red" if differs else "")] if expected else []
        people = str(inspection.people_showing(k))
        table.add_row(f"{name} {AU_MEANINGS[name]}", str(present), *published, str(absent), str(unknown), people)
    return table


def unit_notes(inspection: Inspection) -> list[str]:
    """Sentences on units that the table leaves out, and on clips without any."""
    states = inspection.states
    unknown = [name for k, name in enumerate(ACTION_UNITS) if (states[:, k] == -1).all()]
    unshown = [name for k, name in enumerate(ACTION_UNITS) if name not in unknown and not (states[:, k] == 1).any()]
    bare = int(((states == 1).sum(axis=1) == 0).sum())
    notes = [f"Coded, but shown by no clip: {', '.join(unshown)}."] if unshown else []
    notes += [f"Never coded (unknown in every clip): {', '.join(unknown)}."] if unknown else []
    notes += [f"Clips that show none of these units: {bare}."] if bare else []
    beyond = {} if inspection.report is None else inspection.report.units
    beyond = [f"AU{number} ({count})" for number, count in beyond.items() if f"AU{number}" not in ACTION_UNITS]
    return notes + ([f"In the sheet, but not in the label vector: {', '.join(beyond)}."] if beyond else [])


def pair_table(inspection: Inspection) -> Table:
    """The pairs that come together most often, and how that compares with chance."""
    together, chance = inspection.together(), inspection.by_chance()
    names = [ACTION_UNITS[k] for k in inspection.shown]
    pairs = [(int(together[i, j]), i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if together[i, j]]
    table = Table(title="units that come together", title_justify="left")
    table.add_column("pair")
    for heading in ("clips", "by chance"):
        table.add_column(heading, justify="right")
    for clips, i, j in sorted(pairs, reverse=True)[:MAX_PAIRS]:
        table.add_row(f"{names[i]} + {names[j]}", str(clips), f"{chance[i, j]:.1f}")
    if not pairs:
        table.add_row("none", "0", "")
    return table


def measure_table(inspection: Inspection) -> Table:
    """Clips per person, durations and frame rates: least, median, most."""
    table = Table(title="people and time", title_justify="left")
    table.add_column("")
    for heading in ("least", "median", "most", "not known"):
        table.add_column(heading, justify="right")
    rows = {
        f"clips of each of {len(set(inspection.subjects))} people": inspection.clips_per_subject().astype(float),
        "onset to apex, ms": inspection.rise_ms,
        "apex to offset, ms": inspection.fall_ms,
        "onset to offset, ms": inspection.total_ms,
        "frames per second": inspection.fps,
    }
    for name, values in rows.items():
        known = values[~np.isnan(values)]
        numbers = [f"{each(known):.0f}" for each in (np.min, np.median, np.max)] if len(known) else ["", "", ""]
        missing = len(values) - len(known)
        table.add_row(name, *numbers, str(missing) if missing else "")
    return table


def finding_tables(report: Report) -> Iterator[Table | Text]:
    """What the report found, the rare first: of findings that say the same, one; and how the counts differ."""
    table = Table(title="report", title_justify="left")
    for heading in ("", "where", "what was found", "what was done"):
        table.add_column(heading, overflow="fold")
    for kind, word in KINDS.items():
        groups = report.groups(kind)
        for position, group in enumerate(groups[:MAX_GROUPS]):
            label = f"{word}: {len(report.of_kind(kind))}" if position == 0 else ""
            more = f" and {group.count - 1} more" if group.count > 1 else ""
            table.add_row(label, Text(group.first.where + more), Text(group.first.what), Text(group.first.why))
        if len(groups) > MAX_GROUPS:
            table.add_row("", f"and {len(groups) - MAX_GROUPS} kinds more in report.json", "", "")
    if report.sheet:
        yield Text(f"Read as release {report.release}{report.from_sheet}.")
    if lines := report.expression_lines():
        yield Text("\n".join(lines))
    if report.findings:
        yield table
    else:
        yield Text("Report: nothing was repaired, left out or doubtful.")
    if report.published is not None:
        differences = report.differences()
        yield Text("All counts are the published ones." if not differences else "Differs: " + "; ".join(differences))
