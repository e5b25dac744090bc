"""A row of a sheet as text, the clip that it names, and names that tell clips apart."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dataset_scripts.cells.facs import Coding
from dataset_scripts.report import Report


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet.

    Attributes:
        file: name of the file. sheet: name of the sheet within a workbook, "" in a text file. row: counted from 1.
        cells: text by field, "" where empty.
        others: text of all other columns by heading.
        headings: which heading each field was read from.
    """

    file: str
    sheet: str
    row: int
    cells: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The cell of a field; "" where the sheet has no such column."""
        return self.cells.get(name, "")

    def place(self, name: str | None = None) -> str:
        """Where this row, or one of its cells, stands."""
        sheet = f", sheet {self.sheet}" if self.sheet else ""
        column = f", column {self.headings.get(name, name)}" if name else ""
        return f"{self.file}{sheet}, row {self.row}{column}"


@dataclass(frozen=True)
class ClipRow:
    """One clip as its sheet has it.

    Attributes:
        subject: as the folders write it.
        clip: unique within the subject.
        coding: the parsed cell of action units.
        coded_text: that cell as written; None where the set has no such cell.
        onset, apex, offset: frame numbers as written; None where not given.
        emotion, objective_class: as written; None where empty.
        sheet, row: where it stands, for messages; row 0 where there is no sheet.
        folder: the clip's name on disk, by default `clip`.
        split: key of the part of the set.
        others: remaining columns of the sheet, by heading.
        repeat: 2 where the sheet has the clip's name a second time, and so on.
        expression: "micro" or "macro"; None where nobody has said.
        fps: frames a second of this clip, where the sheet says so.
        typed_onset: the onset as the sheet has it, where an erratum corrected it: folders may be named after either.
        coded_units: takes the place of `Layout.coded_units` for this clip, where it is not None.
    """

    subject: str
    clip: str
    coding: Coding
    coded_text: str | None
    onset: int | None
    apex: int | None
    offset: int | None
    emotion: str | None
    objective_class: str | None
    sheet: str
    row: int
    folder: str = ""
    split: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    coded_units: tuple[int, ...] | None = None
    repeat: int = 1
    expression: str | None = None
    fps: float | None = None
    typed_onset: int | None = None

    def __post_init__(self):
        if not self.subject or not self.clip:
            raise ValueError(f"{self.place}: a clip needs a subject and a name, not {self.subject!r} and {self.clip!r}")
        if not self.folder:
            object.__setattr__(self, "folder", self.clip)

    @property
    def place(self) -> str:
        """Where it stands in the sheet."""
        return f"{self.sheet}, row {self.row}" if self.row else self.sheet

    def pattern_fields(self) -> dict[str, str]:
        """What fills a folder pattern."""
        named = {"emotion": self.emotion, "objective_class": self.objective_class, "split": self.split}
        times = {
            "onset": "" if self.onset is None else str(self.onset),
            "repeat": "" if self.repeat == 1 else str(self.repeat),
        }
        others = {name: text or "" for name, text in named.items()}
        return {"subject": self.subject, "clip": self.folder, **times, **others}


def unique_names(rows: list[ClipRow], shared_folders: bool, report: Report) -> list[ClipRow]:
    """Make clip names unique within each subject.

    A name that occurs more than once becomes "name@onset", so it does not depend on the order of rows; equal onsets get
    ".2", ".3" in order. Where clips share folders by design, only equal onsets are reported. Macro-expressions give way
    to the others, so that a sheet of both kinds names its micro-expressions as a sheet of them alone does.

    Args:
        rows: of one sheet. shared_folders: as in `Layout`. report: receives doubles.
    Returns:
        The same rows, some renamed; `folder` keeps the name in the sheet.
    """
    macro = [row.expression == "macro" for row in rows]
    all_rows = Counter((row.subject, row.clip) for row in rows)
    others = Counter((row.subject, row.clip) for row, is_macro in zip(rows, macro, strict=True) if not is_macro)
    seen, taken = Counter(), Counter()
    result = list(rows)
    for at in sorted(range(len(rows)), key=lambda at: macro[at]):
        row = rows[at]
        own = row.subject, row.clip
        name = row.clip if (all_rows if macro[at] else others)[own] == 1 else f"{row.clip}@{row.onset}"
        taken[row.subject, name] += 1
        times = taken[row.subject, name]
        final = name if times == 1 else f"{name}.{times}"
        if final != row.clip and (times > 1 or not shared_folders):
            report.add("repaired", row.place, f"clip {row.clip!r} of {row.subject} occurs again", f"renamed {final!r}")
        seen[own] += 1
        result[at] = replace(row, clip=final, repeat=seen[own])
    return result
