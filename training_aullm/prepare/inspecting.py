"""A data set in numbers before anything is trained: what it shows, how long, how often, by whom.

inspection = Inspection.of("prepared/casme2")
inspection.states.shape, inspection.rise_ms  # (clips, action units), milliseconds from onset to apex
draw_inspection(inspection, Path("prepared/casme2/inspect"))
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np

from dataset_scripts.cards.published import Published, published
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.report import REPORT_FILE, Report
from training_aullm.figures.cooccurrence import draw_cooccurrence
from training_aullm.figures.differences import Difference, draw_differences
from training_aullm.figures.durations import draw_durations
from training_aullm.prepare.previews import present_units, spread_over_subjects
from training_aullm.prepare.sources import Source

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

    def known_together(self) -> np.ndarray:
        """(S, S): in how many clips both of two shown units are known."""
        known = (self.states[:, self.shown] != -1).astype(np.int64)
        return known.T @ known


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
    rows = inspection.table.select(spread_over_subjects(inspection.subjects, clips))
    draw_differences(folder / "clips.png", [_difference(row) for row in rows], title)
    return [*written, folder / "clips.png"]


def _difference(row: dict) -> Difference:
    """Onset and apex of a clip; the middle where the apex is not known."""
    last = len(row["frames"]) - 1 if row["offset"] is None else row["offset"]
    onset = row["onset"] or 0
    apex = (onset + last + 1) // 2 if row["apex"] is None else row["apex"]
    first, second = (np.asarray(row["frames"][index].convert("L")) for index in (onset, apex))
    return Difference(row["sample_id"], present_units(row["action_units"]), first, second, row["apex"] is not None)
