"""What a builder found: repaired, dropped, doubtful, and whether the copy has the published counts.

print(report)
report.save(folder)        # folder/report.json
Report.load(folder).findings
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from dataset_scripts.damaged_files import read_json
from dataset_scripts.published import TWELVE, Published, published
from dataset_scripts.whole_files import whole_file

Kind = Literal["repaired", "dropped", "doubtful"]
KINDS: tuple[Kind, ...] = ("dropped", "repaired", "doubtful")
REPORT_FILE = "report.json"
_SHOWN = 12
_FIRST = 6
_VARIES = re.compile(r"'[^']*'|\"[^\"]*\"|[^\s,]*[\d/][^\s,]*")
"""What differs between findings of one kind: quoted text, numbers, names with a number or a slash in them."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the sheet or the folder should be.

    Attributes:
        kind: "repaired" (the table differs from the sheet or the disk), "dropped" (something is not in the table) or
            "doubtful" (the table says what the sheet says, but look at it).
        where: sheet and row, or sample.
        what: what was found.
        why: what was done about it, and the reason.
        known: an entry of `errata` explains it; `strict` lets it pass.
        strict: `strict` refuses it, though it is doubtful: scores would be of something else if it were so.
    """

    kind: Kind
    where: str
    what: str
    why: str
    known: bool = False
    strict: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.why})"


@dataclass(frozen=True)
class Group:
    """Findings that say the same of different clips.

    Attributes:
        first: the first of them. count: how many there are.
    """

    first: Finding
    count: int

    def __str__(self) -> str:
        return f"{self.count} times, first {self.first}" if self.count > 1 else str(self.first)


class NotAsPublished(ValueError):
    """Raised by `strict=True`: the copy needs repairs that no erratum explains, or somebody may have two names."""


@dataclass
class Report:
    """Findings and counts of one build.

    Attributes:
        data_set, release, frames: what was built.
        sheet: where in the copy the coding sheet lies that was read; "" where labels are no sheet.
        findings: in the order met.
        clips, subjects: in the table.
        units: {number: clips in which it is present}, also for numbers beyond the label vector.
        in_doubt: {number: clips in which it is named and neither present nor absent}.
        without_twelve: clips with none of the twelve units of the "cross" set, None where units are not coded.
        expressions: {"micro" or "macro": how many there are in the sheet}; empty where nobody can say.
        selected: which of them were read: "micro", "macro" or "both".
        unchecked: statements about the folder layout that nobody has checked against a copy.
    """

    data_set: str
    release: str
    frames: str = "raw"
    findings: list[Finding] = field(default_factory=list)
    clips: int = 0
    subjects: int = 0
    units: dict[int, int] = field(default_factory=dict)
    in_doubt: dict[int, int] = field(default_factory=dict)
    without_twelve: int | None = None
    expressions: dict[str, int] = field(default_factory=dict)
    selected: str = "both"
    unchecked: tuple[str, ...] = ()
    sheet: str = ""

    def add(self, kind: Kind, where: str, what: str, why: str, known: bool = False, strict: bool = False) -> None:
        """Note a finding."""
        self.findings.append(Finding(kind, where, what, why, known, strict))

    def of_kind(self, kind: Kind) -> list[Finding]:
        """Findings of one kind, in the order met."""
        return [finding for finding in self.findings if finding.kind == kind]

    def first(self) -> str:
        """The first findings, for the message that nothing could be kept."""
        lines = [f"  {finding.kind}: {finding}" for finding in self.findings[:_FIRST]]
        return "\n".join(["The first findings:", *lines])

    def groups(self, kind: Kind) -> list[Group]:
        """Findings of one kind, those that say the same as one group; the rarest first, for they are no habit."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.of_kind(kind):
            groups.setdefault((_shape(finding.what), _shape(finding.why)), []).append(finding)
        return sorted((Group(each[0], len(each)) for each in groups.values()), key=lambda group: group.count)

    def count(
        self,
        clips: Iterable[tuple[str, Iterable[int]]],
        coded: bool = True,
        in_doubt: Iterable[Iterable[int]] = (),
    ) -> None:
        """Count the table.

        Args:
            clips: for each clip the subject and the numbers of the units present.
            coded: whether the data set codes units at all.
            in_doubt: for each clip the numbers of the units that are named and unknown.
        """
        clips = [(subject, set(numbers)) for subject, numbers in clips]
        self.clips, self.subjects = len(clips), len({subject for subject, _ in clips})
        self.units = dict(sorted(Counter(number for _, numbers in clips for number in numbers).items()))
        self.in_doubt = dict(sorted(Counter(number for numbers in in_doubt for number in set(numbers)).items()))
        self.without_twelve = sum(not numbers & set(TWELVE) for _, numbers in clips) if coded else None

    def refuse(self) -> None:
        """Raise where anything was repaired or dropped that no erratum explains, or a doubt is marked `strict`.

        Raises:
            NotAsPublished: with every such finding.
        """
        wrong = [each for each in self.findings if each.strict or (each.kind != "doubtful" and not each.known)]
        if wrong:
            groups = [group for kind in KINDS for group in replace(self, findings=wrong).groups(kind)]
            lines = "\n".join(f"  {group.first.kind}: {group}" for group in groups)
            raise NotAsPublished(f"strict: {self.data_set} is not as it should be in {len(wrong)} places\n{lines}")

    @property
    def published(self) -> Published | None:
        """The published counts of this data set and release, where there are any: of its micro-expressions."""
        found = published(self.data_set, self.release)
        macro = "macro" in self.expressions and self.selected != "micro"
        return None if macro and found is not None and found.clips is not None else found

    def differences(self) -> list[str]:
        """How the counts differ from the published ones; empty where they agree or none are published.

        A unit agrees where the published count lies between the clips in which it is present and those in which it is
        present or in doubt: whoever counted took some doubtful ones ("ref(7B)" in SAMM) as present.
        """
        expected = self.published
        if expected is None:
            return []
        pairs = [("clips", self.clips, expected.clips), ("subjects", self.subjects, expected.subjects)]
        unlike = {number: there for number, there in expected.units.items() if self._differs(number)}
        pairs += [(f"AU{number}", self.units.get(number, 0), there) for number, there in unlike.items()]
        pairs += [("clips with none of the twelve", self.without_twelve, expected.none)]
        return [f"{name}: {here}, published {there}" for name, here, there in pairs if there not in (None, here)]

    def _differs(self, number: int) -> bool:
        here, there = self.units.get(number, 0), self.published.units.get(number)
        return there is not None and not here <= there <= here + self.in_doubt.get(number, 0)

    def __str__(self) -> str:
        lines = [f"{self.data_set}, release {self.release}{self.from_sheet}, {self.frames} frames"]
        lines += [f"{self.clips} clips of {self.subjects} subjects", *self.expression_lines()]
        lines += [*self._count_lines(), *self._finding_lines()]
        lines += [f"not checked against a copy: {text}" for text in self.unchecked]
        return "\n".join(lines)

    @property
    def from_sheet(self) -> str:
        """ " (SHEET)" where there is one, to stand behind the release."""
        return f" ({self.sheet})" if self.sheet else ""

    def expression_lines(self) -> list[str]:
        """How many expressions of each kind the sheet names, and what became of them; nothing where it has one kind."""
        if len(self.expressions) < 2:
            return []
        return [
            f"{kind}-expressions in the sheet: {count}, "
            + ("read" if self.selected in (kind, "both") else f"left out (--expressions {kind} or both reads them)")
            for kind, count in self.expressions.items()
        ]

    def _count_lines(self) -> list[str]:
        there = self.published.units if self.published else {}
        numbers = sorted({*self.units, *there})
        lines = [f"  {'unit':>5} {'here':>5} {'published':>9}"] if numbers else []
        for number in numbers:
            here, also = self.units.get(number, 0), there.get(number, "")
            doubt = f"  {self.in_doubt[number]} more in doubt" if number in self.in_doubt else ""
            mark = doubt + ("  differs" if self.published and self._differs(number) else "")
            lines.append(f"  {f'AU{number}':>5} {here:>5} {also:>9}{mark}")
        if self.published is None:
            return [*lines, "no counts are published to check this copy against"]
        others = [f"differs: {text}" for text in self.differences() if not text.startswith("AU")]
        return [*lines, *(others if self.differences() else ["all counts are the published ones"])]

    def _finding_lines(self) -> list[str]:
        lines = []
        for kind in KINDS:
            groups = self.groups(kind)
            lines.append(f"{kind}: {sum(group.count for group in groups)}")
            lines += [f"  {group}" for group in groups[:_SHOWN]]
            lines += [f"  and {len(groups) - _SHOWN} kinds more in {REPORT_FILE}"] if len(groups) > _SHOWN else []
        return lines

    def save(self, folder: Path) -> Path:
        """Write FOLDER/report.json, whole or not at all.

        Returns:
            The file.
        """
        path = Path(folder) / REPORT_FILE
        content = asdict(self) | {"differences": self.differences()}
        with whole_file(path) as unfinished:
            unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return path

    @classmethod
    def load(cls, folder: Path) -> "Report":
        """Read FOLDER/report.json.

        Raises:
            FileNotFoundError: there is none.
        """
        path = Path(folder) / REPORT_FILE
        if not path.is_file():
            raise FileNotFoundError(f"{path} does not exist: {folder} was not written by a builder")
        content = read_json(path, "run the same `aullm prepare` again, it writes the report anew")
        del content["differences"]
        content["findings"] = [Finding(**finding) for finding in content["findings"]]
        for name in ("units", "in_doubt"):
            content[name] = {int(number): count for number, count in content.get(name, {}).items()}
        return cls(**content | {"unchecked": tuple(content["unchecked"])})


def _shape(text: str) -> str:
    """A text without what differs from clip to clip."""
    return re.sub(r"…(, …)+", "…", _VARIES.sub("…", text))
